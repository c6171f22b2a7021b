"""Fleets whose adapters come and go: what can be followed by hand, and what always holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, VerificationError
from headway.serving.fleet import (
    ClusterView,
    Controller,
    Crash,
    Dispatch,
    Drain,
    FalseAlarm,
    Fault,
    FleetRun,
    FleetSimulation,
    Hang,
    LoadAdapter,
    Member,
    Migrate,
    Operation,
    RequestView,
    Start,
    UnloadAdapter,
)
from headway.serving.fleet.adapters import (
    Placement,
    bin_pack,
    least_adapters,
    least_latency,
    random,
)
from headway.serving.fleet.routing import router
from headway.serving.results import Status
from headway.serving.workload import Workload
from tests.serving.fleet.adapters.shelf import NAMES, catalogue, member, traffic

STRATEGIES = (random, least_adapters, bin_pack, least_latency)


class Plan:
    """Does at a time what it was told to."""

    name = "plan"
    period_s = 0.5

    def __init__(self, plan: dict[float, tuple[Operation, ...]]) -> None:
        self._plan = plan

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        return self._plan.get(cluster.now_s, ())


def play(
    workload: Workload,
    members: Sequence[Member],
    *more: Controller,
    by: str = "least-request",
    **settings: Any,
) -> FleetRun:
    placement = Placement("lora-least-adapters", least_adapters, spread=None, seed=1)
    return FleetSimulation(
        workload,
        members,
        router(by, seed=1),
        controllers=(placement, *more),
        catalogue=catalogue(),
        **settings,
    ).run()


def noted(run: FleetRun, *what: str) -> list[tuple[float, str, int, str]]:
    return [(n.at_s, n.what, n.engine, n.adapter) for n in run.notes if n.what in what]


def test_who_comes_first_waits_for_the_load_and_who_comes_later_does_not() -> None:
    """A load takes two seconds, a step one."""
    workload = traffic((0, 1, "law"), (1, 1, "law"), (5, 1, "law"), (5, 1, None))
    run = play(workload, [member("a")])
    assert run.requests.first_token_s.tolist() == [3, 3, 6, 6]
    assert run.cold_s[:2].tolist() == [2, 1]
    assert np.isnan(run.cold_s[2:]).all()
    told = run.document
    assert (told["adapter_loads"], told["adapter_unloads"]) == (1, 0)
    assert (told["adapter_cold_starts"], told["adapter_wait_s"]) == (2, 1.5)
    assert "1 loaded, 0 given up, 2 cold starts" in run.text("x")
    assert '"what": "loaded", "engine": "a", "adapter": "law"' in run.to_jsonl()


def test_a_full_engine_swaps_the_one_that_was_used_longest_ago() -> None:
    workload = traffic((0, 1, "law"), (5, 1, "math"), (10, 1, "law"), (15, 1, "poet"))
    run = play(workload, [member("a", max_adapters=2)])
    assert noted(run, "load", "unload") == [
        (0, "load", 0, "law"),
        (5, "load", 0, "math"),
        (15, "unload", 0, "math"),
        (15, "load", 0, "poet"),
    ]


def test_who_finds_all_places_in_use_waits_for_one() -> None:
    workload = traffic((0, 6, "law"), (4, 1, "math"))
    run = play(workload, [member("a", max_adapters=1)])
    assert run.requests.last_token_s[0] == 8
    load = noted(run, "load")[1]
    assert 8 <= load[0] <= 8.2
    assert run.cold_s[1] == pytest.approx(load[0] + 2 - 4)
    assert run.requests.first_token_s[1] == pytest.approx(load[0] + 3)


def test_an_engine_that_dies_while_it_loads_is_replaced_at_once() -> None:
    crash = Crash(at_s=1.0, engine=0, until_s=50.0)
    run = play(traffic((0, 1, "law")), [member("a"), member("b")], faults=[crash], detect_s=0.0)
    assert noted(run, "load", "loaded") == [
        (0, "load", 0, "law"),
        (1, "load", 1, "law"),
        (3, "loaded", 1, "law"),
    ]
    assert run.requests.first_token_s.tolist() == [4]
    assert run.cold_s.tolist() == [3]


def test_what_an_engine_comes_up_with_is_there_from_the_start_and_after_a_crash() -> None:
    own = member("a", adapters=frozenset({"law"}))
    crash = Crash(at_s=3.5, engine=0, until_s=10.0)
    run = play(traffic((0, 1, "law"), (4, 1, "law")), [own], faults=[crash])
    assert noted(run, "load") == []
    assert noted(run, "loaded") == [(0, "loaded", 0, "law"), (10, "loaded", 0, "law")]
    assert run.requests.first_token_s[0] == 1
    assert run.requests.first_token_s[1] >= 11


def test_a_drained_engine_hands_its_loads_to_others() -> None:
    members = [member("a"), member("b")]
    plan = Plan({0.5: (Drain(0),), 1.0: (Drain(1), Start(0))})
    run = play(traffic((0, 1, "law")), members, plan)
    assert (run.requests.status == Status.FINISHED).all()


def test_operations_that_cannot_be_done_are_not() -> None:
    """Law is in use until 10, the second engine is not there."""
    workload = traffic((0, 8, "law"), (20, 1, "math"))
    plan = Plan(
        {
            3.0: (UnloadAdapter(0, "law"), LoadAdapter(0, "law"), UnloadAdapter(0, "math")),
            11.5: (UnloadAdapter(0, "law"), LoadAdapter(1, "law")),
        }
    )
    run = play(workload, [member("a"), member("b")], plan, started=[0])
    assert noted(run, "load", "unload") == [
        (0, "load", 0, "law"),
        (11.5, "unload", 0, "law"),
        (20, "load", 0, "math"),
    ]


def test_a_request_moves_only_to_an_engine_that_has_its_adapter() -> None:
    members = [
        member("a", adapters=frozenset({"law"})),
        member("b"),
        member("c", adapters=frozenset({"law"}), max_adapters=1),
    ]
    plan = Plan({2.5: (Migrate(0, 0, 1),), 3.5: (Migrate(0, 0, 2),)})

    class First:
        name = "first"

        def route(self, cluster: ClusterView, request: RequestView) -> Dispatch:
            return Dispatch(0)

        def ended(self, *told: Any) -> None:
            pass

    run = FleetSimulation(
        traffic((0, 12, "law")),
        members,
        First(),
        controllers=[plan],
        catalogue=catalogue(),
    ).run()
    assert [move.outcome for move in run.moves] == ["refused", "moved"]
    assert run.engine.tolist() == [2]


def test_a_router_that_sends_elsewhere_is_named() -> None:
    class Blind:
        name = "blind"

        def route(self, cluster: ClusterView, request: RequestView) -> Dispatch:
            return Dispatch(0)

        def ended(self, *told: Any) -> None:
            pass

    with pytest.raises(ConfigError, match="blind: request 0 is sent to a, which does not hold"):
        FleetSimulation(traffic((0, 1, "law")), [member("a")], Blind(), catalogue=catalogue()).run()


def test_what_cannot_be_is_refused() -> None:
    few = catalogue(names=("law",))
    with pytest.raises(ConfigError, match="adapter 'math', which is in no catalogue"):
        FleetSimulation(traffic((0, 1, "math")), [member("a")], router("random"), catalogue=few)
    plan = Plan({0.0: (LoadAdapter(0, "law"),)})
    with pytest.raises(ConfigError, match="no catalogue"):
        FleetSimulation(
            traffic((0, 1, None)), [member("a")], router("random"), controllers=[plan]
        ).run()


def test_a_run_that_serves_without_the_adapter_does_not_pass() -> None:
    run = play(traffic((0, 3, "law"), (9, 1, "law")), [member("a")])
    late = [replace(n, at_s=4.5) if n.what == "loaded" else n for n in run.notes]
    with pytest.raises(VerificationError, match="runs where its adapter is"):
        replace(run, notes=tuple(late))
    unloaded = replace(run.notes[-1], what="unload", at_s=8.0)
    with pytest.raises(VerificationError, match="runs where its adapter is"):
        replace(run, notes=(*run.notes, unloaded))


def places_are_kept(run: FleetRun) -> None:
    """Count what each engine holds or loads, from the notes alone."""
    there: list[set[str]] = [set() for _ in run.members]
    for note in run.notes:
        held, most = there[note.engine], run.members[note.engine].max_adapters
        if note.what in ("load", "loaded"):
            held.add(note.adapter)
        elif note.what == "unload":
            held.remove(note.adapter)
        elif note.what in ("crash", "stop"):
            held.clear()
        assert most is None or len(held) <= most


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    n, m = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    apart = m > 1 and draw(st.booleans())
    faults: list[Fault] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([Crash, Hang, FalseAlarm]))
        begin, length = draw(st.floats(0, 30)), draw(st.floats(0, 15))
        number = draw(st.integers(0, m - 1))
        faults.append(kind(at_s=begin, engine=number, until_s=begin + length))
    kinds = st.sampled_from([Migrate, Drain, Start, LoadAdapter, UnloadAdapter])
    plan: dict[float, tuple[Operation, ...]] = {}
    for _ in range(draw(st.integers(0, 5))):
        kind, engine, at = draw(kinds), draw(st.integers(0, m - 1)), draw(st.integers(0, 40))
        adapter = draw(st.sampled_from(NAMES))
        if kind is Migrate:
            to = draw(st.integers(0, m - 1))
            if to == engine or (apart and to == 0):
                continue
            operation: Operation = Migrate(engine, draw(st.integers(0, n - 1)), to)
        elif kind in (LoadAdapter, UnloadAdapter):
            operation = kind(engine, adapter)
        elif kind is Drain and engine < 1 + apart:
            continue  # somebody must be left for each stage
        else:
            operation = kind(engine)
        plan[at / 2] = (*plan.get(at / 2, ()), operation)
    limit = draw(st.sampled_from([1, 2, 3, None]))
    return {
        "workload": Workload.of(
            arrival_s=draw(st.lists(st.floats(0, 30), min_size=n, max_size=n)),
            prompt_tokens=draw(st.lists(st.integers(1, 40), min_size=n, max_size=n)),
            output_tokens=draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)),
            adapter=draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n)),
            adapters=NAMES,
        ),
        "members": [
            member(
                str(k),
                max_adapters=limit,
                role=("decode" if k else "prefill") if apart else "both",
                adapters=frozenset(draw(st.sets(st.sampled_from(NAMES), max_size=limit or 4))),
                start_s=1.0,
            )
            for k in range(m)
        ],
        "faults": faults,
        "plan": plan,
        "strategy": draw(st.sampled_from(STRATEGIES)),
        "spread": draw(st.sampled_from([None, 1, 3])),
        "idle_s": draw(st.sampled_from([None, 4.0])),
        "by": draw(st.sampled_from(["least-request", "lora:2,random", "vtc/least-request"])),
    }


@given(fleets())
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_comes_and_goes_requests_end_where_their_adapter_is(case: dict[str, Any]) -> None:
    """That nobody runs without its adapter is audited when a run is made."""

    def again() -> FleetRun:
        placement = Placement(
            "lora",
            case["strategy"],
            spread=case["spread"],
            idle_s=case["idle_s"],
            seed=1,
        )
        return FleetSimulation(
            case["workload"],
            case["members"],
            router(case["by"], seed=1),
            controllers=(placement, Plan(case["plan"])),
            faults=case["faults"],
            catalogue=catalogue(),
            detect_s=0.5,
        ).run()

    run = again()
    places_are_kept(run)
    done = run.requests.status == Status.FINISHED
    assert (done | (run.requests.status == Status.LOST)).all()
    if not any(isinstance(fault, Crash) for fault in case["faults"]):
        assert done.all()
    cold = ~np.isnan(run.cold_s)
    assert (run.workload.adapter[cold] >= 0).all()
    assert (run.cold_s[cold] >= 0).all()
    assert math.isfinite(run.replica_seconds)
    assert again().requests.last_token_s.tobytes() == run.requests.last_token_s.tobytes()
