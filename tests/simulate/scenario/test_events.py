"""Events in scenarios: what happens for certain, and operations that change by chance."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.errors import ConfigError, FormatError, HeadwayError
from headway.simulate import Decision, Trace
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Work,
    WorkMode,
    events_to_json,
)
from headway.simulate.scenario import Scenario, Settings
from headway.simulate.shop import ChangeKind, Realisation, run


def floor() -> hw.Problem:
    """Two machines; jobs a and b go to the saw for 10 ticks, then to the drill for 5."""
    m = hw.Model("floor")
    saw, drill = m.machine("saw"), m.machine("drill")
    for name in "ab":
        job = m.job(name, due=40)
        first = m.task(job, "cut").mode({saw: 1}, duration=10)
        first >> m.task(job, "bore").mode({drill: 1}, duration=5)
    return m.problem()


def drawn(*events: Event, problem: hw.Problem | None = None) -> Realisation:
    return Scenario(Settings(kind="shop"), problem or floor(), events).draw(0)


def spans(trace: Trace) -> dict[str, tuple[int, int]]:
    """Return start and end of every task by label."""
    schedule = trace.schedule
    return {
        trace.problem.task_label(k): (int(schedule.start[k]), int(schedule.end[k]))
        for k in range(trace.problem.n_tasks)
    }


def met(*events: Event, problem: hw.Problem | None = None) -> dict[str, tuple[int, int]]:
    return spans(run(drawn(*events, problem=problem), "FIFO"))


def test_without_events_all_goes_as_planned() -> None:
    assert met() == {"a/cut": (0, 10), "a/bore": (10, 15), "b/cut": (10, 20), "b/bore": (20, 25)}


def test_a_machine_goes_down_and_comes_up_again_sooner() -> None:
    down = MachineDown(time=4, machine="saw", start=4, end=30)
    assert met(down)["a/cut"] == (0, 36)
    assert met(down, MachineUp(time=9, machine="saw"))["a/cut"] == (0, 15)
    anew = MachineDown(time=4, machine="saw", start=4, end=9, running="restart")
    assert met(anew)["a/cut"] == (9, 19)


def test_outages_that_overlap_are_one() -> None:
    course = drawn(
        MachineDown(time=4, machine="saw", start=4, end=9),
        MachineDown(time=6, machine="saw", start=6, end=12),
        MachineDown(time=2, machine="drill", start=2, end=3),
    )
    assert course.outages.ptr.tolist() == [0, 1, 2]
    assert course.outages.end.tolist() == [12, 3]


def test_outages_by_chance_and_for_certain_are_one() -> None:
    text = "{kind: shop, breakdowns: [{up: 10, down: 5}], events: [%s]}"
    down = "{kind: machine-down, time: 12, machine: saw, from: 12, to: 30}"
    up = "{kind: machine-up, time: 47, machine: saw}"
    plain = Scenario.parse(text % "", problem=floor()).draw(0).outages
    both = Scenario.parse(text % f"{down}, {up}", problem=floor()).draw(0).outages
    first, other = slice(*plain.ptr[:2]), slice(*plain.ptr[1:3])
    assert plain.start[first][:4].tolist() == [10, 25, 40, 55]
    assert both.start[: both.ptr[1]][:3].tolist() == [10, 40, 55]
    assert both.end[: both.ptr[1]][:3].tolist() == [30, 45, 60]
    drill = slice(*both.ptr[1:3])
    assert both.start[drill].tolist()[:6] == plain.start[other].tolist()


def test_a_cancelled_job_does_not_start_again() -> None:
    assert set(met(JobCancel(time=12, job="a"))) == {"a/cut", "a/bore", "b/cut", "b/bore"}
    assert set(met(JobCancel(time=5, job="a"))) == {"a/cut", "b/cut", "b/bore"}


@pytest.mark.parametrize("seed", range(4))
def test_a_job_called_off_while_it_waits_is_forgotten(seed: int) -> None:
    """Natively, where queues are kept in heaps, as by a policy in Python."""
    course = Scenario.parse(
        "{kind: shop, shop: {machines: 3}, arrivals: {jobs: 60, load: 1},"
        " cancellations: {share: 0.5, after: exponential(20)}}"
    ).draw(seed)

    class Shortest:
        name = "SPT"

        def score(self, decision: Decision) -> np.ndarray:
            return -decision.columns["p"]

    native, plain = run(course, "SPT"), run(course, Shortest())
    assert native.to_jsonl() == plain.to_jsonl()
    over = {h.who: h.time for h in native if h.what == "cancelled"}
    assert len(over) > 15
    for happening in native:
        if happening.what == "starts":
            job = happening.who.partition("/")[0]
            assert happening.time < over.get(job, hw.FOREVER)


def test_a_due_date_is_moved() -> None:
    trace = run(drawn(DueDateChange(time=1, job="b", due=22)), "EDD")
    assert spans(trace)["b/cut"] == (10, 20)
    assert trace.measures["max tardiness"] == 3
    assert run(drawn(DueDateChange(time=0, job="b", due=9)), "EDD").measures["tardy"] == 0.5
    assert drawn(DueDateChange(time=0, job="b", due=None)).changes.value.tolist() == [hw.FOREVER]


def test_a_duration_changes_unless_its_task_has_started() -> None:
    longer = DurationChange(time=5, task="b/cut", duration=30)
    assert met(longer)["b/cut"] == (10, 40)
    assert met(DurationChange(time=5, task="a/cut", duration=30))["a/cut"] == (0, 10)
    assert met(DurationChange(time=5, task=2, duration=30, machine="saw"))["b/cut"] == (10, 40)


def test_a_task_goes_to_other_machines() -> None:
    away = MachineChange(time=5, task="b/cut", modes=(WorkMode(7, {"drill": 1}),))
    trace = run(drawn(away), "FIFO")
    assert spans(trace)["b/cut"] == (5, 12)
    assert {"machine allowed", "machine ruled out"} <= {h.what for h in trace}
    # What is still allowed keeps its mode, and gets its new duration.
    either = MachineChange(
        time=5, task="b/cut", modes=(WorkMode(4, {"saw": 1}), WorkMode(9, {"drill": 1}))
    )
    changes = drawn(either).changes
    assert changes.kind.tolist() == [ChangeKind.DURATION, ChangeKind.OPEN, ChangeKind.OPEN]
    back = MachineChange(time=8, task="b/cut", modes=(WorkMode(3, {"saw": 1}),))
    assert drawn(away, back).problem.n_modes == 5
    held = MachineDown(time=0, machine="drill", start=0, end=50)
    assert met(held, away, back)["b/cut"] == (10, 13)


def test_jobs_arrive_and_can_change_too() -> None:
    rush = JobArrival(
        time=3,
        job="rush",
        due=30,
        weight=7,
        tasks=(
            Work((WorkMode(2, {"drill": 1}), WorkMode(1, {"saw": 1})), name="look"),
            Work((WorkMode(6, {"drill": 1}),), after=(0,)),
        ),
    )
    course = drawn(rush, DurationChange(time=4, task="rush/1", duration=8))
    assert course.problem.jobs.name == ("a", "b", "rush")
    assert course.problem.jobs.weight.tolist() == [1, 1, 7]
    assert course.arrival.tolist() == [0, 0, 3]
    trace = run(course, "FIFO")
    assert spans(trace)["rush/look"] == (3, 5)
    assert spans(trace)["rush/1"] == (5, 13)
    assert [h.time for h in trace if h.what == "arrives" and h.who == "rush"] == [3]
    assert "rush/look" not in met(rush, JobCancel(time=3, job="rush"))


def test_jobs_that_arrive_in_a_blocking_shop_block_too() -> None:
    text = """
      kind: shop
      buffer: 0
      events:
      - {kind: job-arrival, time: 1, job: c, tasks: [{modes: [{duration: 1, demands: {saw: 1}}]},
          {modes: [{duration: 9, demands: {drill: 1}}]}]}
    """
    m = hw.Model("blocking")
    saw, drill = m.machine("saw"), m.machine("drill")
    a = m.job("a")
    cut, bore = m.task(a, "cut"), m.task(a, "bore")
    cut.mode({saw: 1}, duration=3)
    bore.mode({drill: 1}, duration=30)
    cut >> bore
    m.blocking(cut, until=bore)
    trace = run(Scenario.parse(text, problem=m.problem()).draw(0), "FIFO")
    assert spans(trace)["c/0"] == (3, 4)
    assert spans(trace)["c/1"] == (33, 42)


def test_operations_change_by_chance_at_their_own_rate() -> None:
    base = """
      kind: shop
      shop: {machines: 6}
      arrivals: {jobs: 300, load: 0.7}
      jobs: {operations: "integers(2, 6)", durations: "integers(5, 20)", alternatives: 1}
      noise: {factor: "lognormal(1, 0.3)"}
    """
    plain = Scenario.parse(base).draw(4)
    changed = Scenario.parse(
        base
        + "  machine_changes: {share: 0.2, after: exponential(50)}\n"
        + "      duration_changes: {share: 0.3, after: 20, factor: 2}\n"
    ).draw(4)
    n = plain.problem.n_tasks
    added = changed.problem.n_modes - n
    assert added == pytest.approx(0.2 * n, rel=0.15)
    kinds = np.bincount(changed.changes.kind, minlength=4)
    assert kinds[ChangeKind.OPEN] == kinds[ChangeKind.CLOSE] == added
    assert (~changed.is_open).sum() == added
    first = changed.problem.tasks.mode_ptr[:-1]
    assert np.array_equal(changed.duration[first], plain.duration)
    longer = changed.changes.kind == ChangeKind.DURATION
    subjects = changed.changes.subject[longer]
    assert np.array_equal(
        changed.changes.value[longer], 2 * changed.problem.modes.duration[subjects]
    )
    tasks = np.unique(changed.problem.modes.task[subjects])
    assert len(tasks) == pytest.approx(0.3 * n, rel=0.15)
    done = run(changed, "SPT")
    assert done.measures["jobs"] == 300
    machine = changed.problem.modes.demand_resource
    twice = np.flatnonzero(np.diff(changed.problem.tasks.mode_ptr) == 2)
    assert (machine[first[twice]] != machine[first[twice] + 1]).all()


def test_one_of_several_machines_is_ruled_out() -> None:
    course = Scenario.parse(
        "{kind: shop, shop: {machines: 4}, arrivals: {jobs: 50, gap: 10}, jobs: {alternatives: 3},"
        " machine_changes: {share: 1, after: 1}}"
    ).draw(0)
    assert course.problem.n_modes == 3 * course.problem.n_tasks
    assert set(course.changes.kind.tolist()) == {ChangeKind.CLOSE}
    ruled_out = course.changes.subject
    assert sorted(course.problem.modes.task[ruled_out].tolist()) == list(
        range(course.problem.n_tasks)
    )
    assert len(set((ruled_out % 3).tolist())) == 3


def test_events_come_from_a_file_beside_the_scenario(tmp_path: Path) -> None:
    hw.write(floor(), tmp_path / "floor.json")
    (tmp_path / "day.json").write_text(events_to_json([JobCancel(time=5, job="a")]))
    (tmp_path / "scene.yaml").write_text("{kind: shop, problem: floor.json, events: day.json}")
    scenario = Scenario.read(tmp_path / "scene.yaml")
    assert scenario.events == (JobCancel(time=5, job="a"),)
    assert scenario.draw(0).cancelled.tolist() == [5, hw.FOREVER]
    (tmp_path / "day.json").write_text('[{"kind": "job-cancel", "time": 5, "job": "A"}]')
    with pytest.raises(ConfigError, match=r"day.json: event 1: unknown job 'A'"):
        Scenario.read(tmp_path / "scene.yaml").draw(0)
    (tmp_path / "day.json").write_text('[{"kind": "job-cancle", "time": 5}]')
    with pytest.raises(FormatError, match=r"day.json: event 1: .*did you mean job-cancel"):
        Scenario.read(tmp_path / "scene.yaml")
    (tmp_path / "day.json").write_text("[\n{")
    with pytest.raises(FormatError, match=r"day.json:2: not YAML"):
        Scenario.read(tmp_path / "scene.yaml")
    (tmp_path / "scene.yaml").write_text("{kind: shop, problem: floor.json, events: night.json}")
    with pytest.raises(FormatError, match=r"night.json"):
        Scenario.read(tmp_path / "scene.yaml")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("kind: machine-down, time: 1, machine: sew, from: 1, to: 2", "did you mean saw"),
        ("kind: machine-down, time: 1, machine: saw, from: 2, to: 2", "has no length"),
        ("kind: machine-down, time: 1, machine: saw, from: 1, to: 2, running: move", "cannot move"),
        ("kind: machine-up, time: 1, machine: saw", "'saw' is not down at 1"),
        ("kind: job-cancel, time: 1, job: c", "unknown job 'c'; known: a, b"),
        ("kind: due-date-change, time: 1, job: c, due: 3", "unknown job 'c'"),
        ("kind: duration-change, time: 1, task: a/cat, duration: 3", "did you mean a/cut"),
        ("kind: duration-change, time: 1, task: 9, duration: 3", "there is no task 9; there are 4"),
        ("kind: duration-change, time: 1, task: 0, duration: 3, machine: drill", "be done on 'dri"),
        ("kind: machine-change, time: 1, task: 0, modes: [{duration: 1}]", "one machine"),
        (
            "kind: machine-change, time: 1, task: 0, modes: [{duration: 1, demands: {lathe: 1}}]",
            r"modes\[0\].demands: resource 'lathe'; known: drill, saw",
        ),
        (
            "kind: job-arrival, time: 1, job: a, tasks: [{modes: [{duration: 1}]}]",
            "there is a job 'a' already",
        ),
        (
            "kind: job-arrival, time: 1, job: c, tasks: [{modes: [{duration: 1}], after: [1]}]",
            r"tasks\[0\].after: in a shop",
        ),
        ("kind: job-arrival, time: 1, job: c, tasks: []", r"tasks"),
        ("kind: earthquake, time: 1", "unknown kind 'earthquake'"),
        ("kind: job-cancel, job: a", "'time' is missing"),
    ],
)
def test_nonsense_is_refused_by_the_number_of_the_event(event: str, message: str) -> None:
    text = f"{{kind: shop, events: [{{kind: job-cancel, time: 9, job: a}}, {{{event}}}]}}"
    with pytest.raises(ConfigError, match=f"events: event 2: .*{message}"):
        Scenario.parse(text, problem=floor()).draw(0)


def test_what_contradicts_itself_is_refused() -> None:
    first = MachineDown(time=1, machine="saw", start=1, end=2)
    second = MachineDown(time=3, machine="saw", start=3, end=4, running="restart")
    with pytest.raises(ConfigError, match=r"event 2: .*one way for all"):
        drawn(first, second)
    with pytest.raises(ConfigError, match="there is no other machine"):
        Scenario.parse(
            "{kind: shop, shop: {machines: 1}, arrivals: {jobs: 2, gap: 1},"
            " machine_changes: {share: 1, after: 1}}"
        ).draw(0)
    with pytest.raises(ConfigError, match=r"duration_changes.share: expected a share"):
        Scenario.parse("{kind: shop, duration_changes: {share: 2, after: 1, factor: 1}}",
                       problem=floor()).draw(0)  # fmt: skip


_DAY = """
- {kind: machine-down, time: 4, machine: saw, from: 4, to: 30}
- {kind: machine-up, time: 9, machine: saw}
- {kind: due-date-change, time: 1, job: b, due: 22}
- {kind: machine-change, time: 5, task: b/cut, modes: [{duration: 7, demands: {drill: 1}}]}
- {kind: job-arrival, time: 3, job: c, tasks: [{modes: [{duration: 2, demands: {saw: 1}}]}]}
- {kind: duration-change, time: 6, task: c/0, duration: 9}
"""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20), st.integers(0, len(_DAY)))
def test_damaged_events_are_played_or_refused(noise: str, place: int) -> None:
    day = _DAY[:place] + noise + _DAY[place + len(noise) :]
    with suppress(HeadwayError):
        events = "\n".join(f"  {line}" for line in day.splitlines())
        run(Scenario.parse(f"kind: shop\nevents:\n{events}", problem=floor()).draw(0), "SPT")


@pytest.mark.parametrize(
    "often", ["breakdowns: [{up: 9, down: 1}]", "maintenance: [{first: 0, every: 9, length: 1}]"]
)
def test_stops_without_end_are_refused(often: str) -> None:
    late = "events: [{kind: job-cancel, time: 1000000000000, job: a}]"
    with pytest.raises(ConfigError, match=r"\[0\].*too many"):
        Scenario.parse(f"{{kind: shop, {often}, {late}}}", problem=floor()).draw(0)
