"""Old orders in shops: kept, filled with new tasks, and repaired where tasks have become late."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.model import Problem, Schedule
from headway.model.tables import ABSENT, Ints, ints
from headway.simulate.reschedule.basis import Basis
from headway.simulate.reschedule.generation import generated
from headway.simulate.reschedule.tables import Tables
from headway.solve.shop.obstacles import native_shop

_MOMENTS = 10
"""Instants at which new jobs are tried as a whole, before each of their tasks finds its place."""

_ROUNDS = 3


def shop_plans(basis: Basis, *, repair: bool = True) -> dict[str, Schedule | None]:
    """Return plans by order and insertion; none if the problem is not a shop.

    Parameters
    ----------
    basis
        What is left.
    repair
        Whether to do more than to keep all orders.
    """
    shop = native_shop(_without_breaks(basis.problem) if basis.breaks else basis.problem)
    if isinstance(shop, str):
        return {}
    state = _core.ShopState(shop)
    state.load(basis.start, basis.mode)
    plans = {"right-shift": _in_order(basis, state)}
    if not repair:
        return plans
    new = bool(basis.new.any())
    if new:
        _place(basis, state)
        plans["insertion"] = _in_order(basis, state)
    if _repair(basis, state):
        plans["repair"] = _in_order(basis, state)
    else:
        plans["repair"] = plans["insertion" if new else "right-shift"]
    return plans


def _place(basis: Basis, state: _core.ShopState) -> None:
    """Give new tasks their places: about the best moment for all, then one after another."""
    head = basis.head - basis.head[basis.new].min()
    until = int(basis.start[~basis.new].max(initial=basis.rest.revision.now))
    # A task that only lost its modes still has a planned start.
    known = ints(np.where(basis.new, basis.rest.planned[0], basis.start))
    kept = ints(np.where(known >= 0, known, basis.start))
    state.load(kept, basis.mode)
    tried = [(state.value, 0, kept)]
    for pace in (1, 2):
        for moment in np.linspace(basis.rest.revision.now, until, _MOMENTS).astype(np.int64):
            start = ints(np.where(basis.new, moment + pace * head, basis.start))
            state.load(start, basis.mode)
            tried.append((state.value, len(tried), start))
    state.load(min(tried)[2], basis.mode)
    tasks = ints(np.flatnonzero(basis.new))
    for _ in range(_ROUNDS):
        if not state.improve(tasks):
            break


def _repair(basis: Basis, state: _core.ShopState) -> bool:
    """Put tasks that start late elsewhere as long as that helps; return whether any moved."""
    planned = np.where(basis.new, ABSENT, basis.rest.planned[0])
    left, gain, moved = basis.effort.insertions, 1, 0
    while gain and left > 0:
        heads = state.heads
        late = np.flatnonzero(heads > planned)
        late = late[np.argsort(heads[late], kind="stable")][:left]
        gain = state.improve(ints(late))
        left -= len(late)
        moved += gain
    return moved > 0


def _without_breaks(problem: Problem) -> Problem:
    tables = Tables.of(problem)
    none = ints([])
    tables.set_breaks(none, none, none)
    return tables.problem()


def _in_order(basis: Basis, state: _core.ShopState) -> Schedule | None:
    """Return the schedule in which tasks keep machines and the order on them."""
    if not basis.breaks:
        return Schedule.of(basis.problem, state.heads, state.modes)
    return _decoded(basis, state.heads, state.modes)


def _decoded(basis: Basis, start: Ints, mode: Ints) -> Schedule | None:
    """Return the schedule with the order of some starts, breaks minded."""
    shop = basis.job_shop
    if shop is not None:
        orientation = _core.Orientation(shop.native)
        orientation.load(shop.order(Schedule.of(basis.problem, start)))
        return Schedule.of(basis.problem, orientation.head)
    tables = Tables.of(basis.problem)
    chosen = np.zeros(basis.problem.n_modes, dtype=np.bool_)
    chosen[mode] = True
    tables.keep(np.ones(basis.problem.n_tasks, dtype=np.bool_), chosen)
    plan = generated(tables.problem(), start)
    return None if plan is None else Schedule(basis.problem, plan.start, plan.end, mode)
