"""A schedule in the making: tasks are placed one by one where they end early."""

from __future__ import annotations

import bisect

import numpy as np

from headway.model.tables import ints
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.placement import Placement


class Timetable:
    """Which task runs where and when so far.

    Parameters
    ----------
    graph
        What is placed.
    insertion
        Whether a task may go into a gap between tasks that are placed already.
    """

    def __init__(self, graph: TaskGraph, *, insertion: bool = True) -> None:
        self.graph = graph
        self.insertion = insertion
        self.element = [-1] * graph.n_tasks
        self.start = [0] * graph.n_tasks
        self.end = [0] * graph.n_tasks
        self._waiting = [len(edges) for edges in graph.incoming]
        self.ready = [task for task, count in enumerate(self._waiting) if count == 0]
        # The busy intervals of each element, by start.
        self._busy: list[list[tuple[int, int]]] = [[] for _ in graph.elements]
        self._duration = graph.duration.tolist()
        self._source = graph.source.tolist()
        self._target = graph.target.tolist()

    def copy(self) -> Timetable:
        """Return a timetable that goes its own way from here."""
        other = object.__new__(Timetable)
        other.__dict__.update(self.__dict__)
        for name in ("element", "start", "end", "_waiting", "ready"):
            setattr(other, name, getattr(self, name).copy())
        other._busy = [intervals.copy() for intervals in self._busy]
        return other

    @property
    def is_complete(self) -> bool:
        """Whether every task is placed."""
        return not self.ready

    @property
    def makespan(self) -> int:
        """When the last task that is placed ends."""
        return max(self.end)

    def data_ready(self, task: int) -> list[int]:
        """Return when the data of a ready task is there, per element."""
        arrival = [0] * self.graph.n_elements
        for edge in self.graph.incoming[task]:
            parent = self._source[edge]
            delay = self.graph.delay[edge, self.element[parent]].tolist()
            end = self.end[parent]
            arrival = [max(a, end + d) for a, d in zip(arrival, delay, strict=True)]
        return arrival

    def choices(self, task: int) -> list[tuple[int, int, int]]:
        """Return the earliest end, the start and the element for each element that a task fits."""
        found = []
        for element, arrival in enumerate(self.data_ready(task)):
            duration = self._duration[task][element]
            if duration >= 0:
                start = self._earliest(element, arrival, duration)
                found.append((start + duration, start, element))
        return found

    def _earliest(self, element: int, arrival: int, duration: int) -> int:
        busy = self._busy[element]
        if not busy:
            return arrival
        if not self.insertion:
            return max(arrival, busy[-1][1])
        # Only gaps that end after the arrival can hold the task.
        k = bisect.bisect_left(busy, (arrival, arrival))
        free = max(arrival, busy[k - 1][1]) if k else arrival
        for start, end in busy[k:]:
            if free + duration <= start:
                return free
            free = max(free, end)
        return free

    def place(self, task: int, element: int, start: int) -> None:
        """Place a ready task."""
        end = start + self._duration[task][element]
        self.element[task], self.start[task], self.end[task] = element, start, end
        if end > start:
            bisect.insort(self._busy[element], (start, end))
        self.ready.remove(task)
        for edge in self.graph.outgoing[task]:
            follower = self._target[edge]
            self._waiting[follower] -= 1
            if self._waiting[follower] == 0:
                self.ready.append(follower)

    def placement(self) -> Placement:
        """Return the finished placement."""
        return Placement(self.graph, ints(self.element), ints(np.array(self.start)))
