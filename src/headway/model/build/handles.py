"""Handles: what a model gives back for each thing added, to be used in constraints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headway.model.build.model import Model


class Handle(ABC):
    """Something added to a model: its position and its name.

    Attributes
    ----------
    model
        The model it belongs to.
    index
        Its position in the table of its kind.
    """

    __slots__ = ("index", "model")

    def __init__(self, model: Model, index: int) -> None:
        self.model = model
        self.index = index

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    @abstractmethod
    def name(self) -> str:
        """The name given when it was added."""


class Job(Handle):
    """A job of a `Model`; made by `Model.job`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name given when it was added."""
        return self.model.draft.jobs.name[self.index]


class Resource(Handle):
    """A resource of a `Model`; made by `Model.machine`, `renewable`, `budget` or `reservoir`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name given when it was added."""
        return self.model.draft.resources.name[self.index]


class Task(Handle):
    """A task of a `Model`; made by `Model.task`. ``a >> b`` makes b start after a has ended."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name given when it was added."""
        return self.model.draft.tasks.name[self.index]

    def mode(
        self,
        demands: Mapping[Resource, int] | None = None,
        duration: int = 0,
        *,
        cost: int = 0,
        consumes: Mapping[Resource, int] | None = None,
        produces: Mapping[Resource, int] | None = None,
    ) -> Task:
        """Add a way to do the task, and return the task.

        Parameters
        ----------
        demands
            Units of each machine (always 1), renewable and non-renewable resource.
        duration
            Ticks of work.
        cost
            Price of choosing this mode.
        consumes
            Units taken from each reservoir when the task starts.
        produces
            Units given to each reservoir when the task ends.

        Raises
        ------
        ProblemError
            If an amount is not positive or a resource is used in the wrong way.
        """
        self.model.add_mode(
            self,
            demands or {},
            duration,
            cost=cost,
            consumes=consumes or {},
            produces=produces or {},
        )
        return self

    def __rshift__(self, after: Task) -> Task:
        self.model.end_before_start(self, after)
        return after


class Mode(Handle):
    """A mode of a task, as returned by `Model.modes_of`."""

    __slots__ = ("task",)

    def __init__(self, model: Model, index: int, task: Task) -> None:
        super().__init__(model, index)
        self.task = task

    @property
    def name(self) -> str:
        """The task's name and the number of the mode."""
        own = self.model.draft.tasks.modes[self.task.index]
        return f"{self.task.name}#{own.index(self.index)}"
