"""What a problem can have, by name: to draw it, to find it, and to take it away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    ModeDependencies,
    PairKind,
    Pairs,
    RelationKind,
    ResourceKind,
    SelectionKind,
    Selections,
    Sequences,
    bools,
    ints,
)

MEASURES = tuple(str(measure) for measure in Measure)

FEATURES = (
    "job release",
    "job due date",
    "job deadline",
    "job weight",
    "earliest start",
    "latest start",
    "earliest end",
    "latest end",
    "optional",
    "interruptible",
    "blocking",
    "several modes",
    "zero duration",
    "machine",
    "renewable",
    "capacity step",
    "non-renewable",
    "reservoir taken",
    "reservoir filled",
    "machine break",
    "renewable break",
    "non-renewable break",
    "reservoir break",
    "start-start",
    "start-end",
    "end-start",
    "end-end",
    "minimum lag",
    "maximum lag",
    "negative lag",
    "transfer",
    "identical",
    "different",
    "consecutive",
    "same sequence",
    "exactly-one",
    "at-least-one",
    "all-or-none",
    "condition",
    "mode dependency",
    "setup time",
    "initial setup time",
    "mode cost",
    "resource cost",
    "horizon",
    "weighted by jobs",
    "of some resources",
    "sum of measures",
    "lexicographic",
    "no objective",
    *MEASURES,
)
"""Everything that `random_problem` draws from and `features_of` recognises."""


def features_of(problem: Problem) -> set[str]:
    """Return the members of `FEATURES` that a problem has."""
    jobs, tasks, modes, res = problem.jobs, problem.tasks, problem.modes, problem.resources
    rel, terms = problem.relations, problem.objective.terms
    used = set(res.kind[modes.demand_resource].tolist())
    reservoir = res.kind[modes.demand_resource] == ResourceKind.RESERVOIR
    broken = set(res.kind[np.repeat(np.arange(len(res)), np.diff(res.break_ptr))].tolist())
    finite_low, finite_high = rel.min_lag > -FOREVER, rel.max_lag < FOREVER
    matrices = [problem.setups[s] for s in set(res.setup.tolist()) if s != ABSENT]
    present = {
        "job release": (jobs.release > 0).any(),
        "job due date": (jobs.due < FOREVER).any(),
        "job deadline": (jobs.deadline < FOREVER).any(),
        "job weight": (jobs.weight != 1).any(),
        "earliest start": (tasks.earliest_start > 0).any(),
        "latest start": (tasks.latest_start < FOREVER).any(),
        "earliest end": (tasks.earliest_end > 0).any(),
        "latest end": (tasks.latest_end < FOREVER).any(),
        "optional": tasks.optional.any(),
        "interruptible": tasks.interruptible.any(),
        "blocking": (tasks.hold_until != ABSENT).any(),
        "several modes": (np.diff(tasks.mode_ptr) > 1).any(),
        "zero duration": (modes.duration == 0).any(),
        "machine": ResourceKind.MACHINE in used,
        "renewable": ResourceKind.RENEWABLE in used,
        "capacity step": len(res.step_time),
        "non-renewable": ResourceKind.NONRENEWABLE in used,
        "reservoir taken": (modes.demand_amount[reservoir] > 0).any(),
        "reservoir filled": (modes.demand_amount[reservoir] < 0).any(),
        "machine break": ResourceKind.MACHINE in broken,
        "renewable break": ResourceKind.RENEWABLE in broken,
        "non-renewable break": ResourceKind.NONRENEWABLE in broken,
        "reservoir break": ResourceKind.RESERVOIR in broken,
        "minimum lag": (finite_low & (rel.min_lag != 0)).any(),
        "maximum lag": finite_high.any(),
        "negative lag": (finite_low & (rel.min_lag < 0)).any() or (rel.max_lag < 0).any(),
        "transfer": (rel.transfer & (problem.transfers.max(initial=0) > 0)).any(),
        "same sequence": len(problem.sequences),
        "condition": (problem.selections.condition != ABSENT).any(),
        "mode dependency": len(problem.mode_dependencies),
        "setup time": any(matrix[:-1].any() for matrix in matrices),
        "initial setup time": any(matrix[-1].any() for matrix in matrices),
        "mode cost": (modes.cost > 0).any(),
        "resource cost": (res.cost > 0).any(),
        "horizon": problem.horizon < FOREVER,
        "weighted by jobs": any(term.weighted for term in terms),
        "of some resources": any(term.resources for term in terms),
        "sum of measures": any(len(level) > 1 for level in problem.objective.levels),
        "lexicographic": problem.objective.is_lexicographic,
        "no objective": not terms,
    }
    found = {name for name, here in present.items() if here}
    found |= {str(term.measure) for term in terms}
    for kinds, rows in (
        (RelationKind, rel.kind),
        (PairKind, problem.pairs.kind),
        (SelectionKind, problem.selections.kind),
    ):
        found |= {kinds(kind).name.lower().replace("_", "-") for kind in rows.tolist()}
    return found


def without(problem: Problem, feature: str) -> Problem:
    """Return the problem relaxed by one kind of constraint.

    Parameters
    ----------
    problem
        Any.
    feature
        A member of `RELAXABLE`.
    """
    tasks, res, rel = problem.tasks, problem.resources, problem.relations
    if feature in ("earliest start", "earliest end"):
        column = feature.replace(" ", "_")
        return replace(problem, tasks=replace(tasks, **{column: ints(np.zeros(len(tasks)))}))
    if feature in ("latest start", "latest end"):
        column, never = feature.replace(" ", "_"), ints(np.full(len(tasks), FOREVER))
        return replace(problem, tasks=replace(tasks, **{column: never}))
    if feature == "job release":
        zero = ints(np.zeros(len(problem.jobs)))
        return replace(problem, jobs=replace(problem.jobs, release=zero))
    if feature == "job deadline":
        never = ints(np.full(len(problem.jobs), FOREVER))
        return replace(problem, jobs=replace(problem.jobs, deadline=never))
    if feature == "blocking":
        none = ints(np.full(len(tasks), ABSENT))
        return replace(problem, tasks=replace(tasks, hold_until=none))
    if feature == "setup time":
        none = ints(np.full(len(res), ABSENT))
        return replace(problem, resources=replace(res, setup=none))
    if feature == "initial setup time":
        later = [matrix.copy() for matrix in problem.setups]
        for matrix in later:
            matrix[-1] = 0
        return replace(problem, setups=tuple(later))
    if feature == "transfer":
        return replace(problem, transfers=np.zeros_like(problem.transfers))
    if feature == "minimum lag":
        none, no = ints(np.full(len(rel), -FOREVER)), bools(np.zeros(len(rel)))
        return replace(problem, relations=replace(rel, min_lag=none, transfer=no))
    if feature == "maximum lag":
        return replace(problem, relations=replace(rel, max_lag=ints(np.full(len(rel), FOREVER))))
    if feature == "same sequence":
        return replace(problem, sequences=Sequences())
    if feature == "mode dependency":
        return replace(problem, mode_dependencies=ModeDependencies())
    if feature in ("identical", "different", "consecutive"):
        pairs = problem.pairs
        keep = pairs.kind != PairKind[feature.upper()]
        kept = (ints(column[keep]) for column in (pairs.kind, pairs.first, pairs.second))
        return replace(problem, pairs=Pairs(*kept))
    if feature in ("exactly-one", "at-least-one", "all-or-none"):
        old = problem.selections
        size = np.diff(old.task_ptr)
        keep = old.kind != SelectionKind[feature.upper().replace("-", "_")]
        kept = Selections(
            ints(old.kind[keep]),
            ints(old.condition[keep]),
            ints(np.concatenate(([0], np.cumsum(size[keep])))),
            ints(old.task[np.repeat(keep, size)]),
        )
        return replace(problem, selections=kept)
    if feature == "capacity step":
        none = ints(np.zeros(len(res) + 1))
        empty = ints([])
        steps = {"step_ptr": none, "step_time": empty, "step_capacity": empty}
        return replace(problem, resources=replace(res, **steps))
    if feature.endswith(" break"):
        kind = ResourceKind[feature.removesuffix(" break").replace("-", "").upper()]
        owner = np.repeat(np.arange(len(res)), np.diff(res.break_ptr))
        keep = res.kind[owner] != kind
        ptr = np.concatenate(([0], np.cumsum(np.bincount(owner[keep], minlength=len(res)))))
        breaks = {"break_ptr": ints(ptr)}
        breaks |= {key: ints(getattr(res, key)[keep]) for key in ("break_start", "break_end")}
        return replace(problem, resources=replace(res, **breaks))
    if feature in ("renewable", "non-renewable"):
        kind = ResourceKind[feature.replace("-", "").upper()]
        plenty = ints(np.where(res.kind == kind, 999, res.capacity))
        steps = ints(res.step_capacity + (999 if feature == "renewable" else 0))
        return replace(problem, resources=replace(res, capacity=plenty, step_capacity=steps))
    if feature == "reservoir taken":
        return replace(problem, resources=replace(res, level_min=ints(res.level_min - 999)))
    if feature == "reservoir filled":
        return replace(problem, resources=replace(res, level_max=ints(res.level_max + 999)))
    raise ValueError(f"{feature!r} cannot be lifted")


RELAXABLE = (
    "earliest start",
    "latest start",
    "earliest end",
    "latest end",
    "job release",
    "job deadline",
    "blocking",
    "setup time",
    "initial setup time",
    "transfer",
    "minimum lag",
    "maximum lag",
    "same sequence",
    "mode dependency",
    "identical",
    "different",
    "consecutive",
    "exactly-one",
    "at-least-one",
    "all-or-none",
    "capacity step",
    "machine break",
    "renewable break",
    "non-renewable break",
    "reservoir break",
    "renewable",
    "non-renewable",
    "reservoir taken",
    "reservoir filled",
)
"""What `without` can take away; each only makes more schedules valid."""
