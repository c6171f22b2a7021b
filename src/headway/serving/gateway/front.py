"""The policies of a fleet, asked about live requests: who goes where, who waits, who is refused."""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.fleet.decisions import (
    NOWHERE,
    Dispatch,
    Hearer,
    Hold,
    Reject,
    Router,
    Said,
    Waker,
)
from headway.serving.gateway.board import Row
from headway.serving.gateway.document import Waiting
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.errors import Refusal, RefusedError
from headway.serving.gateway.sharing import Sharing
from headway.serving.gateway.ticket import Ticket
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight

_log = logging.getLogger("headway.serving.gateway")

_STATUSES = {
    "model": 403,
    "budget": 429,
    "requests per minute": 429,
    "tokens per minute": 429,
    "queue full": 429,
}
"""Of refusals, by their causes; all others are 503."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A router, ready to be asked.

    Attributes
    ----------
    name
        By which clients ask for it.
    router
        It.
    waker
        The same, if it tells which requests to ask about again.
    hearer
        The same, if it wants to know what answers said.
    """

    name: str
    router: Router
    waker: Waker | None
    hearer: Hearer | None = None

    @classmethod
    def of(cls, name: str, router: Router) -> Seat:
        """Return a seat for a router."""
        return cls(
            name,
            router,
            router if isinstance(router, Waker) else None,
            router if isinstance(router, Hearer) else None,
        )


class Front:
    """Places requests at engines, and counts who is where.

    Whatever goes up when a request is placed goes down when it `left`, and each router hears of
    that exactly once.

    Parameters
    ----------
    sight
        Shows the fleet.
    row
        Of this worker on the board.
    tickets
        Requests at engines, by number; this object keeps it.
    waiting
        Bounds of what is held.
    clock
        Seconds that never go back.
    sharing
        Tells others what happens; None if there are none.
    """

    def __init__(
        self,
        sight: Sight,
        row: Row,
        tickets: dict[int, Ticket],
        waiting: Waiting,
        clock: Clock,
        sharing: Sharing | None = None,
    ) -> None:
        self._sight = sight
        self._row = row
        self._tickets = tickets
        self._waiting = waiting
        self._clock = clock
        self._sharing = sharing
        self._held: dict[int, Ticket] = {}
        self._alarms: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = math.inf

    @property
    def held(self) -> Iterable[Ticket]:
        """Requests that wait."""
        return self._held.values()

    def place(self, ticket: Ticket) -> bool:
        """Send a request to the engine that its router chooses, where it counts from now on.

        Returns
        -------
        bool
            Whether it has one; otherwise it is held, and has to `wait`.

        Raises
        ------
        RefusedError
            If it is rejected.
        """
        try:
            self._decide(ticket)
        finally:
            if ticket.seat.waker is not None:
                self._wake(ticket.seat)
        return ticket.engine != NOWHERE

    async def wait(self, ticket: Ticket) -> None:
        """Return when a request that is held has an engine.

        Raises
        ------
        RefusedError
            If it is rejected, or has waited too long.
        """
        assert ticket.waiter is not None
        try:
            await ticket.waiter
        except BaseException:
            if ticket.engine != NOWHERE:  # its turn had come when its client went away
                self.left(ticket, 0)
            elif ticket.request.number in self._held:
                self._let_go(ticket)
                self._forget(ticket)
                self._wake(ticket.seat)
            raise
        finally:
            ticket.waiter = None

    def begun(self, ticket: Ticket, now_s: float) -> None:
        """Note that the answer has begun."""
        ticket.begun_s = now_s
        self._row.begun(ticket.engine, ticket.blocks)

    def left(self, ticket: Ticket, output_tokens: int) -> None:
        """Note that a request has left its engine, whatever the reason."""
        engine, seat = ticket.engine, ticket.seat
        del self._tickets[ticket.request.number]
        self._row.left(engine, ticket.blocks, begun=ticket.begun_s > 0)
        ticket.engine, ticket.begun_s = NOWHERE, 0.0
        if self._sharing is not None:
            self._sharing.ended(seat.name, ticket.request, engine, output_tokens)
        if output_tokens and ticket.ear is not None:
            self._tell_said(ticket, ticket.ear.said())
        self._ended(ticket, engine, output_tokens)
        if seat.waker is not None:
            self._wake(seat)

    def has_another(self, ticket: Ticket) -> bool:
        """Return whether another engine takes requests that has not failed this one."""
        ready = self._sight.ready(self._clock())
        if ticket.serving is not None:
            ready = ready & ticket.serving
        tried = ticket.request.excluded | {ticket.engine}
        return int(ready.sum()) > sum(bool(ready[one]) for one in tried if one != NOWHERE)

    def is_ill(self, ticket: Ticket) -> bool:
        """Return whether the engine of a request has been found ill since it was sent there."""
        return not self._sight.is_well(ticket.engine)

    def suspect(self, engine: LiveEngine) -> None:
        """Look at the breaker of an engine that has failed, until it is closed."""
        self._sight.suspect(engine)

    def close(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _decide(self, ticket: Ticket) -> None:
        now_s = self._clock()
        seat, request = ticket.seat, ticket.request
        decision = seat.router.route(self._sight.view(now_s, ticket.serving), request)
        if isinstance(decision, Dispatch):
            self._send(ticket, decision.engine, now_s)
        elif isinstance(decision, Reject):
            raise RefusedError(_rejected(decision))
        else:
            self._hold(ticket, decision, now_s)

    def _send(self, ticket: Ticket, engine: int, now_s: float) -> None:
        if not 0 <= engine < len(self._sight.block_tokens):
            raise ConfigError(f"{ticket.seat.name}: there is no engine {engine}")
        request = ticket.request
        ticket.engine, ticket.sent_s = engine, now_s
        ticket.blocks = -(-request.prompt_tokens // self._sight.block_tokens[engine])
        self._tickets[request.number] = ticket
        self._row.placed(engine, ticket.blocks)
        if self._sharing is not None:
            self._sharing.sent(ticket.seat.name, request, engine)

    def _hold(self, ticket: Ticket, decision: Hold, now_s: float) -> None:
        if not decision.until_s > now_s:
            raise ConfigError(f"{ticket.seat.name}: a request is held until the past")
        number = ticket.request.number
        if number in self._held:
            self._alarm(ticket, decision.until_s)
            return
        if len(self._held) >= self._waiting.most:
            self._forget(ticket)
            raise RefusedError(
                Refusal(
                    status=429,
                    message=f"{self._waiting.most:,} requests wait already",
                    code="queue_full",
                    retry_after_s=1.0,
                )
            )
        ticket.held_since_s = now_s
        ticket.waiter = asyncio.get_running_loop().create_future()
        self._held[number] = ticket
        self._row.hold(1)
        self._alarm(ticket, decision.until_s)

    def _alarm(self, ticket: Ticket, until_s: float) -> None:
        """Look at a request again at a time, or when it has waited too long."""
        ticket.held_until_s = min(until_s, ticket.held_since_s + self._waiting.timeout_s)
        heapq.heappush(self._alarms, (ticket.held_until_s, ticket.request.number))
        self._set_timer()

    def _set_timer(self) -> None:
        due_s = self._alarms[0][0]
        if self._timer is not None:
            if self._timer_s <= due_s:
                return
            self._timer.cancel()
        self._timer_s = due_s
        delay_s = max(due_s - self._clock(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        """Ask again about those whose time has come, or give them up."""
        self._timer = None
        now_s = self._clock()
        while self._alarms and self._alarms[0][0] <= now_s:
            _, number = heapq.heappop(self._alarms)
            ticket = self._held.get(number)
            if ticket is None or ticket.held_until_s > now_s:
                continue
            if now_s - ticket.held_since_s >= self._waiting.timeout_s:
                self._fail(ticket, _waited(self._waiting.timeout_s))
            else:
                self._due(ticket)
                self._wake(ticket.seat)
        if self._alarms and self._timer is None:
            self._set_timer()

    def _due(self, ticket: Ticket) -> None:
        """Ask about a request that is held."""
        try:
            self._decide(ticket)
        except Exception as error:
            self._let_go(ticket)
            self._raise(ticket, error)
            return
        if ticket.engine != NOWHERE:
            self._let_go(ticket)
            assert ticket.waiter is not None
            if not ticket.waiter.done():
                ticket.waiter.set_result(ticket.engine)

    def _fail(self, ticket: Ticket, refusal: Refusal) -> None:
        self._let_go(ticket)
        self._forget(ticket)
        self._raise(ticket, RefusedError(refusal))
        self._wake(ticket.seat)

    def _raise(self, ticket: Ticket, error: Exception) -> None:
        assert ticket.waiter is not None
        if not ticket.waiter.done():
            ticket.waiter.set_exception(error)

    def _let_go(self, ticket: Ticket) -> None:
        del self._held[ticket.request.number]
        self._row.hold(-1)

    def _forget(self, ticket: Ticket) -> None:
        """Have the router forget a request that it holds."""
        self._ended(ticket, NOWHERE, 0)

    def _ended(self, ticket: Ticket, engine: int, output_tokens: int) -> None:
        """Tell a router, whose failure is no business of the request that has ended."""
        seat, number = ticket.seat, ticket.request.number
        try:
            seat.router.ended(number, engine, output_tokens, self._clock())
        except Exception:
            _log.exception("policy %s failed", seat.name)

    def _tell_said(self, ticket: Ticket, said: Said) -> None:
        """Tell a router what an answer has said, before it ends."""
        seat = ticket.seat
        try:
            if seat.hearer is not None:
                seat.hearer.said(ticket.request.number, said)
        except Exception:
            _log.exception("policy %s failed", seat.name)

    def _wake(self, seat: Seat) -> None:
        waker = seat.waker
        try:
            while waker is not None and (number := waker.awake()) is not None:
                ticket = self._held.get(number)
                if ticket is not None:
                    self._due(ticket)
        except Exception:  # of the router; whoever happens to be here must not pay for it
            _log.exception("policy %s failed", seat.name)


def _rejected(decision: Reject) -> Refusal:
    wait_s = decision.retry_s
    return Refusal(
        status=_STATUSES.get(decision.cause, 503),
        message=decision.reason,
        code=decision.cause.replace(" ", "_"),
        retry_after_s=None if wait_s is None or math.isinf(wait_s) else wait_s,
    )


def _waited(timeout_s: float) -> Refusal:
    return Refusal(
        status=503,
        message=f"no engine could take the request within {timeout_s:g} s",
        code="queue_timeout",
        retry_after_s=1.0,
    )
