"""Server-sent events of completions, as a client needs them."""

from __future__ import annotations

import msgspec

_MOST_BYTES = 1 << 20


class _Delta(msgspec.Struct):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    text: str | None = None
    delta: _Delta | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = -1
    completion_tokens: int = -1
    prompt_tokens_details: _Details | None = None


class _Failure(msgspec.Struct):
    message: str = ""


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Failure | str | None = None


_decode = msgspec.json.Decoder(_Event).decode


class Events:
    """Reads the events of one answer.

    Attributes
    ----------
    prompt_tokens, cached_tokens, output_tokens
        As the server counts them, -1 if it does not say.
    done
        Whether the last event has come.
    error
        What the server, or a reader of it, had to complain of; empty if nothing.
    """

    def __init__(self) -> None:
        self.prompt_tokens = -1
        self.cached_tokens = -1
        self.output_tokens = -1
        self.done = False
        self.error = ""
        self._rest = b""

    def feed(self, data: bytes) -> int:
        """Take a piece of the body, and return how many of its events hold words."""
        *events, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n\n")
        if len(self._rest) > _MOST_BYTES:
            self._rest, self.error = b"", "an event is too long"
        return sum(self._take(event) for event in events)

    def _take(self, event: bytes) -> bool:
        found = b"\n".join(
            line[5:].lstrip() for line in event.split(b"\n") if line.startswith(b"data:")
        )
        if found == b"[DONE]":
            self.done = True
            return False
        if not found:
            return False
        try:
            told = _decode(found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.error = self.error or f"no event: {error}"
            return False
        if told.error is not None:
            failure = told.error
            self.error = (failure if isinstance(failure, str) else failure.message) or "an error"
        if told.usage is not None:
            self._count(told.usage)
        return any(_speaks(choice) for choice in told.choices)

    def _count(self, usage: _Usage) -> None:
        self.prompt_tokens = usage.prompt_tokens
        self.output_tokens = usage.completion_tokens
        details = usage.prompt_tokens_details
        if details is not None and details.cached_tokens is not None:
            self.cached_tokens = details.cached_tokens


def _speaks(choice: _Choice) -> bool:
    """Return whether there is a token; some decode to nothing, but one that only greets is none."""
    delta = choice.delta
    if delta is None:
        return choice.text is not None
    if delta.content or delta.reasoning_content:
        return True
    return delta.content is not None and delta.role is None
