"""What a schedule is worth: every measure of `headway.model.objective`.

The numbers are those of the schedule as it stands, valid or not. A task whose mode does not exist
counts with its times but as if it used no resource and cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headway.model.arrays import entries
from headway.model.objective import NEEDS_DUE_DATES, SUMS_OVER_JOBS, Measure, Objective, Term
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, ResourceKind, ints

if TYPE_CHECKING:
    from headway.model.schedule import Schedule

_LARGEST_SUM = 2**62
"""Sums that might exceed this are taken with Python's unbounded integers."""


def measure(
    schedule: Schedule,
    measure: Measure,
    *,
    weighted: bool = False,
    resources: Sequence[int] = (),
) -> int:
    """Return one measure of a schedule.

    Parameters
    ----------
    schedule
        Any schedule.
    measure
        What is counted; see the function of the same subject in `headway.model.objective`.
    weighted
        Whether each job counts with its weight (sums over jobs only).
    resources
        The resources counted (resource measures only); empty for all that apply.
    """
    if measure is Measure.MAKESPAN:
        return int(schedule.end[schedule.present].max(initial=0))
    if measure in SUMS_OVER_JOBS or measure in NEEDS_DUE_DATES:
        return _over_jobs(schedule, measure, weighted=weighted)
    if measure is Measure.SETUP:
        return _total_setup(schedule, resources)
    if measure is Measure.COST:
        return _total_cost(schedule, resources)
    return _usage_measure(schedule, measure, resources)


def objective_values(schedule: Schedule) -> tuple[int, ...]:
    """Return the value of each level of the problem's objective, the most important first."""
    return values_of(schedule, schedule.problem.objective)


def values_of(schedule: Schedule, objective: Objective) -> tuple[int, ...]:
    """Return the value of each level of any objective."""
    return tuple(
        sum(
            term.weight
            * measure(schedule, term.measure, weighted=term.weighted, resources=term.resources)
            for term in level
        )
        for level in objective.levels
    )


def measures(schedule: Schedule) -> dict[str, int]:
    """Return every measure that makes sense for the problem, by name.

    Sums over jobs appear a second time, weighted, if the weights are not all 1.
    """
    problem = schedule.problem
    jobs, kind = problem.jobs, problem.resources.kind
    terms = [Term(Measure.MAKESPAN)]
    due = bool((jobs.due < FOREVER).any())
    per_job = [Measure.COMPLETION, Measure.FLOW_TIME] if len(jobs) else []
    if due:
        per_job += [Measure.TARDINESS, Measure.EARLINESS, Measure.TARDY_JOBS]
    terms += [Term(name) for name in per_job]
    if due:
        terms += [Term(Measure.MAX_LATENESS), Term(Measure.MAX_TARDINESS)]
    if (jobs.weight != 1).any():
        terms += [Term(name, weighted=True) for name in per_job]
    if problem.setups:
        terms.append(Term(Measure.SETUP))
    if problem.mode_cost.any():
        terms.append(Term(Measure.COST))
    if (kind == ResourceKind.RENEWABLE).any():
        terms += [Term(Measure.LEVELLING), Term(Measure.PEAK)]
    return {str(term): measure(schedule, term.measure, weighted=term.weighted) for term in terms}


def completion(schedule: Schedule) -> Ints:
    """Return when the last task of each job ends, `ABSENT` if none is present; shape (n_jobs,)."""
    done, counts = _completion(schedule)
    return ints(np.where(counts, done, ABSENT))


def free_times(schedule: Schedule) -> Ints:
    """Return when each task lets go of its machines and renewable resources, shape (n_tasks,).

    That is its end, or the start of the task that it holds them for, whichever is later; `ABSENT`
    for a task that is left out.
    """
    free = schedule.end.copy()
    holding = np.flatnonzero(schedule.present & (schedule.problem.tasks.hold_until >= 0))
    until = schedule.problem.tasks.hold_until[holding]
    both = schedule.present[until]
    holding, until = holding[both], until[both]
    free[holding] = np.maximum(free[holding], schedule.start[until])
    free[~schedule.present] = ABSENT
    return ints(free)


def uses(schedule: Schedule) -> tuple[Ints, Ints, Ints]:
    """Return who uses which machine or renewable resource as (task, resource, amount) triples."""
    problem = schedule.problem
    task = np.flatnonzero(_known_mode(schedule))
    row, index = entries(problem.modes.demand_ptr, schedule.mode[task])
    resource = problem.modes.demand_resource[index]
    mask = problem.resources.kind[resource] <= ResourceKind.RENEWABLE
    return (
        ints(task[row[mask]]),
        ints(resource[mask]),
        ints(problem.modes.demand_amount[index[mask]]),
    )


def machine_order(schedule: Schedule) -> tuple[Ints, Ints]:
    """Return the tasks on all machines as (machine, task) pairs, by machine and in order.

    The order on a machine is by start, then by the time at which the task frees the machine, then
    by position.
    """
    task, machine, _ = uses(schedule)
    mask = schedule.problem.resources.kind[machine] == ResourceKind.MACHINE
    task, machine = task[mask], machine[mask]
    order = np.lexsort((task, schedule.free[task], schedule.start[task], machine))
    return ints(machine[order]), ints(task[order])


def setup_times(schedule: Schedule) -> tuple[Ints, Ints, Ints]:
    """Return `machine_order` together with the setup time before each task."""
    problem = schedule.problem
    machine, task = machine_order(schedule)
    setup = np.zeros(len(task), dtype=np.int64)
    family = problem.tasks.family[task]
    first = np.ones(len(task), dtype=np.bool_)
    first[1:] = machine[1:] != machine[:-1]
    before = np.where(first, -1, np.roll(family, 1))
    matrix = problem.resources.setup[machine]
    for k, times in enumerate(problem.setups):
        here = (matrix == k) & (family >= 0) & (first | (before >= 0))
        # Row -1 is the last one: the initial state of the machine.
        setup[here] = times[before[here], family[here]]
    return machine, task, ints(setup)


def _known_mode(schedule: Schedule) -> Bools:
    mask: Bools = schedule.present & (schedule.mode < schedule.problem.n_modes)
    return mask


def _completion(schedule: Schedule) -> tuple[Ints, Bools]:
    """Return the latest end of each job and whether the job has any task present."""
    job = schedule.problem.tasks.job
    mask = schedule.present & (job >= 0)
    done = np.full(schedule.problem.n_jobs, np.iinfo(np.int64).min)
    np.maximum.at(done, job[mask], schedule.end[mask])
    counts = np.zeros(len(done), dtype=np.bool_)
    counts[job[mask]] = True
    return done, counts


def _over_jobs(schedule: Schedule, measure: Measure, *, weighted: bool) -> int:
    jobs = schedule.problem.jobs
    done, counts = _completion(schedule)
    if measure in NEEDS_DUE_DATES:
        counts = counts & (jobs.due < FOREVER)
    done, due = done[counts], jobs.due[counts]
    late = done - due
    if measure is Measure.MAX_LATENESS:
        return int(late.max()) if len(late) else 0
    if measure is Measure.MAX_TARDINESS:
        return int(late.max(initial=0))
    if measure is Measure.COMPLETION:
        value = done
    elif measure is Measure.FLOW_TIME:
        value = done - jobs.release[counts]
    elif measure is Measure.TARDINESS:
        value = np.maximum(late, 0)
    elif measure is Measure.EARLINESS:
        value = np.maximum(-late, 0)
    else:
        value = (late > 0).astype(np.int64)
    weight = jobs.weight[counts] if weighted else np.ones(len(value), dtype=np.int64)
    return _sum_of_products(weight, value)


def _total_setup(schedule: Schedule, resources: Sequence[int]) -> int:
    if not schedule.problem.setups:
        return 0
    machine, _, setup = setup_times(schedule)
    if len(resources):
        setup = setup[np.isin(machine, list(resources))]
    return int(setup.sum())


def _total_cost(schedule: Schedule, resources: Sequence[int]) -> int:
    problem = schedule.problem
    price = problem.resource_price(resources) if len(resources) else problem.mode_cost
    return int(price[schedule.mode[_known_mode(schedule)]].sum())


def usage_steps(
    schedule: Schedule, resources: Iterable[int] | None = None
) -> tuple[Ints, Ints, Ints]:
    """Return how the usage of machines and renewable resources changes over time.

    Returns
    -------
    resource, time, usage
        From each instant on, the resource is used by so many units; sorted by resource, then time.
        The last value of each resource is 0.
    """
    task, resource, amount = uses(schedule)
    start, free = schedule.start[task], schedule.free[task]
    mask = start < free
    if resources is not None:
        mask &= np.isin(resource, list(resources))
    resource = np.concatenate((resource[mask], resource[mask]))
    time = np.concatenate((start[mask], free[mask]))
    change = np.concatenate((amount[mask], -amount[mask]))
    order = np.lexsort((time, resource))
    resource, time = resource[order], time[order]
    usage = np.cumsum(change[order])
    last = np.ones(len(time), dtype=np.bool_)
    last[:-1] = (time[1:] != time[:-1]) | (resource[1:] != resource[:-1])
    return ints(resource[last]), ints(time[last]), ints(usage[last])


def _usage_measure(schedule: Schedule, measure: Measure, resources: Sequence[int]) -> int:
    table = schedule.problem.resources
    renewable = np.flatnonzero(table.kind == ResourceKind.RENEWABLE)
    if len(resources):
        renewable = renewable[np.isin(renewable, list(resources))]
    resource, time, usage = usage_steps(schedule, renewable.tolist())
    if measure is Measure.PEAK:
        peak = np.zeros(len(table), dtype=np.int64)
        np.maximum.at(peak, resource, usage)
        return _sum_of_products(np.maximum(table.cost, 1), peak)
    # The usage is 0 after the last instant of a resource, so the step to the next one adds nothing.
    length = np.diff(time, append=time[-1:])
    if float(np.abs(usage).max(initial=0)) ** 2 >= _LARGEST_SUM:
        return sum(u * u * d for u, d in zip(usage.tolist(), length.tolist(), strict=True))
    return _sum_of_products(usage * usage, length)


def _sum_of_products(a: Ints, b: Ints) -> int:
    """Return the exact sum of ``a * b``."""
    bound = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    if bound < _LARGEST_SUM:
        return int(a @ b)
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))
