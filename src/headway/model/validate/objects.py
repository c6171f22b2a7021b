"""Checks of what a problem is about: its jobs, resources, tasks and modes, and their columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from headway.errors import ProblemError
from headway.model.tables import FOREVER, LARGEST_TIME, Ints, ResourceKind, Table, columns
from headway.model.validate.basics import (
    LARGEST_AMOUNT,
    LARGEST_COST,
    bounded,
    first,
    in_range,
    pointer,
)

if TYPE_CHECKING:
    from headway.model.problem import Problem

_RAGGED = ("demand_", "break_", "step_", "task_ptr", "allowed", "mode_ptr")
_INNER = {("sequences", "first_task"), ("sequences", "second_task"), ("selections", "task")}


def check_shape(label: str, table: Table) -> None:
    """Refuse columns of another type or length than the table needs."""
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


def check_header(problem: Problem) -> None:
    """Refuse a name, an origin, a tick or a horizon that is none."""
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


def check_jobs(problem: Problem) -> None:
    """Refuse jobs with equal names, and dates and weights out of bounds."""
    jobs = problem.jobs
    _unique_names(jobs.name, "job")
    bounded(jobs.release, jobs.name, "release", 0, LARGEST_TIME)
    bounded(jobs.due, jobs.name, "due date", -LARGEST_TIME, LARGEST_TIME, forever=True)
    bounded(jobs.deadline, jobs.name, "deadline", 0, LARGEST_TIME, forever=True)
    bounded(jobs.weight, jobs.name, "weight", 0, LARGEST_AMOUNT)


def check_resources(problem: Problem) -> None:
    """Refuse resources whose capacity, levels, breaks, steps or setups make no sense."""
    r = problem.resources
    count = len(r)
    _unique_names(r.name, "resource")
    bounded(r.kind, r.name, "kind", 0, max(ResourceKind))
    bounded(r.capacity, r.name, "capacity", 0, LARGEST_TIME)
    bounded(r.cost, r.name, "cost", 0, LARGEST_AMOUNT)
    machine = r.kind == ResourceKind.MACHINE
    bad = first(machine & (r.capacity != 1))
    if bad is not None:
        raise ProblemError(
            f"capacity of machine {r.name[bad]!r}: expected 1, got {r.capacity[bad]};"
            " a resource for several tasks at once is renewable"
        )
    for key in ("level", "level_min", "level_max"):
        bounded(getattr(r, key), r.name, key, -LARGEST_TIME, LARGEST_TIME)
    stock = r.kind == ResourceKind.RESERVOIR
    bad = first(stock & ((r.level < r.level_min) | (r.level > r.level_max)))
    if bad is not None:
        raise ProblemError(
            f"reservoir {r.name[bad]!r} starts at level {r.level[bad]}, outside its limits"
            f" {r.level_min[bad]} to {r.level_max[bad]}"
        )
    pointer(r.break_ptr, count, len(r.break_start), "resources.break_ptr")
    pointer(r.step_ptr, count, len(r.step_time), "resources.step_ptr")
    if len(r.break_end) != len(r.break_start) or len(r.step_capacity) != len(r.step_time):
        raise ProblemError("resources: breaks need a start and an end, steps a time and a capacity")
    owner = np.repeat(np.arange(count), np.diff(r.break_ptr))
    wrong = (r.break_start < 0) | (r.break_end <= r.break_start) | (r.break_end > LARGEST_TIME)
    wrong[1:] |= (owner[1:] == owner[:-1]) & (r.break_start[1:] < r.break_end[:-1])
    bad = first(wrong)
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
    bad = first(wrong)
    if bad is not None:
        raise ProblemError(
            f"capacity step ({r.step_time[bad]}, {r.step_capacity[bad]}) of"
            f" {r.name[owner[bad]]!r}: steps belong to renewable resources, come in increasing"
            " order of time, and are not negative"
        )
    in_range(r.setup, len(problem.setups), "resource", "setup matrix", none=True)
    bad = first((r.setup >= 0) & ~machine)
    if bad is not None:
        raise ProblemError(f"resource {r.name[bad]!r} has setup times but is not a machine")


def check_tasks(problem: Problem) -> None:
    """Refuse tasks with contradictory windows, without modes, or that refer to nothing."""
    t = problem.tasks
    count = len(t)
    in_range(t.job, problem.n_jobs, "task", "job", none=True)
    for key in ("earliest_start", "earliest_end"):
        bounded(getattr(t, key), t.name, key.replace("_", " "), 0, LARGEST_TIME)
    for key in ("latest_start", "latest_end"):
        bounded(getattr(t, key), t.name, key.replace("_", " "), 0, LARGEST_TIME, forever=True)
    for low, high in (("earliest_start", "latest_start"), ("earliest_end", "latest_end")):
        bad = first((getattr(t, low) > getattr(t, high)) & ~t.optional)
        if bad is not None:
            raise ProblemError(
                f"task {problem.task_label(bad)!r}: {low.replace('_', ' ')} {getattr(t, low)[bad]}"
                f" is later than {high.replace('_', ' ')} {getattr(t, high)[bad]}"
            )
    in_range(t.hold_until, count, "task", "task", none=True)
    bad = first(t.hold_until == np.arange(count))
    if bad is not None:
        raise ProblemError(f"task {problem.task_label(bad)!r} blocks its machine until itself")
    families = problem.setups[0].shape[1] if problem.setups else 0
    if problem.setups:
        in_range(t.family, families, "task", "setup family", none=True)
    pointer(t.mode_ptr, count, problem.n_modes, "tasks.mode_ptr")
    bad = first(np.diff(t.mode_ptr) == 0)
    if bad is not None:
        raise ProblemError(
            f"task {problem.task_label(bad)!r} has no mode; give it one with .mode(...)"
        )


def check_modes(problem: Problem) -> None:
    """Refuse modes and demands that are out of bounds or out of order."""
    m, r = problem.modes, problem.resources
    count = len(m)
    expected = np.repeat(np.arange(problem.n_tasks), np.diff(problem.tasks.mode_ptr))
    if not np.array_equal(m.task, expected):
        raise ProblemError("modes.task does not agree with tasks.mode_ptr")
    for key, high in (("duration", LARGEST_TIME), ("cost", LARGEST_AMOUNT)):
        values: Ints = getattr(m, key)
        bad = first((values < 0) | (values > high))
        if bad is not None:
            raise ProblemError(
                f"{key} of task {problem.task_label(int(m.task[bad]))!r}:"
                f" expected 0 to {high}, got {values[bad]}"
            )
    pointer(m.demand_ptr, count, len(m.demand_resource), "modes.demand_ptr")
    if len(m.demand_amount) != len(m.demand_resource):
        raise ProblemError("modes: every demand needs a resource and an amount")
    in_range(m.demand_resource, len(r), "demand", "resource")
    owner = np.repeat(np.arange(count), np.diff(m.demand_ptr))
    amount, resource = m.demand_amount, m.demand_resource
    kind = r.kind[resource]
    wrong = (np.abs(amount) > LARGEST_AMOUNT) | (amount == 0)
    wrong |= (amount < 0) & (kind != ResourceKind.RESERVOIR)
    wrong |= (amount != 1) & (kind == ResourceKind.MACHINE)
    bad = first(wrong)
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
        bad = first((owner[1:] == owner[:-1]) & (resource[1:] <= resource[:-1]))
        if bad is not None:
            task = problem.task_label(int(m.task[owner[bad]]))
            raise ProblemError(
                f"a mode of task {task!r} must list each resource once, in increasing order"
            )
