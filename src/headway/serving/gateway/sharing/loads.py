"""How many requests other gateways have at the same engines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headway.serving.gateway.board import Board
from headway.serving.gateway.usage import Clock

_MOST = 2**40
"""Requests and blocks are fewer."""

_GATEWAYS = 1000
"""That are remembered."""


class Loads:
    """Adds up on the board what other gateways tell, as long as they do.

    Parameters
    ----------
    board
        Of this gateway.
    clock
        Seconds that never go back.
    forget_s
        One that was silent for so long is dead, and its requests no longer count.
    """

    def __init__(self, board: Board, clock: Clock, forget_s: float) -> None:
        self._board = board
        self._clock = clock
        self._forget_s = forget_s
        self._known: dict[bytes, tuple[float, NDArray[np.int64]]] = {}

    def own(self) -> bytes:
        """Return what this gateway tells: its gauges, eight bytes a number, least byte first."""
        gauges: NDArray[np.int64] = self._board.gauges.sum(axis=0)
        return gauges.astype("<i8").tobytes()

    def hear(self, gateway: bytes, told: bytes) -> None:
        """Take what another gateway tells; what cannot be is left alone."""
        shape = self._board.elsewhere.shape
        if len(told) != 8 * shape[0] * shape[1]:
            return
        gauges = np.frombuffer(told, dtype="<i8").astype(np.int64).reshape(shape)
        if gauges.min() < 0 or gauges.max() > _MOST:
            return
        if gateway in self._known or len(self._known) < _GATEWAYS:
            self._known[gateway] = (self._clock(), gauges)
            self._add_up()

    def forget(self) -> None:
        """Forget those that were silent for too long."""
        since_s = self._clock() - self._forget_s
        silent = [name for name, (at_s, _) in self._known.items() if at_s < since_s]
        for name in silent:
            del self._known[name]
        if silent:
            self._add_up()

    def _add_up(self) -> None:
        total = np.zeros(self._board.elsewhere.shape, dtype=np.int64)
        for _, gauges in self._known.values():
            total += gauges
        self._board.elsewhere[:] = total
