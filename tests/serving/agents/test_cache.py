"""A cache of sessions: by hand, against brute force, and what holds whoever evicts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.agents import (
    SWE_BENCH,
    EndedFirst,
    Evictor,
    Furthest,
    LeastRecent,
    Pool,
    PrefixBonus,
    Programs,
    ResidualLife,
    Spans,
    ToolTTL,
    WorkflowAware,
    draw,
    replay,
    undisturbed,
)
from tests.serving.agents.small import programs, spans

EVERYBODY = (
    EndedFirst,
    Furthest,
    LeastRecent,
    PrefixBonus,
    ResidualLife,
    ToolTTL,
    WorkflowAware,
)


def test_lru_and_belady_by_hand() -> None:
    """Two sessions fit. A and B pause, C runs: LRU forgets A, who is back first; Bélády B."""
    three = programs([(10, 1, 1.0), (10, 1, 0.0)], [(10, 1, 1.0), (10, 1, 0.0)], [(10, 1, 0.0)])
    when = spans((0, 1), (6, 7), (2, 3), (8, 9), (4, 5))
    assert replay(three, when, 22, LeastRecent()).prefilled_tokens.tolist() == [10, 10, 10, 10, 10]
    assert replay(three, when, 22, Furthest()).prefilled_tokens.tolist() == [10, 0, 10, 10, 10]


def test_who_has_said_that_it_is_done_leaves_first_if_it_is_believed() -> None:
    """C is done and used last; A comes back when D needs room."""
    some = programs([(10, 1, 1.0), (10, 1, 0.0)], [(10, 1, 0.0)], [(10, 1, 0.0)])
    when = spans((0, 1), (6, 7), (2, 3), (4, 5))
    silent = np.zeros(4, dtype=np.bool_)
    for evictor in (EndedFirst, ResidualLife, WorkflowAware):
        assert replay(some, when, 22, evictor()).prefilled_tokens[1] == 0
    assert replay(some, when, 22, EndedFirst(), signals=silent).prefilled_tokens[1] == 10


def most_kept(some: Programs, when: Spans, sessions: int) -> int:
    """Return how many pauses at most can be survived, by trying all sets of pauses."""
    total = len(some.tool)
    pauses = np.flatnonzero(~some.is_last).tolist()
    events = [(float(when.begin_s[k]), 1, k) for k in range(total)]
    events += [(float(when.end_s[k]), 0, k) for k in range(total)]
    events.sort()
    best = 0
    for chosen in product((False, True), repeat=len(pauses)):
        kept = {step for step, keep in zip(pauses, chosen, strict=True) if keep}
        idle: set[int] = set()
        running, fits = 0, True
        for _, begins, step in events:
            running += 1 if begins else -1
            idle -= {step - 1} if begins else set()
            idle |= kept & {step} if not begins else set()
            fits = fits and (not idle or running + len(idle) <= sessions)
        best = max(best, len(kept) if fits else 0)
    return best


@st.composite
def alike(draw_one: Callable[..., Any]) -> tuple[Programs, Spans]:
    """Sessions that are all of one size, with steps at any times."""
    counts = draw_one(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    some = programs(*([(10, 1, 1.0)] * (n - 1) + [(10, 1, 0.0)] for n in counts))
    begin_s, end_s = [], []
    for n in counts:
        times = np.cumsum([draw_one(st.integers(1, 7)) + 0.001 for _ in range(2 * n)])
        begin_s.extend(times[::2])
        end_s.extend(times[1::2])
    off = np.linspace(0, 0.5, len(begin_s))
    return some, Spans(np.array(begin_s) + off, np.array(end_s) + off)


@settings(max_examples=40, deadline=None)
@given(alike(), st.integers(1, 3))
def test_belady_is_optimal_for_sessions_of_one_size(
    given_case: tuple[Programs, Spans], sessions: int
) -> None:
    some, when = given_case
    run = replay(some, when, 11 * sessions, Furthest())
    saved = (run.prefilled_tokens == 0).sum()
    assert saved == most_kept(some, when, sessions)
    for evictor in EVERYBODY:
        assert replay(some, when, 11 * sessions, evictor()).cost >= run.cost


@pytest.mark.parametrize("evictor", EVERYBODY)
def test_a_cache_that_holds_all_computes_nothing_twice(evictor: type[Evictor]) -> None:
    some = draw(SWE_BENCH, 6, per_minute=60, seed=1)
    run = replay(some, undisturbed(some), 10**9, evictor())
    assert run.evictions == 0
    assert run.cost == (some.prompt_tokens - some.reusable_tokens).sum()


@pytest.mark.parametrize("evictor", EVERYBODY)
def test_a_replay_repeats_and_no_hit_is_larger_than_what_was_said(evictor: type[Evictor]) -> None:
    some = draw(SWE_BENCH, 12, per_minute=60, tools_times=10, seed=2)
    first, again = (replay(some, undisturbed(some), 60_000, evictor()) for _ in range(2))
    assert np.array_equal(first.prefilled_tokens, again.prefilled_tokens)
    hits = some.prompt_tokens - first.prefilled_tokens
    assert ((hits == 0) | (hits == some.reusable_tokens)).all()
    assert first.evictions > 0


def test_only_the_clairvoyant_see_what_comes() -> None:
    class Curious(LeastRecent):
        def rank(self, pool: Pool) -> np.ndarray:
            assert np.isnan(pool.next_s).all()
            return super().rank(pool)

    some = draw(SWE_BENCH, 8, per_minute=60, seed=2)
    assert replay(some, undisturbed(some), 30_000, Curious()).evictions > 0


def pool(idle_s: list[float], tool: list[int], used: float = 0.8) -> Pool:
    n = len(idle_s)
    return Pool(
        now_s=100.0,
        used=used,
        session=np.arange(n),
        tokens=np.full(n, 10),
        since_s=100 - np.array(idle_s),
        tool=np.array(tool),
        is_final=np.zeros(n, dtype=np.bool_),
        next_s=np.full(n, np.nan),
    )


def test_residual_life_is_lru_where_nothing_is_known_of_tools() -> None:
    idle = [3.0, 9.0, 1.0]
    order = np.argsort(ResidualLife().rank(pool(idle, [0, 0, 0])))
    assert order.tolist() == np.argsort(LeastRecent().rank(pool(idle, [0, 0, 0]))).tolist()


def test_residual_life_prefers_tools_that_are_soon_back() -> None:
    """Tool 0 takes about 100 s, tool 1 about 0.1 s."""
    evictor = ResidualLife()
    for factor in (0.8, 1.0, 1.2, 1.1):
        evictor.resumed(0, 100 * factor, 1)
        evictor.resumed(1, 0.1 * factor, 1)
    rank = evictor.rank(pool([0.05, 0.06], [0, 1]))
    assert rank[0] > rank[1]


def test_a_session_is_kept_while_its_tool_may_still_run() -> None:
    """Tool 0 takes 2 s to its 95th percentile, 1 s when the cache is nearly full; tool 1 0.1 s."""
    evictor = ToolTTL()
    for _ in range(3):
        evictor.resumed(0, 2.0, 1)
        evictor.resumed(1, 0.1, 1)
    assert np.argmax(evictor.rank(pool([1.5, 0.2], [0, 1], used=0.7))) == 1
    assert np.argmax(evictor.rank(pool([1.5, 0.2], [0, 1], used=0.9))) == 0


def test_senseless_settings_are_refused() -> None:
    some = programs([(10, 1, 0.0)])
    with pytest.raises(ConfigError, match="capacity"):
        replay(some, undisturbed(some), 0, LeastRecent())
    with pytest.raises(ConfigError, match="signals"):
        replay(some, undisturbed(some), 1, LeastRecent(), signals=np.zeros(2, dtype=np.bool_))
    with pytest.raises(ConfigError, match="weights"):
        WorkflowAware(reuse=-1)
    with pytest.raises(ConfigError, match="residual"):
        ResidualLife(alive=0.1, ended=0.2)
    with pytest.raises(ConfigError, match="TTL"):
        ToolTTL(low=0.9, high=0.8)
