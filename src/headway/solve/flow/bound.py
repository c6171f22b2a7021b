"""Lower bounds on the value of flow shops: one machine, or two with lags between them."""

from __future__ import annotations

import numpy as np

from headway.model.objective import NEEDS_DUE_DATES, Measure
from headway.model.problem import Problem
from headway.model.tables import FOREVER
from headway.solve.bounds import lower_bounds
from headway.solve.flow.recognise import one_order, operations, setup_times
from headway.solve.flow.shop import release_times

_MOST_PAIRS = 2_000
"""Pairs of machines that are looked at; all of them up to 63 machines."""


def flow_shop_bound(problem: Problem) -> int:
    """Return a lower bound on the value of a flow shop, a problem with no `obstacle`.

    The larger of `headway.solve.bounds.lower_bounds` and of bounds by machines. For the makespan,
    on each machine the least time before the first and behind the last job is added to all work and
    the least setups; and any two machines, with the others as lags between them, are scheduled to
    the optimum if all machines take the jobs in one order. For sums over jobs, the k-th job to end
    ends no earlier than the k shortest jobs of any machine one after another.

    References
    ----------
    Lageweg, Lenstra, Rinnooy Kan (1978), "A general bounding scheme for the permutation flow-shop
    problem"; Mitten (1959), "Sequencing n jobs on two machines with arbitrary time lags".

    Examples
    --------
    >>> import headway as hw
    >>> flow_shop_bound(hw.instance("tfs001"))
    1278
    """
    general = lower_bounds(problem)
    ((term,),) = problem.objective.levels
    tasks = operations(problem)
    work = problem.modes.duration[tasks]
    setups = setup_times(problem, tasks)
    bounds = [0] if general is None else [general[0]]
    if term.measure is Measure.MAKESPAN:
        bounds.append(_machine_bound(work, setups))
        if one_order(problem, tasks):
            bounds.append(_two_machine_bound(work))
    elif term.measure not in (Measure.MAX_LATENESS, Measure.MAX_TARDINESS):
        bounds.append(_sum_bound(problem, work, release_times(problem, tasks)))
    return max(bounds)


def _before_and_behind(work: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how long each job takes before and behind each machine."""
    until = np.cumsum(work, axis=1)
    return until - work, until[:, -1:] - until


def _machine_bound(work: np.ndarray, setups: np.ndarray | None) -> int:
    before, behind = _before_and_behind(work)
    n, m = work.shape
    bound = 0
    for k in range(m):
        extra = 0
        if setups is not None and n > 1:
            between = setups[:n, :, k].copy()
            np.fill_diagonal(between, FOREVER)
            # Every job but the first has one before it.
            least = between.min(axis=0)
            extra = int(least.sum() - least.max())
        bound = max(bound, int(before[:, k].min() + work[:, k].sum() + behind[:, k].min()) + extra)
    return bound


def _two_machine_bound(work: np.ndarray) -> int:
    before, behind = _before_and_behind(work)
    m = work.shape[1]
    until = np.cumsum(work, axis=1)
    bound = 0
    # The busiest machines first, should there be too many pairs.
    load = work.sum(axis=0)
    pairs = sorted(
        ((u, v) for u in range(m) for v in range(u + 1, m)), key=lambda p: -load[p[0]] - load[p[1]]
    )
    for u, v in pairs[:_MOST_PAIRS]:
        a, b = work[:, u], work[:, v]
        lag = until[:, v - 1] - until[:, u]
        # Johnson's rule on the times with lags.
        first = a <= b
        key = np.where(first, a + lag, -(b + lag))
        order = np.lexsort((key, ~first))
        ends = np.cumsum(a[order]) + lag[order] + np.cumsum(b[order][::-1])[::-1]
        bound = max(bound, int(before[:, u].min() + ends.max() + behind[:, v].min()))
    return bound


def _sum_bound(problem: Problem, work: np.ndarray, release: np.ndarray) -> int:
    """Bound a sum over jobs by the ends of the shortest jobs of each machine."""
    ((term,),) = problem.objective.levels
    jobs = problem.jobs
    before, behind = _before_and_behind(work)
    head = (before + release[:, None]).min(axis=0)
    # The k-th job to leave a machine does so no earlier than this, for every k.
    ends = (head + np.cumsum(np.sort(work, axis=0), axis=0) + behind.min(axis=0)).max(axis=1)
    weight = jobs.weight if term.weighted else np.ones(len(jobs), dtype=np.int64)
    if term.measure is Measure.TARDY_JOBS:
        return 0
    if term.measure in NEEDS_DUE_DATES:
        dated = jobs.due < FOREVER
        due = np.sort(jobs.due[dated])
        late = np.maximum(ends[: len(due)] - due, 0).sum()
        return int(weight[dated].min(initial=0)) * int(late)
    # Early ends meet heavy weights at best.
    value = int((np.sort(weight)[::-1] * ends).sum())
    if term.measure is Measure.FLOW_TIME:
        value -= int((weight * jobs.release).sum())
    return value
