"""Hears the events of a cache over ZeroMQ, and asks again for those that were lost."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headway.errors import ConfigError, FormatError, MissingExtraError
from headway.serving.gateway.watch.kv.events import END, events, number
from headway.serving.gateway.watch.kv.residency import Residency

try:
    import zmq
    import zmq.asyncio
except ModuleNotFoundError:  # pragma: no cover
    raise MissingExtraError("events of caches need: pip install 'headway[serve]'") from None

if TYPE_CHECKING:
    from zmq.asyncio import Context, Socket

_log = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024 * 1024
"""Of one message."""

_QUEUED = 100_000
"""Messages that wait to be read."""

_TURN = 64
"""Messages read before others get their turn."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the events of one cache come from.

    Attributes
    ----------
    engine, rank
        Whose cache it is.
    events
        Address of the publisher, as in ``tcp://10.0.0.7:5557``.
    replay
        Address of the socket that sends messages again; None without any.
    topic
        Beginning of the topics that are heard.
    """

    engine: int
    rank: int
    events: str
    replay: str | None = None
    topic: str = ""


def sources(
    engine: int,
    host: str,
    publisher: str,
    replay: str | None = None,
    *,
    topic: str = "",
    ranks: int = 1,
) -> list[Source]:
    """Return where the events of an engine come from.

    Parameters
    ----------
    engine, host
        Its number, and its machine.
    publisher, replay
        Addresses as the engine was given them, or as they are seen from here; ``*`` and ``{host}``
        stand for its machine.
    topic
        Of its messages.
    ranks
        Data-parallel ranks; each has the port after that of the one before.

    Raises
    ------
    ConfigError
        If an address is none of TCP, or ends without a port.
    """
    return [
        Source(
            engine,
            rank,
            _address(publisher, host, rank),
            None if replay is None else _address(replay, host, rank),
            topic,
        )
        for rank in range(ranks)
    ]


def _address(text: str, host: str, rank: int) -> str:
    named = f"[{host}]" if ":" in host else host
    scheme, slashes, rest = text.replace("{host}", named).partition("://")
    machine, _, port = rest.rpartition(":")
    if scheme != "tcp" or not slashes or not machine or not (port.isascii() and port.isdigit()):
        raise ConfigError(f"{text!r}: expected an address such as tcp://*:5557")
    if not 0 < int(port) + rank < 65_536:
        raise ConfigError(f"{text!r}: the port of rank {rank} is none")
    return f"tcp://{named if machine == '*' else machine}:{int(port) + rank}"


class Subscriber:
    """Follows one cache.

    Messages are numbered. After a gap those that are missing are asked for; if they cannot be had,
    all that is known of the cache is dropped, as a block whose end went unnoticed would be believed
    there for ever. A number that is smaller than expected is that of a publisher started anew.

    Parameters
    ----------
    source
        Where the events come from.
    residency
        Where what they say is kept.
    replay_s
        Longest wait for messages that are sent again.

    Attributes
    ----------
    gaps, recovered
        How often messages were missing, and how often all of them were sent again.
    malformed
        Messages that made no sense.
    rank
        Whose cache it is.
    begun_s
        When a publisher was heard first that was new, by the loop's clock.
    """

    def __init__(self, source: Source, residency: Residency, *, replay_s: float = 5.0) -> None:
        self._source = source
        self._residency = residency
        self._replay_s = replay_s
        self.rank = source.rank
        self._next: int | None = None
        self.gaps = 0
        self.recovered = 0
        self.malformed = 0
        self.begun_s = -math.inf
        residency.follow(source.engine, source.rank)

    async def run(self, context: Context | None = None) -> None:
        """Follow until cancelled."""
        context = context or zmq.asyncio.Context.instance()
        heard = context.socket(zmq.SUB)
        try:
            _prepare(heard)
            heard.setsockopt_string(zmq.SUBSCRIBE, self._source.topic)
            heard.connect(self._source.events)
            turn = 0
            while True:
                frames = await heard.recv_multipart()
                await self._take(context, frames)
                turn += 1
                if turn % _TURN == 0:
                    await asyncio.sleep(0)
        finally:
            heard.close()

    async def _take(self, context: Context, frames: list[bytes]) -> None:
        try:
            if len(frames) != 3:
                raise FormatError(f"expected a message of 3 frames, got {len(frames)}")
            now = number(frames[1])
        except FormatError as error:
            self._complain(error)  # if it was one of those numbered, the next will show a gap
            return
        if now != self._next:
            await self._recover(context, now)
        self._apply(frames[2])
        self._next = now + 1

    async def _recover(self, context: Context, now: int) -> None:
        """Fill the gap before a message, or forget all that came before it."""
        engine, rank = self._source.engine, self._source.rank
        if self._next is not None and now > self._next:
            missed = self._next
            self.gaps += 1
        else:
            missed = 0
            self.begun_s = asyncio.get_running_loop().time()
            self._residency.empty(engine, rank)
        if missed == now:
            return
        again = await self._replayed(context, missed, now)
        if again and again[0][0] == missed:
            self.recovered += missed > 0
        else:
            self._residency.drop(engine, rank)
        for _, payload in again:
            self._apply(payload)

    async def _replayed(self, context: Context, first: int, behind: int) -> list[tuple[int, bytes]]:
        """Return the unbroken end of the messages from `first` on and before `behind`."""
        if self._source.replay is None:
            return []
        asked = context.socket(zmq.DEALER)
        found: list[tuple[int, bytes]] = []
        try:
            _prepare(asked)
            asked.connect(self._source.replay)
            async with asyncio.timeout(self._replay_s):
                await asked.send_multipart([b"", first.to_bytes(8, "big")])
                await _read_again(asked, first, behind, found)
        except TimeoutError:
            _log.warning("missing events of engine %d are not sent again", self._source.engine)
        except FormatError as error:
            self._complain(error)
        finally:
            asked.close()
        return found if found and found[-1][0] == behind - 1 else []

    def _apply(self, payload: bytes) -> None:
        """Note what a message says; one that makes no sense might have said anything."""
        try:
            for event in events(payload):
                self._residency.take(self._source.engine, self._source.rank, event)
        except FormatError as error:
            self._complain(error)
            self._residency.drop(self._source.engine, self._source.rank)

    def _complain(self, error: FormatError) -> None:
        self.malformed += 1
        if self.malformed == 1:
            _log.warning("events of engine %d: %s", self._source.engine, error)


def _prepare(socket: Socket) -> None:
    socket.setsockopt(zmq.RCVHWM, _QUEUED)
    socket.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.IPV6, 1)


async def _read_again(
    asked: Socket, first: int, behind: int, found: list[tuple[int, bytes]]
) -> None:
    """Read messages until their end; one that does not follow the one before begins anew."""
    while True:
        frames = await asked.recv_multipart()
        if len(frames) != 3 or len(frames[1]) != 8:
            raise FormatError(f"expected a message of 3 frames again, got {len(frames)}")
        if frames[1] == END:
            return
        now = number(frames[1])
        if first <= now < behind:
            if found and now != found[-1][0] + 1:
                found.clear()
            found.append((now, frames[2]))
