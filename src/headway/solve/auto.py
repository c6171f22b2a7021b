"""The default method: an instant answer by rules, then exact search from there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headway.model import Problem, Schedule
from headway.solve import rules
from headway.solve.result import Budget, Progress, Result, Status, Stop
from headway.solve.shape import shape

LARGEST_EXACT_MODEL = 60_000
"""Up to this many modes a CP-SAT model is built; beyond, it would eat the time and the memory."""

LARGEST_SETUP_ARCS = 2_000_000
"""Up to this many pairs of tasks with setups between them, likewise."""


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Result:
    """Solve with what suits the problem; see `headway.solve.solve` for the parameters.

    Priority rules give the first schedule within milliseconds. If it meets a simple bound, it is
    optimal and that is all. Otherwise CP-SAT goes on from it, unless the problem is so large that
    its model would not fit; then the rules are sampled until the time is up.
    """
    began = time.perf_counter()
    kind = shape(problem)
    fits = _fits_exact_model(problem)
    # The rules' share is small where an exact method follows, and everything where none does.
    share = min(0.1 * budget.time_limit_s, 5.0) if fits else budget.time_limit_s
    first = rules.solve(
        problem,
        replace(budget, time_limit_s=share),
        warm_start=warm_start,
        seed=seed,
        on_progress=on_progress,
        stop=stop,
        sample=not fits,
    )
    if first.status is Status.OPTIMAL:
        return replace(first, reason=f"{kind}: a priority rule already meets a lower bound")
    if not fits:
        return replace(first, reason=f"{kind}: too large for an exact model ({first.reason})")
    from headway.solve import cpsat  # takes its time, which counts

    left = budget.time_limit_s - (time.perf_counter() - began)
    if stop.is_set() or left <= 0:
        return replace(first, reason=f"{kind}: no time left after the priority rules")
    start = first.schedule if first.schedule is not None else warm_start
    exact = cpsat.solve(
        problem,
        replace(budget, time_limit_s=left),
        warm_start=start,
        seed=seed,
        on_progress=on_progress,
        stop=stop,
    )
    opening = "priority rules for a start" if first.schedule is not None else "no rule applies"
    workers = "1 worker" if budget.workers == 1 else f"{budget.workers} workers"
    why = f"{kind}: {opening}, then CP-SAT on {workers}"
    return replace(
        exact,
        bound=_stronger(first, exact),
        method="rules+cpsat" if first.schedule is not None else "cpsat",
        reason=f"{why}; {exact.reason}" if exact.reason else why,
    )


def _stronger(first: Result, second: Result) -> tuple[int, ...] | None:
    """Return the better of two proven bounds; a longer one settles more levels."""
    bounds = [result.bound for result in (first, second) if result.bound is not None]
    return max(bounds, default=None)


def _fits_exact_model(problem: Problem) -> bool:
    if problem.n_modes > LARGEST_EXACT_MODEL:
        return False
    machine = problem.resources.setup >= 0
    _, resource, _ = problem.occupied
    users = np.bincount(resource, minlength=problem.n_resources)[machine]
    return int((users.astype(np.int64) ** 2).sum()) <= LARGEST_SETUP_ARCS
