"""The tokens of prompts: from the request if it sends them, else from an engine that is asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from headway.errors import EndpointError
from headway.serving.fleet.view import Ints
from headway.serving.gateway.engines.ask import ask
from headway.serving.gateway.engines.kinds import Tokenizer
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.watch.breaker import Breaker, BreakerRules
from headway.serving.gateway.watch.kv.events import MOST_TOKEN

Tokens = Ints

MOST_TOKENS = 4_000_000
"""Tokens of all prompts that are remembered, 8 bytes each."""

MOST_ASKED = 32
"""Prompts that engines are asked about at once; further ones are routed without."""

_CONVERSATION = ("messages", "tools", "documents", "chat_template", "chat_template_kwargs")
_MORE = ("add_generation_prompt", "continue_final_message", "add_special_tokens")

_body = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_numbers = msgspec.json.Decoder(list[int]).decode


class _Answer(msgspec.Struct):
    tokens: list[int]


_answer = msgspec.json.Decoder(_Answer).decode


class PromptTokens:
    """Finds the tokens of prompts, and remembers those that engines were asked about.

    An engine that is slow to tell, or does not, is not asked for a while: a prompt that is routed
    without its tokens is better than one that waits.

    Parameters
    ----------
    pick
        Returns an engine that serves a model and can be asked; None if there is none.
    clock
        Seconds that only grow.
    timeout_s
        For an answer.
    capacity
        Tokens of all prompts that are remembered.
    """

    def __init__(
        self,
        pick: Callable[[str], LiveEngine | None],
        clock: Callable[[], float],
        *,
        timeout_s: float = 0.5,
        capacity: int = MOST_TOKENS,
    ) -> None:
        self._pick = pick
        self._clock = clock
        self._timeout_s = timeout_s
        self._capacity = capacity
        self._known: OrderedDict[bytes, Tokens] = OrderedDict()
        self._held = 0
        self._asked = 0
        self._breakers: dict[int, Breaker] = {}
        self.hits = 0
        self.misses = 0

    async def of(self, model: str, body: bytes) -> Tokens | None:
        """Return the tokens of a request's prompt, None if they cannot be had.

        Parameters
        ----------
        model
            That is asked for.
        body
            Of a request for completions or chat completions.
        """
        try:
            fields = _body(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        sent = _sent(fields)
        if sent is not None:
            return sent
        question = _question(fields)
        if question is None:
            return None
        name = _digest(model, question)
        known = self._known.get(name)
        if known is not None:
            self._known.move_to_end(name)
            self.hits += 1
            return known
        self.misses += 1
        found = await self._ask(model, question)
        if found is not None:
            self._keep(name, found)
        return found

    async def _ask(self, model: str, question: dict[str, msgspec.Raw]) -> Tokens | None:
        engine = self._pick(model)
        if engine is None or engine.kind.tokenizer is None or self._asked >= MOST_ASKED:
            return None
        body = _worded(engine.kind.tokenizer, model, question)
        if body is None:
            return None
        breaker = self._breakers.setdefault(
            engine.number, Breaker(BreakerRules(failures=3, open_s=5.0, successes=1))
        )
        if not breaker.allows(self._clock()):
            return None
        breaker.sent(self._clock())
        self._asked += 1
        try:
            status, answer = await ask(
                engine, engine.kind.tokenizer.target, body, timeout_s=self._timeout_s
            )
        except EndpointError:
            breaker.failed(self._clock())
            return None
        except BaseException:
            breaker.dropped(self._clock())
            raise
        finally:
            self._asked -= 1
        # A prompt that is refused says nothing of the engine: it will refuse it again.
        breaker.failed(self._clock()) if status >= 500 else breaker.succeeded(self._clock())
        return _told(answer) if status == 200 else None

    def _keep(self, name: bytes, tokens: Tokens) -> None:
        if len(tokens) > self._capacity:
            return
        before = self._known.pop(name, None)
        self._held += len(tokens) - (0 if before is None else len(before))
        self._known[name] = tokens
        while self._held > self._capacity:
            self._held -= len(self._known.popitem(last=False)[1])


def _sent(fields: dict[str, msgspec.Raw]) -> Tokens | None:
    """Return tokens that stand in the request; of several prompts those of the first."""
    prompt = fields.get("prompt")
    if prompt is None or not bytes(prompt).startswith(b"["):
        return None
    try:
        return _array(_numbers(prompt))
    except (msgspec.MsgspecError, OverflowError, RecursionError):
        return None


def _question(fields: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw] | None:
    """Return what the tokens depend on."""
    if "messages" in fields:
        return {name: fields[name] for name in (*_CONVERSATION, *_MORE) if name in fields}
    prompt = fields.get("prompt")
    if prompt is None or not bytes(prompt).startswith(b'"'):
        return None
    return {name: fields[name] for name in ("prompt", "add_special_tokens") if name in fields}


def _worded(
    tokenizer: Tokenizer, model: str, question: dict[str, msgspec.Raw]
) -> dict[str, Any] | None:
    """Return a question as engines of a kind understand it, None if they do not."""
    body: dict[str, Any] = {"model": model} if tokenizer.model else {}
    if "messages" in question:
        if not tokenizer.messages:
            return None
        return body | question
    return body | dict(tokenizer.more) | {tokenizer.text: question["prompt"]}


def _digest(model: str, question: dict[str, msgspec.Raw]) -> bytes:
    found = blake2b(model.encode(), digest_size=16)
    for name, value in question.items():
        found.update(b"\0%b\0%d\0" % (name.encode(), len(bytes(value))))
        found.update(value)
    return found.digest()


def _told(answer: bytes) -> Tokens | None:
    try:
        return _array(_answer(answer).tokens)
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError):
        return None


def _array(numbers: list[int]) -> Tokens | None:
    tokens = np.array(numbers, dtype=np.int64)
    if not len(tokens) or tokens.min() < 0 or tokens.max() > MOST_TOKEN:
        return None
    return tokens
