"""Lower bounds that need no search: critical paths, single machines, energy.

They look only at tasks that every schedule contains, at their shortest modes, and at relations
between them; all else is relaxed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np

from headway.model.objective import Measure, Term
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, ResourceKind
from headway.solve.precedence import Precedence


def lower_bounds(problem: Problem) -> tuple[int, ...] | None:
    """Return a lower bound per level of the objective.

    Returns
    -------
    tuple or None
        No valid schedule has a smaller value on any level. None if the relations contradict each
        other, so that there is no valid schedule.
    """
    precedence = Precedence(problem, ~problem.tasks.optional)
    if precedence.head is None or precedence.tail is None:
        return None
    return tuple(
        sum(term.weight * _bound(problem, precedence, term) for term in level)
        for level in problem.objective.levels
    )


def value_bound(problem: Problem) -> int:
    """Return a lower bound on the most important level; `-FOREVER` if there is no schedule."""
    bounds = lower_bounds(problem)
    return -FOREVER if bounds is None else bounds[0]


def makespan_bound(problem: Problem) -> int:
    """Return a lower bound on the makespan; 0 if the relations contradict each other.

    The largest of: the critical path; for each machine, the preemptive schedule of the tasks that
    must use it with heads and tails (Jackson); for all machines and for each renewable resource,
    the work that must be done on them.
    """
    return _makespan(problem, Precedence(problem, ~problem.tasks.optional))


def one_machine_bound(head: Iterable[int], work: Iterable[int], tail: Iterable[int]) -> int:
    """Return the value of Jackson's preemptive schedule.

    Parameters
    ----------
    head, work, tail
        Per task: earliest start, duration, and least time from its end to the end of everything.

    Returns
    -------
    int
        The smallest possible latest end of ``completion + tail`` if tasks may be interrupted.

    References
    ----------
    Carlier (1982), "The one-machine sequencing problem".

    Examples
    --------
    >>> one_machine_bound([0, 1], [4, 2], [0, 5])
    8
    """
    arrivals = sorted(zip(head, work, tail, strict=True))
    waiting: list[list[int]] = []  # [-tail, work left]
    now, k, bound = 0, 0, 0
    while k < len(arrivals) or waiting:
        if not waiting:
            now = max(now, arrivals[k][0])
        while k < len(arrivals) and arrivals[k][0] <= now:
            _, duration, after = arrivals[k]
            heapq.heappush(waiting, [-after, duration])
            k += 1
        after, left = waiting[0]
        until = arrivals[k][0] if k < len(arrivals) else FOREVER
        done = min(left, until - now)
        now += done
        if done == left:
            heapq.heappop(waiting)
            bound = max(bound, now - after)
        else:
            waiting[0][1] = left - done
    return bound


def _makespan(problem: Problem, precedence: Precedence) -> int:
    head, tail = precedence.head, precedence.tail
    present = precedence.present
    if head is None or tail is None or not present.any():
        return 0
    bound = int((head + tail)[present].max())
    for tasks in _users_of_each_machine(problem, present):
        work = precedence.shortest[tasks]
        # Nothing new where the critical path already covers the sum of everything.
        if int(head[tasks].min() + work.sum() + (tail[tasks] - work).min()) > 0:
            after = tail[tasks] - work
            values = (head[tasks].tolist(), work.tolist(), after.tolist())
            bound = max(bound, one_machine_bound(*values))
    return max(bound, _pooled_machines(problem, precedence), _energy(problem, precedence))


def _users_of_each_machine(problem: Problem, present: Bools) -> list[Ints]:
    """Return for each machine the present tasks all of whose modes use it, where there are any."""
    mode, resource, _ = problem.occupied
    on_machine = problem.resources.kind[resource] == ResourceKind.MACHINE
    task = problem.modes.task[mode[on_machine]]
    key = resource[on_machine] * max(problem.n_tasks, 1) + task
    pairs, counts = np.unique(key, return_counts=True)
    machine, owner = np.divmod(pairs, max(problem.n_tasks, 1))
    always = (counts == np.diff(problem.tasks.mode_ptr)[owner]) & present[owner]
    machine, owner = machine[always], owner[always]
    cuts = np.flatnonzero(np.diff(machine)) + 1
    return [tasks for tasks in np.split(owner, cuts) if len(tasks)]


def _pooled_machines(problem: Problem, precedence: Precedence) -> int:
    """Bound by the work of all tasks that need some machine, shared by all machines."""
    mode, resource, _ = problem.occupied
    on_machine = problem.resources.kind[resource] == ResourceKind.MACHINE
    counts = np.bincount(mode[on_machine], minlength=problem.n_modes)
    if not counts.any() or precedence.head is None or precedence.tail is None:
        return 0
    # A mode that holds two machines for its duration counts twice.
    load = np.minimum.reduceat(counts * problem.modes.duration, problem.tasks.mode_ptr[:-1])
    users = precedence.present & (load > 0)
    if not users.any():
        return 0
    machines = len(np.unique(resource[on_machine]))
    after = (precedence.tail - precedence.shortest)[users].min()
    shared = -(-int(load[users].sum()) // machines)
    return int(precedence.head[users].min() + shared + max(0, after))


def _energy(problem: Problem, precedence: Precedence) -> int:
    """Bound by the work that must be done on each renewable resource, at its capacity over time."""
    if precedence.head is None or precedence.tail is None:
        return 0
    bound = 0
    for r in np.flatnonzero(problem.resources.kind == ResourceKind.RENEWABLE):
        load = _least_energy(problem, int(r))
        users = precedence.present & (load > 0)
        if not users.any():
            continue
        start = int(precedence.head[users].min())
        end = _time_to_deliver(problem, int(r), start, int(load[users].sum()))
        after = (precedence.tail - precedence.shortest)[users].min()
        bound = max(bound, end + max(0, int(after)))
    return bound


def _least_energy(problem: Problem, resource: int) -> Ints:
    """Return the least amount x duration of each task on a renewable resource."""
    mode, used, amount = problem.occupied
    energy = np.zeros(problem.n_modes, dtype=np.int64)
    here = used == resource
    energy[mode[here]] = amount[here] * problem.modes.duration[mode[here]]
    least: Ints = np.minimum.reduceat(energy, problem.tasks.mode_ptr[:-1])
    return least


def _time_to_deliver(problem: Problem, resource: int, start: int, energy: int) -> int:
    """Return when a renewable resource can have delivered `energy` from `start` on.

    If its last capacity is zero and does not suffice, the time of the last step is returned.
    """
    table = problem.resources
    rows = slice(table.step_ptr[resource], table.step_ptr[resource + 1])
    ends: list[int] = [*table.step_time[rows].tolist(), FOREVER]
    capacities: list[int] = [int(table.capacity[resource]), *table.step_capacity[rows].tolist()]
    for end, capacity in zip(ends, capacities, strict=True):
        if end <= start:
            continue
        if capacity > 0 and energy <= capacity * (end - start):
            return start - (-energy // capacity)
        if end < FOREVER:
            energy -= capacity * (end - start)
            start = end
    return start


def _bound(problem: Problem, precedence: Precedence, term: Term) -> int:
    """Return a lower bound on one measure; its weight in the objective is left aside."""
    match term.measure:
        case Measure.MAKESPAN:
            return _makespan(problem, precedence)
        case Measure.COST:
            return _cost(problem, precedence, term)
        case Measure.LEVELLING:
            # Usage is a whole number, so its square is at least the usage itself.
            chosen = _renewables(problem, term)
            return sum(int(_least_energy(problem, r)[precedence.present].sum()) for r in chosen)
        case Measure.PEAK:
            return sum(_peak(problem, precedence, r) for r in _renewables(problem, term))
        case Measure.SETUP | Measure.EARLINESS:
            return 0
        case _:
            return _over_jobs(problem, precedence, term)


def _renewables(problem: Problem, term: Term) -> list[int]:
    chosen = term.resources or range(problem.n_resources)
    return [r for r in chosen if problem.resources.kind[r] == ResourceKind.RENEWABLE]


def _cost(problem: Problem, precedence: Precedence, term: Term) -> int:
    price = problem.resource_price(term.resources) if term.resources else problem.mode_cost
    if not problem.n_tasks:
        return 0
    least = np.minimum.reduceat(price, problem.tasks.mode_ptr[:-1])
    return int(least[precedence.present].sum())


def _peak(problem: Problem, precedence: Precedence, resource: int) -> int:
    mode, used, amount = problem.occupied
    need = np.zeros(problem.n_modes, dtype=np.int64)
    here = (used == resource) & (problem.modes.duration[mode] > 0)
    need[mode[here]] = amount[here]
    if not problem.n_tasks:
        return 0
    least = np.minimum.reduceat(need, problem.tasks.mode_ptr[:-1])[precedence.present]
    return max(1, int(problem.resources.cost[resource])) * int(least.max(initial=0))


def _over_jobs(problem: Problem, precedence: Precedence, term: Term) -> int:
    """Bound a measure of job completion times by the critical path to each job's end."""
    if precedence.head is None:
        return 0
    jobs, job = problem.jobs, problem.tasks.job
    counted = precedence.present & (job != ABSENT)
    earliest_end = np.maximum(precedence.head + precedence.shortest, problem.tasks.earliest_end)
    completion = np.full(problem.n_jobs, ABSENT)
    np.maximum.at(completion, job[counted], earliest_end[counted])
    sure = completion >= 0
    dated = sure & (jobs.due < FOREVER)
    weight = jobs.weight if term.weighted else np.ones(problem.n_jobs, dtype=np.int64)
    late = np.where(dated, completion - jobs.due, 0)
    match term.measure:
        case Measure.COMPLETION:
            return int((weight * completion)[sure].sum())
        case Measure.FLOW_TIME:
            return int((weight * (completion - jobs.release))[sure].sum())
        case Measure.TARDINESS:
            return int((weight * np.maximum(late, 0)).sum())
        case Measure.TARDY_JOBS:
            return int(weight[late > 0].sum())
        case Measure.MAX_TARDINESS:
            return int(late.max(initial=0))
        case Measure.MAX_LATENESS if dated.any():
            return int(late[dated].max())
        case _:
            # Lateness of optional jobs alone: zero if they stay out, or their own if they come.
            ends = jobs.due[jobs.due < FOREVER]
            return -int(ends.max(initial=0))
