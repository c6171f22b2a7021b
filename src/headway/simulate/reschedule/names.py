"""Jobs, tasks and resources by the names that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from headway.errors import EventError, UnknownNameError
from headway.model import Problem
from headway.model.tables import ABSENT
from headway.simulate.reschedule.tables import Tables

_Position = TypeVar("_Position")


class Names:
    """Positions by name.

    Parameters
    ----------
    problem
        Whose names.
    """

    def __init__(self, problem: Problem | Tables) -> None:
        self._tasks_table, self._job_names = problem.tasks, problem.jobs.name
        self._resource_names = problem.resources.name

    @cached_property
    def _jobs(self) -> Mapping[str, int]:
        return {name: k for k, name in enumerate(self._job_names)}

    @cached_property
    def _resources(self) -> Mapping[str, int]:
        return {name: k for k, name in enumerate(self._resource_names)}

    @cached_property
    def _labels(self) -> Mapping[str, Sequence[int]]:
        """Positions of tasks by label, of which several tasks may have the same."""
        found: dict[str, list[int]] = {}
        table = self._tasks_table
        for k, (name, job) in enumerate(zip(table.name, table.job.tolist(), strict=True)):
            label = name if job == ABSENT else f"{self._job_names[job]}/{name}"
            found.setdefault(label, []).append(k)
        return found

    def job(self, name: str) -> int:
        """Return the position of a job."""
        return _found("job", name, self._jobs)

    def resource(self, name: str) -> int:
        """Return the position of a resource."""
        return _found("resource", name, self._resources)

    def task(self, label: str) -> int:
        """Return the position of a task.

        Raises
        ------
        UnknownNameError
            If there is no such task.
        EventError
            If several have this label.
        """
        if len(self._labels.get(label, ())) > 1:
            raise EventError(f"several tasks are called {label!r}; give the position of one")
        return _found("task", label, self._labels)[0]

    @property
    def jobs(self) -> Sequence[str]:
        """All names of jobs."""
        return list(self._jobs)

    @property
    def resources(self) -> Sequence[str]:
        """All names of resources."""
        return list(self._resources)

    @property
    def tasks(self) -> Sequence[str]:
        """All labels of tasks."""
        return list(self._labels)


def _found(what: str, name: str, known: Mapping[str, _Position]) -> _Position:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(what, name, known) from None
