"""Events of an engine's cache, as vLLM and SGLang publish them.

A message has a topic, a number and a payload in MessagePack: an array, or a map in later versions
of vLLM, of a time, events and the data-parallel rank. An event is an array that begins with its
type, or a map in which ``type`` is a key.

References
----------
``vllm/distributed/kv_events.py`` (vllm-project/vllm) and
``python/sglang/srt/disaggregation/kv_events.py`` (sgl-project/sglang).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from headway.errors import FormatError
from headway.serving.fleet.view import Ints

Hash = int | bytes

MOST_TOKEN = 2**63 - 1
"""No vocabulary is that large; engines that are simulated make up tokens."""

END = (-1).to_bytes(8, "big", signed=True)
"""Stands for the number of a message when all that were missed have been sent again."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Blocks that follow each other are in the cache.

    Attributes
    ----------
    hashes
        As the engine calls them, from the first to the last.
    parent
        What it calls the block before; None at the beginning of a prompt.
    tokens
        Of all blocks, one behind another.
    block_tokens
        Of one block.
    adapter
        Name of the adapter that they were computed with.
    group
        Of layers that share a cache.
    whole
        For each block, whether its tokens and the adapter say all that its content depends on; a
        picture in the prompt, or a salt, is beyond them.
    """

    hashes: tuple[Hash, ...]
    parent: Hash | None
    tokens: Ints
    block_tokens: int
    adapter: str | None = None
    group: int = 0
    whole: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """Blocks are no longer in the cache."""

    hashes: tuple[Hash, ...]
    group: int = 0


@dataclass(frozen=True, slots=True)
class Cleared:
    """The cache is empty."""


Event = Stored | Removed | Cleared


class _Stored(msgspec.Struct, tag="BlockStored"):
    block_hashes: list[Hash]
    parent_block_hash: Hash | None
    token_ids: list[int]
    block_size: int
    lora_id: int | None = None
    medium: str | None = None
    lora_name: str | None = None
    extra_keys: list[object] | None = None
    group_idx: int | None = None
    kv_cache_spec_kind: str | None = None


class _StoredArray(msgspec.Struct, tag="BlockStored", array_like=True):
    block_hashes: list[Hash]
    parent_block_hash: Hash | None
    token_ids: list[int]
    block_size: int
    lora_id: int | None = None
    medium: str | None = None
    lora_name: str | None = None
    extra_keys: list[object] | None = None
    group_idx: int | None = None
    kv_cache_spec_kind: str | None = None


class _Removed(msgspec.Struct, tag="BlockRemoved"):
    block_hashes: list[Hash]
    medium: str | None = None
    group_idx: int | None = None


class _RemovedArray(msgspec.Struct, tag="BlockRemoved", array_like=True):
    block_hashes: list[Hash]
    medium: str | None = None
    group_idx: int | None = None


class _Cleared(msgspec.Struct, tag="AllBlocksCleared"):
    pass


class _ClearedArray(msgspec.Struct, tag="AllBlocksCleared", array_like=True):
    pass


class _Batch(msgspec.Struct):
    ts: float
    events: list[msgspec.Raw]


class _BatchArray(msgspec.Struct, array_like=True):
    ts: float
    events: list[msgspec.Raw]


class _Type(msgspec.Struct):
    type: str


class _TypeArray(msgspec.Struct, array_like=True):
    type: str


_KNOWN = {"BlockStored", "BlockRemoved", "AllBlocksCleared"}
_FULL = {None, "full_attention", "mla_attention"}

_batch = msgspec.msgpack.Decoder(_Batch).decode
_batch_array = msgspec.msgpack.Decoder(_BatchArray).decode
_type = msgspec.msgpack.Decoder(_Type).decode
_type_array = msgspec.msgpack.Decoder(_TypeArray).decode
_event = msgspec.msgpack.Decoder(_Stored | _Removed | _Cleared).decode
_event_array = msgspec.msgpack.Decoder(_StoredArray | _RemovedArray | _ClearedArray).decode


def events(payload: bytes) -> list[Event]:
    """Return what happened in a cache on the GPU, in order.

    Left out are events of types that are not known, of caches elsewhere than on the GPU, and of
    layers that keep only a part of a prompt, such as those with a sliding window.

    Parameters
    ----------
    payload
        Of one message.

    Raises
    ------
    FormatError
        If it is no such payload: who reads it has missed something.
    """
    try:
        decode = _batch_array if _is_array(payload) else _batch
        found = [_read(bytes(raw)) for raw in decode(payload).events]
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise FormatError(f"no events of a cache: {error}") from None
    return [event for event in found if event is not None]


def number(frame: bytes) -> int:
    """Return the number of a message.

    Raises
    ------
    FormatError
        If the frame holds none.
    """
    if len(frame) != 8:
        raise FormatError(f"expected a number of 8 bytes, got {len(frame)}")
    return int.from_bytes(frame, "big")


def _is_array(data: bytes) -> bool:
    return bool(data) and (data[0] & 0xF0 == 0x90 or data[0] in (0xDC, 0xDD))


def _read(raw: bytes) -> Event | None:
    as_array = _is_array(raw)
    try:
        one = (_event_array if as_array else _event)(raw)
    except msgspec.ValidationError:
        if (_type_array if as_array else _type)(raw).type in _KNOWN:
            raise
        return None
    if isinstance(one, _Cleared | _ClearedArray):
        return Cleared()
    if one.medium is not None and one.medium.upper() != "GPU":
        return None
    group = one.group_idx or 0
    if isinstance(one, _Removed | _RemovedArray):
        return Removed(tuple(one.block_hashes), group)
    return None if one.kv_cache_spec_kind not in _FULL else _stored(one, group)


def _stored(one: _Stored | _StoredArray, group: int) -> Stored:
    size, n_blocks = one.block_size, len(one.block_hashes)
    if size < 1 or len(one.token_ids) != size * n_blocks:
        raise msgspec.ValidationError(
            f"{n_blocks} blocks of {size} tokens cannot have {len(one.token_ids)} tokens"
        )
    tokens = np.array(one.token_ids, dtype=np.int64)
    if len(tokens) and not (tokens.min() >= 0 and tokens.max() <= MOST_TOKEN):
        raise msgspec.ValidationError("a token is no number of a vocabulary")
    adapter = one.lora_name
    if adapter is None and one.lora_id:
        adapter = f"#{one.lora_id}"
    return Stored(
        tuple(one.block_hashes),
        one.parent_block_hash,
        tokens,
        size,
        adapter,
        group,
        _whole(one.extra_keys, n_blocks, adapter),
    )


def _whole(extra: Sequence[object] | None, n_blocks: int, adapter: str | None) -> tuple[bool, ...]:
    if extra is None:
        return (True,) * n_blocks
    if len(extra) != n_blocks:
        raise msgspec.ValidationError(f"{len(extra)} extra keys for {n_blocks} blocks")
    return tuple(
        not keys or (isinstance(keys, list) and all(key == adapter for key in keys))
        for keys in extra
    )
