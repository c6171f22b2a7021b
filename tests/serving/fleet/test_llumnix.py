"""Virtual usage by hand, who is paired with whom, and fleets that are balanced, emptied, scaled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Dispatch,
    Drain,
    Engines,
    FleetRun,
    FleetSimulation,
    Hold,
    Link,
    Member,
    Migrate,
    Operation,
    RequestView,
    Residents,
    Start,
)
from headway.serving.fleet.llumnix import FreenessBand, MostFree, Rebalance, VirtualUsage
from headway.serving.fleet.routing import router, routers
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from headway.simulate import registry

NOBODY = ClusterView.NOBODY


def cluster(
    free: Sequence[int], running: Sequence[int], there: Residents | None = None, **columns: Any
) -> ClusterView:
    """Return engines of 100 blocks of 16 tokens."""
    n = len(free)
    engines = Engines(
        names=tuple(f"e{k}" for k in range(n)),
        kinds=("e",) * n,
        roles=("both",) * n,
        blocks=np.full(n, 100),
        block_tokens=np.full(n, 16),
        max_sequences=np.full(n, 64),
        price_per_h=np.zeros(n),
        labels=({},) * n,
        adapters=(frozenset(),) * n,
    )
    given: dict[str, Any] = {
        "ready": np.ones(n, dtype=bool),
        "in_flight": np.array(running),
        "waiting": np.zeros(n, dtype=np.int64),
        "wanted_blocks": np.zeros(n, dtype=np.int64),
        "wanted_blocks_first": np.zeros(n, dtype=np.int64),
        "residents": None if there is None else lambda: there,
    }
    given |= {name: np.array(c) if isinstance(c, list) else c for name, c in columns.items()}
    return ClusterView(
        now_s=given.pop("now_s", 0.0),
        engines=engines,
        running=np.array(running),
        free_blocks=np.array(free),
        **given,
    )


def residents(
    *rows: tuple[int, int, int, int],
    n: int,
    stage: int = Residents.DECODE,
    busy: Sequence[int] = (),
) -> Residents:
    """Return requests, each with its engine, priority, and blocks."""
    request, engine, priority, blocks = (np.array(column) for column in zip(*rows, strict=True))
    takes_part = np.zeros(n, dtype=bool)
    takes_part[list(busy)] = True
    return Residents(
        request=request,
        engine=engine,
        priority=priority,
        stage=np.full(len(rows), stage),
        tokens=blocks * 16,
        blocks=blocks,
        moving=np.zeros(len(rows), dtype=bool),
        busy=takes_part,
    )


REQUEST = RequestView(0, 0.0, 10, 10, 0, 0, math.inf)


def test_freeness_is_room_for_each_of_a_batch() -> None:
    """50 blocks for 5; the head of a queue takes 60 of 50; nobody; one that is to stop."""
    view = cluster(
        [50, 50, 100, 50],
        [5, 5, 0, 5],
        wanted_blocks_first=[0, 60, 0, 0],
        draining=[False, False, False, True],
    )
    assert VirtualUsage().freeness(view).tolist() == [160, -32, math.inf, -math.inf]
    blind = VirtualUsage(queue="none").freeness(view)
    assert blind.tolist() == [160, 160, math.inf, -math.inf]


def test_the_whole_queue_counts_as_one_more_batch() -> None:
    view = cluster([50], [3], waiting=[2], wanted_blocks=[30], wanted_blocks_first=[10])
    assert VirtualUsage(queue="all").freeness(view).tolist() == [20 * 16 / 5]


def test_urgent_requests_keep_neighbours_away() -> None:
    view = cluster([50] * 4, [5] * 4, most_urgent=[NOBODY, 0, -1, -7])
    assert VirtualUsage().freeness(view).tolist() == [160, 160, 32, 32]
    graded = VirtualUsage(headroom={-1: 0.1, -5: 0.7})
    assert graded.freeness(view) == pytest.approx([160, 160, 128, -64])


def test_requests_go_where_there_is_most_room() -> None:
    view = cluster([50, 70, 90, 100], [5, 5, 9, 0], ready=[True, True, True, False])
    assert MostFree().route(view, REQUEST) == Dispatch(1)
    lots = MostFree(1, among=2)
    chosen = {lots.route(view, REQUEST) for _ in range(30)}
    assert chosen == {Dispatch(1), Dispatch(0)}
    assert isinstance(MostFree().route(cluster([9], [1], ready=[False]), REQUEST), Hold)


def test_the_fullest_gives_its_least_urgent_and_shortest_to_the_freest() -> None:
    there = residents(
        (1, 0, 0, 30), (2, 0, 0, 20), (3, 0, -1, 5), (4, 1, 0, 40), (5, 1, 0, 41), n=4
    )
    view = cluster([2, 0, 85, 95], [3, 4, 1, 1], there)
    assert Rebalance().act(view) == (Migrate(1, 4, 3), Migrate(0, 2, 2))


def test_a_move_must_make_engines_more_alike_unless_told_otherwise() -> None:
    there = residents((1, 0, 0, 90), (2, 0, 0, 95), n=2)
    view = cluster([0, 97], [2, 1], there)
    assert Rebalance(careful=True).act(view) == ()
    assert Rebalance().act(view) == (Migrate(0, 1, 1),)


def test_engines_with_little_room_take_only_from_those_that_stop() -> None:
    """80 blocks for 2 are 640 tokens each: too few for others, enough to empty an engine."""
    there = residents((1, 0, 0, 30), (2, 1, 0, 30), n=3)
    full = cluster([0, 0, 80], [2, 2, 2], there)
    assert Rebalance().act(full) == ()
    assert Rebalance(in_above=600.0).act(full) == (Migrate(0, 1, 2),)
    stops = {"ready": [True, False, True], "draining": [False, True, False]}
    assert Rebalance().act(cluster([0, 0, 80], [2, 2, 2], there, **stops)) == (Migrate(1, 2, 2),)


def test_nobody_moves_twice_at_once_or_in_short_time() -> None:
    there = residents((1, 0, 0, 30), (2, 0, 0, 31), n=2)
    policy = Rebalance(rest_s=1.0)
    assert policy.act(cluster([0, 90], [2, 1], there)) == (Migrate(0, 1, 1),)
    assert policy.act(cluster([0, 90], [2, 1], there, now_s=0.5)) == (Migrate(0, 2, 1),)
    assert policy.act(cluster([0, 90], [2, 1], there, now_s=0.9)) == ()
    busy = residents((1, 0, 0, 30), n=2, busy=[1])
    assert policy.act(cluster([0, 90], [2, 1], busy, now_s=9.0)) == ()


def test_those_in_prefill_stay_and_queues_of_engines_that_stop_go() -> None:
    for stage, stops, moves in (
        (Residents.PREFILL, True, 0),
        (Residents.QUEUED, False, 0),
        (Residents.QUEUED, True, 1),
        (Residents.DECODE, True, 1),
    ):
        there = residents((1, 0, 0, 30), n=2, stage=stage)
        flags = {"ready": [not stops, True], "draining": [stops, False]}
        assert len(Rebalance().act(cluster([0, 90], [1, 1], there, **flags))) == moves


def test_without_facts_of_requests_nobody_is_moved() -> None:
    assert Rebalance().act(cluster([0, 100], [5, 0])) == ()


def test_the_band_starts_stops_and_waits_for_what_it_ordered() -> None:
    up, down = [True, True, False], [False, False, True]
    scaler = FreenessBand(low=160, high=960)
    ready = {"ready": up, "up": up, "draining": [False] * 3}
    assert scaler.act(cluster([10, 10, 100], [9, 9, 0], **ready)) == (Start(2),)
    ordered = ready | {"up": [True] * 3}
    assert scaler.act(cluster([10, 10, 100], [9, 9, 0], **ordered)) == ()
    assert scaler.act(cluster([95, 99, 100], [2, 1, 0], **ready)) == (Drain(1),)
    assert scaler.act(cluster([50, 50, 100], [2, 2, 0], **ready)) == ()
    assert FreenessBand(least=2).act(cluster([95, 99, 100], [2, 1, 0], **ready)) == ()
    taken_back = ready | {"up": [True] * 3, "draining": down}
    assert scaler.act(cluster([1, 1, 1], [9, 9, 9], **taken_back)) == (Start(2),)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VirtualUsage(headroom={-1: 1.0}), "headroom"),
        (lambda: VirtualUsage(headroom=[0.5]), "headroom"),  # type: ignore[arg-type]
        (lambda: VirtualUsage(queue="last"), "queue"),  # type: ignore[arg-type]
        (lambda: MostFree(among=0), "among"),
        (lambda: Rebalance(out_below=9, in_above=8), "in_above"),
        (lambda: Rebalance(period_s=0), "period_s"),
        (lambda: Rebalance(how="fly"), "how"),  # type: ignore[arg-type]
        (lambda: FreenessBand(low=2, high=1), "high"),
        (lambda: FreenessBand(period_s=0), "period_s"),
        (lambda: FreenessBand(least=3, most=2), "least"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_all_of_it_is_found_by_name() -> None:
    assert "llumnix" in routers()
    assert isinstance(router("llumnix"), MostFree)
    assert registry.entry("controller", "llumnix") is Rebalance
    assert registry.entry("controller", "freeness-band") is FreenessBand


def fleet(n: int) -> list[Member]:
    config = EngineConfig(blocks=100, block_tokens=16)
    step_time = Affine(0.02, {"prefill_tokens": 2e-4, "decodes": 1e-4})
    return [
        Member(name=str(k), config=config, step_time=step_time, bytes_per_token=1e5, start_s=1.0)
        for k in range(n)
    ]


def traffic(n: int, rate_per_s: float) -> Workload:
    random = np.random.default_rng(1)
    return Workload.of(
        arrival_s=np.cumsum(random.exponential(1 / rate_per_s, n)),
        prompt_tokens=1 + np.minimum(random.exponential(150, n), 700).astype(np.int64),
        output_tokens=1 + np.minimum(random.exponential(150, n), 700).astype(np.int64),
    )


def play(*controllers: Any, rate_per_s: float, n: int = 4, **more: Any) -> FleetRun:
    simulation = FleetSimulation(
        traffic(300, rate_per_s), fleet(n), MostFree(), controllers=controllers, link=Link(), **more
    )
    return simulation.run()


def test_moves_make_room_for_those_that_wait() -> None:
    alone, moved = play(rate_per_s=5.0), play(Rebalance(in_above=48.0), rate_per_s=5.0)
    assert any(move.outcome == "moved" for move in moved.moves)
    assert (moved.requests.status == Status.FINISHED).all()
    assert np.nanpercentile(moved.ttft_s, 99) < np.nanpercentile(alone.ttft_s, 99)
    assert moved.requests.preemptions.sum() < alone.requests.preemptions.sum()


class Close:
    """Stops the first engine at some time."""

    name = "close"
    period_s = 10.0

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        return (Drain(0),) if cluster.now_s == 10 else ()


def test_moves_empty_an_engine_that_is_to_stop() -> None:
    waits, moved = play(Close(), rate_per_s=4.0), play(Close(), Rebalance(), rate_per_s=4.0)
    assert moved.up_s[0] < waits.up_s[0]
    assert (moved.requests.status == Status.FINISHED).all()


def test_a_fleet_grows_and_shrinks_with_its_load() -> None:
    scaled = play(Rebalance(), FreenessBand(period_s=1.0), started=[0], rate_per_s=5.0)
    assert scaled.count("start") > 0
    assert scaled.count("drain") > 0
    assert scaled.replica_seconds < 4 * scaled.over_s
    assert (scaled.requests.status == Status.FINISHED).all()
