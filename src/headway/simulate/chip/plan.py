"""List scheduling as a world, so that decoders look further ahead than the rules do."""

from __future__ import annotations

import numpy as np

from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.placement import Placement
from headway.simulate.chip.ranks import by_rank, optimistic_costs, upward_ranks
from headway.simulate.chip.timetable import Timetable
from headway.simulate.policy import Candidates, RuleBook

PLAN_COLUMNS = (
    "start",
    "finish",
    "duration",
    "excess",
    "stray",
    "regret",
    "rank",
    "follow",
    "order",
    "precedence",
    "span",
)
"""What a candidate, a ready task and an element, is described by.

============== ====================================================================================
``start``      earliest start of the task on the element, in a gap if one fits
``finish``     the end that follows
``duration``   ticks of the task on the element
``excess``     the same, less its least duration on any element
``stray``      the same, less its mean duration
``regret``     ``finish``, less its least on any element
``rank``       upward rank of the task
``follow``     what follows it at least if it runs there: the optimistic cost of PEFT
``order``      position in the list of ready tasks, in which they became ready
``precedence`` position of the task in the list of all tasks by falling rank
``span``       more than any ``finish``: ``order * span + finish`` sorts by order first
============== ====================================================================================
"""

PLAN_RULES = RuleBook.of(
    "plan",
    PLAN_COLUMNS,
    smallest={
        "HEFT": lambda c: c.precedence * c.span + c.finish,
        "DLS": lambda c: c.start + c.stray - c.rank,
        "ETF": lambda c: c.finish,
        "MCT": lambda c: c.order * c.span + c.finish,
        "OCT": lambda c: c.finish + c.follow - 2 * c.rank,
    },
)
"""Rules for decoders.

``HEFT``, ``ETF`` and ``MCT`` as the list schedulers, with gaps; ``DLS`` takes the highest dynamic
level (Sih, Lee, "A Compile-Time Scheduling Heuristic for Interconnection-Constrained Heterogeneous
Processor Architectures", 1993); ``OCT`` weighs the end of what follows at least, as PEFT does,
against twice the upward rank.
"""


class PlanDecision(Candidates):
    """Ready tasks and elements that they may be placed on; see `Decision`."""


class PlanWorld:
    """A graph whose tasks are placed one by one; see `headway.simulate.World`.

    Parameters
    ----------
    graph
        What is placed.
    """

    def __init__(self, graph: TaskGraph) -> None:
        self.graph = graph
        self._table = Timetable(graph)
        self._choices: list[tuple[int, int, int, int]] = []
        self._known = _Known(graph)

    def decision(self) -> PlanDecision | None:
        """Return the tasks that can be placed next; None when all are placed."""
        table = self._table
        if table.is_complete:
            return None
        rows = []
        self._choices = []
        for order, task in enumerate(table.ready):
            choices = table.choices(task)
            least = min(choice[0] for choice in choices)
            for finish, start, element in choices:
                self._choices.append((task, element, start, finish))
                rows.append(self._known.row(task, element, start, finish, least, order))
        columns = np.array(rows, dtype=np.float64).T
        columns[-1] = columns[1].max() + 1
        return PlanDecision(
            float(table.makespan), dict(zip(PLAN_COLUMNS, columns, strict=True)), len(rows)
        )

    def apply(self, choice: int | None) -> None:
        """Place a candidate of the present decision; waiting is not possible."""
        assert choice is not None
        task, element, start, _ = self._choices[choice]
        self._table.place(task, element, start)

    def clone(self) -> PlanWorld:
        """Return a copy that goes on by itself."""
        other = object.__new__(PlanWorld)
        other.__dict__.update(self.__dict__)
        other._table = self._table.copy()
        return other

    @property
    def value(self) -> float:
        """When the last task that is placed ends."""
        return float(self._table.makespan)

    @property
    def projected(self) -> float:
        """When all would end if the longest way down from each placed task took its mean time.

        A guide for `headway.simulate.beam` that needs no run to the end.
        """
        table, follow = self._table, self._known.behind
        ends = zip(table.element, table.end, follow, strict=True)
        return max(float(end + rest) for element, end, rest in ends if element >= 0)

    def placement(self) -> Placement:
        """Return the finished placement; its ``schedule`` is verified."""
        return self._table.placement()


class _Known:
    """What is known of a graph before anything is placed."""

    def __init__(self, graph: TaskGraph) -> None:
        rank = upward_ranks(graph)
        self._rank = rank.tolist()
        self._follow = optimistic_costs(graph).tolist()
        self._duration = graph.duration.tolist()
        self._mean = graph.mean_duration.tolist()
        self._least = np.where(graph.supported, graph.duration, np.inf).min(axis=1).tolist()
        self._precedence = {task: k for k, task in enumerate(by_rank(graph, rank))}
        self.behind = (rank - graph.mean_duration).tolist()

    def row(
        self, task: int, element: int, start: int, finish: int, least: int, order: int
    ) -> tuple[float, ...]:
        """Return the columns of a candidate; the last one is filled in later."""
        duration = self._duration[task][element]
        return (
            start,
            finish,
            duration,
            duration - self._least[task],
            duration - self._mean[task],
            finish - least,
            self._rank[task],
            self._follow[task][element],
            order,
            self._precedence[task],
            0.0,
        )
