"""Requests for inference: what is asked, what will be answered, and the way there."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from headway.serving.engine_server import bodies, tokens
from headway.serving.engine_server.answers import Answer, Plan, text_before
from headway.serving.engine_server.errors import ApiError, to_json
from headway.serving.engine_server.faults import NONE, Faults
from headway.serving.engine_server.lengths import Lengths, answer_text, cut, tokens_until
from headway.serving.engine_server.metrics import Metrics
from headway.serving.engine_server.models import Models
from headway.serving.engine_server.real_time import RealTimeEngine, Request
from headway.serving.engine_server.settings import Settings
from headway.serving.wire import Exchange

_EMBEDDING = 64
"""Numbers of an embedding where the client asks for none."""


class Inference:
    """Answers completions, chats and embeddings.

    Parameters
    ----------
    settings
        Of the server.
    engine
        That takes the time.
    models
        That may be asked for.
    metrics
        Where requests are counted.

    Attributes
    ----------
    asleep
        Whether nothing is admitted.
    faults
        What goes wrong.
    in_flight
        Requests under way.
    """

    def __init__(
        self, settings: Settings, engine: RealTimeEngine, models: Models, metrics: Metrics
    ) -> None:
        self.asleep = False
        self.faults = NONE
        self.in_flight = 0
        self._most_queued = settings.max_queued
        self._lengths = Lengths(settings.output, settings.seed + settings.number)
        self._lots = random.Random(settings.seed + settings.number)  # noqa: S311 - not a secret
        self.engine, self.models, self.metrics = engine, models, metrics

    async def completions(self, exchange: Exchange) -> None:
        """Go on with a text.

        Raises
        ------
        ApiError
            If the request cannot be, or is not admitted.
        """
        body = bodies.read(exchange.body, bodies.CompletionBody)
        await self._answer(exchange, body, chat=False, echo=bool(body.echo))

    async def chat(self, exchange: Exchange) -> None:
        """Go on with a conversation; refuses as `completions` does."""
        body = bodies.read(exchange.body, bodies.ChatBody)
        await self._answer(exchange, body, chat=True, echo=False)

    async def _answer(
        self,
        exchange: Exchange,
        body: bodies.CompletionBody | bodies.ChatBody,
        *,
        chat: bool,
        echo: bool,
    ) -> None:
        body.check()
        adapter = self.models.adapter(body.model)
        plans = self._plans(exchange, body, adapter, echo=echo)
        faults = self._drawn(self.faults)
        if await self._broken(exchange, faults):
            return
        self._admit(len(plans))
        name = _request_name(exchange)
        answer = Answer(
            exchange,
            name=f"{'chatcmpl' if chat else 'cmpl'}-{name}",
            model=body.model or self.models.name,
            created=int(time.time()),
            chat=chat,
            streams=bool(body.stream),
            tells_usage=body.tells_usage,
            faults=faults,
            headers=[(b"x-request-id", name.encode())],
        )
        choices = answer.begin(plans)
        rows = [self.engine.submit(one.plan.request, one) for one in choices]
        self.in_flight += 1
        try:
            await answer.done
        finally:
            self.in_flight -= 1
            for row, choice in zip(rows, choices, strict=True):
                if choice.ending is None:
                    self.engine.withdraw(row)
                    self.metrics.aborted()
                elif choice.times is not None:
                    self.metrics.finished(choice.plan.request, choice.times, choice.plan.reason)

    def _plans(
        self,
        exchange: Exchange,
        body: bodies.CompletionBody | bodies.ChatBody,
        adapter: str,
        *,
        echo: bool,
    ) -> list[Plan]:
        session = exchange.header(b"x-session-id")
        plans: list[Plan] = []
        for number, prompt in enumerate(body.prompts()):
            room = self.models.max_tokens - len(prompt)
            if room < 1:
                raise ApiError(
                    400,
                    f"This model's maximum context length is {self.models.max_tokens} tokens."
                    f" However, the prompt alone has {len(prompt)}.",
                    "messages" if isinstance(body, bodies.ChatBody) else "prompt",
                )
            for _ in range(body.n or 1):
                length = self._lengths.tokens(body, room)
                text = answer_text(prompt, len(plans), body.seed, length)
                reason = "length" if length == (body.limit or room) else "stop"
                shown = cut(text, body.stops)
                if shown is None:
                    shown = len(text)
                else:
                    text = text[: 4 * tokens_until(text, shown, body.stops)]
                    reason = "stop"
                request = Request(
                    tokens=np.concatenate((prompt, tokens.tokens_of(text))),
                    prompt_tokens=len(prompt),
                    limit_tokens=min(body.limit or room, room),
                    priority=body.priority or 0,
                    adapter=adapter,
                    session=None if session is None else session.decode("latin-1"),
                )
                before = text_before(request) if echo else ""
                plans.append(Plan(request, text, shown, reason, number, before))
        return plans

    def _admit(self, count: int) -> None:
        if self.asleep:
            raise ApiError(503, "The engine is asleep.")
        most = self._most_queued
        if most and self.engine.waiting + count > most:
            self.metrics.refused("max_num_queued_reqs")
            raise ApiError(503, f"There are {most} requests in the queue: try another engine.")

    def _drawn(self, faults: Faults) -> Faults:
        """Return the faults of one request."""
        if faults.share < 1 and self._lots.random() >= faults.share:
            return NONE
        return faults

    async def _broken(self, exchange: Exchange, faults: Faults) -> bool:
        """Tell whether a request is answered by a fault alone."""
        if faults.headers_s:
            await asyncio.sleep(faults.headers_s)
        if faults.garbage:
            exchange.write_raw(self._lots.randbytes(256) + b"\r\n\r\n")
            exchange.abort()
            return True
        if faults.status is not None:
            raise ApiError(faults.status, "A fault that was asked for.")
        return False

    async def embeddings(self, exchange: Exchange) -> None:
        """Answer with vectors that depend on nothing but the text; takes no time of the engine.

        Raises
        ------
        ApiError
            If the request cannot be.
        """
        body = bodies.read(exchange.body, bodies.EmbeddingBody)
        self.models.adapter(body.model)
        found = body.prompts()
        size = _EMBEDDING if body.dimensions is None else body.dimensions
        if not 1 <= size <= 8192:
            raise ApiError(400, f"dimensions: expected 1 to 8192, got {size}.", "dimensions")
        form = _packed if body.encoding_format == "base64" else _listed
        data = [
            {"object": "embedding", "index": k, "embedding": form(_embedding(prompt, size))}
            for k, prompt in enumerate(found)
        ]
        used = sum(len(prompt) for prompt in found)
        usage = {"prompt_tokens": used, "total_tokens": used}
        told = {"object": "list", "data": data, "model": self.models.name, "usage": usage}
        exchange.reply(200, to_json(told))


def _request_name(exchange: Exchange) -> str:
    given = exchange.header(b"x-request-id")
    return uuid.uuid4().hex if given is None else given.decode("latin-1")


def _embedding(prompt: tokens.Tokens, size: int) -> NDArray[np.float32]:
    values = np.random.default_rng(prompt.view(np.uint64)).standard_normal(size)
    return (values / np.linalg.norm(values)).astype(np.float32)


def _listed(values: NDArray[np.float32]) -> list[float]:
    return [float(value) for value in values]


def _packed(values: NDArray[np.float32]) -> str:
    return b64encode(values.astype("<f4").tobytes()).decode()
