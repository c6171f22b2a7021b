"""Jobs, tasks and resources by the names that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headway.errors import EventError, UnknownNameError
from headway.model import Problem
from headway.model.tables import ABSENT
from headway.simulate.reschedule.tables import Tables


class Names:
    """Positions by name.

    Parameters
    ----------
    problem
        Whose names.
    """

    def __init__(self, problem: Problem | Tables) -> None:
        tasks, jobs = problem.tasks, problem.jobs
        self._jobs = {name: k for k, name in enumerate(jobs.name)}
        self._resources = {name: k for k, name in enumerate(problem.resources.name)}
        self._labels: dict[str, int] = {}
        self._twice: set[str] = set()
        for k, (name, job) in enumerate(zip(tasks.name, tasks.job.tolist(), strict=True)):
            label = name if job == ABSENT else f"{jobs.name[job]}/{name}"
            if label in self._labels:
                self._twice.add(label)
            self._labels[label] = k

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
        if label in self._twice:
            raise EventError(f"several tasks are called {label!r}; give the position of one")
        return _found("task", label, self._labels)

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


def _found(what: str, name: str, known: Mapping[str, int]) -> int:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(what, name, known) from None
