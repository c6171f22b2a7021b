"""What keeps the tasks of a schedule in place: its decisions written as a graph.

A schedule decides, for every machine, an order of tasks and, for every renewable resource and
reservoir, which task passes its units on to which. With these decisions kept, the tasks may move
as long as ``start[after] >= start[before] + lag`` holds for every arc of the graph. Tasks keep
their lengths and their breaks.

References
----------
Artigues, Michelon and Reusser (2003), "Insertion techniques for static and dynamic
resource-constrained project scheduling", for the flow of resource units between tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headway.model.arrays import entries
from headway.model.evaluate import setup_times, uses
from headway.model.tables import ABSENT, FOREVER, Ints, RelationKind, ResourceKind
from headway.model.transfers import transfer_times

if TYPE_CHECKING:
    from headway.model.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs between the starts of tasks, and what bounds single tasks from above.

    Attributes
    ----------
    before, after, lag
        ``start[after] >= start[before] + lag``; ticks.
    room
        How far each task could move right if there were no arcs, shape (n_tasks,): up to the
        makespan, its windows, its deadline, the horizon, and drops of capacity. `ABSENT` for
        tasks that are left out.
    """

    before: Ints
    after: Ints
    lag: Ints
    room: Ints


@dataclass(slots=True)
class _Collector:
    """Arcs in the making."""

    schedule: Schedule
    length: Ints
    holder: Ints
    room: Ints
    parts: list[tuple[Ints, Ints, Ints]]

    def add(self, before: Ints, after: Ints, lag: Ints) -> None:
        proper = before != after
        self.parts.append((before[proper], after[proper], lag[proper]))

    def let_go(self, before: Ints, after: Ints, lag: Ints) -> None:
        """Add that `after` starts `lag` after `before` lets go of a resource."""
        self.add(before, after, self.length[before] + lag)
        holds = self.holder[before] >= 0
        self.add(self.holder[before[holds]], after[holds], lag[holds])

    def let_go_by(self, task: Ints, time: Ints) -> None:
        """Add that `task` lets go of a resource until `time`."""
        np.minimum.at(self.room, task, time - self.schedule.end[task])
        holds = self.holder[task] >= 0
        holder = self.holder[task[holds]]
        np.minimum.at(self.room, holder, time[holds] - self.schedule.start[holder])


def arcs_of(schedule: Schedule, *, relations: bool = True) -> Arcs:
    """Return the arcs that a valid schedule stands for.

    Relations and minimum and maximum lags, the order on machines with setups and blocking, and the
    flow of units through renewable resources and reservoirs (first freed, first used). Without
    `relations`, only what the schedule has decided is returned, not what the problem demands.
    """
    present, hold = schedule.present, schedule.problem.tasks.hold_until
    collector = _Collector(
        schedule,
        length=schedule.end - schedule.start,
        holder=np.where(present & (hold >= 0) & present[hold], hold, ABSENT),
        room=_room(schedule),
        parts=[],
    )
    if relations:
        _relations(collector)
    _machines(collector)
    _renewables(collector)
    _reservoirs(collector)
    before, after, lag = (np.concatenate(column) for column in zip(*collector.parts, strict=True))
    room = np.where(present, np.maximum(collector.room, 0), ABSENT)
    return Arcs(before, after, lag, room)


def _room(schedule: Schedule) -> Ints:
    problem, tasks = schedule.problem, schedule.problem.tasks
    makespan = int(schedule.end[schedule.present].max(initial=0))
    latest_end = np.minimum(tasks.latest_end, min(problem.horizon, makespan))
    has_job = tasks.job >= 0
    latest_end[has_job] = np.minimum(latest_end[has_job], problem.jobs.deadline[tasks.job[has_job]])
    room: Ints = np.minimum(latest_end - schedule.end, tasks.latest_start - schedule.start)
    return room


def _relations(collector: _Collector) -> None:
    schedule, problem = collector.schedule, collector.schedule.problem
    table, length = problem.relations, collector.length
    here = schedule.present[table.before] & schedule.present[table.after]
    kind, before, after = table.kind[here], table.before[here], table.after[here]
    from_end = (kind == RelationKind.END_START) | (kind == RelationKind.END_END)
    to_end = (kind == RelationKind.START_END) | (kind == RelationKind.END_END)
    shift = np.where(from_end, length[before], 0) - np.where(to_end, length[after], 0)
    least, most = table.min_lag[here].copy(), table.max_lag[here]
    moved = np.flatnonzero(table.transfer[here])
    least[moved] += transfer_times(
        problem, schedule.mode[before[moved]], schedule.mode[after[moved]]
    )
    bound = least > -FOREVER
    collector.add(before[bound], after[bound], (least + shift)[bound])
    bound = most < FOREVER
    collector.add(after[bound], before[bound], -(most + shift)[bound])


def _machines(collector: _Collector) -> None:
    machine, task, setup = setup_times(collector.schedule)
    follows = machine[1:] == machine[:-1]
    before, after, lag = task[:-1][follows], task[1:][follows], setup[1:][follows]
    collector.let_go(before, after, lag)
    # Of two tasks without length at one instant, the one of lower position would come first.
    start, instant = collector.schedule.start, collector.length == 0
    apart = instant[before] & instant[after] & (before > after) & (start[before] < start[after])
    collector.add(before[apart], after[apart], np.ones(int(apart.sum()), dtype=np.int64))


def _renewables(collector: _Collector) -> None:
    schedule, table = collector.schedule, collector.schedule.problem.resources
    task, resource, amount = uses(schedule)
    start, free = schedule.start[task], schedule.free[task]
    used = table.kind[resource] == ResourceKind.RENEWABLE
    # Who holds a resource for no time uses nothing; that must stay so.
    idle = task[used & (start == free) & (collector.holder[task] >= 0)]
    collector.add(collector.holder[idle], idle, np.zeros(len(idle), dtype=np.int64))
    used &= start < free
    order = np.flatnonzero(used)[np.argsort(resource[used], kind="stable")]
    for rows in _runs(order, resource):
        r = int(resource[rows[0]])
        steps = slice(table.step_ptr[r], table.step_ptr[r + 1])
        change = np.diff(table.step_capacity[steps], prepend=table.capacity[r])
        when = table.step_time[steps]
        up, down = change > 0, change < 0
        nobody_up, nobody_down = np.full(up.sum(), ABSENT), np.full(down.sum(), ABSENT)
        giver, taker, at = _pass_on(
            np.concatenate(([table.capacity[r]], change[up], amount[rows])),
            np.concatenate(([-FOREVER], when[up], free[rows])),
            np.concatenate(([ABSENT], nobody_up, task[rows])),
            np.concatenate((-change[down], amount[rows])),
            np.concatenate((when[down], start[rows])),
            np.concatenate((nobody_down, task[rows])),
        )
        between = (giver >= 0) & (taker >= 0)
        none = np.zeros(int(between.sum()), dtype=np.int64)
        collector.let_go(giver[between], taker[between], none)
        dropped = (giver >= 0) & (taker < 0)
        collector.let_go_by(giver[dropped], at[dropped])


def _reservoirs(collector: _Collector) -> None:
    schedule, problem = collector.schedule, collector.schedule.problem
    table = problem.resources
    task = np.flatnonzero(schedule.present)
    row, index = entries(problem.modes.demand_ptr, schedule.mode[task])
    resource = problem.modes.demand_resource[index]
    stock = np.flatnonzero(table.kind[resource] == ResourceKind.RESERVOIR)
    order = stock[np.argsort(resource[stock], kind="stable")]
    for rows in _runs(order, resource):
        r = int(resource[rows[0]])
        who, amount = task[row[rows]], problem.modes.demand_amount[index[rows]]
        drawn, filled = amount > 0, amount < 0
        draws = amount[drawn], schedule.start[who[drawn]], who[drawn]
        fills = -amount[filled], schedule.end[who[filled]], who[filled]
        # Draws wait for stock, fills wait for room.
        for (units, when, giver), takes, initial in (
            (fills, draws, table.level[r] - table.level_min[r]),
            (draws, fills, table.level_max[r] - table.level[r]),
        ):
            source, target, _ = _pass_on(
                np.concatenate(([initial], units)),
                np.concatenate(([-FOREVER], when)),
                np.concatenate(([ABSENT], giver)),
                *takes,
            )
            source, target = source[source >= 0], target[source >= 0]
            length = collector.length
            collector.add(source, target, length[source] if giver is fills[2] else -length[target])


def _runs(order: Ints, resource: Ints) -> list[Ints]:
    """Return `order` cut where the resource changes."""
    if not len(order):
        return []
    return np.split(order, np.flatnonzero(np.diff(resource[order])) + 1)


def _pass_on(
    given: Ints, given_at: Ints, giver: Ints, taken: Ints, taken_at: Ints, taker: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return who takes units from whom, and when, if the units freed first are used first.

    Laying the units given and the units taken side by side in order of time, a giver passes units
    on to a taker wherever their stretches overlap.
    """
    by_time = np.argsort(given_at, kind="stable")
    given, giver = given[by_time], giver[by_time]
    by_time = np.argsort(taken_at, kind="stable")
    taken, taken_at, taker = taken[by_time], taken_at[by_time], taker[by_time]
    supply, need = np.cumsum(given), np.cumsum(taken)
    units = np.union1d(supply, need)
    units = units[(units > 0) & (units <= min(supply[-1], need[-1] if len(need) else 0))]
    source, target = np.searchsorted(supply, units), np.searchsorted(need, units)
    return giver[source], taker[target], taken_at[target]
