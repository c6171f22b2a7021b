"""Figures of a fleet against runs that can be followed by hand, and laws against broken columns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headway.errors import VerificationError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Dispatch,
    FleetRun,
    FleetSimulation,
    Follow,
    Link,
    Member,
    Note,
    RequestView,
    Routing,
)
from headway.serving.fleet.results import fairness, reversals
from headway.serving.fleet.routing import router
from headway.serving.results import Speech, Status
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload


class Turns:
    """The first stage to the first engine of its role that is up, each in turn."""

    name = "turns"

    def __init__(self) -> None:
        self._next = 0

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        stage = "prefill" if request.stage == "first" else "decode"
        may = np.flatnonzero(cluster.engines.of_role("both", stage) & cluster.ready)
        may = np.array([k for k in may if k not in request.excluded] or may)
        self._next += 1
        return Dispatch(int(may[(self._next - 1) % len(may)]))

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        pass


def member(name: str, **given: object) -> Member:
    config = EngineConfig(blocks=100, block_tokens=4, max_sequences=4)
    return Member(**{"name": name, "config": config, "step_time": Affine(1.0), **given})  # type: ignore[arg-type]


LIMITS = ServiceClass("chat", ttft_s=1.0, max_gap_s=2.0)


@pytest.fixture
def apart() -> FleetRun:
    """Two requests whose decoding moves from "p" to "d", which takes 2.25 s, and one that stays.

    On p: step 0 to 1 s for both prompts, and 4 to 5 s. On d: the first two come at 3.25 s, 2 steps.
    """
    members = [
        member("d", role="decode", bytes_per_token=10.0, price_per_h=3600.0),
        member("p", role="prefill", bytes_per_token=10.0, price_per_h=7200.0),
    ]
    workload = Workload.of(
        arrival_s=[0, 0, 4],
        prompt_tokens=[4, 4, 4],
        output_tokens=[3, 3, 1],
        classes=[LIMITS],
    )
    link = Link(bytes_per_s=20.0, latency_s=0.25)
    return FleetSimulation(workload, members, Turns(), link=link).run()


def test_a_request_that_moved_has_one_history(apart: FleetRun) -> None:
    assert apart.requests.first_token_s.tolist() == [1, 1, 5]
    assert apart.requests.last_token_s.tolist() == [5.25, 5.25, 5]
    assert apart.max_gap_s.tolist()[:2] == [3.25, 3.25]
    assert np.isnan(apart.max_gap_s[2])
    speech, end_s = apart.spoken
    assert speech.request.tolist() == [0, 0, 1, 1, 2]
    assert end_s[speech.first_step].tolist() == [1, 4.25, 1, 4.25, 5]
    assert apart.document["itl_s"]["mean"] == pytest.approx((3.25 + 1) / 2)


def test_attainment_goodput_and_cost_follow_from_it(apart: FleetRun) -> None:
    assert apart.attained.tolist() == [False, False, True]
    told = apart.document
    assert told["attainment"] == 1 / 3
    assert told["duration_s"] == 5.25
    assert told["goodput"] == pytest.approx(1 / 5.25)
    assert apart.up_s.tolist() == [5.25, 5.25]
    assert told["replica_seconds"] == 10.5
    assert told["cost"] == pytest.approx(3 * 5.25)
    assert told["cost_per_1k"] == pytest.approx(3 * 5250)
    assert told["busy"] == pytest.approx((2 + 2) / 10.5)
    assert told["retries"] == 0
    assert [engine["requests"] for engine in told["engines"]] == [2, 1]
    assert [engine["output_tokens"] for engine in told["engines"]] == [4, 3]


def test_measures_hold_every_figure_of_one_level(apart: FleetRun) -> None:
    assert apart.measures["missed"] == pytest.approx(2 / 3)
    assert apart.measures["cost"] == apart.cost
    assert apart.measures["batch.peak"] == 2
    assert not any(name.startswith("engines") for name in apart.measures)


def test_a_crash_counts_as_one_and_its_requests_as_sent_again() -> None:
    workload = Workload.of(arrival_s=[0, 0, 0], prompt_tokens=[4] * 3, output_tokens=[3, 1, 3])
    members = [member("a"), member("b")]
    faults = [Crash(at_s=0.5, engine=0, until_s=9)]
    run = FleetSimulation(workload, members, Turns(), faults=faults).run()
    told = run.document
    assert told["crashes"] == 1
    assert told["retries"] == 2
    assert told["lost"] == 0
    assert "2 sent again" in run.text("case")
    late = [Crash(at_s=1.5, engine=0, until_s=9)]
    run = FleetSimulation(workload, members, Turns(), faults=late).run()
    assert run.document["lost"] == 2
    assert "2 lost" in run.text("case")


def test_fairness_is_jains_index_of_the_speed_of_tenants(apart: FleetRun) -> None:
    assert fairness(apart) == 1.0
    workload = replace(apart.workload, session=np.array([7, 9, -1], dtype=np.int32))
    assert fairness(replace(apart, workload=workload)) == 1.0
    workload = replace(apart.workload, session=np.array([7, 7, 9], dtype=np.int32))
    fast, slow = 1.0, 6 / 10.5
    expected = (fast + slow) ** 2 / (2 * (fast**2 + slow**2))
    assert fairness(replace(apart, workload=workload)) == pytest.approx(expected)


def test_reversals_are_changes_of_mind_within_a_kind(apart: FleetRun) -> None:
    notes = [("start", 0), ("drain", 0), ("drain", 1), ("drain", 0), ("start", 0), ("start", 1)]
    members = tuple(replace(one, kind=one.name) for one in apart.members)
    noted = tuple(Note(float(k), what, engine) for k, (what, engine) in enumerate(notes))
    assert reversals(replace(apart, members=members, notes=noted)) == 3


@pytest.mark.parametrize(
    ("column", "values", "law"),
    [
        ("generated", [3, 2, 1], "has all its tokens"),
        ("last_token_s", [5.25, 5.5, 5.0], "ends of steps"),
        ("first_token_s", [1.0, 1.0, np.nan], "has a first one"),
        ("status", [1, 1, 9], "one of the ends"),
    ],
)
def test_columns_that_cannot_be_true_are_refused(
    apart: FleetRun, column: str, values: list[float], law: str
) -> None:
    kind = getattr(apart.requests, column).dtype
    table = replace(apart.requests, **{column: np.array(values, dtype=kind)})
    with pytest.raises(VerificationError, match=law):
        replace(apart, requests=table)


def test_tokens_that_two_engines_claim_are_refused(apart: FleetRun) -> None:
    d, p = apart.speech
    twice = Speech(
        np.append(d.request, 2).astype(np.int32),
        np.append(d.first_step, 0),
        np.append(d.last_step, 0),
    )
    with pytest.raises(VerificationError, match="one engine at a time"):
        replace(apart, speech=(twice, p))
    never = Speech(d.request[:1], d.first_step[:1], d.last_step[:1])
    with pytest.raises(VerificationError, match="spoken in a step"):
        replace(apart, speech=(never, p))


def test_engines_that_overlap_over_a_request_are_refused(apart: FleetRun) -> None:
    d, p = apart.steps
    early = replace(d, start_s=d.start_s - 3.0)
    with pytest.raises(VerificationError, match="one engine at a time"):
        replace(apart, steps=(early, p))


def test_an_engine_that_works_unpaid_is_refused(apart: FleetRun) -> None:
    with pytest.raises(VerificationError, match="paid"):
        replace(apart, up_s=np.zeros(2))


def test_what_happened_is_told_by_time_and_can_be_replayed(tmp_path: Path) -> None:
    follow = Follow(np.array([-1, 0, 1]), np.array([0.0, 2.0, 1.0]))
    workload = Workload.of(arrival_s=[0, 0, 0], prompt_tokens=[4] * 3, output_tokens=[3, 5, 1])
    faults = [Crash(at_s=6.5, engine=0, until_s=9)]
    run = FleetSimulation(workload, [member("a")], Turns(), faults=faults, follow=follow).run()
    assert run.requests.status.tolist() == [Status.FINISHED, Status.LOST, Status.UNFINISHED]
    lines = [json.loads(line) for line in run.to_jsonl().splitlines()]
    assert [line["time_s"] for line in lines] == sorted(line["time_s"] for line in lines)
    assert {"time_s": 6.5, "what": "crash", "engine": "a"} in lines
    run.save(tmp_path / "met.jsonl")
    from headway.serving.workload import read_workload

    met = read_workload(tmp_path / "met.jsonl")
    assert met.arrival_s.tolist() == [0, 5]


def test_pictures_and_traces_are_written(apart: FleetRun, tmp_path: Path) -> None:
    apart.pictures["timeline"]().save(tmp_path / "timeline.svg")
    apart.pictures["latency"]().save(tmp_path / "latency.svg")
    text = (tmp_path / "timeline.svg").read_text(encoding="utf-8")
    assert "<svg" in text
    apart.save_perfetto(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))["traceEvents"]
    slices = [event for event in events if event["ph"] == "X" and event["pid"] == 1]
    assert [(event["ts"], event["dur"]) for event in slices] == [(3.25e6, 1e6), (4.25e6, 1e6)]
    names = {event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert names == {"d", "p", "requests of workload"}
    assert json.loads(apart.to_json())["policy"] == "turns"


def test_an_engine_that_was_never_there_has_dashes_for_figures() -> None:
    traffic = Workload.of(arrival_s=[0.0], prompt_tokens=[8], output_tokens=[2])
    members = [
        Member(name=name, config=EngineConfig(blocks=100), step_time=Affine(0.1)) for name in "ab"
    ]
    run = FleetSimulation(traffic, members, router("round-robin"), started=[0]).run()
    (line,) = [line.split() for line in run.text("two").splitlines() if line.startswith("  b ")]
    assert line[:3] == ["b", "0", "–"]
    assert "nan" not in "".join(line)
