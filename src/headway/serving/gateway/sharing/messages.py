"""Batches of what routers have done, as bytes."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from headway.errors import FormatError
from headway.serving.fleet.lessons import Ended, Lessons, Sent

SENT_COLUMNS = (
    *("engine", "session", "service_class", "prompt_tokens"),
    *("limit_tokens", "tries", "block_tokens", "n_blocks"),
)
ENDED_COLUMNS = ("engine", "session", "service_class", "prompt_tokens", "output_tokens")

_MOST = 2**40
"""Tokens and blocks are fewer."""

_INT = np.dtype("<i8")


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What one router of one worker has done since its last batch.

    Attributes
    ----------
    source
        Of the worker, another one each time it is started.
    number
        Of the batch, one more than of the last one of this source.
    seat
        Name of the router.
    sent, ended
        Rows of `SENT_COLUMNS` and of `ENDED_COLUMNS`, eight bytes a number, least byte first.
    blocks
        Of all prompts, in the same form.
    sent_tenants, ended_tenants
        Names, one a row.
    """

    source: str
    number: int
    seat: str
    sent: bytes
    blocks: bytes
    sent_tenants: tuple[str, ...]
    ended: bytes
    ended_tenants: tuple[str, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encoded(batch: Batch) -> bytes:
    """Return a batch as bytes."""
    return _encoder.encode(batch)


def decoded(data: bytes) -> Batch:
    """Return a batch of which nothing but the form has been looked at.

    Raises
    ------
    FormatError
        If these are no bytes of one.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise FormatError(f"a batch of another worker: {error}") from None


def lessons(batch: Batch, n_engines: int, at_s: float) -> Lessons:
    """Return what a batch says.

    Parameters
    ----------
    batch
        From somebody who may have another version, or is not who it says.
    n_engines
        Of the fleet.
    at_s
        When it was heard.

    Raises
    ------
    FormatError
        If it says what cannot be.
    """
    rows = _table(batch.sent, len(SENT_COLUMNS), len(batch.sent_tenants))
    ends = _table(batch.ended, len(ENDED_COLUMNS), len(batch.ended_tenants))
    blocks = _numbers(batch.blocks)
    for table, columns in ((rows, SENT_COLUMNS), (ends, ENDED_COLUMNS)):
        _check(table, columns, n_engines)
    offsets = np.zeros(rows.shape[1] + 1, dtype=np.int64)
    np.cumsum(rows[-1], out=offsets[1:])
    if offsets[-1] != len(blocks):
        raise FormatError(
            f"a batch of another worker: expected {offsets[-1]} blocks, got {len(blocks)}"
        )
    sent = Sent(
        **dict(zip(SENT_COLUMNS[:-1], rows, strict=False)),
        tenant=batch.sent_tenants,
        blocks=blocks,
        offsets=offsets,
    )
    ended = Ended(**dict(zip(ENDED_COLUMNS, ends, strict=True)), tenant=batch.ended_tenants)
    return Lessons(at_s, sent, ended)


def _numbers(data: bytes) -> NDArray[np.int64]:
    if len(data) % _INT.itemsize:
        raise FormatError(f"a batch of another worker: {len(data)} bytes are no numbers")
    return np.frombuffer(data, dtype=_INT).astype(np.int64, copy=False)


def _table(data: bytes, columns: int, rows: int) -> NDArray[np.int64]:
    """Return columns, one after another."""
    numbers = _numbers(data)
    if len(numbers) != columns * rows:
        raise FormatError(
            f"a batch of another worker: expected {rows} rows of {columns}, got {len(numbers)}"
        )
    return np.ascontiguousarray(numbers.reshape(rows, columns).T)


def _check(table: NDArray[np.int64], columns: tuple[str, ...], n_engines: int) -> None:
    if not table.shape[1]:
        return
    least, most = table.min(axis=1).tolist(), table.max(axis=1).tolist()
    for name, low, high in zip(columns, least, most, strict=True):
        bottom, top = (-1, 2**63) if name == "session" else (0, _MOST)
        if name == "engine":
            top = n_engines
        if not bottom <= low <= high < top:
            raise FormatError(f"a batch of another worker: {name}: {low} to {high} cannot be")
