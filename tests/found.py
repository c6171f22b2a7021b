"""What `verify` finds, in the shape in which tests state it."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.verify import Report, verify


def report(problem: Problem, start: object, *, mode: object = None, end: object = None) -> Report:
    """Return the report on a schedule as it stands; ends are filled in if they are not given."""
    if end is None:
        schedule = Schedule.of(problem, start, mode=mode)
    else:
        modes = problem.tasks.mode_ptr[:-1] if mode is None else mode
        schedule = Schedule(problem, start, end, modes)  # type: ignore[arg-type]
    return verify(problem, schedule)


def found(
    problem: Problem, start: object, *, mode: object = None, end: object = None
) -> list[tuple[str, tuple[int, ...], int]]:
    """Return kind, tasks and amount of every violation."""
    listed = report(problem, start, mode=mode, end=end)
    return [(str(v.kind), v.tasks, v.amount) for v in listed]
