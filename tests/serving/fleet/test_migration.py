"""Requests that are moved: when they arrive, what stops them, and that none is lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Dispatch,
    Drain,
    Fault,
    FleetRun,
    FleetSimulation,
    Hang,
    Hold,
    Link,
    Member,
    Migrate,
    Operation,
    RequestView,
    Residents,
    Routing,
    SlowLink,
    Start,
    Straggle,
)
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Workload


class First:
    """To the first engine that is ready."""

    name = "first"

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        ready = np.flatnonzero(cluster.ready)
        return Dispatch(int(ready[0])) if len(ready) else Hold(cluster.now_s + 1)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        pass


class Plan:
    """Does at a time what it was told to."""

    name = "plan"
    period_s = 0.5

    def __init__(self, plan: dict[float, tuple[Operation, ...]]) -> None:
        self._plan = plan

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        return self._plan.get(cluster.now_s, ())


def member(name: str, blocks: int = 100, **given_settings: object) -> Member:
    config = EngineConfig(blocks=blocks, block_tokens=4, max_sequences=4)
    fixed = {"name": name, "config": config, "step_time": Affine(1.0), "bytes_per_token": 1.0}
    return Member(**(fixed | given_settings))  # type: ignore[arg-type]


def traffic(*requests: tuple[float, int, int]) -> Workload:
    arrivals, prompts, outputs = zip(*requests, strict=True)
    return Workload.of(arrival_s=arrivals, prompt_tokens=prompts, output_tokens=outputs)


SLOW = Link(bytes_per_s=4.0, latency_s=0.25)


def play(
    workload: Workload,
    *orders: tuple[float, Operation],
    members: Sequence[Member] = (member("a"), member("b")),
    faults: Sequence[Fault] = (),
    link: Link = SLOW,
) -> FleetRun:
    plan: dict[float, tuple[Operation, ...]] = {}
    for at_s, order in orders:
        plan[at_s] = (*plan.get(at_s, ()), order)
    return FleetSimulation(
        workload, members, First(), controllers=[Plan(plan)], faults=faults, link=link
    ).run()


def test_a_short_request_moves_in_one_go_and_speaks_on() -> None:
    """It leaves at 3 with 8 + 2 tokens in the cache: 2.5 s of copying, latency and commit."""
    happened = play(traffic((0, 8, 6)), (2.5, Migrate(0, 0, 1)))
    (move,) = happened.moves
    assert (move.outcome, move.left_s, move.end_s, move.tokens) == ("moved", 3, 6, 10)
    assert move.downtime_s == 3
    assert happened.engine.tolist() == [1]
    assert happened.requests.last_token_s.tolist() == [9]
    assert [speech.tokens.sum() for speech in happened.speech] == [3, 3]
    assert [note.what for note in happened.notes] == ["migrate"]


@pytest.mark.parametrize("engine", [0, 1])
def test_over_a_slow_link_a_request_is_away_for_longer(engine: int) -> None:
    slow = SlowLink(at_s=1, engine=engine, until_s=9, pace=2.0)
    happened = play(traffic((0, 8, 6)), (2.5, Migrate(0, 0, 1)), faults=[slow])
    assert happened.moves[0].downtime_s == 6


def test_a_long_request_is_copied_while_it_speaks() -> None:
    """Full blocks first: 100 tokens take 2 s; the few that came since are copied at rest."""
    link = Link(bytes_per_s=50.0, latency_s=0)
    live = play(traffic((0, 100, 40)), (1.5, Migrate(0, 0, 1)), link=link)
    (move,) = live.moves
    assert (move.outcome, move.stages, move.left_s) == ("moved", 1, 4)
    assert move.downtime_s == pytest.approx((103 - 100) / 50)
    copy = play(traffic((0, 100, 40)), (1.5, Migrate(0, 0, 1, "copy")), link=link)
    assert copy.moves[0].stages == 0
    assert copy.moves[0].downtime_s == pytest.approx(101 / 50)
    assert copy.requests.last_token_s[0] > live.requests.last_token_s[0]


def test_without_its_cache_a_request_is_computed_again() -> None:
    happened = play(traffic((0, 8, 6)), (2.5, Migrate(0, 0, 1, "recompute")))
    assert happened.moves[0].tokens == 0
    assert happened.moves[0].downtime_s == 0.25
    assert happened.steps[1].prefill_tokens[0] == 8 + 3
    assert happened.requests.last_token_s.tolist() == [3.25 + 3]


def test_one_that_queues_changes_queues() -> None:
    happened = play(traffic(*[(0, 8, 9)] * 5), (0.5, Migrate(0, 4, 1)))
    assert happened.engine.tolist() == [0, 0, 0, 0, 1]
    assert happened.requests.first_token_s[4] == 0.5 + 0.25 + 1
    assert happened.requests.last_token_s[4] == 0.5 + 0.25 + 9


@pytest.mark.parametrize(
    ("requests", "order", "outcome"),
    [
        ([(0, 80, 4)], Migrate(0, 0, 1), "ended"),
        ([(0, 80, 90)], Migrate(0, 0, 2), "no room"),
        ([(0, 80, 90)], Migrate(0, 0, 3), "refused"),
        ([(0, 8, 1), (0, 8, 9)], Migrate(0, 0, 1), "refused"),
    ],
)
def test_what_stops_a_move(
    requests: list[tuple[float, int, int]], order: Migrate, outcome: str
) -> None:
    members = [member("a"), member("b"), member("small", 10), member("off")]
    faults = [Crash(at_s=0, engine=3, until_s=100)]
    happened = play(traffic(*requests), (1.5, order), members=members, faults=faults)
    assert [move.outcome for move in happened.moves] == [outcome]
    assert (happened.requests.status == Status.FINISHED).all()
    assert (happened.engine == 0).all()


def test_a_request_that_gives_way_meanwhile_is_left_where_it_is() -> None:
    """Two grow until the younger one must go while it is being copied."""
    workload = traffic((0, 70, 60), (0, 70, 60))
    members = [member("a", 40), member("b")]
    happened = play(workload, (1.5, Migrate(0, 1, 1)), members=members, link=Link(bytes_per_s=3.0))
    assert happened.requests.preemptions.tolist() == [0, 1]
    assert [move.outcome for move in happened.moves] == ["preempted"]


def test_a_request_that_grows_faster_than_it_is_copied_stays() -> None:
    link = Link(bytes_per_s=1.0, latency_s=0)
    members = [member("a", 1000), member("b", 1000)]
    happened = play(traffic((0, 80, 400)), (1.5, Migrate(0, 0, 1)), members=members, link=link)
    assert [move.outcome for move in happened.moves] == ["too many stages"]
    assert happened.moves[0].stages == 2


def test_an_engine_takes_part_in_one_move_at_a_time() -> None:
    members = [member(name) for name in "abc"]
    orders = [(1.5, Migrate(0, 0, 1)), (1.5, Migrate(0, 1, 2)), (1.5, Migrate(0, 0, 2))]
    happened = play(traffic((0, 8, 9), (0, 8, 9)), *orders, members=members)
    assert sorted(move.outcome for move in happened.moves) == ["moved", "refused", "refused"]


def test_a_request_between_engines_dies_with_its_source_or_returns_to_it() -> None:
    order = (2.5, Migrate(0, 0, 1))
    gone = play(traffic((0, 8, 6)), order, faults=[Crash(at_s=4, engine=0, until_s=50)])
    assert gone.requests.status.tolist() == [Status.LOST]
    back = play(traffic((0, 8, 6)), order, faults=[Crash(at_s=4, engine=1, until_s=50)])
    assert [move.outcome for move in back.moves] == ["engine lost"]
    assert back.requests.last_token_s.tolist() == [4 + 3]


def test_an_engine_stops_when_its_last_request_has_moved_away() -> None:
    happened = play(traffic((0, 8, 50)), (2.0, Drain(0)), (2.5, Migrate(0, 0, 1)))
    assert happened.up_s[0] == happened.moves[0].end_s == 6
    assert happened.requests.last_token_s[0] == 50 + 3


def test_moves_that_make_no_sense_are_refused() -> None:
    members = [member("a"), member("p", role="prefill")]
    with pytest.raises(ConfigError, match="cannot be moved to 1"):
        play(traffic((0, 8, 6)), (1.0, Migrate(0, 0, 1)), members=members)
    with pytest.raises(ConfigError, match="no engine 5"):
        play(traffic((0, 8, 6)), (1.0, Migrate(0, 0, 5)))


class Restless:
    """Moves, drains and starts whatever it lights upon."""

    name = "restless"

    def __init__(self, seed: int, period_s: float) -> None:
        self.period_s = period_s
        self._rng = np.random.default_rng(seed)

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        assert cluster.residents is not None
        there, n, rng = cluster.residents(), len(cluster.engines), self._rng
        self._check(cluster, there)
        operations: list[Operation] = []
        for k in rng.permutation(len(there.request))[:3].tolist():
            source, destination = int(there.engine[k]), int(rng.integers(n))
            how = ("live", "copy", "recompute")[int(rng.integers(3))]
            if source != destination:
                operations.append(Migrate(source, int(there.request[k]), destination, how))  # type: ignore[arg-type]
        if rng.random() < 0.1:
            operations.append(Drain(int(rng.integers(n))))
        operations += [Start(k) for k in range(n) if rng.random() < 0.1]
        return tuple(operations)

    def _check(self, cluster: ClusterView, there: Residents) -> None:
        assert len(set(there.request.tolist())) == len(there.request)
        runs = there.stage != Residents.QUEUED
        count = np.bincount(there.engine[runs], minlength=len(cluster.engines))
        assert count.tolist() == cluster.running.tolist()
        held = np.bincount(there.engine[runs], there.blocks[runs], len(cluster.engines))
        assert (held <= cluster.engines.blocks - cluster.free_blocks).all()


@st.composite
def troubles(draw: st.DrawFn) -> tuple[Workload, int, list[Fault], Restless, Link]:
    n = draw(st.integers(1, 30))
    workload = Workload.of(
        arrival_s=draw(st.lists(st.floats(0, 30), min_size=n, max_size=n)),
        prompt_tokens=draw(st.lists(st.integers(1, 150), min_size=n, max_size=n)),
        output_tokens=draw(st.lists(st.integers(1, 40), min_size=n, max_size=n)),
        priority=draw(st.lists(st.integers(-1, 1), min_size=n, max_size=n)),
    )
    engines = draw(st.integers(2, 4))
    faults: list[Fault] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([Crash, Hang, Straggle]))
        begin, length = draw(st.floats(0, 60)), draw(st.floats(0, 20))
        number = draw(st.integers(0, engines - 1))
        faults.append(kind(at_s=begin, engine=number, until_s=begin + length))
    restless = Restless(draw(st.integers(0, 99)), draw(st.sampled_from([0.4, 0.7, 2.0])))
    link = Link(bytes_per_s=draw(st.sampled_from([5.0, 100.0, 1e9])), latency_s=0.1)
    return workload, engines, faults, restless, link


@given(troubles())
@settings(max_examples=50, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_nothing_is_lost_or_doubled_whatever_moves_breaks_and_stops(
    case: tuple[Workload, int, list[Fault], Restless, Link],
) -> None:
    workload, engines, faults, restless, link = case
    members = [member(str(k), 50) for k in range(engines)]
    happened = FleetSimulation(
        workload, members, First(), controllers=[restless], faults=faults, link=link
    ).run()
    table = happened.requests
    done = table.status == Status.FINISHED
    assert (done | (table.status == Status.LOST)).all()
    assert (table.generated[done] == workload.output_tokens[done]).all()
    if not any(isinstance(fault, Crash) for fault in faults):
        assert done.all()
    spoken = np.zeros(len(workload), dtype=np.int64)
    for speech in happened.speech:
        np.add.at(spoken, speech.request, speech.tokens)
    assert (spoken == table.generated).all()
    for move in happened.moves:
        assert move.end_s >= move.begin_s
        assert move.outcome != "moved" or move.left_s >= move.begin_s
    for move, steps in ((m, happened.steps[m.destination]) for m in happened.moves):
        assert steps.used_blocks.max(initial=0) <= members[move.destination].config.blocks
