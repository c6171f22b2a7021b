"""Rules of scalers, under loads that stand still, step up and go up and down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.fleet.scaling import Apa, Calm, Hpa, Kpa, Rule

RULES: list[Callable[[float], Rule]] = [Kpa, Apa, Hpa]


def follow(
    rule: Rule, loads: Sequence[float], begin: int = 1, period_s: float = 10, start_looks: int = 0
) -> list[int]:
    """Return the numbers of engines, look by look; new ones are ready some looks later."""
    numbers = [begin]
    for k, load in enumerate(loads):
        ready = min(numbers[max(0, k - start_looks) :])
        numbers.append(max(rule.wanted(k * period_s, ready, numbers[-1], load), 1))
    return numbers[1:]


@pytest.mark.parametrize("rule", RULES)
def test_a_load_near_the_target_changes_nothing(rule: Callable[[float], Rule]) -> None:
    assert follow(rule(10), [30, 33, 27, 31], begin=3) == [3, 3, 3, 3]


def test_apa_doubles_at_most_and_halves_at_most() -> None:
    assert follow(Apa(10), [80] * 4) == [2, 4, 8, 8]
    assert follow(Apa(10), [0] * 5, begin=8) == [4, 2, 1, 1, 1]
    assert follow(Apa(10, up_rate=3, down_rate=4), [90, 90, 0, 0]) == [3, 9, 2, 1]
    assert follow(Apa(10, up_tolerance=0.5), [44, 46], begin=3) == [3, 5]


def test_what_is_starting_is_not_ordered_again() -> None:
    assert follow(Apa(10), [40] * 8, begin=2, start_looks=3) == [4] * 8
    assert follow(Hpa(10), [40] * 8, begin=1, start_looks=3) == [4] * 8
    assert follow(Kpa(10), [40] * 8, begin=2, start_looks=3) == [4] * 8


def test_hpa_adds_four_or_doubles() -> None:
    assert follow(Hpa(10), [500] * 5) == [5, 10, 20, 40, 50]
    assert follow(Hpa(10), [0, 0], begin=9) == [1, 1]


def test_kpa_panics_within_one_panic_window_of_a_step() -> None:
    """Three looks after the step the short mean is 270 / 6, more than twice 390 / 18."""
    rule = Kpa(10)
    assert follow(rule, [10] * 18) == [1] * 18
    number, numbers, panics = 1, [], []
    for k in range(18, 24):
        number = rule.wanted(k * 10, number, number, 80)
        numbers.append(number)
        panics.append(rule.in_panic)
    assert panics == [False, False, True, True, True, True]
    assert numbers == [2, 2, 4, 6, 7, 8]


def test_kpa_never_falls_in_panic_and_does_after_a_long_window_without_a_reason() -> None:
    rule = Kpa(10, stable_s=60, panic_s=10)
    numbers = follow(rule, [10] * 6 + [100] * 3 + [10] * 14)
    peak = max(numbers)
    first = numbers.index(peak)
    left = [k for k in range(first, len(numbers)) if numbers[k] < peak]
    assert peak >= 8
    # The last look with a reason is the one at 70 s: the mean of six is 40, twice that is less.
    assert left[0] == 7 + 60 // 10 + 1
    assert numbers[-1] == 1
    assert not rule.in_panic


def test_kpa_ignores_a_spike_that_the_stable_window_absorbs_without_panic() -> None:
    rule = Kpa(10, panic_ratio=10)
    assert max(follow(rule, [10] * 17 + [30] + [10] * 17)) == 2


def test_an_idle_fleet_is_no_reason_to_panic() -> None:
    rule = Kpa(10)
    assert follow(rule, [0] * 4, begin=8) == [4, 2, 1, 1]
    assert not rule.in_panic


@given(
    st.sampled_from(RULES),
    st.lists(st.floats(0, 500), min_size=1, max_size=40),
    st.integers(0, 4),
)
def test_numbers_stay_between_what_loads_could_ask_for(
    rule: Callable[[float], Rule], loads: list[float], start_looks: int
) -> None:
    numbers = follow(rule(10), loads, begin=5, start_looks=start_looks)
    assert min(numbers) >= 1
    assert max(numbers) <= max(5, math.ceil(max(loads) / 10))


def test_a_number_falls_to_the_most_and_grows_to_the_least_of_late() -> None:
    down = Calm(0, 30)
    wanted = [5, 2, 3, 1, 1, 1, 1, 9]
    present, settled = 5, []
    for k, number in enumerate(wanted):
        present = down.settle(10 * k, present, number)
        settled.append(present)
    assert settled == [5, 5, 5, 5, 3, 3, 1, 9]
    up = Calm(20, 0)
    assert [up.settle(10 * k, 1, n) for k, n in enumerate([4, 6, 5, 1, 7])] == [4, 4, 4, 1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Kpa(0), "target"),
        (lambda: Apa(math.inf), "target"),
        (lambda: Apa(1, up_rate=0.5), "up_rate"),
        (lambda: Kpa(1, down_rate=0), "down_rate"),
        (lambda: Kpa(1, panic_s=200), "panic_s"),
        (lambda: Hpa(1, up_rate=math.nan), "up_rate"),
    ],
)
def test_settings_that_cannot_be_are_refused(make: Callable[[], Rule], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
