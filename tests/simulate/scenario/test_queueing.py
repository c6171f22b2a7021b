"""Queueing theory comes out of shops: one machine and two, against formulas and recursions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.model import FOREVER
from headway.simulate import Rule
from headway.simulate.expression import parse
from headway.simulate.scenario import Scenario
from headway.simulate.shop import Realisation, ShopWorld, run

MEAN = 1000
WARM_UP = 2000


def queue(service: str, load: float = 0.8, jobs: int = 40_000) -> Scenario:
    return Scenario.parse(
        f"{{kind: shop, shop: {{machines: 1}}, jobs: {{operations: 1, durations: {service}}},"
        f" arrivals: {{jobs: {jobs}, gap: exponential({MEAN / load})}}}}"
    )


def flows(course: Realisation, policy: Rule | None = None) -> np.ndarray:
    world = ShopWorld(course, per_machine=True)
    world.play(policy or Rule("FIFO", parse("joined")))
    return world.outcome.flow()


def response(scenario: Scenario, seeds: int = 2) -> float:
    """Return the mean response in mean service times."""
    means = [flows(scenario.draw(seed))[WARM_UP:].mean() for seed in range(seeds)]
    return float(np.mean(means)) / MEAN


def test_m_m_1_at_a_load_of_four_fifths_responds_in_five_services() -> None:
    assert response(queue(f"exponential({MEAN})")) == pytest.approx(5.0, rel=0.08)


def test_m_d_1_responds_in_three() -> None:
    assert response(queue(f"constant({MEAN})")) == pytest.approx(3.0, rel=0.03)


def test_m_g_1_is_as_pollaczek_and_khinchine_say() -> None:
    # Two exponentials of the same mean together: E[S^2] = 2 (q a^2 + (1 - q) b^2).
    q, a, b, load = 0.2, 3000, 500, 0.6
    second = 2 * (q * a * a + (1 - q) * b * b) / MEAN**2
    expected = 1 + load * second / (2 * (1 - load))
    scenario = queue(f'"hyperexponential({q}, {a}, {b})"', load)
    assert response(scenario) == pytest.approx(expected, rel=0.05)


def test_every_single_response_is_that_of_lindley() -> None:
    """W' = max(0, W + S - gap), job by job: not one tick may differ."""
    course = queue(f"exponential({MEAN})", jobs=3000).draw(4)
    release, work = course.problem.jobs.release, course.duration
    waits = [0]
    for gap, service in zip(np.diff(release).tolist(), work.tolist(), strict=False):
        waits.append(max(0, waits[-1] + service - gap))
    assert flows(course).tolist() == (np.array(waits) + work).tolist()


def test_two_queues_in_a_row_are_as_if_alone(tmp_path: Path) -> None:
    """Jackson: what leaves M/M/1 is a Poisson process again."""
    rng = np.random.default_rng(8)
    n, load = 30_000, 0.7
    arrival = np.cumsum(rng.exponential(MEAN / load, n)).astype(int)
    first, second = (np.maximum(rng.exponential(MEAN, n), 1).astype(int) for _ in range(2))
    lines = ["arrival,operations"]
    lines += [
        f"{t},a:{x};b:{y}"
        for t, x, y in zip(arrival.tolist(), first.tolist(), second.tolist(), strict=True)
    ]
    (tmp_path / "orders.csv").write_text("\n".join(lines))
    (tmp_path / "tandem.yaml").write_text("{kind: shop, arrivals: {trace: orders.csv}}")
    course = Scenario.read(tmp_path / "tandem.yaml").draw(0)
    assert flows(course).mean() / MEAN == pytest.approx(2 / (1 - load), rel=0.08)
    # Sample path: the second machine serves in the order in which the first one lets go.
    leaves = ends = 0
    expected = []
    for t, x, y in zip(arrival.tolist(), first.tolist(), second.tolist(), strict=True):
        leaves = max(leaves, t) + x
        ends = max(ends, leaves) + y
        expected.append(ends - t)
    assert flows(course).tolist() == expected


def test_the_shortest_job_first_beats_the_first_come_on_the_same_luck() -> None:
    scenario = queue('"hyperexponential(0.2, 3000, 500)"', jobs=10_000)
    for seed in range(3):
        course = scenario.draw(seed)
        fifo, spt = flows(course), flows(course, Rule("SPT", parse("p")))
        assert spt.mean() < 0.7 * fifo.mean()
        assert spt.max() > fifo.max()


BUSY = """
kind: shop
shop: {machines: 3}
arrivals: {jobs: 60, load: 0.9}
jobs: {operations: "integers(1, 3)", durations: "integers(1, 20)", due_factor: 3, alternatives: 2}
noise: {factor: "lognormal(1, 0.5)"}
breakdowns: [{up: exponential(150), down: exponential(20)}]
duration_changes: {share: 0.2, after: exponential(30), factor: 2}
machine_changes: {share: 0.2, after: exponential(30)}
"""


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rule=st.sampled_from(["FIFO", "SPT", "MDD", "LWKR"]),
    more=st.sampled_from(
        ["", "cancellations: {share: 0.3, after: exponential(40)}", "buffer: 1", "buffer: 0"]
    ),
)
def test_little_holds_on_every_run_exactly(seed: int, rule: str, more: str) -> None:
    """The mean number inside, counted event by event, is what jobs spend inside over the span."""
    trace = run(Scenario.parse(BUSY + more).draw(seed), rule)
    inside, area, spent, before = 0, 0.0, 0.0, 0.0
    task_end: dict[str, float] = {}
    left_at: dict[str, float] = {}
    for happening in trace:
        job = happening.who.partition("/")[0]
        if happening.what in ("ends", "leaves"):
            task_end[job] = max(task_end.get(job, 0.0), happening.time)
        if happening.what == "cancelled":
            left_at[job] = happening.time
    release = dict(zip(trace.problem.jobs.name, trace.problem.jobs.release.tolist(), strict=True))
    seen = {h.who for h in trace if h.what == "arrives"}
    moves = []
    for job in seen:
        gone = max(task_end.get(job, 0.0), left_at.get(job, 0.0))
        if gone > release[job]:
            moves += [(release[job], 1), (gone, -1)]
            spent += gone - release[job]
    for time, step in sorted(moves):
        area += inside * (time - before)
        inside, before = inside + step, time
    assert inside == 0
    assert area == spent
    assert trace.measures["in system"] == pytest.approx(area / before, rel=1e-12)
    assert 0 <= trace.measures["waiting"] <= trace.measures["in system"]
    assert 0 < trace.measures["utilisation"] <= 1


def test_work_is_conserved_and_runs_are_replayed() -> None:
    scenario = Scenario.parse(BUSY)
    one, two = (run(scenario.draw(3), "SPT") for _ in range(2))
    assert one.to_jsonl() == two.to_jsonl()
    assert dict(one.measures) == dict(two.measures)
    assert Scenario.parse(scenario.to_yaml()).draw(3).duration.tolist() == (
        scenario.draw(3).duration.tolist()
    )
    single = Scenario.parse(BUSY.replace("machines: 3", "machines: 1").replace(
        'operations: "integers(1, 3)"', "operations: 1").replace(", alternatives: 2", "").replace(
        "machine_changes: {share: 0.2, after: exponential(30)}\n", "").replace(
        "duration_changes: {share: 0.2, after: exponential(30), factor: 2}\n", ""))  # fmt: skip
    course = single.draw(1)
    for rule in ("FIFO", "SPT", "LPT", "EDD"):
        trace = run(course, rule)
        span = trace.measures["makespan"]
        assert trace.measures["utilisation"] * span == pytest.approx(course.duration.sum())


def test_all_policies_meet_the_same_luck() -> None:
    """Arrivals, outages and, of every operation, the work: common random numbers."""
    scenario = Scenario.parse(BUSY.split("duration_changes")[0])
    experiment = {rule: run(scenario.draw(5), rule) for rule in ("FIFO", "SPT", "MOD")}
    met = []
    for trace in experiment.values():
        arrives = {(h.time, h.who) for h in trace if h.what == "arrives"}
        horizon = min(t.measures["makespan"] for t in experiment.values())
        down = {(h.time, h.who) for h in trace if h.what == "down" and h.time < horizon}
        met.append((arrives, down))
    assert met[0] == met[1] == met[2]
    course = scenario.draw(5)
    assert np.array_equal(course.duration, scenario.draw(5).duration)
    works = []
    for trace in experiment.values():
        of = {}
        for task in range(trace.problem.n_tasks):
            of[trace.problem.task_label(task)] = int(trace.problem.modes.duration[task])
        works.append(of)
    single_mode = np.flatnonzero(np.diff(course.problem.tasks.mode_ptr) == 1)
    labels = [course.problem.task_label(int(k)) for k in single_mode]
    assert all(works[0][label] == works[1][label] == works[2][label] for label in labels)


def test_time_averages_of_a_shop_by_hand() -> None:
    m = hw.Model("by hand")
    saw, drill = m.machine("saw"), m.machine("drill")
    for name, release in (("a", 0), ("b", 4)):
        job = m.job(name, release=release)
        first = m.task(job, "cut").mode({saw: 1}, duration=10)
        first >> m.task(job, "bore").mode({drill: 1}, duration=5)
    trace = run(Scenario.parse("kind: shop", problem=m.problem()).draw(0), "FIFO")
    # a is inside for 15 ticks, b for 21; b waits from 4 to 10; 30 of 2 x 25 ticks are worked.
    assert trace.measures["in system"] == pytest.approx(36 / 25)
    assert trace.measures["waiting"] == pytest.approx(6 / 25)
    assert trace.measures["utilisation"] == pytest.approx(30 / 50)
    later = run(Scenario.parse("kind: shop", problem=m.problem()).draw(0), "FIFO", first=1)
    assert later.measures["in system"] == pytest.approx((11 + 21) / 21)
    assert later.measures["jobs"] == 1
    assert (trace.problem.jobs.due == FOREVER).all()
