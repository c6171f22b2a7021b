"""Whole executions: what happened is a valid schedule, whatever the strategy."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Schedule
from headway.simulate.events import DurationChange, Event, JobArrival, MachineDown, Work, WorkMode
from headway.simulate.reschedule import Stability, Strategy, execute, residual
from headway.simulate.reschedule.residual import narrowed
from headway.solve import rules

STRATEGIES = [
    Strategy(),
    Strategy(every=10),
    Strategy("slow", every=15, time_limit=0.05, stability=Stability(0.5)),
    Strategy("slow", every=10, window=12, time_limit=0.05),
    Strategy("auto", every=12, time_limit=0.05),
]


def floor(seed: int = 0) -> tuple[Schedule, list[Event], dict[str, int]]:
    """A small shop, what happens to it, and how long its tasks really take."""
    rng = np.random.default_rng(seed)
    order = [rng.permutation(3).tolist() for _ in range(4)]
    problem = hw.job_shop(order, rng.integers(2, 9, (4, 3)).tolist())
    new = tuple(Work((WorkMode(4, {f"machine {k}": 1}),)) for k in (2, 0))
    events: list[Event] = [
        MachineDown(time=6, machine="machine 1", start=8, end=15),
        JobArrival(time=12, job="rush", tasks=new),
        DurationChange(time=13, task="job 0/2", duration=11),
    ]
    true = {
        problem.task_label(k): max(1, int(problem.modes.duration[k] * rng.uniform(0.6, 1.8)))
        for k in range(problem.n_tasks)
    }
    return rules.generate(problem, "MWKR", "parallel"), events, true


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_what_happened_is_a_schedule_with_the_true_durations(strategy: Strategy) -> None:
    plan, events, true = floor()
    came = execute(plan, events, strategy, durations=true)
    happened = came.trace.schedule
    labels = {happened.problem.task_label(k): k for k in range(happened.problem.n_tasks)}
    for label, duration in true.items():
        k = labels[label]
        assert happened.problem.modes.duration[happened.mode[k]] == duration or label == "job 0/2"
    assert {"rush/0", "rush/1"} <= set(labels)
    assert came.replans > 0
    assert came.planned == plan
    kinds = {happening.what for happening in came.trace}
    assert {"machine-down", "job-arrival", "replanned"} <= kinds


def test_the_same_seed_gives_the_same_execution() -> None:
    plan, events, true = floor(3)
    first, second = (execute(plan, events, Strategy(), durations=true) for _ in range(2))
    assert first.trace.schedule == second.trace.schedule
    assert first.mean_shift == second.mean_shift


def test_a_world_that_follows_the_plan_needs_no_other() -> None:
    plan, _, _ = floor()
    came = execute(plan, [], Strategy())
    assert came.trace.schedule == plan
    assert came.replans == 0


def test_events_that_came_too_late_are_skipped_with_the_reason() -> None:
    plan, _, _ = floor()
    late = DurationChange(time=plan.makespan + 5, task="job 0/0", duration=3)
    came = execute(plan, [late], Strategy())
    assert "finished" in came.skipped[0]
    assert came.trace.schedule == plan


def test_the_far_future_keeps_its_order() -> None:
    plan, _, _ = floor()
    rest = residual(plan, (), 4)
    near = narrowed(rest, 10)
    start, _ = rest.planned
    rel = near.problem.relations
    added = len(rel) - len(rest.problem.relations)
    assert added > 0
    assert (start[rel.before[-added:]] >= 10).all()
    assert (start[rel.before[-added:]] <= start[rel.after[-added:]]).all()
    assert hw.verify(near.problem, near.lower(plan)).ok


@pytest.mark.parametrize("options", [{"policy": "dual"}, {"every": 0}, {"window": -1}])
def test_strategies_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Strategy(**options)  # type: ignore[arg-type]
