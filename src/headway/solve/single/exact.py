"""Orders that are known to be best, for the objectives that a rule or a small table solves."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import ArrayLike

from headway import _core
from headway.model.tables import Ints, ints
from headway.solve.single.line import OneMachine

_LARGEST_TABLE = 100_000_000
"""Entries, of one bit each, of the table for the least weight of tardy jobs."""

_MOST_STATES = 4_000_000


def least_total_tardiness(
    work: ArrayLike, due: ArrayLike, *, states: int = _MOST_STATES
) -> tuple[int, Ints] | None:
    """Return the least total tardiness of jobs that are ready at 0, and an order that has it.

    A job longer than all others splits the rest into those before and those after it; few splits
    can be best, and every part is solved only once. Instances of 500 jobs take seconds, those of
    100 milliseconds.

    Parameters
    ----------
    work, due
        Processing times, not negative, and due dates in ticks, shape (n,).
    states
        Most parts to remember, at about 100 bytes each.

    Returns
    -------
    tuple or None
        None if there are more parts.

    References
    ----------
    Lawler (1977), "A pseudopolynomial algorithm for sequencing jobs to minimize total tardiness";
    Potts, Van Wassenhove (1982), "A decomposition algorithm for the single machine total tardiness
    problem"; Shang, T'kindt, Della Croce (2021), "Branch & Memorize exact algorithms for sequencing
    problems", for remembering what is solved.

    Examples
    --------
    >>> value, order = least_total_tardiness([121, 79, 147, 83, 130], [260, 266, 266, 336, 337])
    >>> value, order.tolist()
    (370, [0, 1, 3, 4, 2])
    """
    return _core.least_total_tardiness(ints(work), ints(due), states, _core.StopFlag())


def easy_order(line: OneMachine) -> Ints | None:
    """Return an order of least value if the objective is one for which a short rule finds it.

    Notes
    -----
    Without setups: any order by release for the makespan (Lawler 1973); by work over weight for
    weighted completion (Smith 1956) and by due date for the largest lateness or tardiness (Jackson
    1955) if there are no releases; without releases also the number of tardy jobs (Moore 1968) and
    their weight (Lawler and Moore 1969).
    """
    if line.setup is not None:
        return None
    kinds = {
        "makespan": bool(line.makespan),
        "completion": bool(line.per_tick.any()),
        "tardiness": bool(line.per_late.any()),
        "tardy": bool(line.if_late.any()),
        "latest": not line.is_sum,
    }
    asked = {name for name, there in kinds.items() if there}
    if asked <= {"makespan"}:
        return ints(np.argsort(line.release, kind="stable"))
    if line.has_releases:
        return None
    asked -= {"makespan"}  # no order changes it
    if asked == {"completion"}:
        return smith(line.work, line.per_tick)
    if asked == {"latest"}:
        return ints(np.argsort(line.due, kind="stable"))
    if asked == {"tardy"}:
        if len(np.unique(line.if_late)) == 1:
            return moore(line.work, line.due)
        return lawler_moore(line.work, line.due, line.if_late)
    return None


def smith(work: ArrayLike, weight: ArrayLike) -> Ints:
    """Return the order of least weighted completion time: by work over weight.

    References
    ----------
    Smith (1956), "Various optimizers for single-stage production".
    """
    p, w = ints(work), ints(weight)
    ratio = np.where(w > 0, p / np.maximum(w, 1), np.inf)
    order = np.argsort(ratio, kind="stable").tolist()
    p, w = p.tolist(), w.tolist()
    # Quotients of large numbers may be rounded to be equal or the wrong way round.
    for i in range(1, len(order)):
        j = i
        while j > 0 and p[order[j]] * w[order[j - 1]] < p[order[j - 1]] * w[order[j]]:
            order[j - 1], order[j] = order[j], order[j - 1]
            j -= 1
    return ints(order)


def moore(work: ArrayLike, due: ArrayLike) -> Ints:
    """Return an order with the fewest tardy jobs.

    References
    ----------
    Moore (1968), "An n job, one machine sequencing algorithm for minimizing the number of late
    jobs", with Hodgson's improvement.

    Examples
    --------
    >>> moore([4, 2, 3], [4, 5, 6]).tolist()
    [1, 2, 0]
    """
    p, d = ints(work).tolist(), ints(due)
    early: list[tuple[int, int]] = []
    now = 0
    for job in np.argsort(d, kind="stable").tolist():
        heapq.heappush(early, (-p[job], job))
        now += p[job]
        if now > d[job]:
            now += heapq.heappop(early)[0]
    return _early_first(d, {job for _, job in early})


def lawler_moore(work: ArrayLike, due: ArrayLike, weight: ArrayLike) -> Ints | None:
    """Return an order with the least weight of tardy jobs; None if it takes too large a table.

    References
    ----------
    Lawler, Moore (1969), "A functional equation and its application to resource allocation and
    sequencing problems".

    Examples
    --------
    >>> lawler_moore([4, 2, 3], [4, 5, 6], [9, 1, 1]).tolist()
    [0, 1, 2]
    """
    p, d, w = ints(work), ints(due), ints(weight)
    total = int(p.sum())
    if (total + 1) * len(p) > _LARGEST_TABLE:
        return None
    by_due = np.argsort(d, kind="stable")
    # kept[t]: the most weight in time if the jobs in time so far take t ticks; -1 if none do.
    kept = np.full(total + 1, -1, dtype=np.int64)
    kept[0] = 0
    taken = np.zeros((len(p), total + 1), dtype=np.bool_)
    for row, job in enumerate(by_due.tolist()):
        length, latest = int(p[job]), min(int(d[job]), total)
        if latest < length:
            continue
        with_job = kept[: latest - length + 1]
        with_job = np.where(with_job >= 0, with_job + w[job], -1)
        better = with_job > kept[length : latest + 1]
        taken[row, length : latest + 1] = better
        kept[length : latest + 1][better] = with_job[better]
    now, early = int(np.argmax(kept)), set()
    for row in range(len(p) - 1, -1, -1):
        if taken[row, now]:
            job = int(by_due[row])
            early.add(job)
            now -= int(p[job])
    return _early_first(d, early)


def _early_first(due: Ints, early: set[int]) -> Ints:
    """Return the jobs in time by due date, then all others."""
    by_due = np.argsort(due, kind="stable").tolist()
    return ints([j for j in by_due if j in early] + [j for j in by_due if j not in early])
