"""Rules of shared amounts: renewable resources, budgets and reservoirs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.arrays import count_before
from headway.model.tables import FOREVER, Bools, Ints, ResourceKind
from headway.model.verify.claims import Claims
from headway.model.violation import Findings, ViolationKind, listing


def capacities(claims: Claims) -> Iterator[Findings]:
    """Yield the times at which a renewable resource is overloaded.

    One violation for each resource and unbroken time of overload: `amount` is the largest excess
    in it, `tasks` are those that use the resource when it first occurs.
    """
    table = claims.problem.resources
    user, resource, units = claims.demands_on(ResourceKind.RENEWABLE)
    lasting = claims.start[user] < claims.free[user]
    user, resource, units = user[lasting], resource[lasting], units[lasting]
    if not len(user):
        return
    owner = np.repeat(np.arange(len(table)), np.diff(table.step_ptr))
    nothing = np.zeros(len(owner), dtype=np.int64)
    where, time, used = _levels(
        np.concatenate((resource, resource, owner)),
        np.concatenate((claims.start[user], claims.free[user], table.step_time)),
        np.concatenate((units, -units, nothing)),
    )
    step = count_before(owner, table.step_time, where, time, inclusive=True)
    stepped = step > table.step_ptr[where]
    available = table.capacity[where]
    available[stepped] = table.step_capacity[step[stepped] - 1]
    excess = used - available
    first, worst, last = _stretches(excess > 0, where, excess)
    # Usage ends at 0, so that the stretch is never the last entry of its resource.
    until = time[last + 1]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        at, name = worst[k], claims.resource_name(where[worst[k]])
        now = (resource == where[at]) & (claims.start[user] <= time[at])
        tasks = np.sort(user[now & (time[at] < claims.free[user])]).tolist()
        names = listing(claims.problem.task_label(task) for task in tasks)
        message = (
            f"{name!r} is used by {used[at]} of {available[at]} units in"
            f" [{time[first[k]]}, {until[k]}): {names}"
        )
        return tuple(tasks), name, message

    yield Findings(ViolationKind.CAPACITY, excess[worst], describe)


def budgets(claims: Claims) -> Iterator[Findings]:
    """Yield non-renewable resources of which the chosen modes need too much.

    `tasks` are all that need the resource, `amount` is the excess.
    """
    table = claims.problem.resources
    user, resource, units = claims.demands_on(ResourceKind.NONRENEWABLE)
    if not len(user):
        return
    need = np.zeros(len(table), dtype=np.int64)
    np.add.at(need, resource, units)
    over = np.flatnonzero((table.kind == ResourceKind.NONRENEWABLE) & (need > table.capacity))

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        name = claims.resource_name(over[k])
        tasks = np.sort(user[resource == over[k]]).tolist()
        names = listing(claims.problem.task_label(task) for task in tasks)
        message = (
            f"{need[over[k]]} of {table.capacity[over[k]]} units of {name!r} are spent: {names}"
        )
        return tuple(tasks), name, message

    yield Findings(ViolationKind.BUDGET, (need - table.capacity)[over], describe)


def reservoirs(claims: Claims) -> Iterator[Findings]:
    """Yield the times at which a reservoir is below its minimum or above its maximum.

    One violation for each reservoir and unbroken time: `amount` is the largest distance to the
    limit in it, `tasks` are those whose changes took the level out of its limits.
    """
    table = claims.problem.resources
    user, resource, units = claims.demands_on(ResourceKind.RESERVOIR)
    if not len(user):
        return
    moment = np.maximum(np.where(units > 0, claims.start[user], claims.until[user]), 0)
    where, time, level = _levels(resource, moment, -units)
    level += table.level[where]
    final = np.ones(len(where), dtype=np.bool_)
    final[:-1] = where[1:] != where[:-1]
    until = np.where(final, FOREVER, np.roll(time, -1))
    for missed, limit, words in (
        (table.level_min[where] - level, table.level_min, "falls to {}, below its minimum {}"),
        (level - table.level_max[where], table.level_max, "rises to {}, above its maximum {}"),
    ):
        stretches = _stretches(missed > 0, where, missed)

        def describe(
            k: int,
            stretches: tuple[Ints, Ints, Ints] = stretches,
            limit: Ints = limit,
            words: str = words,
        ) -> tuple[tuple[int, ...], str, str]:
            first, worst, last = (int(column[k]) for column in stretches)
            r = int(where[first])
            name = claims.resource_name(r)
            tasks = np.sort(user[(resource == r) & (moment == time[first])]).tolist()
            span = f"[{time[first]}, {until[last]})"
            if until[last] == FOREVER:
                span = f"from {time[first]} on"
            text = words.format(level[worst], limit[r])
            names = listing(claims.problem.task_label(task) for task in tasks)
            return tuple(tasks), name, f"{name!r} {text}, {span}: {names}"

        yield Findings(ViolationKind.RESERVOIR, missed[stretches[1]], describe)


def _levels(resource: Ints, time: Ints, change: Ints) -> tuple[Ints, Ints, Ints]:
    """Return resource, time and the sum of all changes so far, by resource and time.

    All changes of one instant are netted.
    """
    order = np.lexsort((time, resource))
    resource, time = resource[order], time[order]
    total = np.cumsum(change[order])
    opens = np.searchsorted(resource, resource)
    total -= np.where(opens > 0, total[opens - 1], 0)
    last = np.ones(len(time), dtype=np.bool_)
    last[:-1] = (time[1:] != time[:-1]) | (resource[1:] != resource[:-1])
    return resource[last], time[last], total[last]


def _stretches(wrong: Bools, group: Ints, amount: Ints) -> tuple[Ints, Ints, Ints]:
    """Return first, worst and last position of each unbroken run of `wrong` within a group."""
    position = np.flatnonzero(wrong)
    if not len(position):
        return position, position, position
    breaks = (np.diff(position) > 1) | (np.diff(group[position]) != 0)
    opens = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    run = np.cumsum(np.concatenate(([0], breaks)))
    by_amount = position[np.lexsort((position, -amount[position], run))]
    closes = np.append(opens[1:], len(position)) - 1
    return position[opens], by_amount[opens], position[closes]
