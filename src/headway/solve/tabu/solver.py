"""The solver ``tabu``: priority rules for a start, then tabu search until the bound is met."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.solve import rules
from headway.solve.result import Budget, Progress, Result, Status, Stop
from headway.solve.tabu.bound import job_shop_bound
from headway.solve.tabu.search import Search

_SHARE_OF_RULES = 0.1
_LONGEST_RULES_S = 2.0


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
    moves: int | None = None,
) -> Result:
    """Solve a job shop with the makespan as objective; see `headway.solve.solve`.

    With `moves`, each worker makes at most so many; one worker then gives the same answer for the
    same seed whatever the clock says.

    Without a limit on time the search goes on until the makespan meets a lower bound or a stop is
    asked for.

    Raises
    ------
    UnsupportedError
        If the problem is no job shop in the sense of `headway.solve.tabu.applies`.
    """
    began = time.perf_counter()
    search = Search(problem)
    bound = job_shop_bound(problem)
    # The largest makespan within the gap: (makespan - bound) / makespan <= gap.
    goal = math.floor(bound / (1 - budget.gap)) if budget.gap < 1 else problem.horizon
    trajectory: list[Progress] = []
    best: Schedule | None = None

    def take(schedule: Schedule) -> None:
        nonlocal best
        value = schedule.makespan
        if value > problem.horizon or (best is not None and value >= best.makespan):
            return
        best = schedule
        progress = Progress(time.perf_counter() - began, (value,), (bound,), "tabu", schedule)
        on_progress(progress)
        trajectory.append(progress)

    first = rules.solve(
        problem,
        replace(budget, time_limit_s=min(_SHARE_OF_RULES * budget.time_limit_s, _LONGEST_RULES_S)),
        warm_start=warm_start,
        seed=seed,
        on_progress=lambda progress: None if progress.schedule is None else take(progress.schedule),
        stop=stop,
    )
    made = 0
    if best is None or best.makespan > goal:
        search.raise_goal(goal)
        if first.schedule is not None:
            search.offer(first.schedule)
        left = budget.time_limit_s - (time.perf_counter() - began)
        made = search.run(
            workers=budget.workers,
            moves=moves,
            time_limit_s=max(left, 0.0),
            seed=seed,
            stop=stop,
            on_improvement=take,
        ).moves
    if best is None:
        status, reason = Status.UNKNOWN, "no schedule within the horizon was found"
    else:
        status = Status.OPTIMAL if best.makespan <= goal else Status.FEASIBLE
        reason = f"{made} moves of tabu search"
    return Result(
        problem=problem,
        schedule=best,
        status=status,
        bound=(bound,),
        trajectory=tuple(trajectory),
        method="tabu",
        reason=reason,
        time_s=time.perf_counter() - began,
        seed=seed,
    )
