"""History folded into what is left: dates, capacities and breaks, and what cannot be folded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headway.errors import InfeasibleError
from headway.model import Measure
from headway.model.arrays import entries
from headway.model.objective import NEEDS_DUE_DATES, SUMS_OVER_JOBS
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, ResourceKind, ints
from headway.model.transfers import transfer_times
from headway.simulate.reschedule.revision import Revision
from headway.simulate.reschedule.tables import Tables

_OF_USAGE = frozenset({Measure.LEVELLING, Measure.PEAK})


def needed(revision: Revision) -> Bools:
    """Return which started tasks cannot be folded into dates and capacities."""
    whole, started = revision.problem, revision.started
    tasks, modes, open_ = whole.tasks, whole.modes, ~revision.started
    stays = np.zeros(whole.n_tasks, dtype=np.bool_)
    # Machines with setup times, reservoirs, and usage that an objective looks at.
    table = whole.resources
    special = (table.setup != ABSENT) | (table.kind == ResourceKind.RESERVOIR)
    if any(term.measure in _OF_USAGE for level in whole.objective.levels for term in level):
        special |= table.kind == ResourceKind.RENEWABLE
    here = np.flatnonzero(started)
    row, index = entries(modes.demand_ptr, revision.mode[here])
    stays[here[row[special[modes.demand_resource[index]]]]] = True
    stays |= (tasks.hold_until >= 0) & open_[tasks.hold_until]
    if whole.relations.transfer.any():
        several = np.diff(tasks.mode_ptr) > 1
        moved = whole.relations.transfer & open_[whole.relations.after]
        stays[whole.relations.before[moved & several[whole.relations.after]]] = True
    stays |= _tied(revision) | _completing(revision)
    stays &= started
    return stays


def _tied(revision: Revision) -> Bools:
    """Return tasks that say something about the modes, presence or order of tasks to come."""
    whole, open_ = revision.problem, ~revision.started
    stays = np.zeros(whole.n_tasks, dtype=np.bool_)
    pairs = whole.pairs
    stays[pairs.first[open_[pairs.second]]] = True
    stays[pairs.second[open_[pairs.first]]] = True
    for ptr, columns in (
        (whole.sequences.task_ptr, (whole.sequences.first_task, whole.sequences.second_task)),
        (whole.selections.task_ptr, (whole.selections.task,)),
    ):
        if len(ptr) == 1:
            continue
        row = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        alive = np.zeros(len(ptr) - 1, dtype=np.bool_)
        for column in columns:
            alive[row[open_[column]]] = True
        for column in columns:
            stays[column[alive[row]]] = True
    conditions = whole.selections.condition
    stays[conditions[conditions >= 0]] = True
    dependencies = whole.mode_dependencies
    for task in (whole.modes.task[dependencies.mode], dependencies.task):
        stays[task] = True
    return stays


def _completing(revision: Revision) -> Bools:
    """Return started tasks that may be the last of jobs with others to come."""
    whole = revision.problem
    tasks, open_ = whole.tasks, ~revision.started
    last = np.zeros(whole.n_tasks, dtype=np.bool_)
    counted = SUMS_OVER_JOBS | NEEDS_DUE_DATES
    if not any(term.measure in counted for level in whole.objective.levels for term in level):
        return last
    rel = whole.relations
    followed = np.zeros(whole.n_tasks, dtype=np.bool_)
    behind = rel.from_end & (rel.min_lag >= 0) & open_[rel.after] & ~tasks.optional[rel.after]
    followed[rel.before[behind & (tasks.job[rel.before] == tasks.job[rel.after])]] = True
    for job in np.unique(tasks.job[open_ & (tasks.job >= 0)]).tolist():
        own = whole.tasks_of(job)
        begun = own[revision.started[own]]
        if not len(begun):
            continue
        final = begun[np.argmax(revision.end[begun])]
        certain = (open_[own] & ~tasks.optional[own]).any()
        last[final] = not certain or (revision.end[final] > revision.now and not followed[final])
    return last


def fold_relations(tables: Tables, revision: Revision, gone: Bools) -> None:
    """Turn relations to tasks that go into windows of those that remain, in place."""
    rel, tasks = tables.relations, tables.tasks
    windows = {
        name: getattr(tasks, name).copy()
        for name in ("earliest_start", "latest_start", "earliest_end", "latest_end")
    }
    open_ = ~revision.started
    least = rel.min_lag.copy()
    forth = gone[rel.before] & open_[rel.after]
    back = gone[rel.after] & open_[rel.before]
    moved = np.flatnonzero(rel.transfer & (forth | back))
    if len(moved):
        ptr = tasks.mode_ptr
        mode = np.where(revision.mode >= 0, revision.mode, ptr[:-1])
        least[moved] += transfer_times(
            revision.problem, ints(mode[rel.before[moved]]), ints(mode[rel.after[moved]])
        )
    from_end, to_end = rel.from_end, rel.to_end
    for at_end, point in ((False, "start"), (True, "end")):
        rows = np.flatnonzero(forth & (to_end == at_end))
        if len(rows):
            anchor = np.where(from_end, revision.end[rel.before], revision.start[rel.before])[rows]
            low = least[rows] > -FOREVER
            _raise(windows[f"earliest_{point}"], rel.after[rows], anchor + least[rows], low)
            high = rel.max_lag[rows] < FOREVER
            _lower(windows[f"latest_{point}"], rel.after[rows], anchor + rel.max_lag[rows], high)
        rows = np.flatnonzero(back & (from_end == at_end))
        if len(rows):
            anchor = np.where(to_end, revision.end[rel.after], revision.start[rel.after])[rows]
            low = least[rows] > -FOREVER
            _lower(windows[f"latest_{point}"], rel.before[rows], anchor - least[rows], low)
            high = rel.max_lag[rows] < FOREVER
            _raise(windows[f"earliest_{point}"], rel.before[rows], anchor - rel.max_lag[rows], high)
    start = windows["earliest_start"]
    start[open_] = np.maximum(start[open_], revision.now)
    tables.tasks = replace(
        tasks,
        earliest_start=ints(windows["earliest_start"]),
        latest_start=ints(windows["latest_start"]),
        earliest_end=ints(windows["earliest_end"]),
        latest_end=ints(windows["latest_end"]),
    )


def _raise(column: Ints, rows: Ints, to: Ints, bound: Bools) -> None:
    """Raise values of a column to others where these mean something, in place."""
    np.maximum.at(column, rows[bound], to[bound])


def _lower(column: Ints, rows: Ints, to: Ints, bound: Bools) -> None:
    """Lower values of a column to others where these mean something, in place."""
    np.minimum.at(column, rows[bound], to[bound])


def fold_resources(tables: Tables, revision: Revision, gone: Bools, stays: Bools) -> None:
    """Take what tasks that go still hold, or have spent, from the resources, in place."""
    whole, table = revision.problem, tables.resources
    _, index = entries(whole.modes.demand_ptr, revision.mode[np.flatnonzero(stays)])
    watched = table.kind > ResourceKind.RENEWABLE
    watched[whole.modes.demand_resource[index]] = True
    here = np.flatnonzero(gone)
    row, index = entries(whole.modes.demand_ptr, revision.mode[here])
    resource, amount = whole.modes.demand_resource[index], whole.modes.demand_amount[index]
    end, kind = revision.end[here[row]], table.kind[resource]
    spent = kind == ResourceKind.NONRENEWABLE
    if spent.any():
        _spend(tables, resource[spent], amount[spent])
    held = end > revision.now
    free = np.zeros(len(table), dtype=np.int64)
    on = held & (kind == ResourceKind.MACHINE)
    np.maximum.at(free, resource[on], end[on])
    _delay(tables, revision, free, watched)
    for r in np.unique(resource[held & (kind == ResourceKind.RENEWABLE)]).tolist():
        mine = held & (resource == r)
        _lower_capacity(tables, r, revision.now, end[mine], amount[mine])


def _spend(tables: Tables, resource: Ints, amount: Ints) -> None:
    """Take what has been spent from budgets, in place."""
    table = tables.resources
    capacity = table.capacity.copy()
    np.subtract.at(capacity, resource, amount)
    if (capacity < 0).any():
        r = int(np.argmax(capacity < 0))
        raise InfeasibleError(
            f"{-capacity[r]} units more than there are of {table.name[r]!r} have been spent"
        )
    tables.resources = replace(table, capacity=ints(capacity))


def _delay(tables: Tables, revision: Revision, free: Ints, watched: Bools) -> None:
    """Let nothing start on machines that are not free or rest, in place.

    That is an earliest start for tasks of one mode, and for others a break that begins at 0, both
    of which methods know how to deal with. Breaks of resources `watched`, which tasks that stay
    have used, are left as they are.
    """
    now, tasks, modes = revision.now, tables.tasks, tables.modes
    owner, start, end = tables.breaks
    begins = np.where(watched, now, 0)
    reach = np.maximum(free, now)
    changed = True
    while changed:
        longer = (start <= reach[owner]) & (end > reach[owner])
        changed = bool(longer.any())
        np.maximum.at(reach, owner[longer], end[longer])
    open_ = ~revision.started
    single = np.flatnonzero(np.diff(tasks.mode_ptr) == 1)
    single = single[open_[single]]
    row, index = entries(modes.demand_ptr, tasks.mode_ptr[single])
    resource = modes.demand_resource[index]
    occupied = tables.resources.kind[resource] <= ResourceKind.RENEWABLE
    earliest = tasks.earliest_start.copy()
    np.maximum.at(earliest, single[row[occupied]], reach[resource[occupied]])
    tables.tasks = replace(tasks, earliest_start=ints(earliest))
    chosen = np.flatnonzero(open_ & (np.diff(tasks.mode_ptr) > 1))
    _, mode = entries(tasks.mode_ptr, chosen)
    _, index = entries(modes.demand_ptr, mode)
    several = np.zeros(len(tables.resources), dtype=np.bool_)
    several[modes.demand_resource[index]] = True
    keep = watched[owner] | (start > reach[owner])
    late = np.flatnonzero((reach > now) & several)
    tables.set_breaks(
        ints(np.concatenate((owner[keep], late))),
        ints(np.concatenate((start[keep], begins[late]))),
        ints(np.concatenate((end[keep], reach[late]))),
    )


def _lower_capacity(tables: Tables, resource: int, now: int, end: Ints, amount: Ints) -> None:
    """Take units that are held from now to given times from a renewable resource, in place."""
    table = tables.resources
    steps = slice(int(table.step_ptr[resource]), int(table.step_ptr[resource + 1]))
    time, level = table.step_time[steps], table.step_capacity[steps]
    first = int(table.capacity[resource])
    instants = np.unique(np.concatenate((time, end, [now])))
    known = np.concatenate(([first], level))[np.searchsorted(time, instants, side="right")]
    held = np.array([amount[(end > t) & (t >= now)].sum() for t in instants.tolist()])
    owner = np.repeat(np.arange(len(table)), np.diff(table.step_ptr))
    before, behind = owner < resource, owner > resource
    counts = np.diff(table.step_ptr)
    counts[resource] = len(instants)
    tables.resources = replace(
        table,
        step_ptr=ints(np.concatenate(([0], np.cumsum(counts)))),
        step_time=ints(
            np.concatenate((table.step_time[before], instants, table.step_time[behind]))
        ),
        step_capacity=ints(
            np.concatenate(
                (
                    table.step_capacity[before],
                    np.maximum(known - held, 0),
                    table.step_capacity[behind],
                )
            )
        ),
    )
