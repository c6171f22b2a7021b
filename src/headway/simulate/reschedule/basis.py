"""What all ways to answer fast look at: the old order, and what has no place in it yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.errors import UnsupportedError
from headway.model.tables import Ints, bools, ints
from headway.simulate.reschedule.residual import Residual
from headway.solve.precedence import Precedence
from headway.solve.tabu.shop import JobShop


@dataclass(frozen=True, slots=True)
class Effort:
    """How much the fast system does; work is counted, so that it answers the same everywhere.

    Parameters
    ----------
    insertions
        Most tasks that are lifted and put back at their best place.
    moves
        Moves of tabu search from the best plan; 0 for none.
    """

    insertions: int = 600
    moves: int = 512


class Basis:
    """What is left to be done, as it was planned.

    Parameters
    ----------
    rest
        What is left.
    effort
        How much may be done about it.

    Attributes
    ----------
    problem
        That of the rest.
    new
        Which of its tasks must find a place and have none, shape (n_tasks,).
    start, mode
        Planned starts, new tasks behind all others, and planned modes, the shortest of new tasks.
    """

    def __init__(self, rest: Residual, effort: Effort) -> None:
        self.rest, self.problem, self.effort = rest, rest.problem, effort
        start, mode = rest.planned
        self.new = bools((mode < 0) & ~self.problem.tasks.optional)
        self.start, self.mode = start, mode
        if self.new.any():
            self.mode = ints(np.where(self.new, self._quickest(), mode))
            self.start = ints(self._behind(start))

    def _quickest(self) -> Ints:
        """Return the shortest mode of each task."""
        ptr, duration = self.problem.tasks.mode_ptr, self.problem.modes.duration
        order = np.lexsort((duration, self.problem.modes.task))
        return ints(order[ptr[:-1]])

    def _behind(self, start: Ints) -> Ints:
        """Return some starts, with new tasks behind all others."""
        last = int(start.max(initial=0)) + 1
        return np.where(self.new, last + self.head, start)

    @property
    def head(self) -> Ints:
        """Earliest start of each task by windows and relations; 0 if they contradict."""
        head = self.precedence.head
        return ints(np.zeros(self.problem.n_tasks)) if head is None else head

    @property
    def breaks(self) -> bool:
        """Whether any resource has breaks."""
        return bool(len(self.problem.resources.break_start))

    @cached_property
    def precedence(self) -> Precedence:
        """What relations imply."""
        return Precedence(self.problem, np.ones(self.problem.n_tasks, dtype=np.bool_))

    @property
    def tail(self) -> Ints:
        """Least time from the start of each task to the end of all work."""
        tail = self.precedence.tail
        return self.precedence.shortest if tail is None else tail

    @cached_property
    def job_shop(self) -> JobShop | None:
        """The rest as a job shop, if it is one."""
        try:
            return JobShop(self.problem)
        except UnsupportedError:
            return None
