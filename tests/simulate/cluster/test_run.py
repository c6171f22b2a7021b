"""Queues, backfilling and preemption against plain twins, and laws that hold for all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from headway import FOREVER, _core
from headway.errors import ConfigError, UnknownNameError
from headway.model.tables import ints
from headway.simulate.cluster import RULES, Backfill, ClusterTrace, Workload, run
from tests.simulate.cluster.cases import random_workload, workloads
from tests.twins.cluster import Pool, preemptive

WAITING = ("FCFS", "SJF", "LJF", "SAF", "WFP3", "UNICEP", "F1")
TAKING_OFF = ("SRPT", "SRSF", "LAS")


def key_of(w: Workload, name: str):
    """Return the published formula, smallest first, written without the rules' help."""

    def key(now: int, job: int, done: int) -> float:
        wait, asked = now - w.submit[job], float(w.requested[job])
        size = w.amount[job] / w.per_unit
        match name:
            case "FCFS":
                return float(w.submit[job])
            case "SJF":
                return asked
            case "LJF":
                return -asked
            case "SAF":
                return asked * size
            case "WFP3":
                return -((wait / asked) * (wait / asked) * (wait / asked) * size)
            case "UNICEP":
                return -(wait * math.log(2) / (np.log(size + 1) * asked))
            case "F1":
                early = 870 * np.log(max(float(w.submit[job]), 1.0))
                return (np.log(asked) * size + early) / math.log(10)
            case "SRPT":
                return max(asked - done, 0)
            case "SRSF":
                return max(asked - done, 0) * size
        return float(done * size >= 3600), float(w.submit[job])

    return key


def twin(w: Workload, name: str, backfill: str) -> tuple[list[int], list[int]]:
    columns = (w.submit.tolist(), w.run.tolist(), w.requested.tolist(), w.amount.tolist())
    return Pool(*columns, w.capacity, backfill, key_of(w, name)).simulate()


@pytest.mark.parametrize("backfill", Backfill)
@settings(max_examples=25, deadline=None)
@given(workload=workloads())
def test_the_core_and_its_twin_agree_on_small_traces(backfill: str, workload: Workload) -> None:
    for name in ("FCFS", "SJF", "WFP3"):
        trace = run(workload, name, backfill=backfill)
        start, promised = twin(workload, name, backfill)
        assert trace.start.tolist() == start
        assert trace.promised is not None
        assert trace.promised.tolist() == promised


@pytest.mark.parametrize("name", WAITING)
@pytest.mark.parametrize("backfill", Backfill)
def test_the_core_and_its_twin_agree_on_crowded_traces(name: str, backfill: str) -> None:
    workload = random_workload(seed=len(name) + 7)
    assert (
        run(workload, name, backfill=backfill).start.tolist() == twin(workload, name, backfill)[0]
    )


@pytest.mark.parametrize("name", TAKING_OFF)
@settings(max_examples=15, deadline=None)
@given(workload=workloads(least_run=1, exact=True))
def test_preemption_and_its_twin_agree(name: str, workload: Workload) -> None:
    trace = run(workload, name)
    columns = (workload.submit.tolist(), workload.run.tolist(), workload.amount.tolist())
    worked = preemptive(*columns, workload.capacity, key_of(workload, name))
    pieces = trace.pieces
    seconds = [
        (second, job)
        for job, start, end in np.column_stack((pieces.job, pieces.start, pieces.end)).tolist()
        for second in range(start, end)
    ]
    assert sorted(seconds) == sorted(worked)


def test_least_attained_service_looks_again_when_a_job_has_had_its_hour() -> None:
    """Job 1 runs alone from 0; job 2 comes at 100 and waits, until at 3600 job 1 falls behind."""
    workload = Workload.of(capacity=1, submit=[0, 100], run=[5000, 4000], amount=[1, 1])
    trace = run(workload, "LAS")
    assert trace.pieces.job.tolist() == [0, 0, 1, 1]
    assert trace.pieces.start.tolist() == [0, 7200, 3600, 8600]
    assert trace.end.tolist() == [8600, 9000]


@pytest.mark.parametrize("name", [*WAITING, *TAKING_OFF])
@settings(max_examples=5, deadline=None)
@given(workload=workloads())
def test_work_is_conserved_and_nothing_starts_before_it_is_submitted(
    name: str, workload: Workload
) -> None:
    """That no more is used than there is, is checked by `verify` in every trace."""
    for backfill in Backfill if name in WAITING else (Backfill.NONE,):
        trace = run(workload, name, backfill=backfill)
        pieces = trace.pieces
        done = np.bincount(pieces.job, weights=pieces.end - pieces.start, minlength=len(workload))
        assert done.tolist() == workload.run.tolist()
        assert (trace.start >= workload.submit).all()
        assert (trace.wait >= 0).all()


@settings(max_examples=30, deadline=None)
@given(workload=workloads(exact=True))
def test_easy_keeps_the_first_reservation_when_requests_are_upper_bounds(
    workload: Workload,
) -> None:
    longer = workload.told(workload.requested + np.arange(len(workload)) % 4)
    trace = run(longer, "FCFS", backfill="easy")
    assert trace.promised is not None
    had = trace.promised < FOREVER
    assert (trace.start[had] <= trace.promised[had]).all()


@settings(max_examples=30, deadline=None)
@given(workload=workloads(exact=True))
def test_conservative_keeps_every_reservation_when_requests_are_upper_bounds(
    workload: Workload,
) -> None:
    longer = workload.told(workload.requested + np.arange(len(workload)) % 4)
    for name in ("FCFS", "SJF"):
        trace = run(longer, name, backfill="conservative")
        assert trace.promised is not None
        assert (trace.start <= trace.promised).all()


@settings(max_examples=15, deadline=None)
@given(workload=workloads(exact=True, least_run=1))
def test_with_exact_requests_the_order_does_not_matter_to_conservative_backfilling(
    workload: Workload,
) -> None:
    """As long as no two jobs are submitted at once (Srinivasan and others, 2002)."""
    spread = Workload.of(
        capacity=workload.capacity,
        submit=np.arange(len(workload)) * 2,
        run=workload.run,
        amount=workload.amount,
    )
    starts = {tuple(run(spread, name, backfill="conservative").start) for name in WAITING}
    assert len(starts) == 1


def test_easy_fills_the_gap_before_the_first_job_that_does_not_fit() -> None:
    """Of 4 processors job 1 holds 3 until 10; job 2 needs all; job 3 fits beside 1 until then, and
    job 4 would not be over in time."""
    workload = Workload.of(capacity=4, submit=[0, 1, 2, 3], run=[10, 5, 8, 9], amount=[3, 4, 1, 1])
    trace = run(workload, "FCFS", backfill="easy")
    assert trace.start.tolist() == [0, 10, 2, 15]
    assert run(workload, "FCFS").start.tolist() == [0, 10, 15, 15]
    assert trace.policy == "FCFS + easy"


def test_a_job_that_outlives_its_request_delays_reservations_but_breaks_nothing() -> None:
    workload = Workload.of(
        capacity=2, submit=[0, 0, 1], run=[10, 3, 4], requested=[4, 3, 4], amount=[1, 1, 2]
    )
    for backfill in ("easy", "conservative"):
        trace = run(workload, "FCFS", backfill=backfill)
        assert trace.start.tolist() == [0, 0, 10]
        assert trace.promised is not None
        assert trace.promised.tolist()[2] == 4


def test_measures_are_those_of_the_definitions() -> None:
    """Two jobs one after another: waits 0 and 99, slowdowns 1 and (99 + 5) / 10."""
    workload = Workload.of(
        capacity=2, submit=[0, 1], run=[100, 5], amount=[2, 2], user=[0, 1], name="two"
    )
    trace = run(workload)
    assert trace.wait.tolist() == [0, 99]
    assert trace.response.tolist() == [100, 104]
    assert trace.bounded_slowdown.tolist() == [1, 10.4]
    assert trace.makespan == 105
    assert trace.utilisation == pytest.approx(210 / 210)
    assert trace.fairness == pytest.approx(11.4**2 / (2 * (1 + 10.4**2)))
    assert trace.measures["mean wait s"] == 49.5
    assert trace.summary("wait", batches=2).mean == 49.5


def test_a_trace_is_a_schedule_with_pictures(tmp_path) -> None:
    workload = random_workload(3, 12)
    trace = run(workload, "SRPT")
    assert isinstance(trace, ClusterTrace)
    assert trace.schedule.objective == int(trace.response.sum())
    trace.save_perfetto(tmp_path / "trace.json")
    trace.gantt(by="job").save(tmp_path / "gantt.png")
    assert (tmp_path / "gantt.png").stat().st_size > 1000


class Nosy:
    """A policy of somebody else's, which looks wherever it can."""

    name = "nosy"

    def __init__(self, *, preempts: bool = False) -> None:
        self.preempts = preempts
        self.seen: set[str] = set()

    def score(self, decision) -> np.ndarray:
        self.seen |= set(decision.columns)
        for name in ("run", "end", "_run"):
            with pytest.raises(UnknownNameError):
                decision.columns[name]
            assert not hasattr(decision, name)
        with pytest.raises(ValueError, match="read-only"):
            decision.columns["submit"][0] = 5
        return -decision.columns["requested"]


def test_a_policy_of_somebody_else_is_asked_and_sees_nothing_of_the_future() -> None:
    workload = random_workload(5)
    nosy = Nosy()
    assert run(workload, nosy, backfill="easy").start.tolist() == (
        run(workload, "SJF", backfill="easy").start.tolist()
    )
    assert "remaining" not in nosy.seen
    taking = Nosy(preempts=True)
    assert len(run(workload, taking).pieces) >= len(workload)
    assert "remaining" in taking.seen


def test_unknown_policies_and_backfillings_are_refused() -> None:
    workload = random_workload(1, 3)
    with pytest.raises(UnknownNameError, match="unknown cluster rule 'FCSF'; did you mean FCFS"):
        run(workload, "FCSF")
    with pytest.raises(ConfigError, match="backfill: expected one of none, greedy, easy, cons"):
        run(workload, backfill="some")
    with pytest.raises(ConfigError, match="SRPT takes jobs off and needs none, got easy"):
        run(workload, "SRPT", backfill="easy")


def test_an_empty_workload_runs_to_nothing() -> None:
    empty = Workload.of(capacity=4, submit=[], run=[], amount=[])
    for name in (*WAITING, *TAKING_OFF):
        assert len(run(empty, name).pieces) == 0
    assert run(empty).makespan == 0


def test_the_rule_book_lists_all() -> None:
    assert set(RULES.names()) >= {*WAITING, *TAKING_OFF}


def test_the_story_of_a_run_is_told_in_the_order_of_taking_effect() -> None:
    """Job 2 is shorter, so that job 1 is taken off at 2 and goes on at 7; job 3 has no work."""
    workload = Workload.of(
        capacity=1, submit=[0, 2, 12], run=[5, 5, 0], amount=[1, 1, 1], requested=[9, 5, 1]
    )
    trace = run(workload, "SRPT")
    assert [(h.time, h.what, h.who) for h in trace] == [
        (0, "arrives", "1"),
        (0, "starts", "1"),
        (2, "is taken off", "1"),
        (2, "arrives", "2"),
        (2, "starts", "2"),
        (7, "ends", "2"),
        (7, "goes on", "1"),
        (10, "ends", "1"),
        (12, "arrives", "3"),
        (12, "starts", "3"),
        (12, "ends", "3"),
    ]
    assert trace.to_jsonl().count("\n") == 11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run": [1]}, "different lengths"),
        ({"submit": [3, 1]}, "not in order"),
        ({"run": [-1, 1]}, "a run time out of range"),
        ({"estimate": [0, 1]}, "an estimate out of range"),
        ({"amount": [1, 3]}, "not from 1 to the capacity"),
        ({"run": [2**44, 2**44 + 1]}, "a run time out of range"),
        ({"per_unit": 0}, "a processor of no units"),
    ],
)
def test_the_core_refuses_columns_that_do_not_fit(change: dict, message: str) -> None:
    columns = {"submit": [0, 1], "run": [1, 1], "estimate": [1, 1], "amount": [1, 1]}
    arguments = {**columns, "capacity": 2, "per_unit": 1, **change}
    with pytest.raises(ValueError, match=message):
        _core.ClusterJobs(
            **{k: ints(v) if isinstance(v, list) else v for k, v in arguments.items()}
        )


def test_the_core_refuses_ranks_scores_and_levels_that_do_not_fit() -> None:
    one = ints([1, 1])
    jobs = _core.ClusterJobs(ints([0, 0]), one, one, one, 1, 1)
    with pytest.raises(ValueError, match="a rank per job"):
        jobs.start_ranked(0, ints([0]))
    with pytest.raises(ValueError, match="no such backfilling"):
        jobs.start_ranked(4, ints([0, 1]))
    with pytest.raises(ValueError, match="a score per job"):
        jobs.start_asking(0, lambda *_: np.zeros(1))
    with pytest.raises(ValueError, match="a score is not a number"):
        jobs.start_asking(0, lambda *_: np.full(2, np.nan))
    with pytest.raises(ZeroDivisionError):
        jobs.start_asking(0, lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="rows of levels"):
        jobs.preempt_asking(ints([1, 2, 3]), lambda *_: np.zeros(2))
