"""Health and drain, and that an engine started anew is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.gateway.watch import Drain, Health, HealthRules, Load, Restarts


def test_it_is_in_after_its_first_answer() -> None:
    health = Health(HealthRules())
    assert not health.well
    assert health.heard(well=True)
    assert health.well


def test_three_out_two_in() -> None:
    health = Health(HealthRules())
    health.heard(well=True)
    assert [health.heard(well=False) for _ in range(3)] == [False, False, True]
    assert [health.heard(well=True) for _ in range(2)] == [False, True]


@given(st.lists(st.booleans(), max_size=60))
def test_it_agrees_with_a_look_at_all_answers(answers: list[bool]) -> None:
    health = Health(HealthRules(failures=3, successes=2))
    well = False
    for number, answer in enumerate(answers):
        changed = health.heard(well=answer)
        row = answers[: number + 1]
        before = well
        if number == 0:
            well = answer
        elif well and row[-3:] == [False] * 3:
            well = False
        elif not well and row[-2:] == [True] * 2:
            well = True
        assert health.well == well
        assert changed == (before != well)


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"health\.period_s"):
        HealthRules(period_s=0)


def test_a_drain_waits_for_those_in_flight() -> None:
    drain = Drain()
    assert drain.look(0.0, 3) == "serving"
    drain.begin(0.0, grace_s=30.0)
    assert drain.look(1.0, 3) == "draining"
    assert drain.look(2.0, 0) == "drained"
    drain.begin(3.0, grace_s=30.0)
    assert drain.state == "drained"
    drain.resume()
    assert drain.look(3.0, 0) == "serving"


def test_a_drain_waits_no_longer_than_it_may() -> None:
    drain = Drain()
    drain.begin(0.0, grace_s=30.0)
    drain.begin(1.0, grace_s=100.0)
    assert drain.look(29.9, 1) == "draining"
    assert drain.look(30.0, 1) == "drained"


def test_counters_that_fall_are_those_of_another_process() -> None:
    restarts = Restarts()
    assert not restarts.seen(Load(counters={"prompt_tokens": 100.0}))
    assert not restarts.seen(Load(counters={"prompt_tokens": 100.0, "hit": 3.0}))
    assert restarts.seen(Load(counters={"prompt_tokens": 7.0}))
    assert not restarts.seen(Load(counters={"prompt_tokens": 8.0}))


def test_a_start_at_another_time_is_another_process() -> None:
    restarts = Restarts()
    assert not restarts.seen(Load(started_s=1e9))
    assert not restarts.seen(Load(started_s=1e9 + 0.01))
    assert restarts.seen(Load(started_s=1e9 + 60))


def test_one_that_tells_nothing_is_another_process_when_it_comes_back() -> None:
    restarts = Restarts()
    restarts.seen(Load())
    assert not restarts.back()
    restarts.lost()
    assert restarts.back()
    told = Restarts()
    told.seen(Load(counters={"prompt_tokens": 1.0}))
    told.lost()
    assert not told.back(), "its counters will tell"
