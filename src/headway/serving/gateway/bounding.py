"""The most that a request can use, for those who pay from a budget, and a body that keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from headway.serving.gateway.body import (
    COMPLETION_TOKENS,
    MOST_TOKENS,
    UNREADABLE,
    Asked,
    misread,
    prompts,
)

_TEXT = b"/v1/completions"
_NAMES = {
    # The first is written where a request sets no limit: all makes of engines know it. Where there
    # are several, makes differ in which one counts.
    b"/v1/chat/completions": ("max_tokens", "max_completion_tokens", "n_predict"),
    _TEXT: ("max_tokens", "n_predict"),
    b"/v1/responses": ("max_output_tokens", "n_predict"),
}
_TEMPLATE_TOKENS = 256
"""Of what chat templates say by themselves: a greeting, a date, how to call tools."""

_MESSAGE_TOKENS = 8
"""Of what they put around a message; its own JSON counts besides."""

_PROMPT_TOKENS = 4
"""That tokenizers put around a prompt."""


class _Told(msgspec.Struct, gc=False):
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    n_predict: int | None = None
    n: int | None = None
    best_of: int | None = None
    messages: list[msgspec.Raw] = []
    tools: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Told).decode


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a request can use.

    Attributes
    ----------
    body
        That engines get: it sets a limit to the answer.
    prompt_tokens, limit_tokens
        Of all prompts, and of all answers together.
    """

    body: bytes
    prompt_tokens: int
    limit_tokens: int


def bound(path: bytes, body: bytes, asked: Asked, answer_tokens: int) -> Bound:
    """Return the most that a request can use; its body gets a limit if it has none.

    No tokenizer makes more tokens than there are bytes. Tools count twice, as templates may write
    them with more space than they came with.

    Parameters
    ----------
    path
        Of the endpoint.
    body, asked
        What was sent, and what is known of it.
    answer_tokens
        The limit for those who set none.

    Raises
    ------
    RefusedError
        If a limit is no number.
    """
    try:
        told = _decode(body)
    except UNREADABLE as error:
        raise misread(error) from None
    names = _NAMES.get(path)
    prompt = len(body) + len(bytes(told.tools)) + len(bytes(told.functions))
    if asked.tokens and names in (None, _NAMES[_TEXT]):
        prompt = asked.tokens
    if names is None:
        return Bound(body, prompt + _PROMPT_TOKENS, asked.limit_tokens)
    count = 1
    if path == _TEXT:
        count = prompts(asked.prompt, asked.tokens)
        answer_tokens = COMPLETION_TOKENS
        prompt += count * _PROMPT_TOKENS
    else:
        prompt += _TEMPLATE_TOKENS + len(told.messages) * _MESSAGE_TOKENS
    given = {name: getattr(told, name) for name in names}
    # Chats without an answer are not asked for: some engines take a 0 for no limit.
    least = 0 if path == _TEXT else 1
    kept = {name for name, value in given.items() if value is not None and value >= least}
    limit = max((given[name] for name in kept), default=answer_tokens)
    limit = min(limit, MOST_TOKENS)
    written = {name: limit for name in given if given[name] is not None and name not in kept}
    if not kept - {"n_predict"} and not written.keys() - {"n_predict"}:
        written[names[0]] = limit
    answers = count * max(told.n or 1, told.best_of or 1, 1)
    return Bound(_with(body, written), prompt, min(max(limit, 1) * answers, MOST_TOKENS))


def _with(body: bytes, written: Mapping[str, int]) -> bytes:
    """Return a body with these fields; untouched if there are none."""
    if not written:
        return body
    if not any(b'"%b"' % name.encode() in body for name in written):
        more = b"".join(b',"%b":%d' % (name.encode(), value) for name, value in written.items())
        return b"%b%b}" % (body.rstrip()[:-1], more)
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except UnicodeDecodeError as error:  # in a key that nobody has looked at yet
        raise misread(error) from None
    fields |= {name: msgspec.Raw(b"%d" % value) for name, value in written.items()}
    return msgspec.json.encode(fields)
