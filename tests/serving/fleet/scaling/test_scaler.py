"""Scalers in a simulated fleet: start-up delays, cool-downs, and who is drained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Drain,
    Engines,
    Fault,
    FleetRun,
    FleetSimulation,
    Member,
    Start,
)
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.routing import router
from headway.serving.fleet.scaling import (
    Apa,
    Hpa,
    Kpa,
    LoadMonitor,
    OptimizerScaler,
    Replicas,
    Rule,
    Scaler,
    Watched,
    apa,
    hpa,
    in_flight,
    kpa,
    kv_usage,
    violation_s,
)
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload
from tests.serving.fleet.scaling.profiles import profile


def member(number: int, kind: str = "engine", start_s: float = 20.0) -> Member:
    config = EngineConfig(blocks=4000, block_tokens=16, max_sequences=8)
    step = Affine(0.05)
    return Member(
        name=f"{kind}-{number}", config=config, step_time=step, kind=kind, start_s=start_s
    )


def view(
    ready: list[bool],
    load: list[int],
    kinds: tuple[str, ...] = (),
    up: list[bool] | None = None,
    draining: list[bool] | None = None,
) -> ClusterView:
    n = len(ready)
    some = np.full(n, 4)
    engines = Engines(
        names=tuple(map(str, range(n))),
        kinds=kinds or ("engine",) * n,
        roles=("both",) * n,
        blocks=some,
        block_tokens=some,
        max_sequences=some,
        price_per_h=np.zeros(n),
        labels=({},) * n,
        adapters=(frozenset(),) * n,
    )
    zeros = np.zeros(n, dtype=np.int64)
    return ClusterView(
        now_s=0.0,
        engines=engines,
        ready=np.array(ready),
        in_flight=np.array(load),
        running=zeros,
        waiting=zeros,
        free_blocks=some - 1,
        wanted_blocks=zeros,
        wanted_blocks_first=zeros,
        up=None if up is None else np.array(up),
        draining=None if draining is None else np.array(draining),
    )


def test_the_idlest_are_drained_those_that_are_not_ready_first() -> None:
    replicas = Replicas("engine")
    all_ready = view([True, True, True, False], [5, 1, 1, 0])
    assert (replicas.ready(all_ready), replicas.ordered(all_ready)) == (3, [0, 1, 2])
    assert replicas.scale(all_ready, 1) == (Drain(2), Drain(1))
    assert replicas.scale(all_ready, 3) == ()
    sick = view([True, False, False], [0, 9, 0], up=[True, True, False])
    assert (replicas.ready(sick), replicas.ordered(sick)) == (1, [0, 1])
    assert replicas.scale(sick, 1) == (Drain(1),)


def test_one_that_is_emptying_is_called_back_before_another_is_started() -> None:
    replicas = Replicas("engine")
    emptying = view(
        [True, False, False],
        [5, 0, 1],
        up=[True, False, True],
        draining=[False, False, True],
    )
    assert replicas.ordered(emptying) == [0]
    assert replicas.scale(emptying, 2) == (Start(2),)
    assert replicas.scale(emptying, 9) == (Start(2), Start(1))


def test_only_engines_of_the_kind_are_counted_and_touched() -> None:
    replicas = Replicas("b")
    mixed = view([True, True, False], [3, 3, 0], kinds=("a", "b", "b"))
    assert (replicas.members(mixed), replicas.ordered(mixed)) == ([1, 2], [1])
    assert replicas.scale(mixed, 5) == (Start(2),)
    assert replicas.scale(mixed, 0) == (Drain(1),)


def test_metrics_are_those_of_the_view() -> None:
    some = view([True, True], [3, 0])
    assert in_flight(some).tolist() == [3, 0]
    assert kv_usage(some).tolist() == [0.25, 0.25]


def traffic(*phases: tuple[float, float]) -> Workload:
    """Return evenly spaced requests, by phases of (seconds, requests per second)."""
    arrivals: list[np.ndarray] = []
    begin = 0.0
    for length_s, rate in phases:
        arrivals.append(begin + np.arange(int(length_s * rate)) / rate)
        begin += length_s
    at = np.concatenate(arrivals)
    return Workload.of(
        arrival_s=at,
        prompt_tokens=np.full(len(at), 64),
        output_tokens=np.full(len(at), 40),
        classes=(ServiceClass("all", ttft_s=1.0),),
    )


def play(
    workload: Workload, rule: Rule, faults: tuple[Fault, ...] = (), down_calm_s: float = 60.0
) -> FleetRun:
    """Simulate up to 8 engines, one of which is there; 8 requests in 2 s each, 4 as a target."""
    scaler = Scaler(rule, period_s=5.0, down_calm_s=down_calm_s)
    members = [member(k) for k in range(8)]
    return FleetSimulation(
        workload,
        members,
        router("least-request"),
        controllers=[scaler],
        started=[0],
        faults=faults,
    ).run()


def changes(run: FleetRun, what: str) -> list[float]:
    return [note.at_s for note in run.notes if note.what == what]


def done(run: FleetRun) -> int:
    return int((run.requests.status == Status.FINISHED).sum())


STEP = traffic((120, 1), (180, 8), (240, 1))


@pytest.mark.parametrize("rule", [Kpa(4, stable_s=60, panic_s=20), Apa(4), Hpa(4)])
def test_engines_follow_a_step_and_come_late_by_their_start(rule: Rule) -> None:
    run = play(STEP, rule)
    starts, ready, drains = (changes(run, what) for what in ("start", "ready", "drain"))
    assert 120 <= starts[0] <= 140
    assert ready == [at + 20 for at in starts]
    assert min(drains) >= starts[0] + 60
    assert max(drains) > 300
    assert 3 <= len(starts) <= 12
    assert len(drains) >= len(starts) - 1
    assert done(run) == len(STEP)
    assert violation_s(run) > 0
    late = run.requests.arrival_s[~run.attained]
    assert ((late > 119) & (late < 215)).all()


def test_a_cool_down_spares_changes_of_mind_under_a_sawtooth() -> None:
    teeth = traffic(*[(20, 6), (20, 1)] * 8)
    hasty, calm = play(teeth, Apa(4), down_calm_s=0), play(teeth, Apa(4), down_calm_s=60)
    assert calm.document["reversals"] < hasty.document["reversals"]
    assert calm.replica_seconds > hasty.replica_seconds
    assert violation_s(calm) <= violation_s(hasty)


def test_an_engine_that_crashed_counts_until_it_is_back() -> None:
    crash = (Crash(at_s=200, engine=0, until_s=215),)
    run = play(traffic((400, 1)), Apa(4), faults=crash)
    assert 396 <= done(run) < 400
    told = [(note.what, note.engine) for note in run.notes]
    crashed = told.index(("crash", 0))
    assert ("ready", 0) in told[crashed:]
    assert ("start", 0) not in told


def test_the_optimizer_keeps_the_mix_of_kinds_that_what_comes_asks_for() -> None:
    """Big engines take 4 of the requests a second and small ones 1, at a third of the price."""
    big, small = profile("big", 3.0, [[4.0, 2.0]]), profile("small", 1.0, [[1.0, 0.0]])
    monitor = LoadMonitor(60.0)
    members = [member(k, "big", 5.0) for k in range(3)]
    members += [member(k, "small", 5.0) for k in range(3)]
    scaler = OptimizerScaler([big, small], monitor, period_s=10.0, down_calm_s=20.0)
    run = FleetSimulation(
        traffic((120, 0.8), (200, 4.5), (150, 0.5)),
        members,
        Watched(router("least-request"), monitor),
        controllers=[scaler],
        started=[3],
    ).run()
    kinds = [(n.what, run.members[n.engine].kind) for n in run.notes]
    assert ("start", "big") in kinds
    assert ("drain", "big") in kinds
    assert run.controllers == ("optimizer",)
    assert done(run) == len(run.workload)
    up = run.up_s.reshape(2, 3).sum(axis=1)
    assert 150 < up[0] < 400
    assert up[1] > 100


class Recorder(LoadMonitor):
    """Writes down what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, int]] = []

    def observe(self, prompt_tokens: int, output_tokens: int, at_s: float) -> None:
        self.heard.append((prompt_tokens, output_tokens))


@pytest.mark.parametrize(("capacity", "least", "most"), [(100_000, 20, 20), (2, 1, 19)])
def test_a_monitor_hears_once_of_requests_that_are_handed_over(
    capacity: int, least: int, most: int
) -> None:
    monitor = Recorder()
    members = [replace(member(0), role="prefill"), replace(member(1), role="decode")]
    burst = Workload.of(
        arrival_s=np.zeros(20), prompt_tokens=np.full(20, 64), output_tokens=np.full(20, 40)
    )
    FleetSimulation(burst, members, Watched(router("least-request"), monitor, capacity)).run()
    assert set(monitor.heard) == {(64, 40)}
    assert least <= len(monitor.heard) <= most


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"least": 3, "most": 2}, "least, most"),
        ({"least": -1}, "least, most"),
        ({"period_s": 0}, "period_s"),
        ({"down_calm_s": -1}, "down_calm_s"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Scaler(Apa(1), **settings)  # type: ignore[arg-type]


def test_optimizers_need_profiles_and_headroom() -> None:
    with pytest.raises(ConfigError, match="profiles"):
        OptimizerScaler([], LoadMonitor())
    with pytest.raises(ConfigError, match="headroom"):
        OptimizerScaler([profile("a", 1.0, [[1.0]])], LoadMonitor(), headroom=0)


def test_slots_have_a_length() -> None:
    with pytest.raises(ConfigError, match="slot_s"):
        violation_s(play(traffic((10, 1)), Apa(4)), slot_s=0)


def test_files_name_scalers_with_their_settings(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(
        """
        kind: fleet
        engines:
          - {name: gpu, count: 4, started: 1, engine: {blocks: 400, max_sequences: 8}, start_s: 2,
             step_time: {affine: {constant_s: 0.05}}}
        workload:
          synthetic:
            {arrivals: poisson(6), requests: 150, prompt_tokens: 64, output_tokens: 40}
        controllers: [{policy: apa, with: {target: 4, kind: gpu, up_rate: 3, period_s: 2}}]
        """,
        encoding="utf-8",
    )
    run = FleetExperiment.read(file).run("least-request", 0)
    assert run.controllers == ("apa",)
    assert run.count("start") >= 2


@pytest.mark.parametrize("make", [kpa, apa, hpa])
def test_named_scalers_refuse_metrics_nobody_knows(make: Callable[..., Scaler]) -> None:
    assert make(4.0, metric="kv-usage", kind="a", up_rate=3.0).period_s <= 15
    with pytest.raises(UnknownNameError, match="in-flight"):
        make(4.0, metric="in flight")
