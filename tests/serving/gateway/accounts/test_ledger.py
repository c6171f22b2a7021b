"""Limits and budgets: exact cases, and laws that hold whatever happens in whatever order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.ledger import Booked
from headway.serving.gateway.accounts.money import NANO, Rates, nano
from headway.serving.gateway.accounts.purse import HOUR_S, Moment, Purse
from headway.serving.gateway.errors import Refusal
from tests.serving.gateway.accounts.books import DAY_S, NOON_S, Desk, Wall


def test_rates_are_exact_and_rounded_up() -> None:
    rates = Rates.per_million(0.15, 0.60, 0.075)
    assert rates.of(1_000_000, 0, 0) == nano(0.15)
    assert rates.of(1_000_000, 400_000, 0) == nano(0.12)
    assert rates.of(0, 0, 1) == 600
    assert Rates.per_million(0.0000001, 0).of(1, 0, 0) == 1
    assert rates.most(10, 5) == 10 * 150 + 5 * 600
    assert Rates.per_million(1, 0, 2).most(10, 0) == 20_000, "a cache may be dearer"


def test_months_end_where_the_calendar_says() -> None:
    moment = Moment.of(20_148 * 24 + 5)  # 2025-03-01T05:00Z
    assert moment.month == 2025 * 12 + 2
    assert moment.start_of_month() == 20_148 * 24
    assert moment.end_of_month_s() == (20_148 + 31) * DAY_S
    december = Moment.of((20_148 - 65) * 24)  # 2024-12-26
    assert december.end_of_month_s() == (20_148 - 59) * DAY_S


def test_a_budget_takes_the_worst_case_and_gives_back_the_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=100)})
    first = desk.take("a", prompt=30, limit=40)
    assert isinstance(first, Booked)
    second = desk.take("a", prompt=10, limit=30)
    assert isinstance(second, Refusal)
    assert (second.status, second.code, second.retry_after_s) == (429, "rate_limit_exceeded", 1.0)
    desk.ledger.settle(first, 30, 5)
    assert isinstance(desk.take("a", prompt=35, limit=30), Booked)
    poor = desk.take("a", prompt=70)
    assert isinstance(poor, Refusal)
    assert (poor.status, poor.code, poor.type) == (429, "insufficient_quota", "insufficient_quota")
    assert poor.retry_after_s == DAY_S / 2
    assert (b"x-should-retry", b"false") in poor.headers()


def test_a_request_beyond_the_whole_budget_is_not_told_to_come_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_month=100)})
    never = desk.take("a", prompt=101)
    assert isinstance(never, Refusal)
    assert never.retry_after_s is None


def test_keys_are_bounded_within_their_tenant(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path / "x.db",
        {"a": Bounds(budget_per_day=100)},
        keys={"k1": Bounds(budget_per_day=60), "k2": Bounds(budget_per_day=60)},
    )
    assert isinstance(desk.take("a", prompt=60, key="k1"), Booked)
    assert isinstance(desk.take("a", prompt=1, key="k1"), Refusal)
    assert isinstance(desk.take("a", prompt=41, key="k2"), Refusal)
    assert isinstance(desk.take("a", prompt=40, key="k2"), Booked)


def test_rates_per_minute_are_told_in_headers(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(requests_per_min=2, tokens_per_min=600)})
    lease = desk.take("a", prompt=100, limit=200)
    assert lease.headers == (
        (b"x-ratelimit-limit-requests", b"2"),
        (b"x-ratelimit-remaining-requests", b"1"),
        (b"x-ratelimit-reset-requests", b"30s"),
        (b"x-ratelimit-limit-tokens", b"600"),
        (b"x-ratelimit-remaining-tokens", b"300"),
        (b"x-ratelimit-reset-tokens", b"30s"),
    )
    desk.ledger.settle(lease, 100, 20)
    assert desk.take("a", prompt=480).headers[4] == (b"x-ratelimit-remaining-tokens", b"0")
    refused = desk.take("a", prompt=1, now_s=0.0)
    assert isinstance(refused, Refusal)
    assert refused.code == "rate_limit_exceeded"
    assert refused.retry_after_s == 30.0
    assert (b"x-ratelimit-remaining-requests", b"0") in refused.headers()
    assert isinstance(desk.take("a", prompt=1, now_s=30.5), Booked)


def test_no_more_requests_at_once_than_allowed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(in_flight=2)})
    first, second = desk.take("a"), desk.take("a")
    assert isinstance(desk.take("a"), Refusal)
    desk.ledger.release(first)
    desk.ledger.release(first)
    desk.ledger.settle(first, 5, 5)
    assert isinstance(desk.take("a"), Booked)
    assert isinstance(desk.take("a"), Refusal)
    desk.ledger.settle(second, 1, 1)
    assert isinstance(desk.take("a"), Booked)


def test_a_day_begins_anew_and_what_was_reserved_before_stays_there(tmp_path: Path) -> None:
    wall = Wall()
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=100)}, wall)
    old = desk.take("a", prompt=100)
    wall.at_s += DAY_S
    new = desk.take("a", prompt=100)
    assert isinstance(new, Booked)
    desk.ledger.release(old)
    assert isinstance(desk.take("a", prompt=1), Refusal), "yesterday's money is yesterday's"


def test_a_prompt_longer_than_told_is_charged_in_full_and_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=100)})
    lease = desk.take("a", prompt=10, limit=10)
    desk.ledger.settle(lease, 95, 10)
    assert desk.ledger.overdrawn == 1
    assert isinstance(desk.take("a", prompt=1), Refusal)


@pytest.mark.parametrize(
    "bounds",
    [
        {"requests_per_min": 0},
        {"tokens_per_min": -1},
        {"in_flight": 0},
        {"budget_per_day": -0.1},
        {"budget_per_month": float("nan")},
        {"most_urgent": 3, "least_urgent": 2},
    ],
)
def test_bounds_that_cannot_be_are_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(bounds))):
        Bounds(**bounds)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("hold"), st.integers(0, 50), st.integers(-3, 3)),
            st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 50)),
        ),
        max_size=40,
    )
)
def test_no_period_is_ever_charged_more_than_its_budget(steps: list[tuple[str, int, int]]) -> None:
    """Whatever the clock does: to each period at most the budget is charged."""
    purse, period, held, charged = Purse(100), 0, [], dict[int, int]()
    for what, first, second in steps:
        if what == "hold":
            period = max(period + second, 0)
            if purse.left(period) >= first:
                purse.hold(first, period)
                held.append((first, purse.period))
        elif held:
            amount, of = held.pop(first % len(held))
            spent = min(second, amount)
            purse.settle(amount, spent, of)
            charged[of] = charged.get(of, 0) + spent
    worst = dict(charged)
    for amount, of in held:
        worst[of] = worst.get(of, 0) + amount
    assert all(total <= 100 for total in worst.values())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 40), st.integers(0, 40)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 40)),
        st.tuples(st.just("release"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("write"), st.just(0), st.just(0)),
        st.tuples(st.just("crash"), st.just(0), st.just(0)),
        st.tuples(st.just("clock"), st.integers(-40, 40), st.just(0)),
    ),
    min_size=20,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_crashes_and_clock_steps_never_let_more_be_spent_than_the_budget(
    steps: list[tuple[str, int, int]],
) -> None:
    """A request is sent once its lease is written; then it may cost all that was set aside.

    What engines were really asked to do is counted outside, by the day on which it was let in; no
    day gets more than its budget, whatever dies when. Nothing that was told to the store is lost.
    """
    budget = 100
    real, sent, told = dict[int, int](), list[tuple[Booked, int]](), 0
    with tempfile.TemporaryDirectory() as folder:
        path, wall = Path(folder) / "x.db", Wall()
        tenants = {"a": Bounds(budget_per_day=budget)}
        desk = Desk(path, tenants, wall)
        for what, first, second in steps:
            if what == "take":
                lease = desk.send("a", first, second)
                if isinstance(lease, Booked):
                    sent.append((lease, first + second))
            elif what == "clock":
                wall.at_s += first * HOUR_S
            elif what == "write":
                desk.write()
            elif what == "crash":
                for lease, most in sent:  # the engines go on to the end
                    real[lease.moment.day] = real.get(lease.moment.day, 0) + most
                sent = []
                desk.crash()
                desk = Desk(path, tenants, wall)
            elif sent:
                lease, most = sent.pop(first % len(sent))
                used = 0 if what == "release" else min(second, most)
                if what == "release":
                    desk.ledger.release(lease)
                else:
                    desk.ledger.settle(lease, 0, used)
                real[lease.moment.day] = real.get(lease.moment.day, 0) + used
            assert all(total <= budget for total in real.values())
            told = max(told, desk.cost())
            assert desk.cost() == told, "what was written does not vanish"
            under_way = sum(most for _, most in sent)
            assert desk.cost() + desk.cover() >= sum(real.values()) + under_way
        for lease, _ in sent:
            desk.ledger.release(lease)
        desk.ledger.end()
        desk.write()
        assert desk.cover() == 0
        assert desk.cost() >= sum(real.values())
        desk.crash()


def test_what_was_written_is_exact_when_nothing_dies(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=1e6)})
    for used in range(50):
        desk.ledger.settle(desk.take("a", 10, 100), 10, used)
        if used % 7 == 0:
            desk.write()
    desk.write()
    assert desk.cost() == 50 * 10 + sum(range(50))
    spent = desk.store.spent(Moment.of(int(NOON_S // HOUR_S)))
    assert [(one.tenant, one.day, one.month) for one in spent] == [
        ("a", desk.cost() * NANO, desk.cost() * NANO)
    ]
