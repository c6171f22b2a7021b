"""Rules of a single task: presence, mode, windows, horizon, release, deadline, duration."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from headway.model.calendar import Pauses
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Bools, Ints
from headway.model.verify.claims import LARGEST_CLAIM, Claims, unreadable
from headway.model.violation import Findings, ViolationKind


def presence(claims: Claims, schedule: Schedule) -> Iterator[Findings]:
    """Yield tasks left out, stray times of such tasks, wrong modes and times beyond all bounds.

    `tasks` is the one task and `amount` is 1, except for times beyond all bounds, where it is the
    distance to the bound.
    """
    tasks = claims.problem.tasks
    left_out = claims.mode == ABSENT
    own = (claims.mode >= tasks.mode_ptr[:-1]) & (claims.mode < tasks.mode_ptr[1:])
    stray = left_out & ((schedule.start != ABSENT) | (schedule.end != ABSENT))
    far = claims.present & (unreadable(schedule.start) | unreadable(schedule.end))

    def mode_message(task: int) -> str:
        low, high = tasks.mode_ptr[task], tasks.mode_ptr[task + 1] - 1
        wanted = f"mode {low}" if low == high else f"a mode from {low} to {high}"
        return f"{claims.label(task)} has mode {claims.mode[task]}, expected {wanted}"

    yield _of_tasks(
        claims,
        ViolationKind.MISSING,
        left_out & ~tasks.optional,
        lambda task: f"{claims.label(task)} is left out, but it is not optional",
    )
    yield _of_tasks(
        claims,
        ViolationKind.STRAY,
        stray,
        lambda task: (
            f"{claims.label(task)} is left out, but has start {schedule.start[task]}"
            f" and end {schedule.end[task]} instead of {ABSENT}"
        ),
    )
    yield _of_tasks(claims, ViolationKind.MODE, ~left_out & ~own, mode_message)
    beyond = np.maximum(_beyond(schedule.start), _beyond(schedule.end))
    yield _of_tasks(
        claims,
        ViolationKind.TIME,
        far,
        lambda task: (
            f"{claims.label(task)} starts at {schedule.start[task]} and ends at"
            f" {schedule.end[task]}; times go up to {LARGEST_CLAIM}"
        ),
        beyond,
    )


def windows(claims: Claims) -> Iterator[Findings]:
    """Yield broken windows, releases, deadlines and ends after the horizon.

    `tasks` is the one task, `amount` the ticks by which the limit is missed.
    """
    problem, tasks, jobs = claims.problem, claims.problem.tasks, claims.problem.jobs
    job = np.where(tasks.job >= 0, tasks.job, len(jobs))
    release = np.append(jobs.release, 0)[job]
    deadline = np.append(jobs.deadline, FOREVER)[job]
    horizon = np.full(len(tasks), problem.horizon)
    start, end = claims.start, claims.end

    # A start before 0 is before the earliest start, which is 0 or later. An earliest end or a
    # release of 0 is no limit: an end before 0 breaks the duration or the earliest start.
    earliest_end = np.where(tasks.earliest_end > 0, tasks.earliest_end, -FOREVER)
    release = np.where(release > 0, release, -FOREVER)
    for kind, verb, time, side, name, limit in (
        (
            ViolationKind.WINDOW,
            "starts",
            start,
            "before",
            "its earliest start",
            tasks.earliest_start,
        ),
        (ViolationKind.WINDOW, "starts", start, "after", "its latest start", tasks.latest_start),
        (ViolationKind.WINDOW, "ends", end, "before", "its earliest end", earliest_end),
        (ViolationKind.WINDOW, "ends", end, "after", "its latest end", tasks.latest_end),
        (ViolationKind.HORIZON, "ends", end, "after", "the horizon", horizon),
        (ViolationKind.RELEASE, "starts", start, "before", "the release of job", release),
        (ViolationKind.DEADLINE, "ends", end, "after", "the deadline of job", deadline),
    ):
        yield _beside(claims, kind, verb, time, side, name, limit)


def duration(claims: Claims) -> Iterator[Findings]:
    """Yield tasks whose work between start and end is not the duration of their mode.

    `tasks` is the one task, `amount` the ticks of work too many or too few.
    """
    tasks = claims.problem.tasks
    wanted = np.zeros(len(tasks), dtype=np.int64)
    wanted[claims.placed] = claims.problem.modes.duration[claims.mode[claims.placed]]
    work = claims.end - claims.start
    pausing = np.flatnonzero(claims.placed & tasks.interruptible & (wanted > 0) & (work > 0))
    if len(pausing) and len(claims.problem.resources.break_start):
        pauses = Pauses.of(claims.problem, claims.mode[pausing])
        work[pausing] -= pauses.before(claims.end[pausing]) - pauses.before(claims.start[pausing])

    def message(task: int) -> str:
        span = f"{claims.label(task)} runs from {claims.start[task]} to {claims.end[task]}"
        paused = claims.end[task] - claims.start[task] - work[task]
        less = f", of which {paused} are breaks" if paused else ""
        return f"{span}, {paused + work[task]} ticks{less}; its mode takes {wanted[task]}"

    wrong = claims.placed & (work != wanted)
    yield _of_tasks(claims, ViolationKind.DURATION, wrong, message, np.abs(work - wanted))


def _beyond(time: Ints) -> Ints:
    """Return how far a time lies beyond the bound, without overflow."""
    return np.where(time > 0, time - LARGEST_CLAIM, -LARGEST_CLAIM - np.minimum(time, 0))


def _of_tasks(
    claims: Claims,
    kind: ViolationKind,
    wrong: Bools,
    message: Callable[[int], str],
    amount: Ints | None = None,
    job: Ints | None = None,
) -> Findings:
    """Return findings about single tasks, those for which `wrong` holds."""
    task = np.flatnonzero(wrong)

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        who = int(task[k])
        problem = claims.problem
        where = problem.task_label(who) if job is None else problem.jobs.name[job[who]]
        return (who,), where, message(who)

    amounts = np.ones(len(task), dtype=np.int64) if amount is None else amount[task]
    return Findings(kind, amounts, describe)


def _beside(
    claims: Claims,
    kind: ViolationKind,
    verb: str,
    time: Ints,
    side: str,
    name: str,
    limit: Ints,
) -> Findings:
    """Return findings about starts or ends on the wrong side of a limit."""
    amount = limit - time if side == "before" else time - limit
    wrong = claims.timed & (np.abs(limit) < FOREVER) & (amount > 0)
    problem = claims.problem
    of_job = kind in (ViolationKind.RELEASE, ViolationKind.DEADLINE)
    job = problem.tasks.job if of_job else None

    def message(task: int) -> str:
        owner = f" {problem.jobs.name[job[task]]!r}" if job is not None else ""
        return f"{claims.label(task)} {verb} at {time[task]}, {side} {name}{owner}, {limit[task]}"

    return _of_tasks(claims, kind, wrong, message, amount, job)
