"""Checks of what ties tasks and resources together, and of the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headway.errors import ProblemError
from headway.model.objective import NEEDS_DUE_DATES, SUMS_OVER_JOBS, Measure
from headway.model.tables import (
    FOREVER,
    LARGEST_TIME,
    Ints,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)
from headway.model.validate.basics import LARGEST_AMOUNT, first, in_range, pointer

if TYPE_CHECKING:
    from headway.model.problem import Problem


def check_matrices(problem: Problem) -> None:
    """Refuse setup and transfer times that do not fit the tables."""
    families = None
    for k, matrix in enumerate(problem.setups):
        shape = matrix.shape
        good = matrix.ndim == 2 and shape[0] == shape[1] + 1 and matrix.dtype == np.int64
        if not good or shape[1] != (families if families is not None else shape[1]):
            raise ProblemError(
                f"setup matrix {k}: expected (families + 1) x families integers, the same for all"
                f" machines, got shape {shape}"
            )
        families = shape[1]
        if matrix.size and not (matrix.min() >= 0 and matrix.max() <= LARGEST_TIME):
            raise ProblemError(f"setup matrix {k}: expected times from 0 to {LARGEST_TIME}")
    transfers, n = problem.transfers, problem.n_resources
    if transfers.dtype != np.int64 or transfers.shape not in ((0, 0), (n, n)):
        raise ProblemError(f"transfers: expected shape {(n, n)}, got {transfers.shape}")
    if transfers.size and not (transfers.min() >= 0 and transfers.max() <= LARGEST_TIME):
        raise ProblemError(f"transfers: expected times from 0 to {LARGEST_TIME}")


def check_relations(problem: Problem) -> None:
    """Refuse lags that are out of bounds or contradict each other."""
    rel = problem.relations
    in_range(rel.before, problem.n_tasks, "relation", "task")
    in_range(rel.after, problem.n_tasks, "relation", "task")
    in_range(rel.kind, len(RelationKind), "relation", "kind")
    limit = LARGEST_TIME
    for key, none in (("min_lag", -FOREVER), ("max_lag", FOREVER)):
        values: Ints = getattr(rel, key)
        bad = first((np.abs(values) > limit) & (values != none))
        if bad is not None:
            raise ProblemError(
                f"{key} of {_relation_label(problem, bad)}: expected a number of at most"
                f" {limit} in size, got {values[bad]}"
            )
    bad = first(rel.min_lag > rel.max_lag)
    if bad is not None:
        raise ProblemError(
            f"{_relation_label(problem, bad)}: minimum lag {rel.min_lag[bad]} exceeds maximum"
            f" lag {rel.max_lag[bad]}"
        )
    bad = first(rel.transfer & (rel.kind != RelationKind.END_START))
    if bad is not None:
        raise ProblemError(
            f"{_relation_label(problem, bad)}: only end-to-start relations have transfer times"
        )
    bad = first(rel.transfer & (rel.min_lag == -FOREVER))
    if bad is not None:
        raise ProblemError(
            f"{_relation_label(problem, bad)}: a relation with transfer times needs a minimum lag"
        )


def _relation_label(problem: Problem, row: int) -> str:
    before, after = problem.relations.before[row], problem.relations.after[row]
    return (
        f"the relation between {problem.task_label(int(before))!r}"
        f" and {problem.task_label(int(after))!r}"
    )


def check_pairs(problem: Problem) -> None:
    """Refuse pairs that refer to nothing, or of a task with itself."""
    pairs, n = problem.pairs, problem.n_tasks
    if not len(pairs):
        return
    in_range(pairs.kind, len(PairKind), "pair", "kind")
    in_range(pairs.first, n, "pair", "task")
    in_range(pairs.second, n, "pair", "task")
    bad = first(pairs.first == pairs.second)
    if bad is not None:
        raise ProblemError(
            f"task {problem.task_label(int(pairs.first[bad]))!r} is paired with itself"
        )


def check_sequences(problem: Problem) -> None:
    """Refuse common sequences of what is no machine, or that list a task twice."""
    seq, n = problem.sequences, problem.n_tasks
    pointer(seq.task_ptr, len(seq), len(seq.first_task), "sequences.task_ptr")
    if len(seq.first_task) != len(seq.second_task):
        raise ProblemError("same sequence: both machines need equally many tasks")
    if not len(seq):
        return
    for key in ("first_machine", "second_machine"):
        machine: Ints = getattr(seq, key)
        in_range(machine, problem.n_resources, "same-sequence row", "resource")
        bad = first(problem.resources.kind[machine] != ResourceKind.MACHINE)
        if bad is not None:
            name = problem.resources.name[int(machine[bad])]
            raise ProblemError(f"same sequence: {name!r} is not a machine")
    in_range(seq.first_task, n, "same-sequence row", "task")
    in_range(seq.second_task, n, "same-sequence row", "task")
    for tasks in (seq.first_task, seq.second_task):
        _listed_once(problem, seq.task_ptr, tasks, "same-sequence row")


def check_selections(problem: Problem) -> None:
    """Refuse selections that refer to nothing or list a task twice."""
    sel, n = problem.selections, problem.n_tasks
    pointer(sel.task_ptr, len(sel), len(sel.task), "selections.task_ptr")
    if not len(sel):
        return
    in_range(sel.kind, len(SelectionKind), "selection", "kind")
    in_range(sel.condition, n, "selection", "task", none=True)
    in_range(sel.task, n, "selection", "task")
    _listed_once(problem, sel.task_ptr, sel.task, "selection")


def check_mode_dependencies(problem: Problem) -> None:
    """Refuse dependencies that allow modes of other tasks."""
    dep, n = problem.mode_dependencies, problem.n_tasks
    pointer(dep.allowed_ptr, len(dep), len(dep.allowed), "mode_dependencies.allowed_ptr")
    if not len(dep):
        return
    in_range(dep.mode, problem.n_modes, "mode dependency", "mode")
    in_range(dep.task, n, "mode dependency", "task")
    in_range(dep.allowed, problem.n_modes, "mode dependency", "mode")
    owner = np.repeat(np.arange(len(dep)), np.diff(dep.allowed_ptr))
    bad = first(problem.modes.task[dep.allowed] != dep.task[owner])
    if bad is not None:
        label = problem.task_label(int(dep.task[owner[bad]]))
        raise ProblemError(
            f"mode dependency {owner[bad]} allows a mode that is not one of {label!r}"
        )


def _listed_once(problem: Problem, ptr: Ints, tasks: Ints, what: str) -> None:
    """Refuse rows that list a task twice."""
    owner = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    order = np.lexsort((tasks, owner))
    rows, tasks = owner[order], tasks[order]
    bad = first((rows[1:] == rows[:-1]) & (tasks[1:] == tasks[:-1]))
    if bad is not None:
        label = problem.task_label(int(tasks[bad]))
        raise ProblemError(f"{what} {rows[bad]} lists task {label!r} twice")


def check_objective(problem: Problem) -> None:
    """Refuse measures that do not apply to the problem."""
    kinds = problem.resources.kind
    wanted = {
        Measure.SETUP: (ResourceKind.MACHINE,),
        Measure.LEVELLING: (ResourceKind.RENEWABLE,),
        Measure.PEAK: (ResourceKind.RENEWABLE,),
        Measure.COST: (ResourceKind.MACHINE, ResourceKind.RENEWABLE, ResourceKind.NONRENEWABLE),
    }
    for level in problem.objective.levels:
        if not level:
            raise ProblemError("objective: a level without terms")
    for term in problem.objective.terms:
        if abs(term.weight) > LARGEST_AMOUNT:
            raise ProblemError(f"objective {term}: weights go up to {LARGEST_AMOUNT}")
        if term.measure in SUMS_OVER_JOBS | NEEDS_DUE_DATES and not problem.n_jobs:
            raise ProblemError(f"objective {term.measure}: the problem has no jobs")
        if term.measure in NEEDS_DUE_DATES and not (problem.jobs.due != FOREVER).any():
            raise ProblemError(f"objective {term.measure}: no job has a due date")
        for resource in term.resources:
            if not 0 <= resource < problem.n_resources:
                raise ProblemError(f"objective {term}: there is no resource {resource}")
            if ResourceKind(int(kinds[resource])) not in wanted[term.measure]:
                name = problem.resources.name[resource]
                raise ProblemError(f"objective {term.measure} does not apply to {name!r}")
