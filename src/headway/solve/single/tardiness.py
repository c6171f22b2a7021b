"""Heuristics for the total tardiness of jobs on one machine, by name.

Each takes the processing times and due dates of jobs that are all ready at 0 and returns an order,
the positions of the jobs from first to last:

>>> HEURISTICS["MDD"]([3, 1, 2], [4, 9, 3]).tolist()
[2, 0, 1]

A heuristic of your own has the same standing: any function of that form.

References
----------
Koulamas (2010), "The single-machine total tardiness scheduling problem: review and extensions".
Çetinkaya, Büyüktahtakın, Shojaee, Reddy (2025), "Discovering heuristics with large language models
for mixed-integer programs: single-machine scheduling", for EDDC and MDDC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from headway import _core
from headway.errors import UnknownNameError
from headway.model.tables import Ints, ints

Heuristic = Callable[[ArrayLike, ArrayLike], Ints]
"""From processing times and due dates in ticks, shape (n,), to an order of the jobs."""

_PUBLISHED_LONGEST = 100
_PUBLISHED_MEAN = 50.0
"""Processing times of the instances that MDDC was made for: 1 to 100, 50 on average."""


def total_tardiness(work: ArrayLike, due: ArrayLike, order: ArrayLike) -> int:
    """Return the sum of ``max(0, completion - due)`` if jobs run in `order` from 0 on.

    Examples
    --------
    >>> total_tardiness([3, 1, 2], [4, 9, 3], [2, 0, 1])
    1
    """
    order = ints(order)
    late = np.cumsum(ints(work)[order]) - ints(due)[order]
    return int(np.maximum(late, 0).sum())


def spt(work: ArrayLike, due: ArrayLike) -> Ints:
    """Shortest processing time first, ties by due date."""
    return ints(np.lexsort((ints(due), ints(work))))


def edd(work: ArrayLike, due: ArrayLike) -> Ints:  # noqa: ARG001 - what heuristics take
    """Earliest due date first, ties by position (Jackson 1955)."""
    return ints(np.argsort(ints(due), kind="stable"))


def mdd(work: ArrayLike, due: ArrayLike) -> Ints:
    """Smallest modified due date next: the due date, or the earliest completion if that is later.

    References
    ----------
    Baker, Bertrand (1982), "A dynamic priority rule for scheduling against due-dates".
    """
    return _dispatch(work, due, lambda p, d, now: np.maximum(now + p, d), range(np.size(work)))


def mddc(work: ArrayLike, due: ArrayLike) -> Ints:
    """MDD Challenger: modified due dates that prefer short jobs, ever less as time goes on.

    Notes
    -----
    At time ``t``, with the mean and the largest processing time of the jobs that are left, a job
    counts with ``max(1.1 p + t, d) (1 + theta) + p / (t + mean)``, where ``rho = min(p / (t +
    max), 1)`` and ``theta = rho^2 / (1 + rho^2)``. The last term has no unit: an hour counts
    differently in minutes than in seconds. `mddc_scaled` does not mind.

    The paper prints an order by processing time to break ties; its code, followed here, starts from
    the order by due date.

    References
    ----------
    Çetinkaya, Büyüktahtakın, Shojaee, Reddy (2025), see this module.
    """
    return _dispatch(work, due, _challenger, _by_due_then_work(work, due))


def mddc_scaled(work: ArrayLike, due: ArrayLike) -> Ints:
    """`mddc` in a unit of time in which processing times are as in the instances it was made for.

    Times from 1 to 100 are left as they are; others are divided so that their mean is 50.
    """
    times = ints(work)
    if not len(times) or (times.min() >= 1 and times.max() <= _PUBLISHED_LONGEST):
        return mddc(work, due)
    unit = max(float(times.mean()), 1.0) / _PUBLISHED_MEAN
    return _dispatch(
        work,
        due,
        lambda p, d, now: _challenger(p / unit, d / unit, now / unit),
        _by_due_then_work(work, due),
    )


def psk(work: ArrayLike, due: ArrayLike) -> Ints:
    """Shortest first, unless a longer job is due earlier and would still be in time.

    References
    ----------
    Panwalkar, Smith, Koulamas (1993), "A heuristic for the single machine tardiness problem".
    """
    p, d = ints(work).tolist(), ints(due).tolist()
    left = spt(work, due).tolist()
    order, now = [], 0
    while left:
        active = left[0]
        if now + p[active] < d[active]:
            for job in left[1:]:
                if d[active] <= now + p[job]:
                    break
                if d[active] > d[job]:
                    active = job
        left.remove(active)
        order.append(active)
        now += p[active]
    return ints(order)


def eddc(work: ArrayLike, due: ArrayLike) -> Ints:
    """EDD Challenger: from SPT towards EDD, where the job that gives way is not late as it stands.

    Notes
    -----
    This is what the authors' code does and what gives their published figures. As printed in the
    paper, the method starts from EDD with a loop that is never entered, and returns EDD.

    References
    ----------
    Çetinkaya, Büyüktahtakın, Shojaee, Reddy (2025), see this module.
    """
    p, d = ints(work).tolist(), ints(due).tolist()
    shortest_first = spt(work, due).tolist()
    order = list(shortest_first)
    begin = 0  # when the jobs that were shorter than the one at position i are done
    for i in range(1, len(order)):
        begin += p[shortest_first[i - 1]]
        now, j = begin, i
        while j > 0 and d[order[j]] < d[order[j - 1]]:
            step = p[order[j - 1]]
            if d[order[j - 1]] > now:
                order[j - 1], order[j] = order[j], order[j - 1]
            now -= step
            j -= 1
    return ints(order)


def augmented_mdd(work: ArrayLike, due: ArrayLike) -> Ints:
    """`mdd`; after each job, the one whose move to the end helps most goes there.

    References
    ----------
    Bean, Hall (1985), "Accuracy of the modified due date rule".
    """
    return _core.augmented(ints(work), ints(due), mdd(work, due))


def augmented_mddc(work: ArrayLike, due: ArrayLike) -> Ints:
    """`mddc`, augmented like `augmented_mdd`."""
    return _core.augmented(ints(work), ints(due), mddc(work, due))


def mddc_descent(work: ArrayLike, due: ArrayLike) -> Ints:
    """`mddc_scaled`, then every job to its best place, again and again until nothing helps.

    Notes
    -----
    Moving a job over its neighbours one after another, either way, shifts each of them by its
    processing time, so that all its places are tried in linear time.
    """
    return _core.insertion_descent(ints(work), ints(due), mddc_scaled(work, due))


HEURISTICS: dict[str, Heuristic] = {
    "SPT": spt,
    "EDD": edd,
    "EDDC": eddc,
    "MDD": mdd,
    "MDDC": mddc,
    "MDDC scaled": mddc_scaled,
    "PSK": psk,
    "augmented MDD": augmented_mdd,
    "augmented MDDC": augmented_mddc,
    "MDDC + insertion": mddc_descent,
}
"""The heuristics by the names the field uses."""


def find(name: str) -> Heuristic:
    """Return the heuristic called `name`, in any case.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    for known, heuristic in HEURISTICS.items():
        if known.lower() == name.lower():
            return heuristic
    raise UnknownNameError("single machine heuristic", name, HEURISTICS)


_Score = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def _by_due_then_work(work: ArrayLike, due: ArrayLike) -> Ints:
    return ints(np.lexsort((ints(work), ints(due))))


def _dispatch(work: ArrayLike, due: ArrayLike, score: _Score, jobs: Sequence[int] | Ints) -> Ints:
    """Return jobs one by one, each time the one of least score, the first of `jobs` on ties."""
    times, dates = ints(work), ints(due)
    left = ints(jobs)
    p, d = times[left].astype(np.float64), dates[left].astype(np.float64)
    order = []
    now = 0.0
    while len(left):
        k = int(np.argmin(score(p, d, now)))
        order.append(left[k])
        now += p[k]
        p, d, left = np.delete(p, k), np.delete(d, k), np.delete(left, k)
    return ints(order)


def _challenger(p: np.ndarray, d: np.ndarray, now: float) -> np.ndarray:
    longest = now + p.max()
    rho = np.minimum(p / longest if longest > 0 else np.ones_like(p), 1.0)
    theta = rho**2 / (1 + rho**2)
    later = np.maximum(1.1 * p + now, d) * (1 + theta)
    mean = now + p.mean()
    score: np.ndarray = later + (p / mean if mean > 0 else 0.0)
    return score
