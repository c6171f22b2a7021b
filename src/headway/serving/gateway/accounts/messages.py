"""What workers and the ledger say to each other: MessagePack behind the length of each message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias, cast

import msgspec

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.keys import KeyRecord
from headway.serving.gateway.accounts.standing import Standing

_LENGTH_BYTES = 4
_MOST_BYTES = 64 * 1024 * 1024


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """A worker says who it is, which leases it knows of, and what it served without asking."""

    worker: str
    leases: list[int]
    unbooked: int = 0


class Take(msgspec.Struct, frozen=True, array_like=True, tag="take"):
    """A worker wants a lease; `call` tells answers apart."""

    call: int
    tenant: str
    account: str
    model: str
    prompt_tokens: int
    limit_tokens: int


class Settle(msgspec.Struct, frozen=True, array_like=True, tag="settle"):
    """A request has ended."""

    lease: int
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int


class Release(msgspec.Struct, frozen=True, array_like=True, tag="release"):
    """A lease is not needed."""

    lease: int


class Look(msgspec.Struct, frozen=True, array_like=True, tag="look"):
    """Somebody who is no worker wants to know where tenants stand.

    With `reload`, it is also looked at once for keys that are new or revoked.
    """

    reload: bool = False


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    """The ledger says who it is: leases of another ledger are void."""

    ledger: str


class Keys(msgspec.Struct, frozen=True, array_like=True, tag="keys"):
    """The keys that there are, and numbers of tenants."""

    records: tuple[KeyRecord, ...]
    numbers: dict[str, int]


class Taken(msgspec.Struct, frozen=True, array_like=True, tag="taken"):
    """A lease, with headers for the answer."""

    call: int
    lease: int
    headers: tuple[tuple[bytes, bytes], ...]


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """No lease, see `Refusal`."""

    call: int
    status: int
    message: str
    code: str | None
    param: str | None
    retry_after_s: float | None
    limits: tuple[tuple[bytes, bytes], ...]


class State(msgspec.Struct, frozen=True, array_like=True, tag="state"):
    """How the ledger is doing."""

    figures: Figures


class Told(msgspec.Struct, frozen=True, array_like=True, tag="told"):
    """Where tenants stand, and how the ledger is doing; for who has asked by `Look`."""

    figures: Figures
    standings: tuple[Standing, ...]


class Closed(msgspec.Struct, frozen=True, array_like=True, tag="closed"):
    """A lease is settled or released."""

    lease: int


ToLedger: TypeAlias = Hello | Take | Settle | Release | Look
ToWorker: TypeAlias = Welcome | Keys | State | Taken | Refused | Closed | Told
_Message: TypeAlias = ToLedger | ToWorker

to_ledger = msgspec.msgpack.Decoder(ToLedger).decode
to_worker = msgspec.msgpack.Decoder(ToWorker).decode
_encode = msgspec.msgpack.Encoder().encode


class Link(asyncio.Protocol):
    """A connection between a worker and the ledger.

    What is said in one turn of the loop goes out together.

    Parameters
    ----------
    heard
        Called with the bytes of each message. If it raises, the connection is closed.
    lost
        Called once it is closed.
    """

    def __init__(self, heard: Callable[[Link, bytes], None], lost: Callable[[Link], None]) -> None:
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._in = bytearray()
        self._out: list[bytes] = []

    def say(self, message: _Message) -> None:
        """Send a message; without effect if the connection is closed."""
        body = _encode(message)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(len(body).to_bytes(_LENGTH_BYTES) + body)

    def close(self) -> None:
        """Close the connection, once what was said is sent."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection, whatever is on its way."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """End."""
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Take messages apart."""
        buffer = self._in
        buffer += data
        at = 0
        try:
            while len(buffer) >= at + _LENGTH_BYTES:
                start = at + _LENGTH_BYTES
                length = int.from_bytes(buffer[at:start])
                if length > _MOST_BYTES:
                    raise ValueError(f"a message of {length} bytes")
                if len(buffer) < start + length:
                    break
                at = start + length
                self._heard(self, bytes(buffer[start:at]))
        except (ValueError, msgspec.MsgspecError):
            self.abort()
        del buffer[:at]

    def _flush(self) -> None:
        if self._transport is not None and self._out:
            self._transport.write(b"".join(self._out))
        self._out.clear()
