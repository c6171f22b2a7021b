"""What must be done by when, at the least, for promises to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headway.serving.fleet.planning.batches import Batches
from headway.serving.fleet.view import Floats, Ints, Mask
from headway.serving.workload import Workload

_HALVINGS = 7
"""Of the whole stretch: the shortest that is looked at is that many times halved."""

_LATEST = (0.5, 0.9, 1.0)
"""Shares of the requests of a stretch whose deadlines are waited for."""


@dataclass(frozen=True, eq=False)
class Due:
    """What comes in a stretch of time and is due in it or soon after.

    Attributes
    ----------
    work
        Tokens of prompts that are not in any cache, tokens of answers after the first, and the
        contexts of these; shape (3,).
    spoken_s
        Time that answers may take from their first tokens to their last, all together.
    over_s
        From the begin of the stretch to the last deadline.
    """

    work: Floats
    spoken_s: float
    over_s: float


@dataclass(frozen=True, eq=False)
class _Demand:
    """Columns of the requests that have limits; shape (n,), ``work`` (n, 3)."""

    arrival_s: Floats
    due_s: Floats
    work: Floats
    spoken_s: Floats
    of: Ints
    """Class."""
    misses: Mapping[int, int]


def cases(workload: Workload, share: float, known: Sequence[Batches]) -> Iterator[Due]:
    """Yield what is due in stretches of time, at each length in the busiest one.

    Parameters
    ----------
    workload
        The traffic; the same prefix is computed once.
    share
        Of the requests of each class that must be in time.
    known
        What engines can do.
    """
    demand = _demand(workload, share, known)
    if not len(demand.arrival_s):
        return
    begin_s, end_s = demand.arrival_s[0], demand.arrival_s[-1] + 1e-9
    scale = np.maximum(demand.work.sum(axis=0), 1.0)
    weight = np.concatenate([[0.0], np.cumsum((demand.work[:, :2] / scale[:2]).sum(axis=1))])
    for halving in range(_HALVINGS + 1):
        length_s = (end_s - begin_s) / 2**halving
        starts = begin_s + length_s / 2 * np.arange(2 ** (halving + 1) - 1)
        first = np.searchsorted(demand.arrival_s, starts)
        last = np.searchsorted(demand.arrival_s, starts + length_s)
        k = int((weight[last] - weight[first]).argmax())
        some = slice(int(first[k]), int(last[k]))
        for latest in _LATEST:
            case = _case(demand, some, float(starts[k]), latest)
            if case is not None:
                yield case


def _case(demand: _Demand, some: slice, begin_s: float, latest: float) -> Due | None:
    due_s = demand.due_s[some]
    if not len(due_s):
        return None
    until_s = float(np.quantile(due_s, latest))
    there = due_s <= until_s
    work, of = demand.work[some][there], demand.of[some][there]
    needed = work.sum(axis=0)
    for kind, misses in demand.misses.items():
        mine = work[of == kind]
        spared = np.sort(mine, axis=0)[max(len(mine) - misses, 0) :]
        needed = needed - spared.sum(axis=0)
    return Due(needed, float(demand.spoken_s[some][there].sum()), until_s - begin_s)


def _demand(workload: Workload, share: float, known: Sequence[Batches]) -> _Demand:
    answer, can = _answers(workload, known)
    limits = {
        name: _limits(workload, name) for name in ("ttft_s", "tpot_s", "max_gap_s", "latency_s")
    }
    spaces = answer - 1.0
    pace_s = np.minimum(limits["tpot_s"], limits["max_gap_s"])
    with np.errstate(invalid="ignore"):
        spoken_s = np.minimum(np.where(spaces > 0, pace_s * spaces, 0.0), limits["latency_s"])
    done_s = np.minimum(limits["ttft_s"] + spoken_s, limits["latency_s"])
    first_s = np.minimum(limits["ttft_s"], limits["latency_s"])
    # Whose answer may take for ever owes its first token only.
    whole = np.isfinite(done_s)
    due_s = workload.arrival_s + np.where(whole, done_s, first_s)
    context = spaces * workload.prompt_tokens + spaces * answer / 2
    work = np.stack(
        [_uncached(workload), np.where(whole, spaces, 0.0), np.where(whole, context, 0.0)], axis=1
    )
    kept: Mask = can & np.isfinite(due_s)
    of = workload.service_class.astype(np.int64)
    misses = {k: int((1 - share) * n + 1e-9) for k, n in enumerate(np.bincount(of).tolist())}
    return _Demand(
        workload.arrival_s[kept],
        due_s[kept],
        work[kept],
        np.where(whole, spoken_s, 0.0)[kept],
        of[kept],
        misses,
    )


def _answers(workload: Workload, known: Sequence[Batches]) -> tuple[Floats, Mask]:
    """Return how long answers are at the least, and to which requests anybody can answer."""
    prompt = workload.prompt_tokens.astype(np.float64)
    answer = np.minimum(workload.output_tokens, workload.limit_tokens).astype(np.float64)
    room = np.array([one.most_tokens for one in known])[:, np.newaxis] - prompt
    shortest = np.where(room > 0, room, np.inf).min(axis=0)
    possible: Mask = np.asarray((room > 0).any(axis=0))
    return np.minimum(answer, shortest), possible


def _limits(workload: Workload, name: str) -> Floats:
    of = [getattr(kind, name) for kind in workload.classes]
    given = np.array([np.inf if limit is None else limit for limit in of], dtype=np.float64)
    return np.asarray(given[workload.service_class], dtype=np.float64)


def _uncached(workload: Workload) -> Floats:
    """Return the tokens of each prompt in full blocks that nobody had before, at least one."""
    prompt, blocks = workload.prompt_tokens.astype(np.float64), workload.cache_blocks
    if blocks is None:
        return prompt
    fresh = np.zeros(len(blocks.ids) + 1)
    _, first = np.unique(blocks.ids, return_index=True)
    fresh[first] = 1
    counts = np.concatenate([[0.0], np.cumsum(fresh)])
    begin = blocks.offsets[:-1]
    end = np.minimum(begin + workload.prompt_tokens // blocks.block_tokens, blocks.offsets[1:])
    new = (counts[end] - counts[begin]) * blocks.block_tokens
    return np.asarray(np.maximum(new, 1.0), dtype=np.float64)
