"""A fleet on one clock: nothing gets lost, whatever breaks, and what can be followed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig, Policy
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Dispatch,
    Drain,
    Fault,
    FleetRun,
    FleetSimulation,
    Follow,
    Hang,
    Hold,
    Link,
    Member,
    Operation,
    Reject,
    RequestView,
    Routing,
    SlowLink,
    Start,
    Straggle,
)
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Workload


class Least:
    """To the engine with the fewest requests of those that are ready and fit the stage."""

    name = "least"

    def __init__(self) -> None:
        self.heard: list[tuple[int, int, int]] = []

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        stage = "prefill" if request.stage == "first" else "decode"
        may = cluster.ready & cluster.engines.of_role("both", stage)
        tried = list(request.excluded)
        if may[tried].sum() < may.sum():
            may[tried] = False
        if not may.any():
            return Hold(cluster.now_s + 1)
        return Dispatch(int(np.where(may, cluster.in_flight, 2**40).argmin()))

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        self.heard.append((request, engine, output_tokens))


class First(Least):
    """To the first engine that is ready."""

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        return Dispatch(int(np.flatnonzero(cluster.ready)[0]))


def member(name: str = "one", **given_settings: object) -> Member:
    config = EngineConfig(blocks=100, block_tokens=4, max_sequences=4)
    return Member(**{"name": name, "config": config, "step_time": Affine(1.0), **given_settings})  # type: ignore[arg-type]


def traffic(*requests: tuple[float, int, int]) -> Workload:
    arrivals, prompts, outputs = zip(*requests, strict=True)
    return Workload.of(arrival_s=arrivals, prompt_tokens=prompts, output_tokens=outputs)


def play(workload: Workload, n: int = 2, faults: Sequence[Fault] = (), **more: object) -> FleetRun:
    members = [member(str(k)) for k in range(n)]
    return FleetSimulation(workload, members, Least(), faults=faults, **more).run()  # type: ignore[arg-type]


def test_requests_spread_over_engines() -> None:
    happened = play(traffic((0, 4, 3), (0, 4, 3), (0.5, 4, 3)))
    assert happened.engine.tolist() == [0, 1, 0]
    assert happened.requests.last_token_s.tolist() == [3, 3, 4]


def test_a_request_without_a_first_token_is_tried_elsewhere_when_its_engine_dies() -> None:
    faults = [Crash(at_s=0.5, engine=0, until_s=100)]
    happened = play(traffic((0, 4, 3), (0, 4, 3)), faults=faults)
    assert happened.engine.tolist() == [1, 1]
    assert happened.tries.tolist() == [2, 1]
    assert happened.requests.arrival_s.tolist() == [0, 0]
    assert (happened.requests.status == Status.FINISHED).all()


def test_an_answer_that_has_begun_is_lost_with_its_engine() -> None:
    faults = [Crash(at_s=1.5, engine=0, until_s=100)]
    happened = play(traffic((0, 4, 3), (0, 4, 3)), faults=faults)
    assert happened.requests.status.tolist() == [Status.LOST, Status.FINISHED]


def test_a_dead_engine_is_avoided_once_it_is_known_and_taken_up_when_it_is_back() -> None:
    faults = [Crash(at_s=0, engine=0, until_s=10)]
    workload = traffic((0.5, 4, 1), (5, 4, 1), (11, 4, 1))
    happened = play(workload, faults=faults, detect_s=2.0)
    assert happened.tries.tolist() == [2, 1, 1]
    assert happened.engine.tolist() == [1, 1, 0]
    assert [(note.at_s, note.what) for note in happened.notes] == [
        (0, "crash"),
        (2, "unhealthy"),
        (10, "ready"),
    ]


def test_a_hanging_engine_goes_on_and_a_slow_one_recovers() -> None:
    hangs = play(traffic((0, 4, 3)), n=1, faults=[Hang(at_s=1.5, engine=0, until_s=8)])
    assert hangs.requests.last_token_s.tolist() == [9]
    slow = play(traffic((0, 4, 4)), n=1, faults=[Straggle(at_s=1.5, engine=0, until_s=3, pace=3)])
    assert slow.requests.last_token_s.tolist() == [6]


def test_what_is_held_is_routed_later_and_what_is_refused_is_gone() -> None:
    class Choosy(Least):
        def route(self, cluster: ClusterView, request: RequestView) -> Routing:
            if request.prompt_tokens > 10:
                return Reject("too long")
            return Hold(5.0) if cluster.now_s < 5 else super().route(cluster, request)

    happened = FleetSimulation(traffic((0, 4, 1), (0, 40, 1)), [member()], Choosy()).run()
    assert happened.requests.status.tolist() == [Status.FINISHED, Status.REJECTED]
    assert happened.requests.first_token_s[0] == 6
    assert happened.requests.arrival_s[0] == 0


def test_prefill_and_decode_apart_pay_for_the_move() -> None:
    members = [
        member("p", role="prefill", bytes_per_token=10.0),
        member("d", role="decode", bytes_per_token=10.0),
    ]
    link = Link(bytes_per_s=20.0, latency_s=0.25)
    router = Least()
    happened = FleetSimulation(traffic((0, 4, 3), (0, 4, 1)), members, router, link=link).run()
    assert happened.requests.first_token_s.tolist() == [1, 1]
    assert happened.requests.last_token_s.tolist() == [1 + 2.25 + 2, 1]
    assert happened.engine.tolist() == [1, 0]
    assert router.heard == [(0, 0, 1), (1, 0, 1), (0, 1, 3)]


def test_a_slow_link_delays_what_begins_to_be_moved_while_it_lasts() -> None:
    members = [
        member("p", role="prefill", bytes_per_token=10.0),
        member("d", role="decode", bytes_per_token=10.0),
    ]
    workload = traffic((0, 4, 3), (19, 4, 3), (39, 4, 3), (79, 4, 3))
    faults = [
        SlowLink(at_s=10, engine=1, until_s=60, pace=2.0),
        SlowLink(at_s=30, engine=0, until_s=60, pace=3.0),
    ]
    link = Link(bytes_per_s=20.0, latency_s=0.25)
    run = FleetSimulation(workload, members, Least(), link=link, faults=faults).run()
    moved_s = run.requests.last_token_s - run.requests.first_token_s - 2
    assert moved_s.tolist() == [2.25, 4.5, 6.75, 2.25]
    assert [(n.at_s, n.what, n.engine) for n in run.notes] == [
        (10, "slow link", 1),
        (30, "slow link", 0),
    ]


def test_a_request_whose_prompt_nobody_takes_over_is_unfinished() -> None:
    members = [member("p", role="prefill"), member("d", role="decode")]
    happened = FleetSimulation(traffic((0, 4, 3)), members, Least(), started=[0]).run()
    assert happened.requests.status.tolist() == [Status.UNFINISHED]
    assert happened.requests.generated.tolist() == [1]


def test_turns_wait_for_the_answer_to_the_last_one() -> None:
    follow = Follow(np.array([-1, 0, 1, 0]), np.array([0, 2.0, 0, 0.5]))
    workload = traffic((1, 4, 3), (1, 4, 2), (1, 4, 1), (1, 4, 1))
    happened = play(workload, follow=follow)
    assert happened.requests.arrival_s.tolist() == [1, 6, 8, 4.5]


def test_turns_behind_a_lost_one_never_come() -> None:
    follow = Follow(np.array([-1, 0, 1]), np.zeros(3))
    faults = [Crash(at_s=1.5, engine=0, until_s=50)]
    workload = traffic((0, 4, 5), (0, 4, 1), (0, 4, 1))
    happened = play(workload, n=1, faults=faults, follow=follow)
    assert happened.requests.status.tolist() == [Status.LOST, 0, 0]


def test_engines_are_started_drained_and_paid_for() -> None:
    class Plan:
        name = "plan"
        period_s = 1.0

        def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
            plan: dict[float, tuple[Operation, ...]] = {1: (Start(1),), 6: (Drain(0),)}
            return plan.get(cluster.now_s, ())

    members = [member("a", price_per_h=3600.0), member("b", price_per_h=7200.0, start_s=2.0)]
    workload = traffic((0, 4, 8), (2, 4, 1), (4, 4, 2), (7, 4, 1))
    happened = FleetSimulation(workload, members, Least(), controllers=[Plan()], started=[0]).run()
    assert happened.engine.tolist() == [0, 0, 1, 1]
    assert [(note.at_s, note.what, note.engine) for note in happened.notes] == [
        (1, "start", 1),
        (3, "ready", 1),
        (6, "drain", 0),
        (8, "stop", 0),
    ]
    assert happened.up_s.tolist() == [8, 7]
    assert happened.cost == 8 + 14


def test_a_draining_engine_is_paid_for_until_its_last_request_has_ended() -> None:
    class DrainAtOnce:
        name = "drain"
        period_s = 100.0

        def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
            return (Drain(0),) if cluster.now_s == 100 else ()

    # Both end between two looks of anybody, the second one later.
    workload = traffic((99, 4, 4), (99, 4, 9), (300, 4, 1))
    members = [member("a"), member("b")]
    happened = FleetSimulation(workload, members, First(), controllers=[DrainAtOnce()]).run()
    assert [(note.at_s, note.what) for note in happened.notes] == [(100, "drain"), (108, "stop")]
    assert happened.up_s[0] == 108


def test_a_fleet_in_which_nothing_moves_any_more_is_left() -> None:
    class Never(Least):
        def route(self, cluster: ClusterView, request: RequestView) -> Routing:
            return Dispatch(0)

    faults = [Crash(at_s=0, engine=0, until_s=10)]
    lost = FleetSimulation(traffic((1, 4, 1)), [member()], Never(), faults=faults).run()
    assert lost.requests.status.tolist() == [Status.LOST]
    held = FleetSimulation(traffic((1, 4, 1)), [member()], Least(), started=[]).run()
    assert held.requests.status.tolist() == [Status.UNFINISHED]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"faults": [Hang(at_s=0, engine=7, until_s=1)]}, "no engine 7"),
        ({"started": [3]}, "no engine 3"),
    ],
)
def test_engines_that_do_not_exist_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        play(traffic((0, 4, 1)), **wrong)  # type: ignore[arg-type]


def test_a_step_time_that_cannot_be_is_refused_and_not_a_crash() -> None:
    with pytest.raises(ConfigError, match="step"):
        FleetSimulation(traffic((0, 4, 3)), [member(step_time=Affine(-1.0))], Least()).run()


def test_a_policy_that_fails_to_learn_is_named() -> None:
    class Forgetful(Policy):
        name = "forgetful"

        def finished(self, request: int, output_tokens: int) -> None:
            raise KeyError(request)

    with pytest.raises(ConfigError, match="policy forgetful: finished: KeyError"):
        FleetSimulation(traffic((0, 4, 3)), [member(policy=Forgetful)], Least()).run()


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Workload, int, list[Fault]]:
    n = draw(st.integers(1, 25))
    workload = Workload.of(
        arrival_s=draw(st.lists(st.floats(0, 30), min_size=n, max_size=n)),
        prompt_tokens=draw(st.lists(st.integers(1, 90), min_size=n, max_size=n)),
        output_tokens=draw(st.lists(st.integers(1, 12), min_size=n, max_size=n)),
    )
    engines = draw(st.integers(1, 4))
    faults: list[Fault] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([Crash, Hang, Straggle]))
        begin = draw(st.floats(0, 40))
        length = draw(st.floats(0, 20))
        number = draw(st.integers(0, engines - 1))
        faults.append(kind(at_s=begin, engine=number, until_s=begin + length))
    return workload, engines, faults


@given(fleets())
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_every_request_comes_to_one_end_and_the_same_one_every_time(
    case: tuple[Workload, int, list[Fault]],
) -> None:
    workload, engines, faults = case
    happened = play(workload, engines, faults)
    table = happened.requests
    done = table.status == Status.FINISHED
    assert (done | (table.status == Status.LOST)).all()
    assert (table.generated[done] == workload.output_tokens[done]).all()
    assert (table.first_token_s[done] >= table.arrival_s[done]).all()
    assert not faults or math.isfinite(happened.replica_seconds)
    if not any(isinstance(fault, Crash) for fault in faults):
        assert done.all()
    spoken = np.zeros(len(workload), dtype=np.int64)
    for speech in happened.speech:
        np.add.at(spoken, speech.request, speech.tokens)
    assert (spoken == table.generated).all()
    again = play(workload, engines, faults)
    assert again.requests.last_token_s.tobytes() == table.last_token_s.tobytes()
    assert again.engine.tolist() == happened.engine.tolist()


class Listener(Policy):
    """Writes down what it is told of answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []

    def finished(self, request: int, output_tokens: int) -> None:
        self.heard.append((request, output_tokens))


def test_policies_of_engines_learn_from_the_answers_of_their_own_engine() -> None:
    listeners = [Listener(), Listener()]
    members = [member(str(k), policy=lambda k=k: listeners[k]) for k in range(2)]
    FleetSimulation(traffic((0, 3, 5), (0, 3, 2), (9, 3, 4)), members, Least()).run()
    assert listeners[0].heard == [(0, 5), (2, 4)]
    assert listeners[1].heard == [(1, 2)]


class Notes(Least):
    """Writes down how much was running, as it was told, whenever it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[float, int, int]] = []

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        self.told.append((cluster.now_s, int(cluster.running[0]), int(cluster.in_flight[0])))
        return super().route(cluster, request)


def test_what_engines_tell_is_as_old_as_the_last_reading() -> None:
    many = Workload.of(
        arrival_s=np.arange(12) / 4 + 0.1, prompt_tokens=[8] * 12, output_tokens=[100] * 12
    )
    member = Member(name="a", config=EngineConfig(blocks=1000), step_time=Affine(0.05))
    notes = Notes()
    FleetSimulation(many, [member], notes, scrape_s=1.0).run()
    # One request came every quarter of a second; the first of them just after the first reading.
    assert [running for _, running, _ in notes.told] == [0] * 4 + [4] * 4 + [8] * 4
    assert [present for _, _, present in notes.told] == list(range(12))
    with pytest.raises(ConfigError, match="scrape_s"):
        FleetSimulation(many, [member], notes, scrape_s=-1.0)
