"""Random events for a plan, for studies of rescheduling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headway.model import Schedule
from headway.model.tables import ResourceKind
from headway.simulate.events import (
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    Work,
    WorkMode,
)

KINDS = ("duration", "machine", "down", "arrival", "cancel")
"""Kinds of events that `random_events` draws."""


def random_events(
    plan: Schedule,
    rng: np.random.Generator,
    count: int = 1,
    *,
    now: int | None = None,
    kinds: Sequence[str] = KINDS,
    name: str = "new",
) -> tuple[int, list[Event]]:
    """Return a tick, and some events that a shop learns of then.

    Parameters
    ----------
    plan
        A schedule of a shop: modes use machines.
    rng
        Where chance comes from.
    count
        How many events.
    now
        When; by default uniform over the middle 60 % of the plan.
    kinds
        Members of `KINDS` to draw from. ``"duration"``: of a task to come, times a factor between
        0.5 and 2. ``"machine"``: a task to come goes to a machine of another task, for as long.
        ``"down"``: a machine rests for 10 to 30 % of the makespan from now or from within the rest
        of the plan. ``"arrival"``: a job with as many tasks as another one, on its machines in
        random order, durations drawn from all. ``"cancel"``: a job that is not finished.
    name
        New jobs are called so, with a number behind.

    Notes
    -----
    Events that need a task or job that is not there any more are left out.
    """
    length = plan.makespan
    at = int(rng.uniform(0.2, 0.8) * length) if now is None else now
    events: list[Event] = []
    for number in range(count):
        event = _event(plan, rng, at, str(rng.choice(list(kinds))), f"{name} {number}")
        # One event a job or task: a second one could contradict the first.
        if event is not None and not any(_clash(event, other) for other in events):
            events.append(event)
    return at, events


def _event(
    plan: Schedule, rng: np.random.Generator, now: int, kind: str, name: str
) -> Event | None:
    problem = plan.problem
    to_come = np.flatnonzero(plan.present & (plan.start >= now))
    if kind in ("duration", "machine"):
        if not len(to_come):
            return None
        task = int(rng.choice(to_come))
        work = int(problem.modes.duration[plan.mode[task]])
        if kind == "duration":
            longer = max(1, round(work * rng.uniform(0.5, 2)))
            return DurationChange(time=now, task=task, duration=longer)
        other = _machine(plan, rng)
        return MachineChange(time=now, task=task, modes=(WorkMode(work, {other: 1}),))
    if kind == "down":
        length = max(1, round(plan.makespan * rng.uniform(0.1, 0.3)))
        begin = now if rng.random() < 0.5 else int(rng.uniform(now, max(plan.makespan, now + 1)))
        return MachineDown(time=now, machine=_machine(plan, rng), start=begin, end=begin + length)
    if kind == "arrival":
        return _arrival(plan, rng, now, name)
    open_jobs = np.unique(problem.tasks.job[plan.present & (plan.end > now)])
    open_jobs = open_jobs[open_jobs >= 0]
    if not len(open_jobs):
        return None
    return JobCancel(time=now, job=problem.jobs.name[int(rng.choice(open_jobs))])


def _machine(plan: Schedule, rng: np.random.Generator) -> str:
    """Return the name of a machine that is in use."""
    table = plan.problem.resources
    used = np.unique(plan.problem.modes.demand_resource)
    machines = used[table.kind[used] == ResourceKind.MACHINE]
    return table.name[int(rng.choice(machines))]


def _arrival(plan: Schedule, rng: np.random.Generator, now: int, name: str) -> JobArrival:
    problem = plan.problem
    jobs = np.unique(problem.tasks.job[problem.tasks.job >= 0])
    pattern = problem.tasks_of(int(rng.choice(jobs)))
    tasks = []
    for like in rng.permutation(pattern).tolist():
        modes = range(int(problem.tasks.mode_ptr[like]), int(problem.tasks.mode_ptr[like + 1]))
        work = max(1, int(rng.choice(problem.modes.duration)))
        tasks.append(Work(tuple(WorkMode(work, _demands(plan, mode)) for mode in modes)))
    return JobArrival(time=now, job=name, tasks=tuple(tasks))


def _demands(plan: Schedule, mode: int) -> dict[str, int]:
    modes, names = plan.problem.modes, plan.problem.resources.name
    span = slice(int(modes.demand_ptr[mode]), int(modes.demand_ptr[mode + 1]))
    rows = zip(
        modes.demand_resource[span].tolist(), modes.demand_amount[span].tolist(), strict=True
    )
    return {names[resource]: amount for resource, amount in rows}


def _clash(event: Event, other: Event) -> bool:
    """Return whether two events could speak of the same task or machine."""
    changes = (DurationChange, MachineChange)
    if isinstance(event, changes) and isinstance(other, changes):
        return event.task == other.task
    if isinstance(event, MachineDown) and isinstance(other, MachineDown):
        return event.machine == other.machine
    # A cancelled job may be that of a changed task.
    kinds = {type(event), type(other)}
    return JobCancel in kinds and (len(kinds) == 1 or bool(kinds & set(changes)))
