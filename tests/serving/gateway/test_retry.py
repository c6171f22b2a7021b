"""Which failures are tried again, and that a budget bounds them whatever happens."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from headway.errors import ConfigError
from headway.serving.gateway.retry import RETRIED, RetryBudget, RetryRules


def test_only_what_nobody_has_seen_is_tried_again() -> None:
    rules = RetryRules()
    assert rules.may(1, None, begun=False)
    assert not rules.may(1, None, begun=True)
    assert not rules.may(3, None, begun=False)
    for status in range(200, 600):
        assert rules.may(1, status, begun=False) == (status in RETRIED)


def test_pauses_double_up_to_a_bound() -> None:
    rules, chance = RetryRules(first_s=0.1, most_s=0.5), random.Random(1)
    for tries, bound_s in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.5), (5000, 0.5)):
        pauses = [rules.pause_s(tries, chance) for _ in range(500)]
        assert 0 <= min(pauses) < 0.1 * bound_s
        assert 0.9 * bound_s < max(pauses) <= bound_s


@pytest.mark.parametrize(
    ("key", "value"),
    [("tries", 0), ("share", 1.5), ("least", -1), ("most_s", 0.0), ("statuses", frozenset((200,)))],
)
def test_rules_that_make_no_sense_are_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"retries.{key}"):
        RetryRules(**{key: value})  # type: ignore[arg-type]


def test_when_all_fails_a_fifth_is_tried_again() -> None:
    budget = RetryBudget(RetryRules())
    taken = 0
    for number in range(1000):
        now_s = number * 0.001
        budget.request(now_s)
        taken += sum(budget.take(now_s) for _ in range(2))
    assert taken == 200


class Machine(RuleBasedStateMachine):
    """Random requests over time, against a list of all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = RetryRules(share=0.25, least=2, window_s=10.0)
        self.budget = RetryBudget(self.rules)
        self.now_s = 1000.0
        self.requests: deque[float] = deque()
        self.retries: deque[float] = deque()

    @rule(step_s=st.sampled_from([0.0, 0.3, 2.0, 11.0]))
    def wait(self, step_s: float) -> None:
        self.now_s += step_s

    @rule(number=st.integers(1, 12))
    def come(self, number: int) -> None:
        for _ in range(number):
            self.budget.request(self.now_s)
            self.requests.append(self.now_s)

    @rule()
    def retry(self) -> None:
        if self.budget.take(self.now_s):
            self.retries.append(self.now_s)
            # A window of whole slots lies within ten seconds, and holds the last nine.
            most = max(2, 0.25 * self._since(self.requests, 10.0))
            assert self._since(self.retries, 9.0) <= most
        else:
            assert self._since(self.retries, 10.0) + 1 > 2, "the first two are free"

    def _since(self, times: deque[float], window_s: float) -> int:
        return sum(at > self.now_s - window_s for at in times)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=30)
