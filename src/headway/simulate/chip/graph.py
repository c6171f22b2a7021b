"""Task graphs with a cost per processing element and a delay per edge and pair of elements."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.tables import LARGEST_TIME, Ints, ints

UNSUPPORTED = -1
"""Duration of a task on an element that cannot run it."""

Floats = NDArray[np.float64]
Cube = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class TaskGraph:
    """Tasks that hand data to one another, and what they take on each processing element.

    Parameters
    ----------
    name
        Label for messages and plots.
    tasks
        Names, shape (n_tasks,).
    elements
        Names of the processing elements, shape (n_elements,).
    duration
        Ticks of each task on each element, `UNSUPPORTED` where it cannot run; shape
        (n_tasks, n_elements).
    source, target
        The tasks that each edge leads from and to, shape (n_edges,). No cycles.
    delay
        Ticks between the end of an edge's source on one element and the start of its target on
        another, shape (n_edges, n_elements, n_elements). Only the receiver waits: elements send
        while they work.
    tick_s
        Seconds per tick, for display only.

    Raises
    ------
    ProblemError
        If the shapes do not fit together, a task runs nowhere, a number is out of range, or the
        edges form a cycle; the message names the task or edge.
    """

    name: str
    tasks: tuple[str, ...]
    elements: tuple[str, ...]
    duration: Cube
    source: Ints
    target: Ints
    delay: Cube
    tick_s: float = 1e-6

    def __post_init__(self) -> None:
        for field in ("source", "target"):
            object.__setattr__(self, field, ints(getattr(self, field)))
        for field in ("duration", "delay"):
            values = getattr(self, field)
            array = ints(values).reshape(np.shape(values))
            array.setflags(write=False)
            object.__setattr__(self, field, array)
        self._check_shapes()
        self._check_values()
        _ = self.order

    def _check_shapes(self) -> None:
        n, elements, edges = len(self.tasks), len(self.elements), len(self.source)
        expected = {
            "duration": (n, elements),
            "target": (edges,),
            "delay": (edges, elements, elements),
        }
        for field, shape in expected.items():
            found = getattr(self, field).shape
            if found != shape:
                raise ProblemError(f"{self.name}: {field}: expected shape {shape}, got {found}")
        if not n or not elements:
            raise ProblemError(f"{self.name}: expected a task and an element, or more")

    def _check_values(self) -> None:
        for what, values, low in (
            ("duration", self.duration, UNSUPPORTED),
            ("delay", self.delay, 0),
        ):
            if values.size and not low <= values.min() <= values.max() <= LARGEST_TIME:
                raise ProblemError(f"{self.name}: {what}: expected values from {low} to 2^44")
        lonely = np.flatnonzero(~self.supported.any(axis=1))
        if len(lonely):
            task = self.tasks[lonely[0]]
            raise ProblemError(f"{self.name}: task {task!r} runs on none of the elements")
        ends = np.concatenate([self.source, self.target])
        if ends.size and not 0 <= ends.min() <= ends.max() < self.n_tasks:
            raise ProblemError(f"{self.name}: edges join tasks from 0 to {self.n_tasks - 1}")
        pairs = self.source * self.n_tasks + self.target
        values, count = np.unique(pairs, return_counts=True)
        if (count > 1).any():
            a, b = divmod(int(values[np.argmax(count)]), self.n_tasks)
            raise ProblemError(
                f"{self.name}: two edges lead from {self.tasks[a]!r} to {self.tasks[b]!r}"
            )

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.tasks)

    @property
    def n_elements(self) -> int:
        """Number of processing elements."""
        return len(self.elements)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.source)

    @cached_property
    def supported(self) -> NDArray[np.bool_]:
        """Whether each task can run on each element, shape (n_tasks, n_elements)."""
        return np.asarray(self.duration >= 0)

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """For each task the edges that lead to it."""
        return self._grouped(self.target)

    @cached_property
    def outgoing(self) -> tuple[tuple[int, ...], ...]:
        """For each task the edges that lead from it."""
        return self._grouped(self.source)

    def _grouped(self, end: Ints) -> tuple[tuple[int, ...], ...]:
        groups: list[list[int]] = [[] for _ in self.tasks]
        for edge, task in enumerate(end.tolist()):
            groups[task].append(edge)
        return tuple(map(tuple, groups))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The tasks so that every edge leads forward; of several the smallest position first."""
        waiting = [len(edges) for edges in self.incoming]
        ready = [task for task, count in enumerate(waiting) if count == 0]
        order = []
        while ready:
            task = heapq.heappop(ready)
            order.append(task)
            for edge in self.outgoing[task]:
                follower = int(self.target[edge])
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    heapq.heappush(ready, follower)
        if len(order) < self.n_tasks:
            stuck = next(task for task, count in enumerate(waiting) if count > 0)
            raise ProblemError(
                f"{self.name}: the edges form a cycle through or before {self.tasks[stuck]!r}"
            )
        return tuple(order)

    @cached_property
    def mean_duration(self) -> Floats:
        """Mean duration over the elements that support each task, shape (n_tasks,)."""
        total = np.where(self.supported, self.duration, 0).sum(axis=1)
        return np.asarray(total / self.supported.sum(axis=1), dtype=np.float64)

    @cached_property
    def mean_delay(self) -> Floats:
        """Mean delay of each edge over pairs of different elements, shape (n_edges,)."""
        count = self.n_elements * (self.n_elements - 1)
        if not count:
            return np.zeros(self.n_edges)
        inside = np.trace(self.delay, axis1=1, axis2=2)
        return np.asarray((self.delay.sum(axis=(1, 2)) - inside) / count, dtype=np.float64)

    def __repr__(self) -> str:
        return (
            f"<TaskGraph {self.name}: {self.n_tasks} tasks, {self.n_edges} edges,"
            f" {self.n_elements} elements>"
        )
