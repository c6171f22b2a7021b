"""Objectives as the native search sees them: groups of tasks, and what their completions cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headway.model.objective import Measure, Term
from headway.model.problem import Problem
from headway.model.tables import FOREVER, Ints, ints

TAKEN = frozenset(
    {
        Measure.MAKESPAN,
        Measure.COMPLETION,
        Measure.FLOW_TIME,
        Measure.TARDINESS,
        Measure.TARDY_JOBS,
        Measure.MAX_LATENESS,
        Measure.MAX_TARDINESS,
    }
)
"""Measures that are sums of costs of groups: those that never gain from a later end."""

_BEYOND_ALL_DATES = -(2**46)
"""A threshold that every completion exceeds, so that the cost is linear."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Groups of tasks; a group completes at the latest end plus offset of its members.

    A completion beyond the threshold costs the jump plus the slope times the excess. The value of
    a schedule is the sum over all groups plus a constant.

    Attributes
    ----------
    member_ptr, member, offset
        The tasks of each group.
    threshold, slope, jump
        Shape (n_groups,).
    constant
        Part of every value.
    """

    member_ptr: Ints
    member: Ints
    offset: Ints
    threshold: Ints
    slope: Ints
    jump: Ints
    constant: int


def costs(problem: Problem) -> Costs:
    """Return the costs of a problem whose one level is a sum of the measures in `TAKEN`."""
    groups: list[_Group] = []
    constant = 0
    for term in problem.objective.levels[0]:
        found, extra = _groups(problem, term)
        groups += found
        constant += extra
    lengths = [len(group.member) for group in groups]
    empty = np.zeros(0, dtype=np.int64)
    return Costs(
        ints(np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))),
        ints(np.concatenate([empty, *(group.member for group in groups)])),
        ints(np.concatenate([empty, *(group.offset for group in groups)])),
        ints([group.threshold for group in groups]),
        ints([group.slope for group in groups]),
        ints([group.jump for group in groups]),
        constant,
    )


@dataclass(frozen=True, slots=True)
class _Group:
    member: Ints
    offset: Ints
    threshold: int
    slope: int
    jump: int = 0


def _groups(problem: Problem, term: Term) -> tuple[list[_Group], int]:
    """Return the groups of one term, and the part of its value that is always the same."""
    jobs, job = problem.jobs, problem.tasks.job
    match term.measure:
        case Measure.MAKESPAN:
            everything = np.arange(problem.n_tasks)
            return [_Group(everything, np.zeros_like(everything), 0, term.weight)], 0
        case Measure.MAX_LATENESS | Measure.MAX_TARDINESS:
            due = np.append(jobs.due, FOREVER)[job]
            dated = np.flatnonzero(due < FOREVER)
            if not len(dated):
                return [], 0
            floor = 0 if term.measure is Measure.MAX_TARDINESS else _BEYOND_ALL_DATES
            return [_Group(dated, -due[dated], floor, term.weight)], floor * term.weight
        case _:
            members = [problem.tasks_of(j) for j in range(len(jobs))]
            weight = jobs.weight if term.weighted else np.ones(len(jobs), dtype=np.int64)
            return _over_jobs(problem, term, members, (weight * term.weight).tolist())


def _over_jobs(
    problem: Problem, term: Term, members: Sequence[Ints], weight: Sequence[int]
) -> tuple[list[_Group], int]:
    due, release = problem.jobs.due.tolist(), problem.jobs.release.tolist()
    groups, constant = [], 0
    for j, member in enumerate(members):
        if not len(member) or not weight[j]:
            continue
        nothing = np.zeros_like(member)
        match term.measure:
            case Measure.COMPLETION | Measure.FLOW_TIME:
                groups.append(_Group(member, nothing, 0, weight[j]))
                if term.measure is Measure.FLOW_TIME:
                    constant -= weight[j] * release[j]
            case Measure.TARDINESS if due[j] < FOREVER:
                groups.append(_Group(member, nothing, due[j], weight[j]))
            case Measure.TARDY_JOBS if due[j] < FOREVER:
                groups.append(_Group(member, nothing, due[j], 0, weight[j]))
            case _:
                pass
    return groups, constant
