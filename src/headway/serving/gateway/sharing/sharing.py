"""Tells other workers and machines what routers here have done, and routers what others have."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from headway.errors import FormatError
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.lessons import Learner, tell_learned
from headway.serving.gateway.board import HEARD, LOST, MISSED, TOLD, Row
from headway.serving.gateway.sharing.log import MOST_BYTES, Log
from headway.serving.gateway.sharing.messages import decoded, encoded, lessons
from headway.serving.gateway.usage import Clock

if TYPE_CHECKING:
    from headway.serving.gateway.view import LiveRequest

_log = logging.getLogger("headway.serving.gateway")

_SOURCES = 1000
"""Whose numbers of batches are remembered."""


class Channel(Protocol):
    """Carries batches; may lose some."""

    def open(self, heard: Callable[[bytes], None]) -> None:
        """Hear from now on."""
        ...

    def send(self, data: bytes) -> int:
        """Send to all others, without waiting; return how many could not take it."""
        ...

    def close(self) -> None:
        """Hear no more."""
        ...


class Sharing:
    """Gathers what routers do, tells it in batches, and has routers learn from those of others.

    Parameters
    ----------
    routers
        By name; those that learn nothing have nothing to tell.
    n_engines
        Of the fleet.
    row
        Of this worker on the board, where batches are counted.
    clock
        Seconds that never go back.
    period_s
        How long is gathered.

    Notes
    -----
    O(1) a request to gather it, and its blocks; as much for each of the others to learn it.
    """

    def __init__(
        self,
        routers: Mapping[str, Router],
        n_engines: int,
        row: Row,
        clock: Clock,
        period_s: float,
    ) -> None:
        self._routers = {
            name: router for name, router in routers.items() if isinstance(router, Learner)
        }
        self._n_engines = n_engines
        self._row = row
        self._clock = clock
        self._period_s = period_s
        self._channels: Sequence[Channel] = ()
        self._logs: dict[str, Log] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.source = secrets.token_hex(8)
        """Name of this worker, until it is started again."""
        self._number = 0
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def open(self, channels: Sequence[Channel]) -> None:
        """Tell and hear through channels from now on, in the loop that runs."""
        self._channels = channels
        self._logs = {name: Log(name) for name in self._routers}
        for channel in channels:
            channel.open(self._heard)

    def close(self) -> None:
        """Tell what there is to tell, and hear no more."""
        self.flush()
        self._logs = {}
        for channel in self._channels:
            channel.close()
        self._channels = ()

    def sent(self, seat: str, request: LiveRequest, engine: int) -> None:
        """Note where a request goes."""
        log = self._logs.get(seat)
        if log is not None:
            log.sent(request, engine)
            self._gathered(log)

    def ended(self, seat: str, request: LiveRequest, engine: int, output_tokens: int) -> None:
        """Note that a request has left an engine."""
        log = self._logs.get(seat)
        if log is not None:
            log.ended(request, engine, output_tokens)
            self._gathered(log)

    def _gathered(self, log: Log) -> None:
        if log.bytes > MOST_BYTES:
            self._tell(log)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._period_s, self.flush)

    def flush(self) -> None:
        """Tell what has been gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for log in self._logs.values():
            if len(log):
                self._tell(log)

    def _tell(self, log: Log) -> None:
        self._row.share(TOLD, len(log))
        self._number += 1
        data = encoded(log.take(self.source, self._number))
        for channel in self._channels:
            missed = channel.send(data)
            if missed:
                self._row.share(MISSED, missed)

    def _heard(self, data: bytes) -> None:
        try:
            batch = decoded(data)
            if batch.source == self.source:
                return
            told = lessons(batch, self._n_engines, self._clock())
        except FormatError as error:
            self._row.share(LOST)
            _log.warning("%s", error)
            return
        last = self._numbers.pop(batch.source, batch.number - 1)
        self._numbers[batch.source] = max(batch.number, last)
        if len(self._numbers) > _SOURCES:
            self._numbers.popitem(last=False)
        if batch.number > last + 1:
            self._row.share(LOST, batch.number - last - 1)
        router = self._routers.get(batch.seat)
        if router is None:
            return
        self._row.share(HEARD, len(told.sent) + len(told.ended))
        try:
            tell_learned(router, told)
        except Exception:
            # One that fails to learn must not take the gateway with it.
            _log.exception("router %s failed to learn", batch.seat)
