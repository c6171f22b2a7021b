"""How full a shop is: means over time of machines at work, of jobs inside and of jobs that wait."""

from __future__ import annotations

import numpy as np

from headway.model import ABSENT, FOREVER
from headway.model.tables import Ints
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.realisation import Realisation


def occupancy(
    realisation: Realisation,
    layout: Layout,
    record: dict[str, Ints],
    completion: Ints,
    *,
    now: int,
    first: int = 0,
) -> dict[str, float]:
    """Return means over time by name.

    ``utilisation`` is the share of time for which machines do work (a batch counts once, an outage
    not at all), ``in system`` the mean number of jobs that have been released and have not left,
    ``waiting`` that of those among them on which no operation is in progress.

    Parameters
    ----------
    realisation, layout
        What was played.
    record
        One row per attempt; see `headway.simulate.shop.realised`.
    completion
        When jobs were done, `ABSENT` for those that were not.
    now
        Where the run ended.
    first
        Jobs before this position are a warm-up: time begins with the release of this one.

    Notes
    -----
    Without a warm-up, time begins at 0 and ends when the last job leaves, and Little's law holds
    exactly: ``in system`` times that span is the sum of the times that jobs spend inside.

    References
    ----------
    Little (1961), "A proof for the queuing formula: L = λW".
    """
    release = realisation.problem.jobs.release
    left = _left(realisation, layout, record, completion, now)
    inside = left > release
    begin = int(release[first]) if 0 < first < len(release) else 0
    end = int(left[inside].max(initial=begin))
    if end == begin:
        return {}

    def within(start: Ints, stop: Ints) -> Ints:
        overlap: Ints = np.maximum(np.minimum(stop, end) - np.maximum(start, begin), 0)
        return overlap

    jobs = int(within(release[inside], left[inside]).sum())
    start, stop = record["start"], np.where(record["end"] == ABSENT, now, record["end"])
    started = (start != ABSENT) & (stop > start)
    in_process = within(start[started], stop[started])
    # All members of a batch tell of the same work.
    _, once = np.unique(record["batch"][started], return_index=True)
    share = in_process[once] / (stop - start)[started][once]
    done = np.where(record["end"] == ABSENT, 0, record["work"])[started][once]
    span = end - begin
    return {
        "utilisation": float((done * share).sum()) / (span * len(layout.machine)),
        "in system": jobs / span,
        "waiting": (jobs - int(in_process.sum())) / span,
    }


def _left(
    realisation: Realisation, layout: Layout, record: dict[str, Ints], completion: Ints, now: int
) -> Ints:
    """Return when each job left the shop, done or called off; `now` for those still inside."""
    job = realisation.problem.tasks.job[layout.task[record["op"]]]
    touched = np.zeros(len(completion), dtype=np.int64)
    np.maximum.at(touched, job, np.where(record["left"] == ABSENT, now, record["left"]))
    called_off = realisation.cancelled < FOREVER
    gone = np.where(called_off, np.maximum(np.minimum(realisation.cancelled, now), touched), now)
    left: Ints = np.where(completion != ABSENT, completion, gone)
    return left
