"""The one place where a problem is checked for being well formed.

Everything downstream may rely on what is checked here: positions are in range, pointers are
monotone, times are bounded so that sums never overflow, calendars are sorted and disjoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.objective import NEEDS_DUE_DATES, SUMS_OVER_JOBS, Measure
from headway.model.tables import (
    ABSENT,
    FOREVER,
    LARGEST_TIME,
    Bools,
    Ints,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
    Table,
    columns,
)

if TYPE_CHECKING:
    from headway.model.problem import Problem

LARGEST_AMOUNT = 2**31 - 1
"""No demand, weight or price may exceed this in size."""

LARGEST_COST = 2**60
"""The prices of all modes may not add up to more."""


def validate(problem: Problem, known: Problem | None = None) -> None:
    """Check that the tables of a problem are well formed and fit together.

    Parameters
    ----------
    problem
        What is checked.
    known
        A problem that has been checked. What looks only at tables that the two share, as the very
        same objects, is not checked once more.

    Raises
    ------
    ProblemError
        At the first thing that is wrong, naming it, its value, and what was expected.
    """

    def fresh(*names: str) -> bool:
        """Return whether any of some tables is not that of the known problem."""
        return known is None or any(getattr(problem, n) is not getattr(known, n) for n in names)

    for label in _TABLES:
        if fresh(label):
            _check_shape(label, getattr(problem, label))
    _check_header(problem)
    for check, looks_at in _CHECKS:
        if fresh(*looks_at):
            check(problem)


def _first(mask: Bools | NDArray[np.bool_]) -> int | None:
    """Return the first position at which `mask` is true."""
    return int(np.argmax(mask)) if mask.any() else None


def _in_range(values: Ints, size: int, what: str, to: str, *, none: bool = False) -> None:
    """Refuse positions outside ``[0, size)``; `ABSENT` passes if `none` is set."""
    low = ABSENT if none else 0
    if len(values) and not (values.min() >= low and values.max() < size):
        bad = _first((values >= size) | (values < low))
        raise ProblemError(f"{what} {bad} refers to {to} {values[bad]}, but there are {size}")


def _bounded(
    values: Ints, names: Sequence[str], what: str, low: int, high: int, *, forever: bool = False
) -> None:
    """Refuse values outside ``[low, high]``; `FOREVER` passes if `forever` is set."""
    if not len(values) or (values.min() >= low and values.max() <= high):
        return
    wrong = (values < low) | (values > high)
    if forever:
        wrong &= values != FOREVER
    bad = _first(wrong)
    if bad is not None:
        owner = f"{names[bad]!r}" if len(names) > bad else str(bad)
        raise ProblemError(f"{what} of {owner}: expected {low} to {high}, got {values[bad]}")


def _pointer(ptr: Ints, rows: int, values: int, what: str) -> None:
    good = len(ptr) == rows + 1 and ptr[0] == 0 and ptr[-1] == values and (np.diff(ptr) >= 0).all()
    if not good:
        raise ProblemError(
            f"{what}: expected {rows + 1} non-decreasing pointers from 0 to {values}"
        )


_TABLES = (
    "jobs",
    "resources",
    "tasks",
    "modes",
    "relations",
    "pairs",
    "sequences",
    "selections",
    "mode_dependencies",
)
_RAGGED = ("demand_", "break_", "step_", "task_ptr", "allowed", "mode_ptr")
_INNER = {("sequences", "first_task"), ("sequences", "second_task"), ("selections", "task")}


def _check_shape(label: str, table: Table) -> None:
    rows = len(table)
    names = getattr(table, "name", None)
    if names is not None and len(names) != rows:
        raise ProblemError(f"{label}.name: expected {rows} names, got {len(names)}")
    if names and set(map(type, names)) != {str}:
        _check_names(names, label)
    for key, array in columns(table).items():
        wanted = np.bool_ if key in ("optional", "interruptible", "transfer") else np.int64
        if array.ndim != 1 or array.dtype != wanted or not array.flags.c_contiguous:
            raise ProblemError(
                f"{label}.{key}: expected a contiguous one-dimensional {wanted.__name__} array"
            )
        array.setflags(write=False)
        if len(array) != rows and not key.startswith(_RAGGED) and (label, key) not in _INNER:
            raise ProblemError(f"{label}.{key}: expected {rows} values, got {len(array)}")


def _check_names(names: Sequence[object], label: str) -> None:
    for row, name in enumerate(names):
        if not isinstance(name, str):
            raise ProblemError(f"{label}.name of {row}: expected text, got {name!r}")


def _check_header(problem: Problem) -> None:
    if not isinstance(problem.name, str):
        raise ProblemError(f"name of the problem: expected text, got {problem.name!r}")
    if problem.origin is not None and not isinstance(problem.origin, datetime):
        raise ProblemError(f"origin: expected a datetime, got {problem.origin!r}")
    if not 0 < problem.tick_s < math.inf:
        raise ProblemError(f"tick_s: expected a positive number of seconds, got {problem.tick_s}")
    if not (0 <= problem.horizon <= LARGEST_TIME or problem.horizon == FOREVER):
        raise ProblemError(f"horizon: expected 0 to {LARGEST_TIME}, got {problem.horizon}")


def _unique_names(names: tuple[str, ...], what: str) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ProblemError(f"two {what}s are called {name!r}; names of {what}s must differ")
        seen.add(name)


def _check_jobs(problem: Problem) -> None:
    jobs = problem.jobs
    _unique_names(jobs.name, "job")
    _bounded(jobs.release, jobs.name, "release", 0, LARGEST_TIME)
    _bounded(jobs.due, jobs.name, "due date", -LARGEST_TIME, LARGEST_TIME, forever=True)
    _bounded(jobs.deadline, jobs.name, "deadline", 0, LARGEST_TIME, forever=True)
    _bounded(jobs.weight, jobs.name, "weight", 0, LARGEST_AMOUNT)


def _check_resources(problem: Problem) -> None:
    r = problem.resources
    count = len(r)
    _unique_names(r.name, "resource")
    _bounded(r.kind, r.name, "kind", 0, max(ResourceKind))
    _bounded(r.capacity, r.name, "capacity", 0, LARGEST_TIME)
    _bounded(r.cost, r.name, "cost", 0, LARGEST_AMOUNT)
    machine = r.kind == ResourceKind.MACHINE
    bad = _first(machine & (r.capacity != 1))
    if bad is not None:
        raise ProblemError(
            f"capacity of machine {r.name[bad]!r}: expected 1, got {r.capacity[bad]};"
            " a resource for several tasks at once is renewable"
        )
    for key in ("level", "level_min", "level_max"):
        _bounded(getattr(r, key), r.name, key, -LARGEST_TIME, LARGEST_TIME)
    stock = r.kind == ResourceKind.RESERVOIR
    bad = _first(stock & ((r.level < r.level_min) | (r.level > r.level_max)))
    if bad is not None:
        raise ProblemError(
            f"reservoir {r.name[bad]!r} starts at level {r.level[bad]}, outside its limits"
            f" {r.level_min[bad]} to {r.level_max[bad]}"
        )
    _pointer(r.break_ptr, count, len(r.break_start), "resources.break_ptr")
    _pointer(r.step_ptr, count, len(r.step_time), "resources.step_ptr")
    if len(r.break_end) != len(r.break_start) or len(r.step_capacity) != len(r.step_time):
        raise ProblemError("resources: breaks need a start and an end, steps a time and a capacity")
    owner = np.repeat(np.arange(count), np.diff(r.break_ptr))
    wrong = (r.break_start < 0) | (r.break_end <= r.break_start) | (r.break_end > LARGEST_TIME)
    wrong[1:] |= (owner[1:] == owner[:-1]) & (r.break_start[1:] < r.break_end[:-1])
    bad = _first(wrong)
    if bad is not None:
        raise ProblemError(
            f"break [{r.break_start[bad]}, {r.break_end[bad]}) of {r.name[owner[bad]]!r}: breaks"
            " must not be empty, nor overlap, and must come in order of time"
        )
    owner = np.repeat(np.arange(count), np.diff(r.step_ptr))
    wrong = (r.step_time < 0) | (r.step_time > LARGEST_TIME) | (r.step_capacity < 0)
    wrong |= r.step_capacity > LARGEST_TIME
    wrong |= r.kind[owner] != ResourceKind.RENEWABLE
    wrong[1:] |= (owner[1:] == owner[:-1]) & (r.step_time[1:] <= r.step_time[:-1])
    bad = _first(wrong)
    if bad is not None:
        raise ProblemError(
            f"capacity step ({r.step_time[bad]}, {r.step_capacity[bad]}) of"
            f" {r.name[owner[bad]]!r}: steps belong to renewable resources, come in increasing"
            " order of time, and are not negative"
        )
    _in_range(r.setup, len(problem.setups), "resource", "setup matrix", none=True)
    bad = _first((r.setup >= 0) & ~machine)
    if bad is not None:
        raise ProblemError(f"resource {r.name[bad]!r} has setup times but is not a machine")


def _check_tasks(problem: Problem) -> None:
    t = problem.tasks
    count = len(t)
    _in_range(t.job, problem.n_jobs, "task", "job", none=True)
    for key in ("earliest_start", "earliest_end"):
        _bounded(getattr(t, key), t.name, key.replace("_", " "), 0, LARGEST_TIME)
    for key in ("latest_start", "latest_end"):
        _bounded(getattr(t, key), t.name, key.replace("_", " "), 0, LARGEST_TIME, forever=True)
    for low, high in (("earliest_start", "latest_start"), ("earliest_end", "latest_end")):
        bad = _first((getattr(t, low) > getattr(t, high)) & ~t.optional)
        if bad is not None:
            raise ProblemError(
                f"task {problem.task_label(bad)!r}: {low.replace('_', ' ')} {getattr(t, low)[bad]}"
                f" is later than {high.replace('_', ' ')} {getattr(t, high)[bad]}"
            )
    _in_range(t.hold_until, count, "task", "task", none=True)
    bad = _first(t.hold_until == np.arange(count))
    if bad is not None:
        raise ProblemError(f"task {problem.task_label(bad)!r} blocks its machine until itself")
    families = problem.setups[0].shape[1] if problem.setups else 0
    if problem.setups:
        _in_range(t.family, families, "task", "setup family", none=True)
    _pointer(t.mode_ptr, count, problem.n_modes, "tasks.mode_ptr")
    bad = _first(np.diff(t.mode_ptr) == 0)
    if bad is not None:
        raise ProblemError(
            f"task {problem.task_label(bad)!r} has no mode; give it one with .mode(...)"
        )


def _check_modes(problem: Problem) -> None:
    m, r = problem.modes, problem.resources
    count = len(m)
    expected = np.repeat(np.arange(problem.n_tasks), np.diff(problem.tasks.mode_ptr))
    if not np.array_equal(m.task, expected):
        raise ProblemError("modes.task does not agree with tasks.mode_ptr")
    for key, high in (("duration", LARGEST_TIME), ("cost", LARGEST_AMOUNT)):
        values: Ints = getattr(m, key)
        bad = _first((values < 0) | (values > high))
        if bad is not None:
            raise ProblemError(
                f"{key} of task {problem.task_label(int(m.task[bad]))!r}:"
                f" expected 0 to {high}, got {values[bad]}"
            )
    _pointer(m.demand_ptr, count, len(m.demand_resource), "modes.demand_ptr")
    if len(m.demand_amount) != len(m.demand_resource):
        raise ProblemError("modes: every demand needs a resource and an amount")
    _in_range(m.demand_resource, len(r), "demand", "resource")
    owner = np.repeat(np.arange(count), np.diff(m.demand_ptr))
    amount, resource = m.demand_amount, m.demand_resource
    kind = r.kind[resource]
    wrong = (np.abs(amount) > LARGEST_AMOUNT) | (amount == 0)
    wrong |= (amount < 0) & (kind != ResourceKind.RESERVOIR)
    wrong |= (amount != 1) & (kind == ResourceKind.MACHINE)
    bad = _first(wrong)
    if bad is not None:
        task = problem.task_label(int(m.task[owner[bad]]))
        want = {ResourceKind.MACHINE: "exactly 1", ResourceKind.RESERVOIR: "a non-zero amount"}
        raise ProblemError(
            f"demand of task {task!r} on {r.name[resource[bad]]!r}: expected"
            f" {want.get(ResourceKind(int(kind[bad])), 'a positive amount')}, got {amount[bad]}"
        )
    price = r.cost[resource].astype(float) * np.abs(amount) * np.maximum(1, m.duration[owner])
    if price.sum() + m.cost.astype(float).sum() > LARGEST_COST:
        raise ProblemError(f"the costs of all modes together exceed {LARGEST_COST}")
    if len(resource) > 1:
        bad = _first((owner[1:] == owner[:-1]) & (resource[1:] <= resource[:-1]))
        if bad is not None:
            task = problem.task_label(int(m.task[owner[bad]]))
            raise ProblemError(
                f"a mode of task {task!r} must list each resource once, in increasing order"
            )


def _check_relations(problem: Problem) -> None:
    rel = problem.relations
    _in_range(rel.before, problem.n_tasks, "relation", "task")
    _in_range(rel.after, problem.n_tasks, "relation", "task")
    _in_range(rel.kind, len(RelationKind), "relation", "kind")
    limit = LARGEST_TIME
    for key, none in (("min_lag", -FOREVER), ("max_lag", FOREVER)):
        values: Ints = getattr(rel, key)
        bad = _first((np.abs(values) > limit) & (values != none))
        if bad is not None:
            raise ProblemError(
                f"{key} of {_relation_label(problem, bad)}: expected a number of at most"
                f" {limit} in size, got {values[bad]}"
            )
    bad = _first(rel.min_lag > rel.max_lag)
    if bad is not None:
        raise ProblemError(
            f"{_relation_label(problem, bad)}: minimum lag {rel.min_lag[bad]} exceeds maximum"
            f" lag {rel.max_lag[bad]}"
        )
    bad = _first(rel.transfer & (rel.kind != RelationKind.END_START))
    if bad is not None:
        raise ProblemError(
            f"{_relation_label(problem, bad)}: only end-to-start relations have transfer times"
        )
    bad = _first(rel.transfer & (rel.min_lag == -FOREVER))
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


def _check_pairs(problem: Problem) -> None:
    pairs, n = problem.pairs, problem.n_tasks
    if not len(pairs):
        return
    _in_range(pairs.kind, len(PairKind), "pair", "kind")
    _in_range(pairs.first, n, "pair", "task")
    _in_range(pairs.second, n, "pair", "task")
    bad = _first(pairs.first == pairs.second)
    if bad is not None:
        raise ProblemError(
            f"task {problem.task_label(int(pairs.first[bad]))!r} is paired with itself"
        )


def _check_sequences(problem: Problem) -> None:
    seq, n = problem.sequences, problem.n_tasks
    _pointer(seq.task_ptr, len(seq), len(seq.first_task), "sequences.task_ptr")
    if len(seq.first_task) != len(seq.second_task):
        raise ProblemError("same sequence: both machines need equally many tasks")
    if not len(seq):
        return
    for key in ("first_machine", "second_machine"):
        machine: Ints = getattr(seq, key)
        _in_range(machine, problem.n_resources, "same-sequence row", "resource")
        bad = _first(problem.resources.kind[machine] != ResourceKind.MACHINE)
        if bad is not None:
            name = problem.resources.name[int(machine[bad])]
            raise ProblemError(f"same sequence: {name!r} is not a machine")
    _in_range(seq.first_task, n, "same-sequence row", "task")
    _in_range(seq.second_task, n, "same-sequence row", "task")
    for tasks in (seq.first_task, seq.second_task):
        _listed_once(problem, seq.task_ptr, tasks, "same-sequence row")


def _check_selections(problem: Problem) -> None:
    sel, n = problem.selections, problem.n_tasks
    _pointer(sel.task_ptr, len(sel), len(sel.task), "selections.task_ptr")
    if not len(sel):
        return
    _in_range(sel.kind, len(SelectionKind), "selection", "kind")
    _in_range(sel.condition, n, "selection", "task", none=True)
    _in_range(sel.task, n, "selection", "task")
    _listed_once(problem, sel.task_ptr, sel.task, "selection")


def _check_mode_dependencies(problem: Problem) -> None:
    dep, n = problem.mode_dependencies, problem.n_tasks
    _pointer(dep.allowed_ptr, len(dep), len(dep.allowed), "mode_dependencies.allowed_ptr")
    if not len(dep):
        return
    _in_range(dep.mode, problem.n_modes, "mode dependency", "mode")
    _in_range(dep.task, n, "mode dependency", "task")
    _in_range(dep.allowed, problem.n_modes, "mode dependency", "mode")
    owner = np.repeat(np.arange(len(dep)), np.diff(dep.allowed_ptr))
    bad = _first(problem.modes.task[dep.allowed] != dep.task[owner])
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
    bad = _first((rows[1:] == rows[:-1]) & (tasks[1:] == tasks[:-1]))
    if bad is not None:
        label = problem.task_label(int(tasks[bad]))
        raise ProblemError(f"{what} {rows[bad]} lists task {label!r} twice")


def _check_matrices(problem: Problem) -> None:
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


def _check_objective(problem: Problem) -> None:
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


_CHECKS: tuple[tuple[Callable[[Problem], None], tuple[str, ...]], ...] = (
    (_check_matrices, ("setups", "transfers", "resources")),
    (_check_jobs, ("jobs",)),
    (_check_resources, ("resources", "setups")),
    (_check_tasks, ("tasks", "jobs", "modes", "setups")),
    (_check_modes, ("modes", "tasks", "resources")),
    (_check_relations, ("relations", "tasks")),
    (_check_pairs, ("pairs", "tasks")),
    (_check_sequences, ("sequences", "tasks", "resources")),
    (_check_selections, ("selections", "tasks")),
    (_check_mode_dependencies, ("mode_dependencies", "tasks", "modes")),
    (_check_objective, ("objective", "jobs", "resources")),
)
"""In this order, for later checks rely on earlier ones; each with the tables that it looks at."""
