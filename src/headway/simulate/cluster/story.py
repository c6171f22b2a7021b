"""What happened on a cluster, event by event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.simulate.cluster.realise import Pieces
from headway.simulate.cluster.workload import Workload
from headway.simulate.trace import Happening

_WORDS = ("ends", "is taken off", "arrives", "starts", "goes on")


def story(workload: Workload, pieces: Pieces) -> Iterator[Happening]:
    """Yield when jobs arrived, started, were taken off and ended, in the order of taking effect.

    At one instant, first jobs end or are taken off, then they arrive, then they start. A job
    without work ends after it has started.
    """
    job, n = pieces.job, len(pieces)
    first, last = np.ones(n, dtype=np.bool_), np.ones(n, dtype=np.bool_)
    first[1:] = last[:-1] = job[1:] != job[:-1]
    at_once = pieces.start == pieces.end
    who = np.concatenate((job, np.arange(len(workload)), job))
    time = np.concatenate((pieces.end, workload.submit, pieces.start))
    what = np.concatenate((np.where(last, 0, 1), np.full(len(workload), 2), np.where(first, 3, 4)))
    late = np.concatenate((np.where(at_once, 9, 0), np.zeros(len(workload) + n, dtype=np.int64)))
    where = np.concatenate((pieces.node, np.full(len(workload), -1), pieces.node))
    names = ("", *(pieces.nodes.name if pieces.nodes is not None else ()))
    order = np.lexsort((who, what + late, time))
    for t, w, j, k in np.column_stack((time, what, who, where))[order].tolist():
        yield Happening(t, _WORDS[w], workload.label[j], names[k + 1])
