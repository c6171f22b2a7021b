"""What an engine serves, read from ``/v1/models``."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from headway.errors import EndpointError

MOST_MODELS = 10_000


class _Model(msgspec.Struct, frozen=True):
    id: str
    parent: str | None = None
    max_model_len: int | None = None
    status: object = None


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


@dataclass(frozen=True, slots=True)
class Served:
    """Models and adapters of one engine.

    Attributes
    ----------
    models
        Names of base models, aliases included, in the order they came.
    adapters
        Names of adapters that are loaded.
    context_tokens
        Longest prompt and answer together; None if it is not told.
    """

    models: tuple[str, ...]
    adapters: frozenset[str]
    context_tokens: int | None = None


_decode = msgspec.json.Decoder(_Models).decode


def served(body: bytes) -> Served:
    """Return what a list of models says.

    An adapter is an entry with a ``parent`` that is another one's name, as of vLLM and SGLang;
    those that a router of llama.cpp knows of but has not loaded are left out.

    Raises
    ------
    EndpointError
        If it is no such list.
    """
    try:
        entries = _decode(body).data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise EndpointError(f"no list of models: {error}") from None
    if len(entries) > MOST_MODELS:
        raise EndpointError(f"a list of {len(entries):,} models is too long")
    here = [one for one in entries if one.id and not _unloaded(one.status)]
    adapters = frozenset(one.id for one in here if one.parent not in (None, "", one.id))
    lengths = [one.max_model_len for one in here if one.max_model_len and one.max_model_len > 0]
    return Served(
        tuple(dict.fromkeys(one.id for one in here if one.id not in adapters)),
        adapters,
        max(lengths, default=None),
    )


def _unloaded(status: object) -> bool:
    return isinstance(status, dict) and status.get("value", "loaded") != "loaded"
