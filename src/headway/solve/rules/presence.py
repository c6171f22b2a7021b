"""Which optional tasks take part: decided once, before any time is set."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

import numpy as np

from headway.model.problem import Problem
from headway.model.tables import ABSENT, Bools, Ints, SelectionKind

OUT, IN, OPEN = 0, 1, 2
_MOST_TRIES = 10_000


def choose_presence(problem: Problem, work: Ints) -> Bools | None:
    """Return which tasks are present: as few as the selections allow, and the shortest.

    Optional tasks stay out unless a selection asks for one; then the option is taken that brings
    in the least work, with all that follows from it. If an option leads to a contradiction, the
    next one is tried.

    Parameters
    ----------
    problem
        What is scheduled.
    work
        Ticks of work per task by which options are compared, shape (n_tasks,).

    Returns
    -------
    numpy.ndarray or None
        Shape (n_tasks,); None if no choice satisfies the selections.
    """
    present: Bools = ~problem.tasks.optional
    if not len(problem.selections):
        return present
    state = np.where(present, IN, OPEN)
    return _Selector(problem, work).decide(state)


class _Selector:
    """Propagation and depth-first choice over the rows of `Problem.selections`."""

    def __init__(self, problem: Problem, work: Ints) -> None:
        table = problem.selections
        self.work = work
        self.kind = table.kind.tolist()
        self.condition = table.condition.tolist()
        ptr = table.task_ptr
        self.members = [table.task[ptr[r] : ptr[r + 1]].tolist() for r in range(len(table))]
        self.rows_of: dict[int, list[int]] = defaultdict(list)
        for r, members in enumerate(self.members):
            for task in {*members, self.condition[r]}:
                self.rows_of[task].append(r)
        self.tries = 0

    def decide(self, state: Ints) -> Bools | None:
        """Return the presence of all tasks, or None if the open ones cannot be settled."""
        settled = self._propagate(state, range(len(self.kind)))
        return None if settled is None else self._search(settled)

    def _search(self, state: Ints) -> Bools | None:
        row = next((r for r in range(len(self.kind)) if self._wants_one(state, r)), None)
        if row is None:
            present: Bools = state == IN
            return present
        ranked = []
        for task in self.members[row]:
            self.tries += 1
            if state[task] == OPEN and self.tries <= _MOST_TRIES:
                after = self._propagate(self._with(state, task), self.rows_of[task])
                if after is not None:
                    ranked.append((int(self.work[after == IN].sum()), task, after))
        for _, _, after in sorted(ranked, key=lambda option: option[:2]):
            found = self._search(after)
            if found is not None:
                return found
        return None

    @staticmethod
    def _with(state: Ints, task: int) -> Ints:
        after = state.copy()
        after[task] = IN
        return after

    def _binds(self, state: Ints, row: int) -> bool:
        condition = self.condition[row]
        return condition == ABSENT or bool(state[condition] == IN)

    def _wants_one(self, state: Ints, row: int) -> bool:
        if self.kind[row] == SelectionKind.ALL_OR_NONE or not self._binds(state, row):
            return False
        return all(state[task] != IN for task in self.members[row])

    def _propagate(self, state: Ints, rows: Iterable[int]) -> Ints | None:
        """Settle what follows from what is settled; None if that is a contradiction."""
        state = state.copy()
        queue = deque(rows)
        while queue:
            row = queue.popleft()
            if not self._binds(state, row):
                continue
            forced = self._forced(state, row)
            if forced is None:
                return None
            tasks, value = forced
            for task in tasks:
                state[task] = value
                queue.extend(self.rows_of[task])
        return state

    def _forced(self, state: Ints, row: int) -> tuple[list[int], int] | None:
        """Return the open tasks that a binding row settles and how; None if it is broken."""
        members = self.members[row]
        inside = [task for task in members if state[task] == IN]
        unsettled = [task for task in members if state[task] == OPEN]
        if self.kind[row] == SelectionKind.ALL_OR_NONE:
            outside = len(members) - len(inside) - len(unsettled)
            if inside and outside:
                return None
            return (unsettled, IN) if inside else (unsettled if outside else [], OUT)
        if not inside and not unsettled:
            return None
        if not inside:
            return (unsettled, IN) if len(unsettled) == 1 else ([], IN)
        if self.kind[row] == SelectionKind.AT_LEAST_ONE:
            return [], IN
        return None if len(inside) > 1 else (unsettled, OUT)
