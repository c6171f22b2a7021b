"""The solver ``dispatch``: a good schedule of a job shop within milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from headway.errors import UnsupportedError
from headway.learn.jobshop.rule import FEATURE_SET, JobShopRule
from headway.learn.trained import trained
from headway.model import Problem, Schedule
from headway.simulate.dispatch import Dispatcher, obstacle
from headway.solve.bounds import lower_bounds
from headway.solve.result import Budget, Progress, Result, Status, Stop, relative_gap
from headway.solve.search import Halt

PASSES = 128
"""Passes made if there is time."""

_TICK_S = 0.01


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Result:
    """Return the best of 128 passes of the trained rule ``jobshop-makespan``.

    The first one is without noise; the others vary the best one, in both directions of time.

    Parameters
    ----------
    problem, budget, warm_start, seed, on_progress, stop
        As for every solver. One worker is used. The result does not depend on the time limit unless
        that cuts the passes short.

    Returns
    -------
    Result
        ``optimal`` if the schedule meets a simple bound, else ``feasible``; ``unknown`` if the time
        was too short for a single pass.

    Raises
    ------
    UnsupportedError
        If the problem is no job shop; see `headway.simulate.dispatch.obstacle`.

    Examples
    --------
    >>> import headway as hw
    >>> hw.solve(hw.instance("la01"), method="dispatch").objective
    (666,)
    """
    began = time.perf_counter()
    reason = obstacle(problem)
    if reason is not None:
        raise UnsupportedError(
            f"method 'dispatch' does not apply to {problem.name!r}, because {reason};"
            " method 'auto' picks what suits"
        )
    rule = JobShopRule(trained("jobshop-makespan", FEATURE_SET))
    dispatcher = Dispatcher(problem, rule.delta)
    bound = lower_bounds(problem)
    trajectory: list[Progress] = []
    best = warm_start

    def take(schedule: Schedule) -> None:
        nonlocal best
        value = schedule.objective_values
        late = schedule.makespan > problem.horizon
        if late or (best is not None and value >= best.objective_values):
            return
        best = schedule
        trajectory.append(Progress(time.perf_counter() - began, value, bound, "dispatch", schedule))
        on_progress(trajectory[-1])

    halt = Halt()
    with ThreadPoolExecutor(1, thread_name_prefix="headway-dispatch") as pool:
        work = pool.submit(
            dispatcher.run,
            rule.policy,
            rule.search(PASSES),
            seed=seed,
            halt=halt,
            on_improvement=take,
        )
        try:
            while not wait([work], _TICK_S).done:
                if stop.is_set() or time.perf_counter() - began >= budget.time_limit_s:
                    halt.set()
        finally:
            halt.set()
        work.result()
    gap = relative_gap(None if best is None else best.objective_values, bound)
    met = gap is not None and gap <= budget.gap
    status = Status.OPTIMAL if met else Status.UNKNOWN if best is None else Status.FEASIBLE
    return Result(
        problem=problem,
        schedule=best,
        status=status,
        bound=bound,
        trajectory=tuple(trajectory),
        method="dispatch",
        reason="no time for a single pass" if best is None else "passes of a trained rule",
        time_s=time.perf_counter() - began,
        seed=seed,
    )
