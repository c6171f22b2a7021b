"""The rules of waiting, one by one."""

from math import inf

import pytest

from headway.errors import ConfigError
from headway.serving.prefill.laps import AdaptiveWait, FillBuckets, FixedWait, Gathering, NoWait

MS = 1e-3


def gather(wait, gaps, *, slack=inf, start=0.0) -> tuple[Gathering, float]:
    """Let turns come after such gaps, and return what waits and the time."""
    now, head, gathering = start, start, Gathering(1, start)
    for depth, gap in enumerate((0.0, *gaps), start=1):
        now += gap
        gathering = Gathering(depth, head, slack)
        wait.arrived(gathering, now)
    return gathering, now


def test_simple_rules() -> None:
    few, many = Gathering(2, 1.0), Gathering(4, 1.0)
    assert NoWait().due(few, 1.5) == 1.5
    assert FixedWait(0.25, depth=4).due(few, 1.1) == 1.25
    assert FixedWait(0.25, depth=4).due(many, 1.1) == 1.1
    assert FillBuckets(4).due(few, 1.1) == inf
    assert FillBuckets(4).due(many, 1.1) == 1.1


def test_depth_ends_the_wait() -> None:
    wait = AdaptiveWait(deepest=3)
    gathering, now = gather(wait, [MS])
    assert wait.due(gathering, now) > now
    gathering = Gathering(3, 0.0)
    wait.arrived(gathering, 2 * MS)
    assert wait.due(gathering, 2 * MS) == 2 * MS


def test_the_window_is_bounded_by_the_least_slack() -> None:
    wait = AdaptiveWait(margin_s=5 * MS, urgent_s=2 * MS, most_s=1.0, patience_s=1.0)
    gathering, now = gather(wait, [], slack=12 * MS)
    assert wait.due(gathering, now) == pytest.approx(7 * MS)
    assert wait.due(Gathering(1, 0.0, 2 * MS), 4 * MS) == 4 * MS  # as urgent as σ allows


def test_one_with_less_time_shortens_a_window_that_is_open() -> None:
    wait = AdaptiveWait(margin_s=5 * MS, most_s=1.0, patience_s=1.0)
    gather(wait, [], slack=100 * MS)
    hurried = Gathering(2, 0.0, 20 * MS)
    wait.arrived(hurried, 10 * MS)
    assert wait.due(hurried, 10 * MS) == pytest.approx(25 * MS)


def test_the_window_is_bounded_by_the_time_to_gather_so_many() -> None:
    """With gaps of 1 ms, five more turns are expected within 5 ms."""
    wait = AdaptiveWait(deepest=6, most_s=1.0, patience_s=1.0)
    gather(wait, [MS] * 4)
    wait.dispatched(6, 4 * MS)
    assert wait.rate == pytest.approx(1000)
    wait.longest_s = 1.0
    gathering, _ = gather(wait, [], start=5 * MS)
    assert wait.due(gathering, 5 * MS) == pytest.approx(10 * MS)


def test_the_oldest_waits_no_longer_than_patience() -> None:
    wait = AdaptiveWait(most_s=1.0, patience_s=30 * MS)
    gathering, _ = gather(wait, [])
    assert wait.due(gathering, 0.0) == pytest.approx(30 * MS)


def test_a_depth_that_is_not_reached_shrinks_to_what_came() -> None:
    wait = AdaptiveWait(deepest=16)
    gather(wait, [MS, MS])
    wait.dispatched(3, 20 * MS)
    assert wait.depth == 3


def test_a_depth_that_is_reached_shortens_the_window_to_what_it_took() -> None:
    wait = AdaptiveWait(deepest=3, most_s=20 * MS)
    gather(wait, [MS, MS])
    wait.dispatched(3, 2 * MS)
    assert wait.longest_s == pytest.approx(2 * MS)
    gathering, now = gather(wait, [], start=1.0)
    assert wait.due(gathering, now) <= now + 2 * MS
    wait.dispatched(3, 1.002)
    gather(wait, [], start=2.0)
    wait.dispatched(3, 2.0)
    assert wait.longest_s == wait.least_s


def test_depth_grows_slowly_after_it_was_reached_often() -> None:
    """The published update alone would leave D at 1."""
    wait = AdaptiveWait(deepest=64, grow_after=3)
    wait.dispatched(1, 0.0)
    assert wait.depth == 1
    depths = []
    for _ in range(9):
        wait.dispatched(wait.depth, 0.0)
        depths.append(wait.depth)
    assert depths == [1, 1, 2, 2, 2, 4, 4, 4, 8]
    for _ in range(100):
        wait.dispatched(64, 0.0)
    assert wait.depth == 64


@pytest.mark.parametrize(
    "make",
    [
        lambda: FixedWait(-1.0),
        lambda: FixedWait(1.0, depth=0),
        lambda: AdaptiveWait(deepest=0),
        lambda: AdaptiveWait(least_s=2.0, most_s=1.0),
        lambda: AdaptiveWait(smoothing=0.0),
    ],
)
def test_settings_out_of_range_are_refused(make) -> None:
    with pytest.raises(ConfigError, match="wait"):
        make()
