"""A channel between gateways on several machines: publications of a Redis server."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from headway.errors import ConfigError, MissingExtraError
from headway.serving.gateway.board import JOINED, PARTED, Row
from headway.serving.gateway.sharing.document import RedisSection
from headway.serving.gateway.sharing.loads import Loads

if TYPE_CHECKING:
    from redis.asyncio import Redis

_log = logging.getLogger("headway.serving.gateway")

_MOST_WAITING = 256
"""Batches that wait for Redis; then the oldest is lost."""

ID_BYTES = 8
"""Of a gateway, in front of whatever it publishes, after a letter for what it is."""

_BATCH, _LOAD = b"B", b"L"
_VERSION = "1"


def group_key(group: str, places: list[str]) -> str:
    """Return under which key gateways find one another: those before the same engines.

    Parameters
    ----------
    group
        By which they are told apart beyond that.
    places
        Names and addresses of the engines, in their order: they are known by their numbers.
    """
    told = blake2b("\n".join(places).encode(), digest_size=8).hexdigest()
    return f"{group}:{_VERSION}:{told}"


class RedisChannel:
    """Tells gateways on other machines, and hears them, as long as Redis is there.

    Without it, this gateway goes on alone, says so in its log and on the board, and tries again.
    Nothing that serves requests ever waits for it.

    Parameters
    ----------
    section
        Where Redis is.
    url
        Its address.
    key
        From `group_key`.
    gateway
        Of this machine, the same for all its workers; `ID_BYTES` long.
    row
        Of this worker on the board.
    loads
        Of the worker that tells how many requests are at engines; None for the others.
    agreed
        Hears the seed of the names of blocks that all gateways have agreed on.
    seed
        That is proposed.

    Raises
    ------
    ConfigError
        If this is no address.
    MissingExtraError
        If there is no client for Redis.
    """

    def __init__(
        self,
        section: RedisSection,
        url: str,
        key: str,
        gateway: bytes,
        row: Row,
        loads: Loads | None,
        agreed: Callable[[int], None],
        seed: int,
    ) -> None:
        self._section = section
        self._key = key
        self._gateway = gateway
        self._row = row
        self._loads = loads
        self._agreed = agreed
        self._seed = seed
        self._redis = _client(url, section)
        self._errors = _errors()
        self._waiting: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._heard: Callable[[bytes], None] = lambda _: None
        self._tasks: list[asyncio.Task[None]] = []
        row.linked(PARTED)

    def open(self, heard: Callable[[bytes], None]) -> None:
        """Connect from now on, in the loop that runs."""
        self._heard = heard
        self._tasks.append(asyncio.create_task(self._keep()))
        if self._loads is not None:
            self._tasks.append(asyncio.create_task(self._tell_loads(self._loads)))

    def send(self, data: bytes) -> int:
        """Tell all others, soon; return how many batches are given up for that."""
        return self._publish(_BATCH + self._gateway + data)

    def close(self) -> None:
        """Hear no more."""
        for task in self._tasks:
            task.cancel()
        self._row.linked(PARTED)

    def _publish(self, message: bytes) -> int:
        lost = len(self._waiting) >= _MOST_WAITING
        if lost:
            self._waiting.popleft()
        self._waiting.append(message)
        self._some.set()
        return int(lost)

    async def _keep(self) -> None:
        """Be connected, again and again."""
        told = False
        try:
            while True:
                try:
                    await self._connected()
                except self._errors as error:
                    if self._row.linked(PARTED) or not told:
                        _log.warning("alone, as Redis cannot be reached: %s", error)
                        told = True
                    with suppress(*self._errors):  # connections of before are of no use
                        await self._redis.connection_pool.disconnect()
                await asyncio.sleep(self._section.retry_s)
        finally:
            with suppress(*self._errors):
                await self._redis.aclose()

    async def _connected(self) -> None:
        async with asyncio.timeout(self._section.timeout_s):
            await self._redis.set(self._key + ":seed", str(self._seed), nx=True)
            agreed = await self._redis.get(self._key + ":seed")
        if agreed is not None and agreed.isdigit():
            self._seed = int(agreed) & (2**64 - 1)
            self._agreed(self._seed)
        async with self._redis.pubsub(ignore_subscribe_messages=True) as subscribed:
            async with asyncio.timeout(self._section.timeout_s):
                await subscribed.subscribe(self._key)
            self._waiting.clear()  # what is older than the connection is no news
            self._row.linked(JOINED)
            _log.info("joined the gateways at Redis as %s", self._key)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._hear(subscribed))
                    group.create_task(self._send())
            except* self._errors as errors:
                raise errors.exceptions[0] from None

    async def _hear(self, subscribed: Any) -> None:
        """Hear, and be sure in silence that the server is there."""
        section = self._section
        while True:
            message = await subscribed.get_message(timeout=section.forget_s)
            if message is not None:
                self._take(message["data"])
                continue
            async with asyncio.timeout(section.timeout_s):
                await self._redis.ping()

    async def _send(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                async with asyncio.timeout(self._section.timeout_s):
                    await self._redis.publish(self._key, self._waiting.popleft())

    def _take(self, message: bytes) -> None:
        kind, gateway = message[:1], message[1 : 1 + ID_BYTES]
        if gateway == self._gateway:
            return
        if kind == _BATCH:
            self._heard(message[1 + ID_BYTES :])
        elif kind == _LOAD and self._loads is not None:
            self._loads.hear(gateway, message[1 + ID_BYTES :])

    async def _tell_loads(self, loads: Loads) -> None:
        """Tell how many requests are at engines, and forget what gateways said that are silent."""
        while True:
            self._publish(_LOAD + self._gateway + loads.own())
            loads.forget()
            await asyncio.sleep(self._section.period_s)


def _client(url: str, section: RedisSection) -> Redis:
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ModuleNotFoundError:
        raise MissingExtraError("redis is missing: pip install 'headway[redis]'") from None
    try:
        return Redis.from_url(
            url,
            socket_connect_timeout=section.timeout_s,
            retry=Retry(NoBackoff(), 0),
            single_connection_client=False,
        )
    except ValueError as error:
        raise ConfigError(f"serve.shared.redis.url: {error}") from None


def _errors() -> tuple[type[Exception], ...]:
    """Return what says that Redis is not there, or no longer."""
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)
