"""Counts the tokens of an answer as its bytes pass, without decoding them."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

Clock = Callable[[], float]
"""Tells seconds that never go back."""

_KEY = b'"usage"'
_OVERLAP = len(_KEY) - 1
_MOST_BYTES = 4096
"""Of an object of usage; what is longer is left alone."""

_MOST_TOKENS = 2**31 - 1
"""Of one request; an engine that says more is wrong."""

_BRACE = re.compile(rb"[{}]")
_OPEN = re.compile(rb'"usage"\s*:\s*\{')


class _Details(msgspec.Struct, gc=False):
    cached_tokens: int | None = 0


class _Usage(msgspec.Struct, gc=False):
    """In the words of completions, and in those of responses."""

    prompt_tokens: int = 0
    completion_tokens: int | None = 0
    prompt_tokens_details: _Details | None = None
    input_tokens: int = 0
    output: int = msgspec.field(default=0, name="output_tokens")
    input_tokens_details: _Details | None = None

    def output_tokens(self) -> int:
        return self.completion_tokens or self.output


_decode = msgspec.json.Decoder(_Usage).decode


class Meter:
    """Sees each piece of an answer.

    What an engine says under ``usage`` counts; until then, and if it says nothing, each event of a
    stream is taken for a token. Within a text the key would stand with escaped quotes, so that
    nobody's words are taken for it.

    Parameters
    ----------
    clock
        Seconds that never go back.
    is_stream
        Whether the answer comes in events.

    Attributes
    ----------
    heard_s
        When the last piece came, 0 before the first.
    prompt_tokens, cached_tokens, output_tokens
        As far as they are known; -1 for a prompt of which the engine has said nothing.
    """

    __slots__ = (
        "_clock",
        "_events",
        "_events_said",
        "_is_stream",
        "_rest",
        "_said",
        "_tail",
        "cached_tokens",
        "heard_s",
        "prompt_tokens",
    )

    def __init__(self, clock: Clock, *, is_stream: bool) -> None:
        self._clock = clock
        self._is_stream = is_stream
        self._events = self._events_said = 0
        self._said = -1
        self._tail = b""
        self._rest = b""
        self.heard_s = 0.0
        self.prompt_tokens = -1
        self.cached_tokens = 0

    @property
    def output_tokens(self) -> int:
        """Of the answer so far."""
        return self._events if self._said < 0 else self._said

    @property
    def least_tokens(self) -> int:
        """Of an answer that has broken off: what was said in its midst need not be all."""
        return self._events if self._said < 0 else self._said + self._events - self._events_said

    def see(self, piece: bytes) -> None:
        """Look at a piece."""
        self.heard_s = self._clock()
        if self._is_stream:
            self._events += piece.count(b"data: {")
        if self._rest:
            self._read(self._rest + piece)
        elif _KEY in piece:
            self._read(piece)
        elif self._tail and _KEY in self._tail + piece[:_OVERLAP]:
            self._read(self._tail + piece)
        tail = piece if len(piece) >= _OVERLAP else self._tail + piece
        self._tail = tail[-_OVERLAP:]

    def _read(self, text: bytes) -> None:
        """Read the last object of usage; keep it if its end has not come yet."""
        self._rest = b""
        at = text.rfind(_KEY)
        if at < 0:
            return
        opened = _OPEN.match(text, at)
        if opened is None:
            if len(text) - at < len(_KEY) + 8 and b"n" not in text[at + len(_KEY) :]:
                self._rest = text[at:]
            return
        begin = opened.end() - 1
        end = _end(text, begin)
        if not end:
            self._rest = text[at:] if len(text) - at < _MOST_BYTES else b""
            return
        try:
            found = _decode(text[begin:end])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return  # of a kind that nobody knows: the engine's business
        self._events_said = self._events
        self._said = _bounded(found.output_tokens())
        self.prompt_tokens = _bounded(found.prompt_tokens or found.input_tokens)
        details = found.prompt_tokens_details or found.input_tokens_details
        self.cached_tokens = _bounded((details.cached_tokens or 0) if details is not None else 0)


def _bounded(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)


def _end(text: bytes, begin: int) -> int:
    """Return where an object ends that begins with a brace, 0 if its end is not there."""
    depth = 0
    for brace in _BRACE.finditer(text, begin, begin + _MOST_BYTES):
        depth += 1 if brace[0] == b"{" else -1
        if not depth:
            return brace.end()
    return 0
