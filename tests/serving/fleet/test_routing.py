"""Routers, on views made by hand and in small fleets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Dispatch,
    FleetSimulation,
    Hold,
    Member,
    RequestView,
)
from headway.serving.fleet.routing import DrainRate, PrefixIndex, router, routers
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload
from tests.serving.fleet.views import request, sent, view


@pytest.mark.parametrize(
    ("name", "columns", "best"),
    [
        ("least-request", {}, 1),
        ("least-waiting", {"waiting": np.array([4, 5, 1])}, 2),
        ("least-kv", {"free_blocks": np.array([30, 10, 20])}, 0),
        ("freeness", {"free_blocks": np.array([30, 10, 80])}, 2),
        ("freeness", {"wanted_blocks": np.array([0, 98, 0])}, 0),
    ],
)
def test_load_is_looked_at_in_the_way_that_the_name_says(
    name: str, columns: dict[str, Any], best: int
) -> None:
    assert sent(router(name).route(view([5, 2, 9], **columns), request())) == best


def test_turns_go_round_whoever_is_ready() -> None:
    turns = router("round-robin")
    assert [sent(turns.route(view([0, 0, 0]), request(k))) for k in range(5)] == [0, 1, 2, 0, 1]


def test_two_choices_take_the_better_of_two() -> None:
    chosen = [
        sent(router("two-choices", seed).route(view([0, 3, 9]), request())) for seed in range(40)
    ]
    assert set(chosen) == {0, 1}


def test_an_engine_that_ends_more_requests_may_have_more() -> None:
    one = router("drain-rate")
    for k in range(20):
        one.ended(k, 1, 10, 50.0)
    assert sent(one.route(view([2, 9], now_s=60.0), request())) == 1
    assert sent(one.route(view([2, 9], now_s=200.0), request())) == 0


def test_ends_long_ago_are_forgotten_even_if_nobody_asks() -> None:
    scorer = DrainRate(window_s=10.0)
    for k in range(1000):
        scorer.ended(k, 0, 5, float(k))
    assert scorer.score(view([5], now_s=999.0), request()).tolist() == [5 * 10 / 11]
    assert len(scorer._ends) == 11


def test_slow_engines_are_avoided() -> None:
    one = router("least-response")
    for number, took_s in enumerate((5.0, 1.0)):
        one.route(view([number, 1 - number]), request(number, excluded=frozenset({1 - number})))
        one.ended(number, number, 10, took_s)
    assert sent(one.route(view([0, 0], now_s=9.0), request(7))) == 1


def test_a_prompt_goes_where_its_prefix_is_unless_that_engine_is_hot() -> None:
    one = router("prefix-cache")
    first = sent(one.route(view([0, 0, 0]), request(0, blocks=[1, 2, 3], block_tokens=16)))
    other = (first + 1) % 3
    same = request(1, blocks=[1, 2, 9], block_tokens=16)
    load = [1, 1, 1]
    assert sent(one.route(view(load), same)) == first
    load[first] = 20
    assert sent(one.route(view(load), request(2, blocks=[1, 2, 8], block_tokens=16))) != first
    load[first], load[other] = 5, 0
    assert sent(one.route(view(load), request(3, blocks=[1, 2, 7], block_tokens=16))) != first


def test_routers_and_engines_tell_the_prefixes_of_adapters_apart() -> None:
    names: list[set[int]] = []

    class First:
        name = "first"

        def route(self, cluster: ClusterView, request: RequestView) -> Dispatch:
            names.append(set(np.asarray(request.blocks).tolist()))
            return Dispatch(0)

        def ended(self, *told: object) -> None:
            pass

    traffic = Workload.of(
        arrival_s=[0, 5, 10],
        prompt_tokens=[64] * 3,
        output_tokens=[1] * 3,
        adapter=[0, 1, 0],
        adapters=("sql", "law"),
        blocks=Blocks.of([range(4)] * 3, 16),
    )
    config, both = EngineConfig(blocks=50), frozenset(traffic.adapters)
    members = [Member(name="one", config=config, step_time=Affine(0.1), adapters=both)]
    run = FleetSimulation(traffic, members, First()).run()
    assert names[0] == names[2]
    assert not names[0] & names[1]
    assert run.requests.cached_tokens.tolist() == [0, 0, 48]


def test_sessions_stay_and_few_move_when_an_engine_leaves() -> None:
    one = router("session")
    homes = [sent(one.route(view([0] * 5), request(k, session=k))) for k in range(200)]
    again = [sent(one.route(view([9, 0, 3, 1, 7]), request(k, session=k))) for k in range(200)]
    assert homes == again
    assert len(set(homes)) == 5
    ready = np.array([True, True, False, True, True])
    after = [sent(one.route(view([0] * 5, ready=ready), request(k, session=k))) for k in range(200)]
    assert all(a == b for a, b in zip(homes, after, strict=True) if a != 2)
    assert 2 not in after


def test_roles_adapters_and_failures_leave_engines_out() -> None:
    least = router("least-request")
    roles = ("prefill", "decode", "decode")
    assert sent(least.route(view([9, 0, 0], roles=roles), request())) == 0
    assert sent(least.route(view([0, 5, 4], roles=roles), request(stage="decode"))) == 2
    held = (frozenset(), frozenset({"math"}), frozenset())
    assert sent(least.route(view([0, 5, 4], adapters=held), request(adapter="math"))) == 1
    assert sent(least.route(view([0, 5, 4], adapters=held), request(adapter="law"))) == 0
    assert sent(least.route(view([0, 5]), request(excluded=frozenset({0})))) == 1
    assert sent(least.route(view([0]), request(excluded=frozenset({0})))) == 0
    nobody = view([0, 0], ready=np.zeros(2, dtype=np.bool_), now_s=4.0)
    assert least.route(nobody, request()) == Hold(4.1)


def test_weights_decide_between_scorers() -> None:
    cluster = view([4, 0], free_blocks=np.array([90, 10]))
    assert sent(router("least-request:3,least-kv:1").route(cluster, request())) == 1
    assert sent(router("least-request:1,least-kv:3").route(cluster, request())) == 0
    assert sent(router("least-request:0,least-kv").route(cluster, request())) == 0


@pytest.mark.parametrize("text", ["least-request:-1", "least-kv:x", "random:0", "random:9999999"])
def test_weights_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=text.partition(":")[0]):
        router(text)


def test_an_unknown_router_is_refused_and_never_replaced() -> None:
    with pytest.raises(UnknownNameError, match="least-request"):
        router("least-requests")
    with pytest.raises(UnknownNameError, match="least-request") as caught:
        router("least-kv,two-choices")
    assert "two-choices" not in str(caught.value).partition("known:")[2]


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 3)), max_size=20),
    st.lists(st.integers(0, 5), max_size=6),
)
def test_the_index_finds_what_a_plain_search_finds(
    added: list[tuple[list[int], int]], prompt: list[int]
) -> None:
    def chained(names: list[int]) -> list[int]:
        return [hash(tuple(names[: k + 1])) for k in range(len(names))]

    index = PrefixIndex()
    for names, engine in added:
        index.add(chained(names), engine)
    found = index.match(chained(prompt), 4)
    for engine in range(4):
        depth = 0
        while depth < len(prompt) and any(
            e == engine and names[: depth + 1] == prompt[: depth + 1] for names, e in added
        ):
            depth += 1
        assert found[engine] == depth


def hot_fleet(name: str, hot: bool) -> tuple[float, float]:
    """Return hit rate and mean TTFT of conversations over four engines."""
    rng = np.random.default_rng(3)
    n, depth = 400, 8
    family = np.zeros(n, dtype=np.int64) if hot else rng.integers(0, 12, n)
    ids = (family[:, None] * 100 + np.arange(depth)).ravel()
    traffic = Workload.of(
        arrival_s=np.sort(rng.uniform(0, 200, n)),
        prompt_tokens=np.full(n, 16 * depth + 5),
        output_tokens=rng.integers(2, 20, n),
        blocks=Blocks(ids, np.arange(n + 1) * depth, 16),
    )
    config = EngineConfig(blocks=50, max_sequences=4)
    step_time = Affine(0.05, {"prefill_tokens": 0.004})
    members = [Member(name=str(k), config=config, step_time=step_time) for k in range(4)]
    table = FleetSimulation(traffic, members, router(name)).run().requests
    ttft_s = table.first_token_s - table.arrival_s
    return table.cached_tokens.sum() / traffic.prompt_tokens.sum(), float(ttft_s.mean())


def test_knowing_prefixes_pays_and_a_hot_one_does_not_hurt() -> None:
    cold_hits, cold_ttft = hot_fleet("random", hot=False)
    hits, ttft = hot_fleet("prefix-cache", hot=False)
    assert hits > 1.3 * cold_hits
    assert ttft < cold_ttft
    assert hot_fleet("prefix-cache", hot=True)[1] < 1.1 * hot_fleet("least-request", hot=True)[1]


@pytest.mark.parametrize("name", routers())
def test_every_router_serves_everybody(name: str) -> None:
    rng = np.random.default_rng(1)
    traffic = Workload.of(
        arrival_s=rng.uniform(0, 10, 30),
        prompt_tokens=rng.integers(1, 50, 30),
        output_tokens=rng.integers(1, 9, 30),
    )
    config = EngineConfig(blocks=50, max_sequences=4)
    members = [Member(name=str(k), config=config, step_time=Affine(0.1)) for k in range(3)]
    happened = FleetSimulation(traffic, members, router(name)).run()
    assert (happened.requests.status == 1).all()
