"""The breaker, against a plain account of what it has been told."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from headway.errors import ConfigError
from headway.serving.gateway.watch import Breaker, BreakerRules


def test_five_failures_in_a_row_open_it_for_half_a_minute() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(0.0)
    breaker.succeeded(0.0)
    for _ in range(4):
        breaker.failed(1.0)
    assert breaker.allows(1.0), "the success in between broke the row"
    breaker.failed(1.0)
    assert breaker.state(1.0) == "open"
    assert not breaker.allows(30.9)
    assert breaker.state(31.0) == "half-open"


def _half_open() -> Breaker:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0.0)
    return breaker


def test_half_open_it_lets_one_through_and_closes_after_two() -> None:
    breaker = _half_open()
    breaker.sent(30.0)
    assert not breaker.allows(30.1)
    breaker.succeeded(30.5)
    assert breaker.state(30.5) == "half-open"
    breaker.sent(30.6)
    breaker.succeeded(31.0)
    assert breaker.state(31.0) == "closed"


def test_one_failure_opens_it_anew() -> None:
    breaker = _half_open()
    breaker.sent(30.0)
    breaker.failed(31.0)
    assert breaker.state(60.9) == "open"
    assert breaker.state(61.0) == "half-open"
    assert breaker.allows(61.0)


def test_a_probe_whose_client_goes_away_gives_its_place_back() -> None:
    breaker = _half_open()
    breaker.sent(30.0)
    breaker.dropped(30.2)
    assert breaker.allows(30.3)


def test_a_probe_that_nobody_hears_of_again_blocks_for_a_while_only() -> None:
    breaker = _half_open()
    breaker.sent(30.0)
    assert not breaker.allows(60.0)
    assert breaker.allows(60.1)


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"breaker\.failures"):
        BreakerRules(failures=0)


class Machine(RuleBasedStateMachine):
    """Random requests over time; the model keeps the row of verdicts since the last change."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = BreakerRules(failures=3, open_s=10.0, probes=2, successes=2)
        self.breaker = Breaker(self.rules)
        self.now_s = 0.0
        self.opened_s: float | None = None
        self.row: list[bool] = []
        self.flying = 0

    @property
    def state(self) -> str:
        if self.opened_s is None:
            return "closed"
        return "open" if self.now_s < self.opened_s + 10 else "half-open"

    @rule(step_s=st.sampled_from([0.5, 3.0, 10.0, 40.0]))
    def wait(self, step_s: float) -> None:
        self.now_s += step_s

    @rule()
    def send(self) -> None:
        if self.breaker.allows(self.now_s):
            self.breaker.sent(self.now_s)
            self.flying += 1

    @rule(failed=st.sampled_from([True, False, None]))
    def end(self, failed: bool | None) -> None:
        if not self.flying:
            return
        self.flying -= 1
        state = self.state
        if failed is None:
            self.breaker.dropped(self.now_s)
        elif failed:
            self.breaker.failed(self.now_s)
            self.row.append(False)
            if state == "half-open" or (
                state == "closed" and len(self.row) >= 3 and not any(self.row[-3:])
            ):
                self.opened_s, self.row = self.now_s, []
        else:
            self.breaker.succeeded(self.now_s)
            if state != "open":
                self.row.append(True)
            if state == "half-open" and self.row[-2:] == [True, True]:
                self.opened_s, self.row = None, []

    @invariant()
    def agrees(self) -> None:
        assert self.breaker.state(self.now_s) == self.state

    @invariant()
    def lets_through_what_its_state_says(self) -> None:
        allows = self.breaker.allows(self.now_s)
        assert allows if self.state == "closed" else True
        assert not allows if self.state == "open" else True

    @invariant()
    def comes_back(self) -> None:
        """Whatever happened, after two pauses somebody may try."""
        assert self.breaker.allows(self.now_s + 2 * 10 + 0.1)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=30)
