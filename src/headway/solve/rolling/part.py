"""The part of a shop inside a window, as a problem of its own.

The window is a stretch of the linear order. What comes before it becomes release times of tasks
and one task at the head of each machine; what comes after it becomes one task at the end of each
machine and one behind each task that others outside wait for. So the part is a shop again, and its
makespan is the longest path through the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.model.arrays import entries
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Bools,
    Ints,
    Modes,
    RelationKind,
    Relations,
    Resources,
    Tasks,
    bools,
    ints,
)
from headway.solve.rolling.shop import Shop, State


@dataclass(frozen=True, slots=True)
class Part:
    """A window as a problem.

    Attributes
    ----------
    problem
        The tasks of the window first, then those that stand for the rest.
    tasks
        Which tasks of the shop the first ones are, in the linear order.
    modes
        Which modes of the shop the first modes are.
    start
        The schedule that the shop's own decisions give.
    """

    problem: Problem
    tasks: Ints
    modes: Ints
    start: Schedule


@dataclass(frozen=True, slots=True)
class _Rest:
    """What stands for the tasks outside.

    Attributes
    ----------
    duration, machine, release, start
        Of each; the machine may be `ABSENT`.
    behind
        The place in the window of the task that each waits for, or `ABSENT`.
    """

    duration: Ints
    machine: Ints
    release: Ints
    start: Ints
    behind: Ints


def part_of(shop: Shop, state: State, first: int, last: int, fixed: Bools) -> Part:
    """Return the part of a shop in a stretch of the linear order.

    Parameters
    ----------
    shop, state
        The shop and its decisions.
    first, last
        The stretch, half open.
    fixed
        Which of its tasks keep their modes.
    """
    tasks = state.order[first:last]
    place = np.full(shop.problem.n_tasks, ABSENT, dtype=np.int64)
    place[tasks] = np.arange(len(tasks))
    modes, mode_ptr = _modes(shop, state, tasks, fixed)
    release, behind = _relations_outside(shop, state, tasks, place)
    heads, tails = _machines_outside(shop, state, first, last, np.unique(shop.machine[modes]))
    _close(shop, tasks, place, behind, tails, modes, mode_ptr)
    single = np.diff(mode_ptr) == 1
    machine = shop.machine[modes[mode_ptr[:-1]]]
    on = single & (machine >= 0)
    release[on] = np.maximum(release[on], heads[machine[on]])
    # A task that can go to several machines learns from a task at the head of each when it is free.
    queued = np.flatnonzero(heads) if not single.all() else np.zeros(0, dtype=np.int64)
    closing = np.flatnonzero(tails)
    waiting = np.flatnonzero(behind)
    end = state.head[tasks] + shop.problem.modes.duration[state.mode[tasks]]
    last_end = np.zeros(shop.problem.n_resources, dtype=np.int64)
    own = shop.machine[state.mode[tasks]]
    np.maximum.at(last_end, own[own >= 0], end[own >= 0])
    none = np.full(len(waiting), ABSENT, dtype=np.int64)
    # Nothing that comes after the window can begin before its machine has done what it must do.
    work = np.zeros(shop.problem.n_resources, dtype=np.int64)
    np.add.at(work, machine[on], shop.problem.modes.duration[modes[mode_ptr[:-1]]][on])
    rest = _Rest(
        duration=np.concatenate((heads[queued], tails[closing], behind[waiting])),
        machine=np.concatenate((queued, closing, none)),
        release=np.concatenate(
            (
                np.zeros(len(queued), dtype=np.int64),
                (heads + work)[closing],
                np.zeros(len(waiting), dtype=np.int64),
            )
        ),
        start=np.concatenate(
            (
                np.zeros(len(queued), dtype=np.int64),
                np.maximum(last_end, heads)[closing],
                end[waiting],
            )
        ),
        behind=np.concatenate((np.full(len(queued) + len(closing), ABSENT), waiting)),
    )
    problem = _problem(shop, state, place, modes, mode_ptr, release, rest)
    chosen = _chosen(modes, mode_ptr, state.mode[tasks])
    mode = np.concatenate((chosen, len(modes) + np.arange(len(rest.duration))))
    starts = np.concatenate((state.head[tasks], rest.start))
    start = Schedule(problem, starts, starts + problem.modes.duration[mode], mode)
    return Part(problem, tasks, modes, start)


def put_back(shop: Shop, state: State, first: int, part: Part, answer: Schedule) -> State | None:
    """Return decisions with those of a part put in their place; None if they clash with the rest.

    `first` is where the stretch of the part begins in the linear order.
    """
    n = len(part.tasks)
    by_time = np.lexsort((np.arange(n), answer.end[:n], answer.start[:n]))
    mode, order = state.mode.copy(), state.order.copy()
    mode[part.tasks] = part.modes[answer.mode[:n]]
    order[first : first + n] = part.tasks[by_time]
    return shop.state(mode, order)


def _modes(shop: Shop, state: State, tasks: Ints, fixed: Bools) -> tuple[Ints, Ints]:
    """Return the modes that the tasks of a window may take, and where each task's begin."""
    ptr = shop.problem.tasks.mode_ptr
    row, mode = entries(ptr, tasks)
    keep = ~fixed[row] | (mode == state.mode[tasks][row])
    row, mode = row[keep], mode[keep]
    counts = np.bincount(row, minlength=len(tasks))
    return mode, np.concatenate(([0], np.cumsum(counts)))


def _chosen(modes: Ints, mode_ptr: Ints, wanted: Ints) -> Ints:
    """Return where the wanted mode of each task is among its own."""
    owner = np.repeat(np.arange(len(wanted)), np.diff(mode_ptr))
    found: Ints = np.flatnonzero(modes == wanted[owner])
    return found


def _relations_outside(shop: Shop, state: State, tasks: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Return what relations to tasks outside the window ask for.

    Returns
    -------
    release
        Earliest start of each task of the window.
    behind
        Longest path from the end of each task of the window to the end of all work, outside.
    """
    duration = shop.problem.modes.duration[state.mode]
    release = shop.earliest(state.mode)[tasks].copy()
    behind = np.zeros(len(tasks), dtype=np.int64)
    lag = shop.lags(state.mode)
    before, after = place[shop.before], place[shop.after]
    enters = (before < 0) & (after >= 0)
    np.maximum.at(release, after[enters], state.head[shop.before[enters]] + lag[enters])
    leaves = (before >= 0) & (after < 0)
    source = shop.before[leaves]
    path = lag[leaves] - duration[source] + state.tail[shop.after[leaves]]
    np.maximum.at(behind, before[leaves], path)
    return release, behind


def _close(
    shop: Shop, tasks: Ints, place: Ints, behind: Ints, tails: Ints, modes: Ints, mode_ptr: Ints
) -> None:
    """Let those tasks that no other of the window waits for end before the window does, in place.

    Whatever machine they take, its work after the window follows them. Without a word on this they
    could seem to fit behind all that work.
    """
    last = np.ones(len(tasks), dtype=np.bool_)
    inside = (place[shop.before] >= 0) & (place[shop.after] >= 0)
    last[place[shop.before[inside]]] = False
    tail = np.append(tails, 0)[shop.machine[modes]]
    least = np.minimum.reduceat(tail, mode_ptr[:-1])
    behind[last] = np.maximum(behind[last], least[last])


def _machines_outside(
    shop: Shop, state: State, first: int, last: int, used: Ints
) -> tuple[Ints, Ints]:
    """Return when each machine is free before the window, and how much it has to do after it.

    Machines that the window does not use count as free and idle.
    """
    n = shop.problem.n_resources
    order = state.order
    machine = shop.machine[state.mode[order]]
    end = state.head[order] + shop.problem.modes.duration[state.mode[order]]
    heads, tails = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    here = np.zeros(n + 1, dtype=np.bool_)
    here[used] = True
    here[ABSENT] = False
    counted = here[machine]
    early, late = counted.copy(), counted.copy()
    early[first:] = False
    late[:last] = False
    np.maximum.at(heads, machine[early], end[early])
    np.maximum.at(tails, machine[late], state.tail[order[late]])
    return heads, tails


def _problem(
    shop: Shop,
    state: State,
    place: Ints,
    modes: Ints,
    mode_ptr: Ints,
    release: Ints,
    rest: _Rest,
) -> Problem:
    """Return the problem of a window."""
    whole, n, more = shop.problem, len(release), len(rest.duration)
    machines = np.concatenate((shop.machine[modes], rest.machine))
    used, number = np.unique(machines[machines >= 0], return_inverse=True)
    needs = machines >= 0
    zero = np.zeros(n + more, dtype=np.int64)
    never = np.full(n + more, FOREVER, dtype=np.int64)
    none = np.full(n + more, ABSENT, dtype=np.int64)
    no = bools(np.zeros(n + more))
    counts = np.concatenate((np.diff(mode_ptr), np.ones(more, dtype=np.int64)))
    tasks = Tasks(
        name=("",) * (n + more),
        job=ints(none),
        earliest_start=ints(np.concatenate((release, rest.release))),
        latest_start=ints(never),
        earliest_end=ints(zero),
        latest_end=ints(never),
        optional=no,
        interruptible=no,
        hold_until=ints(none),
        family=ints(none),
        mode_ptr=ints(np.concatenate(([0], np.cumsum(counts)))),
    )
    table = whole.resources
    resources = Resources(
        name=tuple(str(k) for k in range(len(used))),
        kind=ints(table.kind[used]),
        capacity=ints(np.ones(len(used), dtype=np.int64)),
        cost=ints(np.zeros(len(used), dtype=np.int64)),
        level=ints(np.zeros(len(used), dtype=np.int64)),
        level_min=ints(np.zeros(len(used), dtype=np.int64)),
        level_max=ints(np.zeros(len(used), dtype=np.int64)),
        break_ptr=ints(np.zeros(len(used) + 1, dtype=np.int64)),
        step_ptr=ints(np.zeros(len(used) + 1, dtype=np.int64)),
        setup=ints(np.full(len(used), ABSENT)),
    )
    return Problem(
        name=f"window of {whole.name}",
        tasks=tasks,
        modes=Modes(
            task=ints(np.repeat(np.arange(n + more), counts)),
            duration=ints(np.concatenate((whole.modes.duration[modes], rest.duration))),
            cost=ints(np.zeros(len(machines), dtype=np.int64)),
            demand_ptr=ints(np.concatenate(([0], np.cumsum(needs)))),
            demand_resource=ints(number),
            demand_amount=ints(np.ones(len(number), dtype=np.int64)),
        ),
        relations=_relations(shop, state.mode, place, rest, n),
        resources=resources,
    )


def _relations(shop: Shop, mode: Ints, place: Ints, rest: _Rest, n: int) -> Relations:
    """Return the relations inside a window, and those to what stands for the rest.

    Transfers take as long as they do between the machines of today.
    """
    before, after = place[shop.before], place[shop.after]
    rows = (before >= 0) & (after >= 0)
    kind = shop.problem.relations.kind[shop.bound_rows[rows]]
    behind = np.flatnonzero(rest.behind >= 0)
    k = len(behind)
    zero = np.zeros(k, dtype=np.int64)
    return Relations(
        kind=ints(np.concatenate((kind, zero + int(RelationKind.END_START)))),
        before=ints(np.concatenate((before[rows], rest.behind[behind]))),
        after=ints(np.concatenate((after[rows], n + behind))),
        min_lag=ints(np.concatenate((shop.least(mode)[rows], zero))),
        max_lag=ints(np.full(len(kind) + k, FOREVER)),
        transfer=bools(np.zeros(len(kind) + k)),
    )
