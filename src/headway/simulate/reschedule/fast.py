"""An answer in milliseconds: the plan pushed right, repaired, or made anew by a rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model import Problem, Schedule, verify
from headway.model.tables import ABSENT, Bools, Ints, bools, ints
from headway.simulate.reschedule.calm import calmed
from headway.simulate.reschedule.measure import Stability
from headway.simulate.reschedule.residual import Residual
from headway.simulate.reschedule.tables import Tables
from headway.solve.flexible.shop import FlexibleShop
from headway.solve.precedence import Precedence
from headway.solve.rules.generation import GenerationError, Generator
from headway.solve.rules.priorities import Formula, Priority
from headway.solve.shop.obstacles import native_shop
from headway.solve.tabu.shop import JobShop

_MOMENTS = 10
"""Instants at which new jobs are tried as a whole, before each of their tasks finds its place."""

_ROUNDS = 3
_POPULATION = 2
_TENURE = 10


@dataclass(frozen=True, slots=True)
class Effort:
    """How much the fast system does; work is counted, so that it answers the same everywhere.

    Parameters
    ----------
    insertions
        Most tasks that are lifted and put back at their best place.
    moves
        Moves of tabu search from the best plan; 0 for none.
    """

    insertions: int = 600
    moves: int = 512


def fast_answers(
    rest: Residual, stability: Stability | None = None, effort: Effort | None = None
) -> dict[str, Schedule]:
    """Return plans of the revised problem by the ways in which they were found, the best first.

    Parameters
    ----------
    rest
        What is left to be done.
    stability
        What calm is worth. If it has a price, tasks of the best plan that have slack are moved
        towards their planned starts.
    effort
        How much is done.

    Returns
    -------
    dict
        ``"right-shift"``: all tasks keep their machines and the order on them, new ones come last.
        ``"insertion"``: the same, but new tasks are put where they delay the end least, first all
        together, then one after another. ``"repair"``: then every task that starts later than
        planned is lifted and put back at its best place. ``"redispatch"``: without delay, longest
        tail first. ``"search"``: a few hundred moves from the best of these. The first one has
        passed `verify`; the others are for comparison. Ways that lead nowhere are left out; all are
        if there is no room before some latest time.

    Notes
    -----
    Insertion and repair evaluate places by heads and tails (Mastrolilli and Gambardella 2000) and
    apply to shops, for any objective that the solver ``shop`` takes; breaks to come are not seen
    until the order is turned into times. For other problems, plans are generated from the old order
    and by rules. Repair takes time linear in tasks for each task that is lifted.

    References
    ----------
    Abumaizar, Svestka (1997), "Rescheduling job shops under random disruptions", for the repair of
    affected operations.
    """
    stability, effort = stability or Stability(), effort or Effort()
    if not rest.problem.n_tasks:
        done = Schedule(rest.problem, *(ints([]) for _ in range(3)))
        return {"right-shift": rest.lift(done)}
    work = _Work(rest, effort)
    found = work.shop_plans() or work.other_plans()
    found["redispatch"] = work.redispatch()
    plans = {name: rest.lift(plan) for name, plan in found.items() if plan is not None}
    costs = {name: stability.cost(rest, plan) for name, plan in plans.items()}
    ranked = _first_valid(sorted(plans, key=costs.__getitem__), plans)
    if ranked and effort.moves:
        better = work.search(rest.lower(plans[ranked[0]]))
        if better is not None:
            plans["search"] = rest.lift(better)
            costs["search"] = stability.cost(rest, plans["search"])
            if costs["search"] < costs[ranked[0]]:
                ranked = _first_valid(["search", *ranked], plans)
            else:
                ranked = sorted([*ranked, "search"], key=costs.__getitem__)
    if ranked and stability.counts:
        calm = rest.lift(calmed(rest, rest.lower(plans[ranked[0]])))
        cheaper = stability.cost(rest, calm) < costs[ranked[0]]
        if cheaper and verify(calm.problem, calm).ok:
            plans[ranked[0]] = calm
    return {name: plans[name] for name in ranked}


def _first_valid(names: list[str], plans: dict[str, Schedule]) -> list[str]:
    """Leave out names from the front until a plan has passed `verify`."""
    for k, name in enumerate(names):
        if verify(plans[name].problem, plans[name]).ok:
            return names[k:]
    return []


def in_order_of(rest: Residual, start: Ints, mode: Ints) -> Schedule | None:
    """Return the plan that does what is left in the order and the modes of another one.

    Parameters
    ----------
    rest
        What is left to be done.
    start, mode
        Of the other plan, by tasks and modes of the revised problem; tasks that have started stay
        as they are.

    Returns
    -------
    Schedule or None
        Of the revised problem, verified; None if the order leads nowhere.
    """
    whole = rest.revision
    wanted = Schedule(
        whole.problem,
        np.where(whole.started, whole.start, start),
        np.where(whole.started, whole.end, start),
        np.where(whole.started, whole.mode, mode),
    )
    low = rest.lower(wanted)
    work = _Work(rest, Effort())
    work.new, work.start, work.mode = bools(work.new & False), low.start, low.mode
    found = work.shop_plans(repair=False) or work.other_plans()
    plan = found["right-shift"]
    lifted = None if plan is None else rest.lift(plan)
    return lifted if lifted is not None and verify(lifted.problem, lifted).ok else None


class _Work:
    """The ways to answer fast, for one rest."""

    def __init__(self, rest: Residual, effort: Effort) -> None:
        self.rest, self.problem, self.effort = rest, rest.problem, effort
        problem = self.problem
        self.breaks = bool(len(problem.resources.break_start))
        self.precedence = Precedence(problem, np.ones(problem.n_tasks, dtype=np.bool_))
        start, mode = rest.planned
        self.new = bools((mode < 0) & ~problem.tasks.optional)
        self.mode = ints(np.where(self.new, self._quickest(), mode))
        self.start = ints(self._last(start))

    def _quickest(self) -> Ints:
        """Return the shortest mode of each task."""
        ptr, duration = self.problem.tasks.mode_ptr, self.problem.modes.duration
        order = np.lexsort((duration, self.problem.modes.task))
        return ints(order[ptr[:-1]])

    def _last(self, start: Ints) -> Ints:
        """Return the planned starts, with new tasks behind all others."""
        head = self.precedence.head
        rank = np.zeros_like(start) if head is None else head
        behind = int(start.max(initial=0)) + 1
        return np.where(self.new, behind + rank, start)

    # Shops

    def shop_plans(self, *, repair: bool = True) -> dict[str, Schedule | None]:
        """Return plans by order and insertion; none if the problem is not a shop."""
        shop = native_shop(self._without_breaks() if self.breaks else self.problem)
        if isinstance(shop, str):
            return {}
        state = _core.ShopState(shop)
        state.load(self.start, self.mode)
        plans = {"right-shift": self._in_order(state)}
        if not repair:
            return plans
        new = bool(self.new.any())
        if new:
            self._place(state)
            plans["insertion"] = self._in_order(state)
        if self._repair(state):
            plans["repair"] = self._in_order(state)
        else:
            plans["repair"] = plans["insertion" if new else "right-shift"]
        return plans

    def _place(self, state: _core.ShopState) -> None:
        """Give new tasks their places: about the best moment for all, then one after another."""
        head = self._last(self.start) - self._last(self.start)[self.new].min()
        until = int(self.start[~self.new].max(initial=self.rest.revision.now))
        # A task that only lost its modes still has a planned start.
        known = ints(np.where(self.new, self.rest.planned[0], self.start))
        kept = ints(np.where(known >= 0, known, self.start))
        state.load(kept, self.mode)
        tried = [(state.value, 0, kept)]
        for pace in (1, 2):
            for moment in np.linspace(self.rest.revision.now, until, _MOMENTS).astype(np.int64):
                start = ints(np.where(self.new, moment + pace * head, self.start))
                state.load(start, self.mode)
                tried.append((state.value, len(tried), start))
        state.load(min(tried)[2], self.mode)
        tasks = np.flatnonzero(self.new).tolist()
        for _ in range(_ROUNDS):
            before = state.value
            for task in tasks:
                self._insert(state, task)
            if state.value >= before:
                break

    def _repair(self, state: _core.ShopState) -> bool:
        """Put tasks that start late elsewhere as long as that helps; return whether any moved."""
        planned = np.where(self.new, ABSENT, self.rest.planned[0])
        left, gain, moved = self.effort.insertions, True, False
        while gain and left > 0:
            gain = False
            heads = state.heads
            late = np.flatnonzero(heads > planned)
            for task in late[np.argsort(heads[late], kind="stable")].tolist()[:left]:
                left -= 1
                gain |= self._insert(state, task)
            moved |= gain
        return moved

    def _insert(self, state: _core.ShopState, task: int) -> bool:
        """Put a task where the value is least; return whether that is less than before."""
        places = state.insertions(task)
        if not places:
            return False
        before = state.value
        k = min(range(len(places)), key=lambda k: places[k][2])
        if places[k][2] >= before:
            return False
        state.insert(task, k)
        return state.value < before

    def _without_breaks(self) -> Problem:
        tables = Tables.of(self.problem)
        none = ints([])
        tables.set_breaks(none, none, none)
        return tables.problem()

    def _in_order(self, state: _core.ShopState) -> Schedule | None:
        """Return the schedule in which tasks keep machines and the order on them."""
        if not self.breaks:
            return Schedule.of(self.problem, state.heads, state.modes)
        return self._decoded(state.heads, state.modes)

    def _decoded(self, start: Ints, mode: Ints) -> Schedule | None:
        """Return the schedule with the order of some starts, breaks minded."""
        if self._job_shop is not None:
            orientation = _core.Orientation(self._job_shop.native)
            orientation.load(self._job_shop.order(Schedule.of(self.problem, start)))
            return Schedule.of(self.problem, orientation.head)
        tables = Tables.of(self.problem)
        chosen = np.zeros(self.problem.n_modes, dtype=np.bool_)
        chosen[mode] = True
        tables.keep(np.ones(self.problem.n_tasks, dtype=np.bool_), chosen)
        plan = _generated(tables.problem(), start)
        return None if plan is None else Schedule(self.problem, plan.start, plan.end, mode)

    @cached_property
    def _job_shop(self) -> JobShop | None:
        try:
            return JobShop(self.problem)
        except UnsupportedError:
            return None

    # Everything else

    def other_plans(self) -> dict[str, Schedule | None]:
        """Return plans generated from the old order."""
        chosen = np.zeros(self.problem.n_modes, dtype=np.bool_)
        left_out = self.mode < 0
        chosen[self.mode[~left_out]] = True
        chosen[self.new[self.problem.modes.task]] = True
        plans = {"right-shift": self._with_modes(chosen, left_out, self.start)}
        tail = self._tail()
        latest = int((self.start + tail)[~left_out].max(initial=0)) if len(tail) else 0
        urgent = np.where(self.new, latest - tail, self.start)
        plans["insertion"] = self._with_modes(chosen, left_out, ints(urgent))
        plans["repair"] = _generated(self.problem, ints(urgent))
        return plans

    def _with_modes(self, chosen: Bools, left_out: Bools, start: Ints) -> Schedule | None:
        """Return a schedule by starts, with some modes alone; optional tasks stay out."""
        tables = Tables.of(self.problem)
        tasks, modes = tables.keep(~left_out, chosen)
        plan = _generated(tables.problem(), ints(start[tasks]))
        if plan is None:
            return None
        n = self.problem.n_tasks
        columns = [np.full(n, ABSENT, dtype=np.int64) for _ in range(3)]
        columns[0][tasks], columns[1][tasks] = plan.start, plan.end
        columns[2][tasks] = np.append(modes, ABSENT)[plan.mode]
        return Schedule(self.problem, *(ints(column) for column in columns))

    def _tail(self) -> Ints:
        tail = self.precedence.tail
        return self.precedence.shortest if tail is None else tail

    def redispatch(self) -> Schedule | None:
        """Return the schedule without delay in which the longest tail goes first."""
        return _generated(self.problem, ints(-self._tail()), parallel=True)

    def search(self, plan: Schedule) -> Schedule | None:
        """Return what a few moves of tabu search make of a plan; None if none applies."""
        moves = self.effort.moves
        best: list[tuple[Ints, ...]] = []

        def better(_value: int, *arrays: Ints) -> None:
            best[:] = [arrays]

        flag = _core.StopFlag()
        shop = self._job_shop
        if shop is not None:
            tabu = _core.JobShopSearch(
                shop.native, _POPULATION, 2 * moves, _core.Neighbourhood.N7, _TENURE
            )
            tabu.offer(shop.order(plan))
            tabu.run(0, moves, flag, better)
            return shop.schedule(*best[0]) if best else None
        try:
            flexible = FlexibleShop(self.problem)
        except UnsupportedError:
            return self._search_any(plan)
        both = _core.FlexibleSearch(flexible.native, _POPULATION, 2 * moves)
        both.offer(flexible.order(plan), plan.mode)
        both.run(0, moves, flag, better)
        return flexible.schedule(*best[0]) if best else None

    def _search_any(self, plan: Schedule) -> Schedule | None:
        """Return what a few moves make of the plan of any shop."""
        best: list[tuple[Ints, ...]] = []

        def better(_value: int, *arrays: Ints) -> None:
            best[:] = [arrays]

        native = native_shop(self.problem)
        if isinstance(native, str):
            return None
        general = _core.ShopSearch(native, _POPULATION, 2 * self.effort.moves)
        general.offer(plan.start, plan.mode)
        general.run(0, self.effort.moves, _core.StopFlag(), better)
        return Schedule.of(self.problem, *best[0]) if best else None


def _generated(problem: Problem, key: Ints, *, parallel: bool = False) -> Schedule | None:
    """Return the schedule that keys, the smallest first, lead to; None if they lead nowhere."""
    try:
        generator = Generator(problem)
        priority = Priority(Formula.STATIC, key.astype(np.float64))
        return generator.run(priority, "parallel" if parallel else "serial")
    except GenerationError:
        return None
