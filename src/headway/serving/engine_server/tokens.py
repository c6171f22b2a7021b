"""A tokenizer that needs no vocabulary: four bytes are a token, and the token tells the bytes.

A chat is cut message by message, and answers are words of whole tokens. So an answer that comes
back within the next prompt is the same tokens again, and is found in the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headway.errors import HeadwayError

Tokens = NDArray[np.int64]
"""Numbers of tokens, shape (n,)."""

BYTES_PER_TOKEN = 4

_SHORT = 1 << 32
"""Tokens from here on stand for the one to three bytes that are left at an end of a text."""

_SPECIAL = 1 << 34
"""Tokens from here on stand for what is no text."""

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_END = _SPECIAL + len(_ROLES)

LARGEST = _END
"""The largest token there is."""

_WORDS = (
    " and but for nor yet the one two six ten all any few our its who how why now far"
    " sun sea sky ice oak elm fox owl bee ant cat dog hen cow ram map key pen ink cup jar box"
    " red dry wet hot shy old new big low run sit fly dig row sew win saw ran met put"
)
_PIECES = np.frombuffer(_WORDS.encode(), "<u4")
_SEED = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def encode(text: str) -> Tokens:
    """Return the tokens of a text.

    Examples
    --------
    >>> decode(encode("to be or not to be"))
    'to be or not to be'
    """
    data = text.encode("utf-8", "surrogatepass")
    whole = len(data) // BYTES_PER_TOKEN * BYTES_PER_TOKEN
    tokens = np.frombuffer(data, "<u4", whole // BYTES_PER_TOKEN).astype(np.int64)
    if whole == len(data):
        return tokens
    rest = data[whole:]
    last = _SHORT * len(rest) + int.from_bytes(rest, "little")
    return np.append(tokens, last)


def decode(tokens: Iterable[int]) -> str:
    """Return the text of tokens; bytes that are no UTF-8 become the sign for that.

    Raises
    ------
    HeadwayError
        If there is no such token.
    """
    pieces = []
    for token in map(int, tokens):
        if 0 <= token < _SHORT:
            pieces.append(token.to_bytes(BYTES_PER_TOKEN, "little"))
        elif _SHORT <= token < _SPECIAL:
            length = token // _SHORT
            pieces.append((token % _SHORT).to_bytes(BYTES_PER_TOKEN, "little")[:length])
        elif _SPECIAL <= token < _END:
            pieces.append(f"<|{_ROLES[token - _SPECIAL]}|>".encode())
        elif token == _END:
            pieces.append(b"<|end|>")
        else:
            raise HeadwayError(f"there is no token {token}: they go from 0 to {LARGEST}")
    return b"".join(pieces).decode("utf-8", "replace")


def encode_chat(messages: Sequence[tuple[str, str]], *, asks: bool = True) -> Tokens:
    """Return the tokens of a chat.

    Parameters
    ----------
    messages
        Role and text of each.
    asks
        Whether it ends where the assistant is to speak.

    Raises
    ------
    HeadwayError
        If a role is unknown.
    """
    parts = []
    for role, text in messages:
        parts += [np.array([_role(role)], np.int64), encode(text), np.array([_END], np.int64)]
    if asks:
        parts.append(np.array([_role("assistant")], np.int64))
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _role(role: str) -> int:
    if role not in _ROLES:
        raise HeadwayError(f"unknown role {role!r}; known roles: {', '.join(_ROLES)}")
    return _SPECIAL + _ROLES.index(role)


def words(seed: int, n: int) -> bytes:
    """Return a text of `n` tokens, four letters each, the same for the same seed.

    What comes first does not depend on `n`.
    """
    hashed = (np.arange(n, dtype=np.uint64) + np.uint64(seed % 2**64)) * _SEED
    hashed = (hashed ^ (hashed >> _HALF)) * _MIX
    return bytes(_PIECES[(hashed >> _HALF) % np.uint64(len(_PIECES))].data)


def tokens_of(text: bytes) -> Tokens:
    """Return the tokens of what `words` made."""
    return np.frombuffer(text, "<u4").astype(np.int64)
