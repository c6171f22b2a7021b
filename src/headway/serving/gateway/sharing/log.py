"""What one router has done, gathered until it is told."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

import numpy as np

from headway.serving.gateway.sharing.messages import Batch

if TYPE_CHECKING:
    from headway.serving.gateway.view import LiveRequest

MOST_BLOCKS = 2048
"""Of a prompt that are told; the first ones."""

MOST_BYTES = 32 * 1024
"""After which a batch is told at once: it must fit into a datagram."""

MOST_LETTERS = 200
"""Of the name of a tenant, which may be whatever a client calls its user."""

_ROW_BYTES = 80
"""About as many as a row takes, its tenant included."""


class Log:
    """Gathers what one router does.

    Parameters
    ----------
    seat
        Its name.
    """

    __slots__ = ("_blocks", "_ended", "_ended_tenants", "_sent", "_sent_tenants", "bytes", "seat")

    def __init__(self, seat: str) -> None:
        self.seat = seat
        self._clear()

    def __len__(self) -> int:
        return len(self._sent_tenants) + len(self._ended_tenants)

    def sent(self, request: LiveRequest, engine: int) -> None:
        """Note where a request goes."""
        n_blocks = 0
        if request.is_cut:
            told = np.asarray(request.blocks[:MOST_BLOCKS], dtype="<i8").tobytes()
            n_blocks = len(told) >> 3
            if n_blocks:
                self._blocks.append(told)
                self.bytes += len(told)
        self._sent.extend(
            (
                engine,
                request.session,
                request.service_class,
                request.prompt_tokens,
                request.limit_tokens,
                request.tries,
                request.block_tokens,
                n_blocks,
            )
        )
        self._sent_tenants.append(request.tenant[:MOST_LETTERS])
        self.bytes += _ROW_BYTES

    def ended(self, request: LiveRequest, engine: int, output_tokens: int) -> None:
        """Note that a request has left an engine."""
        self._ended.extend(
            (
                engine,
                request.session,
                request.service_class,
                request.prompt_tokens,
                output_tokens,
            )
        )
        self._ended_tenants.append(request.tenant[:MOST_LETTERS])
        self.bytes += _ROW_BYTES

    def take(self, source: str, number: int) -> Batch:
        """Return all of it, and begin anew."""
        batch = Batch(
            source,
            number,
            self.seat,
            _bytes(self._sent),
            b"".join(self._blocks),
            tuple(self._sent_tenants),
            _bytes(self._ended),
            tuple(self._ended_tenants),
        )
        self._clear()
        return batch

    def _clear(self) -> None:
        self._sent = array("q")
        self._sent_tenants: list[str] = []
        self._blocks: list[bytes] = []
        self._ended = array("q")
        self._ended_tenants: list[str] = []
        self.bytes = 0


def _bytes(numbers: array[int]) -> bytes:
    """Return numbers of eight bytes each, least byte first; they are of no use after that."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
