"""From a native search to a solver: priority rules for a start, then search to the bound."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER
from headway.solve import rules
from headway.solve.result import Budget, Progress, Result, Status, Stop
from headway.solve.search import Search

_SHARE_OF_RULES = 0.1
_LONGEST_RULES_S = 2.0


@dataclass(frozen=True, slots=True)
class Searcher:
    """A search method; called like any other solver, or taken apart by a portfolio.

    Parameters
    ----------
    name
        As users type it.
    title
        What it is, in words that follow "solved by".
    obstacle
        Returns why the method does not apply to a problem, in words that follow "because"; None
        if it does. Quick even on large problems.
    search
        Builds the search of a problem to which it applies.
    bound
        Returns a lower bound on the value of the most important objective level.
    pace
        Moves in about a second on a problem of usual size, by which turns are measured out.
    """

    name: str
    title: str
    obstacle: Callable[[Problem], str | None]
    search: Callable[[Problem], Search]
    bound: Callable[[Problem], int]
    pace: int = 200_000

    def applies(self, problem: Problem) -> bool:
        """Return whether the method takes a problem."""
        return self.obstacle(problem) is None

    def require(self, problem: Problem) -> None:
        """Refuse a problem that the method does not take.

        Raises
        ------
        UnsupportedError
            Naming the first thing that is in the way.
        """
        reason = self.obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"method {self.name!r} does not apply to {problem.name!r}, because {reason};"
                " method 'auto' picks what suits"
            )

    def __call__(
        self,
        problem: Problem,
        budget: Budget,
        *,
        warm_start: Schedule | None,
        seed: int,
        on_progress: Callable[[Progress], None],
        stop: Stop,
        moves: int | None = None,
    ) -> Result:
        """Solve a problem; see `headway.solve.solve`.

        With `moves`, each worker makes at most so many; one worker then gives the same answer for
        the same seed whatever the clock says.

        Without a limit on time the search goes on until the value meets a lower bound or a stop is
        asked for.

        Raises
        ------
        UnsupportedError
            If the method does not apply to the problem.
        """
        began = time.perf_counter()
        self.require(problem)
        search = self.search(problem)
        bound = self.bound(problem)
        goal = goal_of(bound, budget.gap)
        trajectory: list[Progress] = []
        best: Schedule | None = None

        def take(schedule: Schedule) -> None:
            nonlocal best
            value = schedule.objective_values
            if schedule.makespan > problem.horizon:
                return
            if best is not None and value >= best.objective_values:
                return
            best = schedule
            now = time.perf_counter() - began
            progress = Progress(now, value, (bound,), self.name, schedule)
            on_progress(progress)
            trajectory.append(progress)

        share = min(_SHARE_OF_RULES * budget.time_limit_s, _LONGEST_RULES_S)
        first = rules.solve(
            problem,
            replace(budget, time_limit_s=share),
            warm_start=warm_start,
            seed=seed,
            on_progress=lambda news: None if news.schedule is None else take(news.schedule),
            stop=stop,
        )
        made, proven = 0, False
        several = problem.objective.is_lexicographic
        if best is None or several or best.objective_values[0] > goal:
            left = budget.time_limit_s - (time.perf_counter() - began)
            found = search.run(
                workers=budget.workers,
                moves=moves,
                time_limit_s=max(left, 0.0),
                seed=seed,
                start=first.schedule,
                goal=goal,
                stop=stop,
                on_improvement=take,
            )
            made, proven = found.moves, found.proven and budget.gap == 0
            if search.bound is not None:
                bound = max(bound, search.bound)
        if best is None:
            status, reason = Status.UNKNOWN, "no schedule was found within the horizon and the time"
        else:
            met = best.objective_values[0] <= goal_of(bound, budget.gap) and not several
            status = Status.OPTIMAL if met or proven else Status.FEASIBLE
            reason = f"{made} moves of {self.title}"
        return Result(
            problem=problem,
            schedule=best,
            status=status,
            bound=best.objective_values if best is not None and proven else (bound,),
            trajectory=tuple(trajectory),
            method=self.name,
            reason=reason,
            time_s=time.perf_counter() - began,
            seed=seed,
        )


def goal_of(bound: int, gap: float) -> int:
    """Return the largest value within a relative gap of a lower bound.

    That is the largest ``value`` with ``(value - bound) / max(1, |value|) <= gap``.

    Examples
    --------
    >>> goal_of(90, 0.1), goal_of(0, 0.1), goal_of(-50, 0.0)
    (100, 0, -50)
    """
    if gap == 0:
        return bound
    if bound < 0:  # the gap is relative to a value of the other sign
        return math.floor(bound / (1 + gap))
    return FOREVER if gap >= 1 else math.floor(bound / (1 - gap))
