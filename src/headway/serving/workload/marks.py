"""Who is urgent, who is promised what, who uses which adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import LARGEST, NONE, Floats, Int64s
from headway.serving.workload.description import Adapters, ClassShare
from headway.serving.workload.service import EVERYBODY, ServiceClass


def popularity(
    rng: np.random.Generator, n: int, count: int, zipf: float, share: float = 1.0
) -> Int64s:
    """Return `n` choices among `count` things by Zipf's law, shape (n,); `NONE` for the others.

    Parameters
    ----------
    rng
        Source of the choices.
    n, count
        How many choices, and among how many things.
    zipf
        Number k (from 1) is chosen with probability proportional to k^-zipf.
    share
        Probability that any is chosen.
    """
    weights = np.arange(1, count + 1, dtype=np.float64) ** -zipf
    chosen = _choices(rng, n, weights)
    return np.where(rng.random(n) < share, chosen, NONE)


def priorities_of(shares: Mapping[int, float], rng: np.random.Generator, n: int) -> Int64s:
    """Return priorities with given shares, shape (n,); 0 for all if there are none.

    Raises
    ------
    ConfigError
        If no share is above 0.
    """
    if not shares:
        return np.zeros(n, np.int64)
    values = np.array(list(shares), dtype=np.int64)
    return values[_choices(rng, n, np.array(list(shares.values()), dtype=np.float64))]


def classes_of(
    sections: Sequence[ClassShare],
    prompt: Int64s,
    conversation: Int64s,
    rng: np.random.Generator,
    n_conversations: int,
) -> tuple[tuple[ServiceClass, ...], Int64s]:
    """Return service classes and whose is which: by length of the prompt, or by share.

    Parameters
    ----------
    sections
        The classes; if one says `prompt_up_to`, all but the last must, in ascending order.
    prompt
        Tokens, shape (n,).
    conversation
        To which each request belongs, shape (n,); by share, all of one are of one class.
    rng
        Source of the choices.
    n_conversations
        How many there are.

    Raises
    ------
    ConfigError
        If the lengths do not ascend, a prompt is longer than all of them, or no share is above 0.
    """
    if not sections:
        return EVERYBODY, np.zeros(len(prompt), np.int64)
    classes = tuple(
        ServiceClass(row.name, row.ttft_s, row.tpot_s, row.max_gap_s, row.latency_s, row.weight)
        for row in sections
    )
    if all(row.prompt_up_to is None for row in sections):
        shares = np.array([row.share for row in sections], dtype=np.float64)
        return classes, _choices(rng, n_conversations, shares)[conversation]
    if any(row.prompt_up_to is None for row in sections[:-1]):
        raise ConfigError("prompt_up_to: expected of all but the last class, or of none")
    ends = [row.prompt_up_to or LARGEST for row in sections]
    if (np.diff(ends) <= 0).any():
        raise ConfigError("prompt_up_to: expected ascending lengths")
    if len(prompt) and prompt.max() > ends[-1]:
        raise ConfigError(f"prompt_up_to: no class takes a prompt of {prompt.max()} tokens")
    return classes, np.searchsorted(ends, prompt, side="left").astype(np.int64)


def adapters_of(section: Adapters | None, rng: np.random.Generator, n: int) -> Int64s:
    """Return the adapter of each of `n` conversations, shape (n,); `NONE` for none."""
    if section is None:
        return np.full(n, NONE, np.int64)
    return popularity(rng, n, section.count, section.zipf, section.share)


def _choices(rng: np.random.Generator, n: int, weights: Floats) -> Int64s:
    total = weights.sum()
    if not total > 0:
        raise ConfigError("expected a share above 0")
    return np.searchsorted(np.cumsum(weights) / total, rng.random(n), side="right").clip(
        max=len(weights) - 1
    )
