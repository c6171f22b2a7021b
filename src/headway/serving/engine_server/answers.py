"""Answers on their way to clients: whole, or as server-sent events while they are said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headway.serving.engine_server.errors import to_json
from headway.serving.engine_server.faults import Faults
from headway.serving.engine_server.real_time import Ending, Request, Times
from headway.serving.engine_server.tokens import BYTES_PER_TOKEN, decode
from headway.serving.wire import Exchange, Header

_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an answer will be.

    Parameters
    ----------
    request
        To the engine.
    text
        All that will be said, four letters a token.
    shown
        How many bytes of it the client gets: less if a stop text ends it.
    reason
        Why it ends.
    prompt
        Which of the request's prompts it answers.
    before
        What stands before it: the prompt, if the client wants to hear it again.
    """

    request: Request
    text: bytes
    shown: int
    reason: str
    prompt: int = 0
    before: str = ""


class Choice:
    """One answer; see `headway.serving.engine_server.real_time.Listener`."""

    __slots__ = ("_answer", "_head", "_sent", "ending", "index", "plan", "times")

    def __init__(self, answer: Answer, index: int, plan: Plan) -> None:
        self.plan = plan
        self.index = index
        self.ending: Ending | None = None
        self.times: Times | None = None
        self._answer = answer
        self._sent = 0  # bytes
        self._head = answer.event_head(index)

    def spoke(self, tokens: int) -> None:
        """Send what is new, unless the client reads too slowly."""
        answer = self._answer
        if answer.streams and answer.exchange.writable() is None:
            until = min(tokens * BYTES_PER_TOKEN, self.plan.shown)
            if until > self._sent:
                answer.write(self._first() + self._event(until, b"null"), tokens)

    def ended(self, ending: Ending, times: Times) -> None:
        """Send the rest."""
        self.ending, self.times = ending, times
        answer = self._answer
        if ending == Ending.FINISHED and answer.streams:
            reason = b'"%b"' % self.plan.reason.encode()
            last = self._first() + self._event(self.plan.shown, reason)
            answer.write(last, times.generated)
        answer.heard()

    def _first(self) -> bytes:
        return b"" if self._sent else self._answer.event_begin(self.index, self.plan.before)

    def _event(self, until: int, reason: bytes) -> bytes:
        piece = self.plan.text[self._sent : until]
        self._sent = until
        return b"%b%b%b%b}]}\n\n" % (self._head, piece, self._answer.event_mid, reason)

    def whole(self, *, chat: bool) -> dict[str, Any]:
        """Return it as JSON."""
        plan = self.plan
        text = plan.before + plan.text[: plan.shown].decode()
        found: dict[str, Any] = {"index": self.index, "logprobs": None}
        if chat:
            found["message"] = {"role": "assistant", "content": text}
        else:
            found["text"] = text
        return {**found, "finish_reason": plan.reason, "stop_reason": None}


class Answer:
    """The answers to one HTTP request.

    Parameters
    ----------
    exchange
        With the client.
    name
        Of the request, for its client.
    model
        That the client asked for.
    created
        When, in seconds since 1970.
    chat
        Whether it is one.
    streams
        Whether pieces are sent as they are said.
    tells_usage
        Whether a stream ends with the usage.
    faults
        What goes wrong on the way.
    headers
        More of the answer.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        name: str,
        model: str,
        created: int,
        chat: bool,
        streams: bool,
        tells_usage: bool,
        faults: Faults,
        headers: Sequence[Header] = (),
    ) -> None:
        self.exchange = exchange
        self.chat = chat
        self.streams = streams
        self._tells_usage = tells_usage
        self._faults = faults
        self._headers = headers
        self._open = 0
        self.choices: list[Choice] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        kind = "chat.completion" if chat else "text_completion"
        if chat and streams:
            kind += ".chunk"
        self._about = {"id": name, "object": kind, "created": created, "model": model}
        self._common = to_json(self._about)[:-1]
        self.event_mid = (
            b'"},"logprobs":null,"finish_reason":'
            if chat
            else b'","logprobs":null,"finish_reason":'
        )

    def event_head(self, index: int) -> bytes:
        """Return what stands before the text of an event."""
        field = b'"delta":{"content":"' if self.chat else b'"text":"'
        return b'data: %b,"choices":[{"index":%d,%b' % (self._common, index, field)

    def event_begin(self, index: int, before: str) -> bytes:
        """Return the event that comes before the first text."""
        if self.chat:
            delta = b'"delta":{"role":"assistant","content":""'
            return (
                b'data: %b,"choices":[{"index":%d,%b},"logprobs":null,"finish_reason":null}]}\n\n'
                % (
                    self._common,
                    index,
                    delta,
                )
            )
        if not before:
            return b""
        text = to_json(before)[1:-1]
        return b"%b%b%bnull}]}\n\n" % (self.event_head(index), text, self.event_mid)

    def begin(self, plans: Sequence[Plan]) -> list[Choice]:
        """Return who listens to each answer; a stream begins."""
        self.choices = [Choice(self, index, plan) for index, plan in enumerate(plans)]
        self._open = len(plans)
        if self.streams:
            self.exchange.start(200, [*_STREAM, *self._headers])
        return self.choices

    def write(self, events: bytes, tokens: int) -> None:
        """Send events of a stream, unless it is to break off."""
        breaks_at = self._faults.reset_after_tokens
        if breaks_at is not None and tokens > breaks_at:
            self.exchange.abort()
            return
        self.exchange.write(events)

    def heard(self) -> None:
        """Take note that an answer has ended; complete the whole after the last."""
        self._open -= 1
        if self._open or self.done.done():
            return
        if any(one.ending != Ending.FINISHED for one in self.choices):
            self._break_off()
        elif self.streams:
            usage = b"data: %b\n\n" % self._usage_event() if self._tells_usage else b""
            self.exchange.write(usage + b"data: [DONE]\n\n")
            self.exchange.end()
        elif self._faults.reset_after_tokens is not None:
            self._break_off()
        else:
            self.exchange.reply(200, self._whole(), headers=self._headers)
        self.done.set_result(None)

    def usage(self) -> dict[str, Any]:
        """Return how many tokens there were."""
        told = [(one.plan, one.times) for one in self.choices if one.times is not None]
        prompts = {plan.prompt: (plan.request.prompt_tokens, times) for plan, times in told}
        prompt = sum(tokens for tokens, _ in prompts.values())
        output = sum(times.generated for _, times in told)
        cached = sum(times.cached_tokens for _, times in prompts.values())
        return {
            "prompt_tokens": prompt,
            "total_tokens": prompt + output,
            "completion_tokens": output,
            "prompt_tokens_details": {"cached_tokens": cached},
        }

    def _usage_event(self) -> bytes:
        return to_json({**self._about, "choices": [], "usage": self.usage()})

    def _whole(self) -> bytes:
        choices = [one.whole(chat=self.chat) for one in self.choices]
        return to_json({**self._about, "choices": choices, "usage": self.usage()})

    def _break_off(self) -> None:
        self.exchange.abort()


def text_before(request: Request) -> str:
    """Return the text of a prompt."""
    return decode(request.tokens[: request.prompt_tokens].tolist())
