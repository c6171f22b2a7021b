"""Contexts that lie idle while tools run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from headway.serving.agents.eviction import Outlook, Pool
from headway.serving.agents.graphs import UNKNOWN, Forecast
from headway.serving.agents.programs import NO_TOOL


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway reads in an answer when it has passed.

    Parameters
    ----------
    tool
        Number of the tool that it calls, -1 if that cannot be read.
    is_final
        Whether it says that nothing comes after it.
    next_s
        When the next step comes; nan but for those who may know the future.
    """

    tool: int = NO_TOOL
    is_final: bool = False
    next_s: float = math.nan


Answers = Callable[[int, float], Answer]
"""Reads the answer to a request that ended at a time."""


@dataclass(slots=True)
class Idle:
    """A context that waits for its program.

    Attributes
    ----------
    session, request
        Whose it is, and the request that left it.
    engine
        Where.
    tokens
        Its length.
    since_s
        When it was left.
    answer
        What was read then.
    forecast
        What was foreseen then.
    is_awaited
        Whether the next request has come and has not ended.
    """

    session: int
    request: int
    engine: int
    tokens: int
    since_s: float
    answer: Answer
    forecast: Forecast = UNKNOWN
    is_awaited: bool = False


def pool_of(
    idle: Sequence[Idle], now_s: float, held_share: float, capacity: int, *, foreseen: bool
) -> Pool:
    """Return contexts as evictors see them.

    Parameters
    ----------
    idle
        The contexts, at least one.
    now_s
        The instant.
    held_share
        Share of the cache that running requests hold.
    capacity
        Tokens of the cache.
    foreseen
        Whether to tell what graphs foresee.
    """
    tokens = np.array([one.tokens for one in idle])
    return Pool(
        now_s=now_s,
        used=held_share + float(tokens.sum()) / capacity,
        session=np.array([one.session for one in idle]),
        tokens=tokens,
        since_s=np.array([one.since_s for one in idle]),
        tool=np.array([one.answer.tool for one in idle]),
        is_final=np.array([one.answer.is_final for one in idle]),
        next_s=np.array([one.answer.next_s for one in idle]),
        outlook=_outlook(idle) if foreseen else None,
    )


def _outlook(idle: Sequence[Idle]) -> Outlook:
    columns = [
        (one.forecast.returns, one.forecast.grown_tokens, one.forecast.mu, one.forecast.sigma)
        for one in idle
    ]
    return Outlook(*np.array(columns).T)
