"""What the end of each rigid set of tasks costs, for objectives that can be told from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.model.objective import MAXIMA, Measure, Term
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Ints
from headway.solve.no_wait.steps import Steps

_SUPPORTED = MAXIMA | {Measure.COMPLETION, Measure.FLOW_TIME, Measure.TARDINESS}


@dataclass(frozen=True, slots=True)
class Costs:
    """A set that ends at C costs ``weight * max(least, C - due)``; nothing without a weight.

    Attributes
    ----------
    weight, due, least
        One value per set.
    total
        Whether the sum of all costs counts; else it is the largest.
    """

    weight: Ints
    due: Ints
    least: Ints
    total: bool

    @classmethod
    def of(cls, problem: Problem, steps: Steps) -> Costs | str:
        """Return the costs of a problem, or what keeps its objective from being one of them."""
        levels = problem.objective.levels
        if len(levels) != 1 or len(levels[0]) != 1 or levels[0][0].measure not in _SUPPORTED:
            return f"the objective is {problem.objective}"
        term = levels[0][0]
        if term.measure is Measure.MAKESPAN:
            zero = np.zeros(steps.count, dtype=np.int64)
            return cls(np.full(steps.count, term.weight), zero, zero, total=False)
        return _by_job(problem, steps, term)


def _by_job(problem: Problem, steps: Steps, term: Term) -> Costs | str:
    jobs = problem.jobs
    job = np.full(steps.count, ABSENT)
    job[steps.item] = problem.tasks.job
    mixed = np.flatnonzero(job[steps.item] != problem.tasks.job)
    sets = np.bincount(job[job != ABSENT], minlength=len(jobs))
    if len(mixed):
        return f"task {problem.task_label(int(mixed[0]))!r} is tied to tasks of other jobs"
    if (sets > 1).any():
        return f"the tasks of job {jobs.name[int(np.argmax(sets > 1))]!r} are not all tied"
    counts = job != ABSENT
    due = np.zeros(steps.count, dtype=np.int64)
    least = np.full(steps.count, -FOREVER)
    match term.measure:
        case Measure.COMPLETION:
            pass
        case Measure.FLOW_TIME:
            due[counts] = jobs.release[job[counts]]
        case _:
            due[counts] = jobs.due[job[counts]]
            counts &= due < FOREVER
            due[~counts] = 0
            if term.measure is not Measure.MAX_LATENESS:
                least[:] = 0
            if not counts.any():
                return "no job with tasks has a due date"
    weight = np.zeros(steps.count, dtype=np.int64)
    weight[counts] = term.weight
    if term.weighted:
        weight[counts] *= jobs.weight[job[counts]]
    return Costs(weight, due, least, total=term.measure not in MAXIMA)
