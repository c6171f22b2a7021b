"""Columns of traces that tell the content of prompts by the ids of their blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import Int64s
from headway.serving.workload.json_lines import Record, Rows


class Gathered:
    """Whole numbers and block ids of records, put together chunk by chunk.

    Parameters
    ----------
    block_tokens
        Tokens per block.
    key
        What the field of the ids is called, for messages.
    """

    def __init__(self, block_tokens: int, key: str = "hash_ids") -> None:
        self._block_tokens = block_tokens
        self._key = key
        self._ids: list[Int64s] = []
        self._counts: list[Int64s] = []

    def add(self, rows: Rows[Record], ids: Sequence[Sequence[int]], tokens: Int64s) -> None:
        """Take the block ids of some records.

        Parameters
        ----------
        rows
            The records.
        ids
            Of each record.
        tokens
            Most tokens that the blocks of each record can cover.

        Raises
        ------
        FormatError
            If a record has more blocks than that; names file and line.
        """
        counts = np.fromiter(map(len, ids), np.int64, len(ids))
        wrong = np.flatnonzero(counts > -(-tokens // self._block_tokens))
        if len(wrong):
            k = int(wrong[0])
            raise rows.error(
                f"{self._key}: {counts[k]} blocks of {self._block_tokens} tokens are too many for"
                f" {tokens[k]} tokens",
                k,
            )
        self._ids.append(np.fromiter(chain.from_iterable(ids), np.int64, int(counts.sum())))
        self._counts.append(counts)

    def blocks(self) -> Blocks:
        """Return what was taken."""
        nothing = np.zeros(0, np.int64)
        counts = np.concatenate([nothing, *self._counts])
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return Blocks(np.concatenate([nothing, *self._ids]), offsets, self._block_tokens)
