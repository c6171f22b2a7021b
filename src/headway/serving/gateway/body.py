"""The few fields of a request that a gateway has to know; the rest is left as it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from headway.serving.gateway.errors import RefusedError, invalid

_LIST, _TEXT = b'["'

COMPLETION_TOKENS = 16
"""What the API gives where a completion sets no limit."""

MOST_TOKENS = 2**31 - 1
"""What asks for more asks for as many as there are; sums of it still fit into columns."""

_NESTED = re.compile(rb"\[\s*\[")
_WHERE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<key>[^`]*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]*)`")


class Completion(msgspec.Struct, gc=False):
    """Body of ``/v1/completions``."""

    model: str
    prompt: msgspec.Raw
    stream: bool | None = False
    max_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    user: str | None = None
    priority: int | None = None


class Chat(msgspec.Struct, gc=False):
    """Body of ``/v1/chat/completions``."""

    model: str
    messages: msgspec.Raw
    stream: bool | None = False
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    user: str | None = None
    priority: int | None = None


class Embedding(msgspec.Struct, gc=False):
    """Body of ``/v1/embeddings``."""

    model: str
    input: msgspec.Raw
    user: str | None = None
    priority: int | None = None


class Response(msgspec.Struct, gc=False):
    """Body of ``/v1/responses``."""

    model: str
    input: msgspec.Raw
    stream: bool | None = False
    max_output_tokens: int | None = None
    user: str | None = None
    priority: int | None = None


@dataclass(slots=True)
class Asked:
    """What is known of a request from its body.

    Attributes
    ----------
    model
        That is asked for.
    prompt
        Bytes of the prompt as sent: text in quotes, numbers of tokens, or messages.
    stream
        Whether the answer comes in events.
    limit_tokens
        Most tokens of all answers together; 0 if the request does not say.
    user
        Whose the request is, if it says.
    priority
        Smaller is more urgent; None if the request does not say.
    tokens
        Of the prompt, if it came as numbers of tokens; else 0.
    answers
        How many there are to be.
    """

    model: str
    prompt: memoryview
    stream: bool
    limit_tokens: int
    user: str | None
    priority: int | None
    tokens: int = 0
    answers: int = 1

    def prompt_tokens(self, bytes_per_token: float) -> int:
        """Return the length of the prompt: exact if tokens were sent, else by its bytes."""
        return self.tokens or int(len(self.prompt) / bytes_per_token) or 1


Parser = Callable[[bytes], Asked]

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What a body that is no JSON, or not as documented, raises."""

_completion = msgspec.json.Decoder(Completion).decode
_chat = msgspec.json.Decoder(Chat).decode
_embedding = msgspec.json.Decoder(Embedding).decode
_response = msgspec.json.Decoder(Response).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


def completion(body: bytes) -> Asked:
    """Return what a body of ``/v1/completions`` asks for.

    Raises
    ------
    RefusedError
        If it is not what the API documents; with the field.
    """
    try:
        found = _completion(body)
    except UNREADABLE as error:
        raise misread(error) from None
    prompt = memoryview(found.prompt)
    tokens = _tokens(prompt, "prompt")
    limit = COMPLETION_TOKENS if found.max_tokens is None else found.max_tokens
    answers = max(found.n or 1, found.best_of or 1, 1)
    limit = _limit(limit, answers * prompts(prompt, tokens), "max_tokens")
    return Asked(found.model, prompt, bool(found.stream), limit, found.user, found.priority, tokens)


def chat(body: bytes) -> Asked:
    """Return what a body of ``/v1/chat/completions`` asks for; raises as `completion`."""
    try:
        found = _chat(body)
    except UNREADABLE as error:
        raise misread(error) from None
    messages = memoryview(found.messages)
    if messages[0] != _LIST:
        raise _mistyped("messages", "an array of objects", messages)
    if len(messages) < 16 and not bytes(messages).strip(b"[] \t\r\n"):
        raise invalid(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an"
            " empty array instead.",
            "messages",
            "empty_array",
        )
    limit, name = found.max_completion_tokens, "max_completion_tokens"
    if limit is None:
        limit, name = found.max_tokens, "max_tokens"
    limit = 0 if limit is None else _limit(limit, found.n or 1, name)
    return Asked(
        found.model,
        messages,
        bool(found.stream),
        limit,
        found.user,
        found.priority,
        answers=found.n or 1,
    )


def embedding(body: bytes) -> Asked:
    """Return what a body of ``/v1/embeddings`` asks for; raises as `completion`."""
    try:
        found = _embedding(body)
    except UNREADABLE as error:
        raise misread(error) from None
    prompt = memoryview(found.input)
    tokens = _tokens(prompt, "input")
    return Asked(
        found.model,
        prompt,
        stream=False,
        limit_tokens=1,
        user=found.user,
        priority=found.priority,
        tokens=tokens,
    )


def response(body: bytes) -> Asked:
    """Return what a body of ``/v1/responses`` asks for; raises as `completion`."""
    try:
        found = _response(body)
    except UNREADABLE as error:
        raise misread(error) from None
    prompt = memoryview(found.input)
    tokens = _tokens(prompt, "input")
    limit = found.max_output_tokens
    limit = 0 if limit is None else _limit(limit, 1, "max_output_tokens")
    return Asked(found.model, prompt, bool(found.stream), limit, found.user, found.priority, tokens)


def _limit(tokens: int, answers: int, name: str) -> int:
    if tokens < 0:
        raise invalid(
            f"Invalid '{name}': integer below minimum value. Expected a value >= 0, but got"
            f" {tokens} instead.",
            name,
            "integer_below_min_value",
        )
    return min(tokens * max(answers, 1), MOST_TOKENS)


def prompts(raw: memoryview, tokens: int) -> int:
    """Return how many prompts a completion asks to be answered."""
    if raw[0] == _TEXT or (tokens and not _NESTED.match(raw)):
        return 1
    return max(len(_items(raw)), 1)


def _tokens(raw: memoryview, name: str) -> int:
    """Return how many tokens a prompt is made of, 0 if it is text."""
    if raw[0] == _TEXT:
        return 0
    if raw[0] != _LIST:
        raise _mistyped(name, "a string or an array", raw)
    text = bytes(raw)
    return text.count(b",") + 1 if text.lstrip(b"[ \t\r\n")[:1].isdigit() else 0


def _mistyped(name: str, expected: str, raw: memoryview) -> RefusedError:
    first = bytes(raw[:1])
    kinds = {b'"': "a string", b"{": "an object", b"[": "an array", b"n": "null"}
    got = kinds.get(first, "a boolean" if first in b"tf" else "a number")
    return invalid(
        f"Invalid type for '{name}': expected {expected}, but got {got} instead.",
        name,
        "invalid_type",
    )


def misread(error: Exception) -> RefusedError:
    """Return the refusal of a body that could not be read, with the field."""
    if not isinstance(error, msgspec.ValidationError):
        return invalid(
            f"We could not parse the JSON body of your request: {error}. The body has to be JSON,"
            ' as in {"model": "..."}.'
        )
    found = _WHERE.fullmatch(str(error))
    what, param = (found["what"], found["key"]) if found else (str(error), None)
    missing = _MISSING.fullmatch(what)
    if missing:
        name = missing["key"]
        return invalid(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
    what = what.replace("`", "")
    if not param:
        return invalid(f"Invalid body: {what}.", None, "invalid_type")
    return invalid(f"Invalid type for '{param}': {what}.", param, "invalid_type")


def with_priority(body: bytes, asked: Asked, priority: int) -> bytes:
    """Return a body that tells a priority; untouched if it tells the same already."""
    if asked.priority == priority:
        return body
    if asked.priority is None:
        return b'%b,"priority":%d}' % (body.rstrip()[:-1], priority)
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except UnicodeDecodeError as error:  # in a key that nobody has looked at yet
        raise misread(error) from None
    fields["priority"] = msgspec.Raw(b"%d" % priority)
    return msgspec.json.encode(fields)
