"""Streams that go on at another engine when theirs dies: from the prompt and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from headway.serving.gateway.body import COMPLETION_TOKENS, Asked
from headway.serving.gateway.engines import EngineKind
from headway.serving.gateway.headers import RESUMED
from headway.serving.wire import Exchange, UpstreamError

_CHAT = b"/v1/chat/completions"
_TEXT = b"/v1/completions"

_CHATS_GO_ON = frozenset(("vllm", "sglang"))
"""Kinds of engines that can be told to go on with the last message of a conversation."""

_WHOLE = (
    *("echo", "suffix", "logprobs", "prompt_logprobs", "use_beam_search", "response_format"),
    *("structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar"),
)
"""Fields of requests whose answers make sense only from their beginning."""

_MOST_BYTES = 1 << 20
"""Of an event; more is no event."""

_END = b"\n\n"
_DONE = b"data: [DONE]"
_DATA = b"data: "


class _Delta(msgspec.Struct, gc=False):
    role: str | None = None
    content: str | None = None
    tool_calls: msgspec.Raw | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct, gc=False):
    text: str | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Event(msgspec.Struct, gc=False):
    id: str = ""
    choices: list[_Choice] = []


_decode = msgspec.json.Decoder(_Event).decode


class Transcript:
    """What a client has been told of a stream, so that another engine can go on with it.

    The events of the first engine pass untouched, whole ones only. Those of the next ones get the
    name of the answer, their greetings are dropped, and what they count has what was said before
    added to it.

    Parameters
    ----------
    path
        Of the endpoint.

    Attributes
    ----------
    tokens
        That were told, one an event.
    tries
        How many engines have gone on.
    is_done
        Whether the stream has come to its end.
    """

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._said: list[str] = []
        self._id = ""
        self._rest = b""
        self._only_text = True
        self._finished = False
        self.tokens = 0
        self.before = 0
        self.tries = 0
        self.is_done = False

    def take(self, piece: bytes) -> bytes:
        """Return what the client is told of a piece: the events that it completes.

        Raises
        ------
        UpstreamError
            If an event has no end.
        """
        *events, self._rest = (self._rest + piece).split(_END)
        if len(self._rest) > _MOST_BYTES:
            raise UpstreamError("an event is too long", reached=True)
        told = [one for one in map(self._told, events) if one]
        return _END.join([*told, b""]) if told else b""

    def goes_on(self, kind: EngineKind | None = None) -> bool:
        """Return whether another engine, perhaps of a kind, can go on."""
        if self.is_done or self._finished or not self._only_text:
            return False
        return kind is None or self._path == _TEXT or kind.name in _CHATS_GO_ON

    def breaks(self) -> None:
        """Hear that the engine has died: what it had begun to say is forgotten."""
        self._rest = b""
        self.tries += 1
        self.before = self.tokens

    def continued(self, body: bytes) -> bytes:
        """Return the request for what is still to be said."""
        if not self._said:
            return body
        fields: dict[str, Any] = msgspec.json.decode(body)
        said, limit = "".join(self._said), fields.get("max_tokens")
        if self._path == _TEXT:
            fields["prompt"] += said
            fields["max_tokens"] = COMPLETION_TOKENS if limit is None else limit
        else:
            fields["messages"] = _continued(fields["messages"], said, fields)
            fields["continue_final_message"] = True
            fields["add_generation_prompt"] = False
        for name in ("max_tokens", "max_completion_tokens"):
            if fields.get(name) is not None:
                fields[name] = max(fields[name] - self.tokens, 1)
        if fields.get("min_tokens"):
            fields["min_tokens"] = max(fields["min_tokens"] - self.tokens, 0)
        return msgspec.json.encode(fields)

    def _told(self, event: bytes) -> bytes:
        if event.startswith(_DONE):
            self.is_done = True
            return event
        if not event.startswith(_DATA):
            return event
        try:
            known = _decode(event[len(_DATA) :])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._only_text = False  # it cannot be told what was said
            return event
        greets = self._note(known)
        if not self.tries:
            self._id = self._id or known.id
            return event
        return b"" if greets else self._renamed(event)

    def _note(self, event: _Event) -> bool:
        """Write down what is said; return whether it is but a greeting."""
        text = ""
        greets = False
        for choice in event.choices:
            delta = choice.delta
            if delta is not None:
                if delta.tool_calls is not None or delta.reasoning or delta.reasoning_content:
                    self._only_text = False
                text += delta.content or ""
                greets = delta.role is not None and not delta.content
            text += choice.text or ""
            if choice.finish_reason is not None:
                self._finished = True
                greets = False
        if text:
            self._said.append(text)
            self.tokens += 1
        return greets

    def _renamed(self, event: bytes) -> bytes:
        fields: dict[str, Any] = msgspec.json.decode(event[len(_DATA) :])
        fields["id"] = self._id or fields.get("id")
        usage = fields.get("usage")
        if isinstance(usage, dict) and isinstance(usage.get("completion_tokens"), int):
            # Its prompt holds what was said before; all in all it is as many.
            usage["completion_tokens"] += self.before
            if isinstance(usage.get("prompt_tokens"), int):
                usage["prompt_tokens"] -= self.before
        return _DATA + msgspec.json.encode(fields)


def transcript(
    exchange: Exchange, asked: Asked, headers: Mapping[bytes, bytes], *, allowed: bool
) -> Transcript | None:
    """Return where a stream is written down that may go on elsewhere, None for all others.

    Parameters
    ----------
    exchange, asked, headers
        The request.
    allowed
        Whether the gateway does so for clients that ask for it.
    """
    if not allowed or RESUMED not in headers or not asked.stream:
        return None
    if exchange.path == _TEXT and asked.prompt[0] != ord('"'):
        return None
    if exchange.path not in (_CHAT, _TEXT):
        return None
    fields: dict[str, Any] = msgspec.json.decode(exchange.body)
    several = any((fields.get(name) or 1) > 1 for name in ("n", "best_of"))
    if several or any(fields.get(name) not in (None, False) for name in _WHOLE):
        return None
    return Transcript(exchange.path)


def _continued(
    messages: list[dict[str, Any]], said: str, fields: Mapping[str, Any]
) -> list[dict[str, Any]]:
    last = messages[-1]
    if fields.get("continue_final_message") and isinstance(last.get("content"), str):
        return [*messages[:-1], {**last, "content": last["content"] + said}]
    return [*messages, {"role": "assistant", "content": said}]
