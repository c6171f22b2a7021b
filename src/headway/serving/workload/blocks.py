"""Which blocks of tokens requests share: chained ids, as prefix caches know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ConfigError
from headway.serving.workload.columns import Int64s, int64s

_SPARSE = 4

_LARGEST = 2**40
"""Names that simulated engines take stay below it."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """The content of requests, block by block.

    A block id stands for the block's tokens *and* all tokens before it, as in the chained hashes of
    paged key-value caches: equal ids mean the same content behind the same prefix.

    Parameters
    ----------
    ids
        Chained ids of all requests, one request after the other, shape (total,); not negative.
    offsets
        The blocks of request ``i`` are ``ids[offsets[i]:offsets[i + 1]]``, shape (n + 1,). They
        cover the prompt, the last block possibly in part, and go on with the output where that is
        known. A request without blocks is one whose content nobody knows.
    block_tokens
        Tokens per block.

    Raises
    ------
    ConfigError
        If the offsets do not cut the ids, or an id is negative.
    """

    ids: Int64s
    offsets: Int64s
    block_tokens: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", int64s(self.ids, "block ids"))
        object.__setattr__(self, "offsets", int64s(self.offsets, "block offsets"))
        if self.block_tokens < 1:
            raise ConfigError(f"block_tokens: expected at least 1, got {self.block_tokens}")
        ends = self.offsets
        if len(ends) == 0 or ends[0] != 0 or ends[-1] != len(self.ids) or (np.diff(ends) < 0).any():
            raise ConfigError(
                f"block offsets: expected ascending numbers from 0 to {len(self.ids)}"
            )
        if len(self.ids) and self.ids.min() < 0:
            raise ConfigError(f"block ids: expected none below 0, got {self.ids.min()}")

    @classmethod
    def of(cls, ids: Sequence[ArrayLike], block_tokens: int) -> Blocks:
        """Return the blocks of requests given one by one."""
        rows = [np.asarray(row) for row in ids]
        counts = [len(row) for row in rows]
        offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        flat = [row for row in rows if len(row)]
        return cls(np.concatenate(flat) if flat else np.zeros(0, np.int64), offsets, block_tokens)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, request: int) -> Int64s:
        """Return the ids of one request."""
        if not 0 <= request < len(self):
            raise IndexError(request)
        return self.ids[self.offsets[request] : self.offsets[request + 1]]

    def __iter__(self) -> Iterator[Int64s]:
        return map(self.__getitem__, range(len(self)))

    @property
    def counts(self) -> Int64s:
        """Blocks of each request, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def distinct(self) -> int:
        """How many different blocks there are."""
        seen = np.zeros(int(self.dense_ids.max(initial=-1)) + 1, dtype=np.bool_)
        seen[self.dense_ids] = True
        return int(seen.sum())

    @cached_property
    def dense_ids(self) -> Int64s:
        """The ids, renumbered if they are too far apart to be positions in a table."""
        largest = int(self.ids.max(initial=0))
        return self.ids if largest <= _SPARSE * (len(self.ids) + 1) else self.renumbered().ids

    def take(self, order: Int64s) -> Blocks:
        """Return the blocks of some requests, in the order given; positions, shape (m,)."""
        counts = self.counts[order]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        ids = self.ids[np.repeat(self.offsets[:-1][order], counts) + within]
        return Blocks(ids, offsets, self.block_tokens)

    def trimmed(self, most: Int64s) -> Blocks:
        """Return the first blocks of each request, at most so many, shape (n,)."""
        counts = np.minimum(self.counts, most)
        within = np.arange(len(self.ids)) - np.repeat(self.offsets[:-1], self.counts)
        ids = self.ids[within < np.repeat(counts, self.counts)]
        return Blocks(ids, np.concatenate([[0], np.cumsum(counts)]), self.block_tokens)

    def apart(self, group: Int64s) -> Blocks:
        """Return the same content, named apart for each group of requests.

        Parameters
        ----------
        group
            Of each request, shape (n,), from 0 on. Those of group 0 keep their names, unless these
            are so large that there is no room for others.
        """
        if not group.any():
            return self
        step, groups = int(self.ids.max(initial=0)) + 1, int(group.max()) + 1
        if step * groups > _LARGEST and step > len(self.ids):
            return self.renumbered().apart(group)
        ids = self.ids + np.repeat(group.astype(np.int64), self.counts) * step
        return Blocks(ids, self.offsets, self.block_tokens)

    def renumbered(self) -> Blocks:
        """Return the same blocks, their ids the numbers from 0 on in the same order."""
        _, ids = np.unique(self.ids, return_inverse=True)
        return Blocks(ids.astype(np.int64), self.offsets, self.block_tokens)

    def resized(self, block_tokens: int, tokens: Int64s) -> Blocks:
        """Return the same content in blocks of another size.

        Parameters
        ----------
        block_tokens
            A divisor or a multiple of the present size.
        tokens
            How many tokens of each request the blocks cover, shape (n,).

        Raises
        ------
        ConfigError
            If it is neither.
        """
        if block_tokens >= 1 and block_tokens % self.block_tokens == 0:
            return self._coarser(block_tokens)
        if block_tokens >= 1 and self.block_tokens % block_tokens == 0:
            return self._finer(block_tokens, tokens)
        raise ConfigError(
            f"block_tokens: expected a divisor or a multiple of {self.block_tokens}, got"
            f" {block_tokens}"
        )

    def _coarser(self, block_tokens: int) -> Blocks:
        ratio = block_tokens // self.block_tokens
        counts = -(-self.counts // ratio)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        # An id stands for all before it, so that the last one of a group stands for the group.
        last = np.minimum((within + 1) * ratio, np.repeat(self.counts, counts)) - 1
        return Blocks(self.ids[np.repeat(self.offsets[:-1], counts) + last], offsets, block_tokens)

    def _finer(self, block_tokens: int, tokens: Int64s) -> Blocks:
        ratio = self.block_tokens // block_tokens
        whole = self.renumbered()
        counts = np.minimum(-(-tokens // block_tokens), whole.counts * ratio)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        ids = whole.ids[np.repeat(whole.offsets[:-1], counts) + within // ratio]
        return Blocks(ids * ratio + within % ratio, offsets, block_tokens)
