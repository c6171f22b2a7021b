"""A request's way: read, admitted, placed, sent, streamed back, settled."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from contextlib import aclosing

from headway.serving.gateway.accounts import Accounts
from headway.serving.gateway.board import CANCELLED, FAILED, RETRIED, TPOT, TTFT, Row
from headway.serving.gateway.board import RESUMED as RESUMED_STREAMS
from headway.serving.gateway.body import with_priority
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.errors import Refusal, RefusedError
from headway.serving.gateway.front import Front
from headway.serving.gateway.headers import ENGINE, REQUEST_ID, RESUMED, TRIES
from headway.serving.gateway.resume import Transcript
from headway.serving.gateway.retry import RetryBudget
from headway.serving.gateway.site import Site
from headway.serving.gateway.ticket import Ticket
from headway.serving.gateway.turns import Turns
from headway.serving.gateway.usage import Clock, Meter
from headway.serving.wire import Answer, Header, UpstreamError, end_to_end

_ILL = frozenset((500, 502, 503, 504))
"""Statuses that speak against an engine."""

_FRAMING = frozenset((b"content-length", b"transfer-encoding"))

_BUSY = frozenset((408, 429))
"""Statuses that say nothing of it."""


# From its first word: what a client has written may be quoted further behind.
_NO_MODEL = re.compile(rb'"message"\s*:\s*"The model `[^`]*` does not exist')


class FailedError(Exception):
    """An engine has not answered, or not to the end.

    Parameters
    ----------
    message
        What happened.
    status
        That the client gets if nobody else answers.
    final
        Whether it is of no use to try another engine.
    """

    def __init__(self, message: str, status: int = 502, *, final: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.final = final

    def refusal(self) -> Refusal:
        """Return what the client is told."""
        code = "timeout" if self.status == 504 else "engine_failed"
        later_s = 1.0 if self.status in (429, 503) else None
        return Refusal(status=self.status, message=str(self), code=code, retry_after_s=later_s)


class Relay:
    """Takes requests to engines, and their answers back.

    Parameters
    ----------
    engines
        That there are.
    front
        Places requests.
    accounts
        That what was used is settled with.
    row
        Of this worker on the board.
    site
        Settings.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        engines: tuple[LiveEngine, ...],
        front: Front,
        accounts: Accounts,
        row: Row,
        site: Site,
        clock: Clock,
    ) -> None:
        self._engines = engines
        self._front = front
        self._accounts = accounts
        self._row = row
        self._patience = site.serve.timeouts
        self._rules = site.retries
        self._budget = RetryBudget(site.retries)
        self._turns = Turns(self._budget, site.retries.window_s, clock)
        self._clock = clock
        self._chance = random.Random(secrets.randbits(64))  # noqa: S311 - only pauses
        self._names = [engine.name.encode() for engine in engines]

    async def serve(self, ticket: Ticket) -> None:
        """Have a request answered by an engine.

        Raises
        ------
        RefusedError
            If nobody can answer it; nothing was sent to the client.
        """
        ticket.task = asyncio.current_task()
        request = ticket.request
        self._budget.request(request.arrival_s)
        try:
            while True:
                if not self._front.place(ticket):
                    await self._front.wait(ticket)
                number = ticket.engine
                ticket.meter = Meter(self._clock, is_stream=ticket.asked.stream)
                try:
                    failed = await self._try(ticket, self._engines[number])
                finally:
                    self._front.left(ticket, ticket.meter.output_tokens)
                if failed is None:
                    return
                request.failed_by(number)
                if not await self._again(ticket, failed):
                    raise RefusedError(failed.refusal())
                self._row.count(RETRIED, number)
                await asyncio.sleep(self._rules.pause_s(request.tries, self._chance))
        finally:
            if ticket.doubted is not None:
                self._judge(ticket.doubted, 500)
            self._settle(ticket)

    def interrupt(self, ticket: Ticket, now_s: float) -> None:
        """Interrupt a request that an engine lets wait for too long."""
        patience, request = self._patience, ticket.request
        if now_s - request.arrival_s > patience.total_s:
            why, ticket.over = f"no complete answer within {patience.total_s:g} s", True
        elif ticket.exchange.writable() is not None:
            ticket.meter.heard_s = now_s  # it is the client that lets the engine wait
            return
        elif ticket.begun_s:
            if now_s - max(ticket.meter.heard_s, ticket.begun_s) <= patience.between_bytes_s:
                return
            why = f"nothing more within {patience.between_bytes_s:g} s"
        elif now_s - ticket.sent_s > patience.first_byte_s:
            why = f"no answer within {patience.first_byte_s:g} s"
        elif self._is_better_off(ticket):
            why = "not well, and has not begun to answer"
        else:
            return
        if not ticket.expired and ticket.task is not None:
            ticket.expired = why
            ticket.task.cancel()

    def _is_better_off(self, ticket: Ticket) -> bool:
        """Return whether a request that waits at an ill engine can have another one."""
        tries, front = ticket.request.tries + 1, self._front
        return front.is_ill(ticket) and tries < self._rules.tries and front.has_another(ticket)

    async def _try(self, ticket: Ticket, engine: LiveEngine) -> FailedError | None:
        """Have one engine answer; return what went wrong if the client has got nothing."""
        breaker = engine.breaker
        if breaker is not None:
            breaker.sent(self._clock())
        try:
            answer = await self._ask(ticket, engine)
            status = answer.status
            tries = ticket.request.tries + 1
            if status == 404 and self._denies(ticket, engine, answer):
                answer.close()
                failed = FailedError(f"{engine.name} no longer has the model", status)
            elif self._rules.may(tries, status, begun=False) and not _is_at_fault(ticket, status):
                answer.close()
                failed = FailedError(f"{engine.name} answered {status}", status)
            else:
                await self._pass_on(ticket, engine, answer)
                return None
        except UpstreamError as error:
            failed = FailedError(f"{engine.name}: {error}")
        except asyncio.CancelledError:
            late = _late(ticket, engine)
            if late is None:
                self._row.count(CANCELLED, engine.number)
                ticket.used = True
                if breaker is not None:
                    breaker.dropped(self._clock())
                raise
            failed = late
        self._row.count(FAILED, engine.number)
        # Whose time is up as a whole may have spent it with others, or by reading slowly.
        self._weigh(ticket, engine, 408 if failed.final else failed.status)
        if ticket.trail is not None:
            ticket.trail.failed(engine.name, str(failed))
        told = ticket.transcript
        if ticket.exchange.begun:
            if not failed.final and told is not None and told.goes_on():
                told.breaks()
                return failed
            last = failed.refusal().event() if ticket.asked.stream else b""
            ticket.exchange.break_off(last)
            return None
        return failed

    async def _ask(self, ticket: Ticket, engine: LiveEngine) -> Answer:
        """Return an engine's answer once its body has begun."""
        exchange = ticket.exchange
        body, lines, target = exchange.body, ticket.headers, exchange.target
        if engine.headers:
            lines = [*lines, *engine.headers]
        if engine.prefix:
            target = engine.prefix + target
        if ticket.transcript is not None and ticket.transcript.tries:
            body = ticket.transcript.continued(body)
        if engine.priority:
            body = with_priority(body, ticket.asked, ticket.request.priority)
        answer = await engine.pool.send(b"POST", target, lines, body)
        await answer.begun()
        return answer

    async def _pass_on(self, ticket: Ticket, engine: LiveEngine, answer: Answer) -> None:
        """Hand an answer to the client, as it comes."""
        number, meter, row = engine.number, ticket.meter, self._row
        self._front.begun(ticket, self._clock())
        begun_s = ticket.begun_s
        if ticket.trail is not None:
            ticket.trail.begun(engine.name, answer.status, begun_s)
        if ticket.request.tries and answer.status not in _ILL | _BUSY:
            self._turns.helped()
        more = self._more(ticket, engine, answer)
        if ticket.transcript is None or (answer.status != 200 and not ticket.exchange.begun):
            see = meter.see if ticket.ear is None else ticket.ear.beside(meter.see)
            await answer.relay(ticket.exchange, more, see)
        else:
            await self._write_down(ticket, ticket.transcript, engine, answer, more)
        self._weigh(ticket, engine, answer.status)
        if answer.status >= 400:
            return
        ticket.used = ticket.whole = True
        arrival_s, output = ticket.request.arrival_s, meter.output_tokens
        prompt = max(meter.prompt_tokens, 0)
        row.completed(number, prompt, meter.cached_tokens, output, self._clock() - arrival_s)
        if ticket.asked.stream and (ticket.transcript is None or not ticket.transcript.tries):
            row.observe(TTFT, number, begun_s - arrival_s)
            if output > 1:
                row.observe(TPOT, number, (meter.heard_s - begun_s) / (output - 1))

    async def _write_down(
        self,
        ticket: Ticket,
        told: Transcript,
        engine: LiveEngine,
        answer: Answer,
        more: list[Header],
    ) -> None:
        """Hand on a stream event by event, and remember it, as another engine may go on with it."""
        exchange, name = ticket.exchange, self._names[engine.number]
        if not exchange.begun:
            lines = end_to_end(answer.headers, _FRAMING)
            exchange.start(answer.status, [*lines, *more, (RESUMED, b"0")])
        elif answer.status != 200 or not told.goes_on(engine.kind):
            answer.close()
            raise UpstreamError(f"the stream cannot go on here ({answer.status})")
        else:
            self._row.count(RESUMED_STREAMS, engine.number)
            exchange.write(b": %b: %d, by %b\n\n" % (RESUMED, told.tries, name))
        meter, ear = ticket.meter, ticket.ear
        see = meter.see if ear is None else ear.beside(meter.see)
        async with aclosing(answer.pieces()) as pieces:
            async for piece in pieces:
                see(piece)
                exchange.write(told.take(piece))
                slow = exchange.writable()
                if slow is not None:
                    await slow
        if not told.is_done:
            raise UpstreamError("the stream has no end")
        exchange.end()

    def _more(self, ticket: Ticket, engine: LiveEngine, answer: Answer) -> list[Header]:
        """Return the headers that a client gets besides those of the engine."""
        more = [
            (ENGINE, self._names[engine.number]),
            (TRIES, b"%d" % (ticket.request.tries + 1)),
        ]
        if ticket.lease is not None and ticket.lease.headers:
            more += ticket.lease.headers
        if answer.header(REQUEST_ID) is None:
            more.append((REQUEST_ID, ticket.id))
        return more

    async def _again(self, ticket: Ticket, failed: FailedError) -> bool:
        """Return whether another engine is to be tried, as soon as the budget has room for that."""
        tries = ticket.request.tries
        if failed.final or not self._rules.may(tries, None, begun=False):
            return False
        return await self._turns.turn(lambda: self._front.has_another(ticket))

    def _denies(self, ticket: Ticket, engine: LiveEngine, answer: Answer) -> bool:
        """Return whether an engine no longer has a model that others have, and believe it if so."""
        if engine.models is None or not _NO_MODEL.search(answer.early):
            return False
        engine.models -= {ticket.asked.model}
        engine.adapters -= {ticket.asked.model}
        return self._front.has_another(ticket)

    def _weigh(self, ticket: Ticket, engine: LiveEngine, status: int) -> None:
        """Judge an engine, but wait with a 500: what two engines fail at is the request's fault."""
        before, ticket.doubted = ticket.doubted, None
        if status != 500:
            if before is not None:
                self._judge(before, 500)
            self._judge(engine, status)
            return
        if before is None:
            ticket.doubted = engine
        self._judge(engine, 408)

    def _judge(self, engine: LiveEngine, status: int) -> None:
        """Tell a breaker what an answer says of its engine."""
        breaker = engine.breaker
        if breaker is None:
            return
        now_s = self._clock()
        if status in _ILL:
            breaker.failed(now_s)
            self._front.suspect(engine)
        elif status in _BUSY:
            breaker.dropped(now_s)
        else:
            breaker.succeeded(now_s)

    def _settle(self, ticket: Ticket) -> None:
        """Replace what was reserved by what was used, as far as engines have said it."""
        lease, meter = ticket.lease, ticket.meter
        if lease is None:
            return
        output = meter.output_tokens if ticket.whole else meter.least_tokens
        if ticket.used or output:
            prompt = meter.prompt_tokens
            told = ticket.transcript
            if told is not None:
                output += told.before
                prompt -= told.before  # who goes on reads what was said
            prompt = prompt if prompt >= 0 else ticket.request.prompt_tokens
            self._accounts.settle(lease, prompt, output, meter.cached_tokens)
        else:
            self._accounts.release(lease)


def _is_at_fault(ticket: Ticket, status: int) -> bool:
    """Return whether a request makes a second engine fail as the one before."""
    return status == 500 and ticket.doubted is not None and not ticket.exchange.begun


def _late(ticket: Ticket, engine: LiveEngine) -> FailedError | None:
    """Return the failure of an engine that took too long, None if the client has gone away."""
    assert ticket.task is not None
    if not ticket.expired or ticket.task.uncancel() > 0:
        return None
    why, ticket.expired = ticket.expired, ""
    return FailedError(f"{engine.name}: {why}", 504, final=ticket.over)
