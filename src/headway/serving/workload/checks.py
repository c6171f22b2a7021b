"""What must hold between the columns of a workload; messages name column and request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import Floats, Int32s, Int64s


def require_lengths(n: int, columns: Mapping[str, Int32s], blocks: Blocks | None) -> None:
    """Refuse columns that have not one entry per request."""
    lengths = {what: len(values) for what, values in columns.items()}
    if blocks is not None:
        lengths["blocks"] = len(blocks)
    for what, length in lengths.items():
        if length != n:
            raise ConfigError(f"{what}: expected {n} values, got {length}")


def require_names(what: str, names: Iterable[str]) -> None:
    """Refuse names that two things have."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ConfigError(f"{what}: two are called {twice[0]!r}")


def require_order(arrival_s: Floats) -> None:
    """Refuse arrivals before 0 or out of order."""
    if len(arrival_s) and arrival_s[0] < 0:
        raise ConfigError(f"arrival_s: expected none before 0, got {arrival_s[0]}")
    late = np.flatnonzero(np.diff(arrival_s) < 0)
    if len(late):
        raise ConfigError(
            f"arrival_s of request {late[0] + 1}: expected ascending times; `Workload.of` sorts"
        )


def require_known(what: str, positions: Int32s, known: int) -> None:
    """Refuse positions of things that are not there."""
    wrong = np.flatnonzero(positions >= known)
    if len(wrong):
        raise ConfigError(
            f"{what} of request {wrong[0]}: expected one below {known}, there are no more, got"
            f" {positions[wrong[0]]}"
        )


def require_limits(output_tokens: Int32s, limit_tokens: Int32s) -> None:
    """Refuse outputs that are longer than what was asked for."""
    wrong = np.flatnonzero(output_tokens > limit_tokens)
    if len(wrong):
        k = wrong[0]
        raise ConfigError(
            f"output_tokens of request {k}: expected no more than its limit_tokens,"
            f" {limit_tokens[k]}, got {output_tokens[k]}"
        )


def require_cover(blocks: Blocks, prompt_tokens: Int32s, output_tokens: Int32s) -> None:
    """Refuse blocks beyond the end of prompt and output."""
    most = most_blocks(prompt_tokens, output_tokens, blocks.block_tokens)
    wrong = np.flatnonzero(blocks.counts > most)
    if len(wrong):
        k = int(wrong[0])
        raise ConfigError(
            f"blocks of request {k}: {blocks.counts[k]} of {blocks.block_tokens} tokens are too"
            " many for its prompt and output"
        )


def most_blocks(prompt_tokens: Int32s, output_tokens: Int32s, block_tokens: int) -> Int64s:
    """Return how many blocks prompt and output of each request fill, the last perhaps in part."""
    return -(-(prompt_tokens.astype(np.int64) + output_tokens) // block_tokens)
