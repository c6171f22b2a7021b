"""Rules of breaks: when resources work and when stock may be moved.

Every violation has kind `ViolationKind.BREAK` and one task; `where` is the resource.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.arrays import count_before
from headway.model.calendar import Pauses
from headway.model.tables import Bools, Ints, ResourceKind
from headway.model.verify.claims import Claims
from headway.model.violation import Findings, ViolationKind


def breaks(claims: Claims) -> Iterator[Findings]:
    """Yield work in breaks and stock moved in breaks.

    The amount is, in ticks: for work, how much of the task lies in breaks of the resource; for a
    task without length inside a break, the distance to the nearer border; for interruptible work,
    from its start to the end of the break, or from the beginning of the break to its end; for
    stock, the rest of the break.
    """
    if not len(claims.problem.resources.break_start):
        return
    yield _work(claims)
    yield from _interruptible_work(claims)
    yield from _stock(claims)


def _pausing(claims: Claims, task: Ints) -> Bools:
    """Return which tasks pause in breaks: interruptible ones with something to do."""
    duration = claims.problem.modes.duration[claims.mode[task]]
    mask: Bools = claims.problem.tasks.interruptible[task] & (duration > 0)
    return mask


def _work(claims: Claims) -> Findings:
    table = claims.problem.resources
    user, resource, _ = claims.demands_on(ResourceKind.MACHINE, ResourceKind.RENEWABLE)
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    solid = ~_pausing(claims, user)
    user, resource = user[solid], resource[solid]
    start, end = claims.start[user], claims.until[user]
    first = count_before(owner, table.break_end, resource, start, inclusive=True)
    last = count_before(owner, table.break_start, resource, end)
    hit = first < last
    user, resource, start, end = user[hit], resource[hit], start[hit], end[hit]
    first, last = first[hit], last[hit]
    off, on = table.break_start, table.break_end
    before = np.concatenate(([0], np.cumsum(on - off)))
    lost = before[last] - before[first]
    lost -= np.maximum(start - off[first], 0) + np.maximum(on[last - 1] - end, 0)
    nearer = np.minimum(start - off[first], on[first] - start)

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        task, name = int(user[k]), claims.resource_name(resource[k])
        more = last[k] - first[k] - 1
        also = f" and {more} more of its breaks" if more else ""
        message = (
            f"{claims.label(task)} runs from {start[k]} to {end[k]} into the break"
            f" [{off[first[k]]}, {on[first[k]]}) of {name!r}{also}"
        )
        return (task,), name, message

    return Findings(ViolationKind.BREAK, np.where(start < end, lost, nearer), describe)


def _interruptible_work(claims: Claims) -> Iterator[Findings]:
    task = np.flatnonzero(claims.placed)
    task = task[_pausing(claims, task)]
    if not len(task):
        return
    pauses = Pauses.of(claims.problem, claims.mode[task])
    start, end = claims.start[task], claims.end[task]
    _, on, inside = pauses.around(start)
    yield _resting(claims, task[inside], start[inside], (on - start)[inside], at_end=False)
    off, _, inside = pauses.around(end - 1)
    inside &= end > start
    idle = end - np.maximum(off, start)
    yield _resting(claims, task[inside], end[inside] - 1, idle[inside], at_end=True)


def _resting(claims: Claims, task: Ints, instant: Ints, amount: Ints, *, at_end: bool) -> Findings:
    """Return findings about interruptible tasks that should work at `instant`, but pause."""

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        who = int(task[k])
        resource, off, on = _break_at(claims, who, int(instant[k]))
        name = claims.resource_name(resource)
        verb = f"ends at {instant[k] + 1}" if at_end else f"starts at {instant[k]}"
        message = f"{claims.label(who)} {verb}, in the break [{off}, {on}) of {name!r}"
        return (who,), name, message

    return Findings(ViolationKind.BREAK, amount, describe)


def _break_at(claims: Claims, task: int, instant: int) -> tuple[int, int, int]:
    """Return the first machine or renewable resource of a task that rests at an instant."""
    table, modes, mode = claims.problem.resources, claims.problem.modes, claims.mode[task]
    for resource in modes.demand_resource[modes.demand_ptr[mode] : modes.demand_ptr[mode + 1]]:
        if table.kind[resource] <= ResourceKind.RENEWABLE:
            for k in range(table.break_ptr[resource], table.break_ptr[resource + 1]):
                if table.break_start[k] <= instant < table.break_end[k]:
                    return int(resource), int(table.break_start[k]), int(table.break_end[k])
    raise AssertionError(f"task {task} is not paused at {instant}")


def _stock(claims: Claims) -> Iterator[Findings]:
    table = claims.problem.resources
    user, resource, amount = claims.demands_on(ResourceKind.NONRENEWABLE, ResourceKind.RESERVOIR)
    if not len(user):
        return
    instant = np.where(amount > 0, claims.start[user], claims.until[user])
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    begun = count_before(owner, table.break_start, resource, instant, inclusive=True)
    hit = begun > table.break_ptr[resource]
    hit[hit] = instant[hit] < table.break_end[begun[hit] - 1]
    user, resource, instant, latest = user[hit], resource[hit], instant[hit], begun[hit] - 1
    rest = table.break_end[latest] - instant

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        who, name = int(user[k]), claims.resource_name(resource[k])
        off, on = table.break_start[latest[k]], table.break_end[latest[k]]
        message = (
            f"{claims.label(who)} changes {name!r} at {instant[k]}, in its break [{off}, {on})"
        )
        return (who,), name, message

    yield Findings(ViolationKind.BREAK, rest, describe)
