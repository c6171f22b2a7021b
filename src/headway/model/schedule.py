"""A schedule: when each task starts and ends, and in which mode."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from headway.errors import FormatError, ProblemError
from headway.model import analysis, calendar, evaluate
from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import ABSENT, Bools, Ints, ints

if TYPE_CHECKING:
    from headway.show import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Schedule:
    """Start, end and mode of every task of a problem.

    A schedule may be wrong: `headway.verify` says whether and where. Use `Schedule.of` (or
    ``problem.schedule``) to have ends filled in.

    Parameters
    ----------
    problem
        What is scheduled.
    start, end
        Ticks, shape (n_tasks,); `ABSENT` for a task that is left out.
    mode
        Position in ``problem.modes``, shape (n_tasks,); `ABSENT` for a task that is left out.
    """

    problem: Problem
    start: Ints
    end: Ints
    mode: Ints

    def __post_init__(self) -> None:
        for name in ("start", "end", "mode"):
            array = ints(getattr(self, name))
            if array.shape != (self.problem.n_tasks,):
                raise ProblemError(
                    f"{name}: expected {self.problem.n_tasks} values, one per task,"
                    f" got {len(array)}"
                )
            object.__setattr__(self, name, array)

    @classmethod
    def of(
        cls, problem: Problem, start: object, mode: object = None, end: object = None
    ) -> Schedule:
        """Return a schedule from starts, filling in what follows from them.

        Parameters
        ----------
        problem
            What is scheduled.
        start
            Ticks, shape (n_tasks,).
        mode
            Position in ``problem.modes`` per task, `ABSENT` to leave it out; by default the first
            mode of every task.
        end
            Ticks; by default each task ends as soon as its work is done, pausing in breaks if it
            is interruptible.
        """
        starts = ints(start)
        modes = ints(problem.tasks.mode_ptr[:-1] if mode is None else mode)
        if len(starts) != problem.n_tasks or len(modes) != problem.n_tasks:
            raise ProblemError(
                f"expected {problem.n_tasks} starts and modes, got {len(starts)} and {len(modes)}"
            )
        if modes.size and (modes.min() < ABSENT or modes.max() >= problem.n_modes):
            raise ProblemError(f"modes are numbered from 0 to {problem.n_modes - 1}")
        ends = calendar.ends(problem, starts, modes) if end is None else ints(end)
        here = modes >= 0
        return cls(
            problem, ints(np.where(here, starts, ABSENT)), ints(np.where(here, ends, ABSENT)), modes
        )

    @cached_property
    def present(self) -> Bools:
        """Whether each task is part of the schedule, shape (n_tasks,)."""
        mask: Bools = self.mode >= 0
        mask.setflags(write=False)
        return mask

    @cached_property
    def choice(self) -> Ints:
        """Which of its modes each task uses, counted from 0, or `ABSENT`; shape (n_tasks,)."""
        return ints(np.where(self.present, self.mode - self.problem.tasks.mode_ptr[:-1], ABSENT))

    @property
    def makespan(self) -> int:
        """Latest end of any task; 0 for an empty schedule."""
        return evaluate.measure(self, Measure.MAKESPAN)

    @cached_property
    def objective_values(self) -> tuple[int, ...]:
        """Value of each level of the problem's objective."""
        return evaluate.objective_values(self)

    @property
    def objective(self) -> int | tuple[int, ...]:
        """The objective value: a number, or a tuple for a lexicographic objective."""
        values = self.objective_values
        return values[0] if len(values) == 1 else values

    @cached_property
    def completion(self) -> Ints:
        """Completion time of each job, shape (n_jobs,); `ABSENT` if it has no task present."""
        return evaluate.completion(self)

    def measures(self) -> dict[str, int]:
        """Return every measure that makes sense for the problem, by name."""
        return evaluate.measures(self)

    @cached_property
    def free(self) -> Ints:
        """When each task lets go of its resources: its end, or later if it blocks them."""
        return evaluate.free_times(self)

    @cached_property
    def critical_path(self) -> tuple[int, ...]:
        """Tasks of one chain without slack that ends last; see `headway.model.analysis`."""
        return analysis.critical_path(self)

    @cached_property
    def slack(self) -> Ints:
        """How far each task can move right without delaying the makespan, shape (n_tasks,)."""
        return analysis.slack(self)

    def sequence(self, resource: int) -> Ints:
        """Return the tasks that use a resource, by start, then by `free`, then by position."""
        return analysis.sequence(self, resource)

    def profile(self, resource: int) -> tuple[Ints, Ints]:
        """Return the usage of a renewable resource, or the level of a reservoir, as steps.

        Returns
        -------
        time
            Increasing instants at which the value changes; the first is 0.
        value
            The value from each instant on.
        """
        return analysis.profile(self, resource)

    def gantt(self, **options: object) -> Figure:
        """Return a Gantt chart; see `headway.show.gantt`."""
        from headway.show import gantt

        return gantt(self, **options)  # type: ignore[arg-type]

    def to_json(self) -> str:
        """Return the schedule as JSON text, tied to its problem by fingerprint."""
        return json.dumps(
            {
                "format": "headway-schedule",
                "version": 1,
                "problem": self.problem.name,
                "fingerprint": self.problem.fingerprint,
                "objective": list(self.objective_values),
                "start": self.start.tolist(),
                "end": self.end.tolist(),
                "mode": self.mode.tolist(),
            }
        )

    @classmethod
    def from_json(cls, problem: Problem, text: str | bytes) -> Schedule:
        """Return the schedule written by `to_json`.

        Raises
        ------
        FormatError
            If the text is not such a schedule, or was made for another problem.
        """
        from headway.model.document import schedule_arrays_from_json

        start, end, mode = schedule_arrays_from_json(problem, text)
        try:
            return cls(problem, ints(start), ints(end), ints(mode))
        except ValueError as error:
            raise FormatError(str(error)) from None

    def save(self, path: str | PathLike[str]) -> None:
        """Write JSON to `path`, atomically."""
        from headway.files import write_text

        write_text(path, self.to_json())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule):
            return NotImplemented
        return (
            self.problem == other.problem
            and np.array_equal(self.start, other.start)
            and np.array_equal(self.end, other.end)
            and np.array_equal(self.mode, other.mode)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        left_out = int(np.count_nonzero(~self.present))
        absent = f", {left_out} left out" if left_out else ""
        return (
            f"<Schedule of {self.problem.name}: {self.problem.n_tasks} tasks{absent}, "
            f"{self.problem.objective} = {self.objective}>"
        )

    def _repr_png_(self) -> bytes:
        return self.gantt().to_png()
