"""Routers that learn from others know what these know."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.fleet import RequestView
from headway.serving.fleet.admission import TenantLimits
from headway.serving.fleet.lessons import Ended, Learner, Lessons, Sent, tell_learned
from headway.serving.fleet.routing import (
    DrainRate,
    EarlyRejection,
    GatewayQueue,
    LeastTtft,
    Preble,
    PrefixCache,
    PrefixIndex,
    RoundRobin,
    Scorer,
    SessionAffinity,
    Throughput,
    VirtualTokens,
    router,
)
from headway.serving.fleet.routing.orders import of_class, of_session, of_tenant
from headway.serving.fleet.routing.spread import TenantSpread
from tests.serving.fleet.views import request, sent, view
from tests.twins.prefix_index import PrefixIndex as Twin

ENGINES = 4


def lessons(
    requests: list[tuple[RequestView, int]],
    ends: list[tuple[RequestView, int, int]] = [],  # noqa: B006 - never written to
    at_s: float = 1.0,
) -> Lessons:
    """Return what others tell who have sent requests to engines, and seen answers of a length."""

    def column(rows: list[Any], get: Callable[[Any], int]) -> Any:
        return np.array([get(row) for row in rows], dtype=np.int64)

    blocks = [np.asarray(one.blocks, dtype=np.int64) for one, _ in requests]
    names = ("session", "service_class", "prompt_tokens", "limit_tokens", "tries", "block_tokens")
    told = Sent(
        engine=column(requests, lambda row: row[1]),
        **{name: column(requests, lambda row, name=name: getattr(row[0], name)) for name in names},
        tenant=tuple(one.tenant for one, _ in requests),
        blocks=np.concatenate([np.zeros(0, dtype=np.int64), *blocks]),
        offsets=np.cumsum([0, *map(len, blocks)]),
    )
    ended = Ended(
        engine=column(ends, lambda row: row[1]),
        **{name: column(ends, lambda row, name=name: getattr(row[0], name)) for name in names[:3]},
        output_tokens=column(ends, lambda row: row[2]),
        tenant=tuple(one.tenant for one, *_ in ends),
    )
    return Lessons(at_s, told, ended)


def prompts() -> st.SearchStrategy[list[tuple[RequestView, int]]]:
    """Give requests with prefixes in common, and the engines that they were sent to."""
    row = st.tuples(
        st.lists(st.integers(0, 2), max_size=6),
        st.integers(-1, 3),
        st.sampled_from(["a", "b", ""]),
        st.integers(0, ENGINES - 1),
    )

    def made(rows: list[tuple[list[int], int, str, int]]) -> list[tuple[RequestView, int]]:
        found = []
        for number, (path, session, tenant, engine) in enumerate(rows):
            names = np.array([hash((*path[: k + 1],)) >> 1 for k in range(len(path))], np.int64)
            one = request(
                number, blocks=names, block_tokens=16, prompt_tokens=16 * len(path) + 3,
                session=session, tenant=tenant,
            )  # fmt: skip
            found.append((one, engine))
        return found

    return st.lists(row, max_size=12).map(made)


@pytest.mark.parametrize(
    "make", [PrefixCache, Preble, SessionAffinity, Throughput, DrainRate, LeastTtft]
)
@given(prompts())
def test_a_scorer_that_was_told_scores_like_one_that_has_sent(
    make: Callable[[], Scorer], requests: list[tuple[RequestView, int]]
) -> None:
    """Loads of one a engine, so that nothing hangs on who counts the first one."""
    doer, hearer = make(), make()
    cluster = view([1] * ENGINES, now_s=1.0)
    ends = [(one, engine, 7 + one.number) for one, engine in requests[::2]]
    for one, engine in requests:
        doer.sent(cluster, one, engine)
    for one, engine, tokens in ends:
        doer.ended(one.number, engine, tokens, 1.0)
    hearer.learned(lessons(requests, ends))
    for one, _ in [*requests, (request(99), 0)]:
        now = view([1] * ENGINES, now_s=1.0)
        np.testing.assert_allclose(hearer.score(now, one), doer.score(now, one), rtol=1e-12)


@given(prompts(), st.integers(1, 20))
def test_prompts_are_added_at_once_as_one_by_one(
    requests: list[tuple[RequestView, int]], capacity: int
) -> None:
    index, twin = PrefixIndex(capacity), Twin(capacity)
    told = lessons(requests).sent
    index.add_all(told.blocks, told.offsets, told.engine, 1.0)
    for one, engine in requests:
        if len(one.blocks):
            twin.add(list(one.blocks), engine, 1.0)
    assert len(index) == len(twin)
    for one, _ in requests:
        assert index.match(one.blocks, ENGINES, 1.0).tolist() == list(
            twin.match(list(one.blocks), ENGINES, 1.0)
        )


@pytest.mark.parametrize(
    ("offsets", "engines", "error"),
    [
        ([0, 1], [0], ValueError),
        ([0, 2, 1], [0, 0], ValueError),
        ([1, 2], [0], ValueError),
        ([], [], ValueError),
        ([0, -1, 2], [0, 0], ValueError),
        ([0, 2], [-1], IndexError),
    ],
)
def test_prompts_that_are_none_are_refused(
    offsets: list[int], engines: list[int], error: type[Exception]
) -> None:
    blocks = np.array([5, 6])
    with pytest.raises(error):
        PrefixIndex().add_all(blocks, np.array(offsets, dtype=np.int64), engines)


def test_turns_are_taken_together() -> None:
    one, other = RoundRobin(), RoundRobin()
    cluster = view([0] * 3)
    for scorer in (one, other):
        scorer.score(cluster, request())
    one.sent(cluster, request(), 0)
    other.learned(lessons([(request(), 0)]))
    other.sent(cluster, request(1), 1)
    assert other.score(cluster, request(2)).argmin() == 2


@pytest.mark.parametrize("whose", [of_tenant, of_class, of_session])
def test_a_fair_queue_counts_what_others_have_served(whose: Callable[[Any], Any]) -> None:
    """Two tenants wait; the first was served elsewhere, so that the second is next."""
    order = VirtualTokens(whose)
    mine = request(0, tenant="a", service_class=0, session=0)
    theirs = request(1, tenant="b", service_class=1, session=1)
    order.push(mine)
    order.push(theirs)
    assert order.head() == 0
    order.learned(lessons([(request(7, tenant="a", service_class=0, session=0), 0)]))
    assert order.head() == 1
    order.learned(lessons([], [(request(8, tenant="b", service_class=1, session=1), 0, 100)]))
    assert order.head() == 0


def test_a_tenant_served_elsewhere_has_no_credit_here() -> None:
    order = VirtualTokens(of_tenant)
    order.push(request(0, tenant="a"))
    order.sent(request(0, tenant="a", prompt_tokens=500))
    order.learned(lessons([(request(5, tenant="b", prompt_tokens=900), 1)]))
    order.push(request(1, tenant="b"))
    assert order.head() == 0
    assert order._spent == {"a": 500.0, "b": 1400.0}


def test_of_tries_again_the_prompt_is_counted_once() -> None:
    order = VirtualTokens(of_tenant)
    order.push(request(0, tenant="a"))
    order.learned(lessons([(request(5, tenant="a", tries=1), 1)]))
    assert order._spent == {"a": 0.0}


def test_tenants_are_spread_by_what_they_use_anywhere() -> None:
    doer, hearer = TenantSpread(of_tenant, seed=3), TenantSpread(of_tenant, seed=3)
    rows = [(request(k, tenant="ab"[k % 2], prompt_tokens=4000 * k), 0) for k in range(6)]
    for one, engine in rows:
        doer.sent(view([0] * 4, 1.0), one, engine)
        doer.ended(one.number, engine, 50, 1.0)
    hearer.learned(lessons(rows, [(one, engine, 50) for one, engine in rows]))
    asked = request(9, tenant="b")
    cluster = view([0] * 4, 1.0)
    np.testing.assert_allclose(hearer.score(cluster, asked), doer.score(cluster, asked))


@pytest.mark.parametrize("name", ["prefix-cache", "vtc/prefix-cache", "slo", "preble"])
def test_whatever_stands_before_a_router_hands_lessons_on(name: str) -> None:
    made = TenantLimits(router(name), [])
    assert isinstance(made, Learner)
    blocks = np.arange(1, 9)
    known = {"blocks": blocks, "block_tokens": 16, "prompt_tokens": 140}
    tell_learned(made, lessons([(request(3, **known), 2)]))
    assert sent(made.route(view([0] * ENGINES, 1.0), request(4, **known))) == 2


def test_an_estimate_that_is_told_by_itself_learns_by_itself() -> None:
    told = lessons([(request(3, prompt_tokens=10**6), 0)])
    estimate = LeastTtft()
    alone = EarlyRejection(router("least-request"), estimate, tells=True)
    alone.learned(told)
    waits_s = estimate.score(view([1, 1], 1.0), request(4))
    assert waits_s[0] > waits_s[1]


def test_who_learns_nothing_is_told_nothing() -> None:
    tell_learned(object(), lessons([(request(), 0)]))
    queue = GatewayQueue(router("least-request"), VirtualTokens(weights=MappingProxyType({})))
    queue.learned(lessons([(request(), 0)]))
