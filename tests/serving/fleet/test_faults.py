"""Faults by chance, metrics that lie; no request is lost by them, or served twice."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Controller,
    Crash,
    Drain,
    FalseAlarm,
    Fault,
    FaultRates,
    FleetRun,
    FleetSimulation,
    Member,
    Operation,
    SlowLink,
    StaleMetrics,
    Start,
    WrongMetrics,
    random_faults,
)
from headway.serving.fleet.gauges import Gauges
from headway.serving.fleet.routing import router
from headway.serving.fleet.scaling import Apa, Hpa, Kpa, Scaler
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Workload

ALL = FaultRates(
    crash_per_h=20,
    hang_per_h=20,
    straggle_per_h=20,
    flap_per_h=20,
    stale_per_h=20,
    wrong_per_h=20,
    link_per_h=20,
)


def member(number: int, start_s: float = 3.0) -> Member:
    config = EngineConfig(blocks=60, block_tokens=4, max_sequences=4)
    return Member(name=str(number), config=config, step_time=Affine(0.3), start_s=start_s)


def play(
    workload: Workload,
    faults: tuple[Fault, ...],
    by: str = "least-request",
    n: int = 3,
    controllers: tuple[Controller, ...] = (),
    started: tuple[int, ...] | None = None,
) -> FleetRun:
    return FleetSimulation(
        workload,
        [member(k) for k in range(n)],
        router(by, seed=1),
        controllers=controllers,
        faults=faults,
        started=started,
        detect_s=0.5,
    ).run()


def traffic(n: int, gap_s: float = 1.0, output_tokens: int = 5) -> Workload:
    return Workload.of(
        arrival_s=gap_s * np.arange(n),
        prompt_tokens=np.full(n, 8),
        output_tokens=np.full(n, output_tokens),
    )


def test_rates_are_kept_and_kinds_do_not_disturb_each_other() -> None:
    rates = FaultRates(crash_per_h=6, crash_s=1, straggle_per_h=3, straggle_s=1)
    faults = random_faults(rates, engines=20, over_s=36_000, seed=3)
    counts = Counter(type(fault).__name__ for fault in faults)
    assert counts["Crash"] == pytest.approx(20 * 60, rel=0.1)
    assert counts["Straggle"] == pytest.approx(20 * 30, rel=0.1)
    alone = random_faults(FaultRates(crash_per_h=6, crash_s=1), 20, 36_000, seed=3)
    assert alone == tuple(fault for fault in faults if isinstance(fault, Crash))
    assert random_faults(rates, 20, 36_000, seed=3) == faults
    assert random_faults(rates, 20, 36_000, seed=4) != faults
    assert random_faults(FaultRates(), 20, 36_000, seed=3) == ()


def test_slow_links_come_by_chance() -> None:
    rates = FaultRates(link_per_h=6, link_s=1, link_pace=5)
    faults = random_faults(rates, engines=20, over_s=36_000, seed=3)
    paces = [fault.pace for fault in faults if isinstance(fault, SlowLink)]
    assert len(paces) == len(faults) == pytest.approx(20 * 60, rel=0.1)
    assert 1 <= min(paces) < 1.1
    assert 4.9 < max(paces) <= 5


def test_flapping_is_alarms_that_do_not_overlap() -> None:
    faults = random_faults(FaultRates(flap_per_h=60), engines=1, over_s=3600, seed=0)
    assert len(faults) > 50
    assert all(isinstance(fault, FalseAlarm) for fault in faults)
    assert all(a.until_s <= b.at_s for a, b in itertools.pairwise(faults))


def test_an_engine_that_is_thought_ill_gets_nothing_new_and_ends_what_it_has() -> None:
    alarm = (FalseAlarm(at_s=1.5, engine=0, until_s=4.5),)
    happened = play(traffic(6), alarm, n=2, by="round-robin")
    assert happened.engine.tolist() == [0, 1, 1, 1, 1, 0]
    assert (happened.requests.status == Status.FINISHED).all()


def test_an_alarm_that_ends_does_not_bring_back_the_dead() -> None:
    faults = (
        Crash(at_s=0.5, engine=0, until_s=20),
        FalseAlarm(at_s=0.4, engine=0, until_s=5),
    )
    happened = play(traffic(25), faults, n=2)
    assert (happened.engine[:20] == 1).sum() >= 19
    assert [note.at_s for note in happened.notes if note.what == "ready"] == [20]


def test_an_engine_ordered_again_is_not_ready_before_it_has_started_again() -> None:
    class Plan:
        name = "plan"
        period_s = 1.0

        def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
            plan: dict[float, Operation] = {1: Start(1), 2: Drain(1), 3: Start(1)}
            operation = plan.get(cluster.now_s)
            return () if operation is None else (operation,)

    happened = play(traffic(8), (), n=2, controllers=(Plan(),), started=(0,))
    assert [note.at_s for note in happened.notes if note.what == "ready"] == [6]


def test_a_drained_engine_is_paid_for_until_its_last_request_has_ended() -> None:
    class Plan:
        name = "plan"
        period_s = 1.0

        def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
            return (Drain(0),) if cluster.now_s == 2 else ()

    two = Workload.of(arrival_s=[0.0, 0.0], prompt_tokens=[8, 8], output_tokens=[12, 13])
    happened = play(two, (), n=1, controllers=(Plan(),))
    assert happened.requests.last_token_s == pytest.approx([3.6, 3.9])
    assert happened.up_s == pytest.approx([3.9])


def test_metrics_that_lie_change_what_is_seen_and_not_what_the_gateway_counts() -> None:
    gauges = Gauges(np.array([100, 100]))
    rows = np.array([[4, 4], [2, 2], [6, 6], [60, 60], [10, 10], [5, 5], [0, 0]])
    assert gauges.read(rows) is rows
    stale = StaleMetrics(at_s=0, engine=0, until_s=9)
    wrong = WrongMetrics(at_s=0, engine=1, until_s=9, factor=2.0)
    gauges.lie(stale, rows)
    gauges.lie(wrong, rows)
    later = rows + 1
    told = gauges.read(later)
    assert told[:, 0].tolist() == [4, 2, 7, 60, 10, 5, 0]
    assert told[:, 1].tolist() == [10, 6, 7, 22, 22, 12, 1]
    assert (later == rows + 1).all()
    gauges.mend(StaleMetrics(at_s=0, engine=0, until_s=9))
    assert gauges.read(later)[0, 0] == 4
    gauges.mend(stale)
    gauges.mend(wrong)
    assert gauges.read(later) is later


def test_a_router_that_trusts_metrics_is_misled_and_one_that_counts_is_not() -> None:
    """An engine that says it is empty draws all requests; those of the gateway's count spread."""
    lie = (WrongMetrics(at_s=0.0, engine=0, until_s=100, factor=0.0),)
    burst = traffic(24, gap_s=0.2, output_tokens=12)
    trusting = play(burst, lie, by="least-waiting", n=2)
    counting = play(burst, lie, by="least-request", n=2)
    on_first = [(run.engine == 0).sum() for run in (trusting, counting)]
    assert on_first[0] > 15
    assert 9 <= on_first[1] <= 15


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["least-request", "least-kv", "two-choices", "freeness"]),
    st.sampled_from([None, Kpa, Apa, Hpa]),
    st.floats(0.2, 3.0),
)
@settings(max_examples=50, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_fails_every_request_comes_to_one_end(
    seed: int, by: str, rule: type[Apa] | None, gap_s: float
) -> None:
    """Runs are audited when they are made: no token twice, no two engines at a time."""
    workload = traffic(40, gap_s=gap_s)
    faults = random_faults(ALL, engines=4, over_s=60 * gap_s, seed=seed)

    def again() -> FleetRun:
        scalers = () if rule is None else (Scaler(rule(3.0), period_s=2.0, down_calm_s=4.0),)
        started = None if rule is None else (0, 1)
        return play(workload, faults, by, 4, scalers, started)

    happened = again()
    table = happened.requests
    done = table.status == Status.FINISHED
    assert (done | (table.status == Status.LOST)).all()
    assert (table.generated[done] == workload.output_tokens[done]).all()
    crashes = happened.count("crash")
    assert done.sum() >= len(workload) - 12 * crashes
    assert again().requests.last_token_s.tobytes() == table.last_token_s.tobytes()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"crash_per_h": -1}, "crash_per_h"),
        ({"hang_s": np.inf}, "hang_s"),
        ({"pace": 0.5}, "pace"),
        ({"link_pace": 0.5}, "link_pace"),
    ],
)
def test_rates_that_cannot_be_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FaultRates(**wrong)
    with pytest.raises(ConfigError, match="pace"):
        SlowLink(at_s=0, engine=0, until_s=1, pace=np.inf)
    with pytest.raises(ConfigError, match="factor"):
        WrongMetrics(at_s=0, engine=0, until_s=1, factor=-1)
