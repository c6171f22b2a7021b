"""Modes before any time is set: which exclude each other, which are affordable."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from headway.model.problem import Problem
from headway.model.tables import Bools, Ints, PairKind, ResourceKind, ints


@dataclass(frozen=True)
class Conflicts:
    """Pairs of modes that cannot both be chosen.

    Attributes
    ----------
    ptr, mode
        The modes that exclude mode ``m`` are ``mode[ptr[m]:ptr[m + 1]]``, increasing.
    open
        Modes that some choice of all other tasks may go with, shape (n_modes,). Found by arc
        consistency, so an open mode may still turn out impossible.
    """

    ptr: Ints
    mode: Ints
    open: Bools


def find_conflicts(problem: Problem, present: Bools) -> Conflicts:
    """Return the pairs of modes that resource pairs and mode dependencies exclude."""
    if not len(problem.pairs) and not len(problem.mode_dependencies):
        nothing = np.zeros(problem.n_modes + 1, dtype=np.int64)
        everything = np.ones(problem.n_modes, dtype=np.bool_)
        return Conflicts(ints(nothing), ints(nothing[:0]), everything)
    excluded = _pairs_excluded(problem, present) | _dependencies_excluded(problem, present)
    impossible = {a for a, b in excluded if a == b}
    pairs = sorted(
        {(a, b) for a, b in excluded if a != b} | {(b, a) for a, b in excluded if a != b}
    )
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    ptr = np.searchsorted(rows[:, 0], np.arange(problem.n_modes + 1))
    is_open = np.ones(problem.n_modes, dtype=np.bool_)
    is_open[list(impossible)] = False
    conflicts = Conflicts(ints(ptr), ints(rows[:, 1]), is_open)
    _close(problem, conflicts)
    return conflicts


def _pairs_excluded(problem: Problem, present: Bools) -> set[tuple[int, int]]:
    """Return the modes excluded by pairs of identical or different resources."""
    pairs, ptr = problem.pairs, problem.tasks.mode_ptr
    bound = pairs.kind != PairKind.CONSECUTIVE
    bound &= present[pairs.first] & present[pairs.second]
    if not bound.any():
        return set()
    mode, resource, _ = problem.occupied
    first = np.searchsorted(mode, np.arange(problem.n_modes + 1))

    def used(m: int) -> frozenset[int]:
        return frozenset(resource[first[m] : first[m + 1]].tolist())

    excluded = set()
    for p in np.flatnonzero(bound):
        a, b = pairs.first[p], pairs.second[p]
        modes = product(range(ptr[a], ptr[a + 1]), range(ptr[b], ptr[b + 1]))
        for m, n in modes:
            same, common = used(m) == used(n), used(m) & used(n)
            if not same if pairs.kind[p] == PairKind.IDENTICAL else common:
                excluded.add((m, n))
    return excluded


def _dependencies_excluded(problem: Problem, present: Bools) -> set[tuple[int, int]]:
    """Return the modes excluded by mode dependencies; a mode may exclude itself."""
    table, ptr = problem.mode_dependencies, problem.tasks.mode_ptr
    excluded = set()
    for row in range(len(table)):
        mode, task = int(table.mode[row]), int(table.task[row])
        if not (present[problem.modes.task[mode]] and present[task]):
            continue
        allowed = set(table.allowed[table.allowed_ptr[row] : table.allowed_ptr[row + 1]].tolist())
        others = [n for n in range(ptr[task], ptr[task + 1]) if n not in allowed]
        if task == problem.modes.task[mode]:
            excluded |= {(mode, mode)} if mode in others else set()
        else:
            excluded |= {(mode, n) for n in others}
    return excluded


def _close(problem: Problem, conflicts: Conflicts) -> None:
    """Close modes that leave some other task without an open mode, until none is left."""
    ptr, mode, is_open = conflicts.ptr, conflicts.mode, conflicts.open
    owner = problem.modes.task
    touched = np.flatnonzero(np.diff(ptr))
    changed = bool(len(touched))
    while changed:
        changed = False
        room = np.bincount(owner[is_open], minlength=problem.n_tasks)
        for m in touched[is_open[touched]]:
            rivals = mode[ptr[m] : ptr[m + 1]]
            lost = np.bincount(owner[rivals[is_open[rivals]]], minlength=0)
            hit = np.flatnonzero(lost)
            if (lost[hit] == room[hit]).any():
                is_open[m] = False
                changed = True
                break


def affordable_modes(
    problem: Problem, present: Bools, is_open: Bools, seed: int = 0
) -> Ints | None:
    """Return one open mode per present task such that every budget holds.

    Starts from the modes that take the smallest share of the budgets, then switches one task at a
    time where that lowers the excess most; at a dead end it makes a random switch.

    Returns
    -------
    numpy.ndarray or None
        Shape (n_tasks,); modes of absent tasks mean nothing. None if no such choice was found,
        or if a present task has no open mode.
    """
    modes, resources = problem.modes, problem.resources
    budgets = np.flatnonzero(resources.kind == ResourceKind.NONRENEWABLE)
    if not len(budgets) and is_open.all():
        return ints(problem.tasks.mode_ptr[:-1])
    column = np.full(problem.n_resources, -1)
    column[budgets] = np.arange(len(budgets))
    owner = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
    counted = column[modes.demand_resource] >= 0
    demand = np.zeros((problem.n_modes, len(budgets)), dtype=np.int64)
    demand[owner[counted], column[modes.demand_resource[counted]]] = modes.demand_amount[counted]
    capacity = resources.capacity[budgets]
    usable = is_open & present[modes.task]

    share = (demand / np.maximum(capacity, 1)).sum(axis=1)
    order = np.lexsort((np.arange(problem.n_modes), share, ~is_open, modes.task))
    first = np.searchsorted(modes.task[order], np.arange(problem.n_tasks))
    choice = order[first] if problem.n_tasks else np.zeros(0, dtype=np.int64)
    if not is_open[choice[present]].all():
        return None

    def excess(total: Ints) -> np.ndarray:
        over: np.ndarray = (np.maximum(total - capacity, 0) / np.maximum(capacity, 1)).sum(axis=-1)
        return over

    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(usable)
    total = demand[choice[present]].sum(axis=0)
    for _ in range(1000):
        if (total <= capacity).all():
            return ints(choice)
        after = total + demand[candidates] - demand[choice[modes.task[candidates]]]
        values = excess(after)
        best = int(np.argmin(values))
        if values[best] >= excess(total):
            best = int(rng.integers(len(candidates)))
        choice[modes.task[candidates[best]]] = candidates[best]
        total = after[best]
    return None
