"""Events on problems that use all that the model can express."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import EventError, InfeasibleError, ProblemError
from headway.model.tables import ResourceKind
from headway.simulate.events import DurationChange, Event, JobCancel, MachineDown, MachineUp
from headway.simulate.reschedule import reschedule
from headway.solve import Budget, cpsat
from tests.problems import random_problem


def drawn(problem: hw.Problem, rng: np.random.Generator, now: int) -> Event:
    machines = [
        name
        for name, kind in zip(problem.resources.name, problem.resources.kind.tolist(), strict=True)
        if kind <= ResourceKind.RENEWABLE
    ]
    kind = int(rng.integers(4 if machines else 2))
    if kind == 0 and problem.n_jobs:
        return JobCancel(time=now, job=str(rng.choice(problem.jobs.name)))
    if kind == 2:
        begin = int(rng.integers(now, now + 4))
        way = str(rng.choice(["resume", "restart", "move"]))
        return MachineDown(
            time=now,
            machine=str(rng.choice(machines)),
            start=begin,
            end=begin + int(rng.integers(1, 4)),
            running=way,  # type: ignore[arg-type]
        )
    if kind == 3:
        return MachineUp(time=now, machine=str(rng.choice(machines)))
    task = int(rng.integers(problem.n_tasks))
    return DurationChange(time=now, task=task, duration=int(rng.integers(0, 6)))


@pytest.mark.parametrize("seed", range(25))
def test_new_plans_hold_or_the_reason_is_said(seed: int) -> None:
    problem = random_problem(seed)
    before = cpsat.solve(problem, Budget(time_limit_s=60, workers=1)).schedule
    if before is None:
        return
    rng = np.random.default_rng(seed)
    for now in (1, 3):
        event = drawn(problem, rng, now)
        try:
            answer = reschedule(before, [event], now, policy="slow", time_limit=20, workers=1)
        except (EventError, InfeasibleError, ProblemError):
            continue
        assert hw.verify(answer.plan.problem, answer.plan).ok
        whole = answer.rest.revision
        assert np.array_equal(answer.plan.start[whole.started], whole.start[whole.started])
        open_ = ~whole.started & answer.plan.present
        assert (answer.plan.start[open_] >= now).all()
