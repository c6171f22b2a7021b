"""A tokenizer that needs no vocabulary: four letters are a token, and the token tells them.

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

LARGEST = 2**31 - 1
"""The largest token: they fit into 32 bits, as those of real models do."""

_NOT_ASCII = 0x80808080
_SHORT = 0x80
"""With a number of bytes, the lowest byte of tokens that stand for fewer than four."""

_SPECIAL = 0xC0
"""The lowest byte of tokens that stand for what is no text."""

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_END = len(_ROLES) << 8 | _SPECIAL

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

    Four letters are a token, and so is what is left at the end. Four bytes that are not all ASCII
    are two.

    Examples
    --------
    >>> decode(encode("to be or not to be"))
    'to be or not to be'
    """
    data = text.encode("utf-8", "surrogatepass")
    whole = len(data) // BYTES_PER_TOKEN * BYTES_PER_TOKEN
    pieces = np.frombuffer(data, "<u4", whole // BYTES_PER_TOKEN).astype(np.int64)
    tokens = pieces if text.isascii() else _halved(pieces)
    rest = data[whole:]
    if not rest:
        return tokens
    last = [rest] if rest.isascii() else [rest[:2], rest[2:]]
    return np.concatenate((tokens, [_short(piece) for piece in last if piece]))


def decode(tokens: Iterable[int]) -> str:
    """Return the text of tokens; bytes that are no UTF-8 become the sign for that.

    Raises
    ------
    HeadwayError
        If there is no such token.
    """
    return b"".join([_bytes_of(int(token)) for token in tokens]).decode("utf-8", "replace")


def _halved(pieces: Tokens) -> Tokens:
    """Return tokens of pieces of four bytes, two where they are not all ASCII."""
    odd = (pieces & _NOT_ASCII) != 0
    ends = np.cumsum(1 + odd)
    tokens = np.empty(int(ends[-1]) if len(ends) else 0, np.int64)
    tokens[ends - 1] = np.where(odd, pieces >> 16 << 8 | _SHORT | 2, pieces)
    tokens[ends[odd] - 2] = (pieces[odd] & 0xFFFF) << 8 | _SHORT | 2
    return tokens


def _short(piece: bytes) -> int:
    return int.from_bytes(piece, "little") << 8 | _SHORT | len(piece)


def _bytes_of(token: int) -> bytes:
    kind, rest = token & 0xFF, token >> 8
    if 0 <= token <= LARGEST:
        if not kind & _SHORT:
            return token.to_bytes(BYTES_PER_TOKEN, "little")
        if _SHORT < kind < _SHORT + BYTES_PER_TOKEN and rest < 1 << 8 * (kind - _SHORT):
            return rest.to_bytes(kind - _SHORT, "little")
        if kind == _SPECIAL and rest <= len(_ROLES):
            return f"<|{[*_ROLES, 'end'][rest]}|>".encode()
    raise HeadwayError(f"there is no token {token}")


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
    return _ROLES.index(role) << 8 | _SPECIAL


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
