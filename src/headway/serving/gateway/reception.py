"""Where requests come in: who asks, for what, and may it; the ticket says so."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import xxhash

from headway.errors import UnknownNameError
from headway.serving.gateway import body
from headway.serving.gateway.accounts import Accounts, Tenant
from headway.serving.gateway.body import Asked, Parser
from headway.serving.gateway.bounding import bound
from headway.serving.gateway.document import Serve
from headway.serving.gateway.ear import Ear
from headway.serving.gateway.errors import Refusal, RefusedError, invalid
from headway.serving.gateway.front import Seat
from headway.serving.gateway.headers import (
    CLASS,
    FINAL,
    POLICY,
    PRIORITY,
    PROGRAM,
    REQUEST_ID,
    TOOL,
    handed_on,
    known,
    session,
)
from headway.serving.gateway.models import Catalogue
from headway.serving.gateway.resume import transcript
from headway.serving.gateway.ticket import Ticket
from headway.serving.gateway.usage import Clock, Meter
from headway.serving.gateway.view import BLOCK_BYTES, LiveRequest
from headway.serving.wire import Exchange

if TYPE_CHECKING:
    from headway.serving.gateway.watch.kv import Knowledge

PARSERS: Mapping[bytes, Parser] = {
    b"/v1/chat/completions": body.chat,
    b"/v1/completions": body.completion,
    b"/v1/embeddings": body.embedding,
    b"/v1/responses": body.response,
}
"""Of the endpoints whose requests go to engines."""

_USER_LETTERS = 200
"""Of what a client calls its user, by which routers tell tenants apart where there are no keys."""

_JSON = b"application/json"

_TOOL_LETTERS = 200
"""Of the name of a tool in a header that count."""


class Reception:
    """Makes tickets of requests.

    Parameters
    ----------
    seats
        Routers by the names that clients may ask for; the first is that of all others.
    accounts
        Who may have what.
    catalogue
        Who serves which model.
    serve
        Settings.
    classes
        Seconds to the first token that each service class is promised, by name.
    clock
        Seconds that never go back.
    knowledge
        Of what the caches of engines hold, if they tell.
    seed
        Of the names of blocks, the same in all workers that share them; one that nobody knows by
        default.
    """

    def __init__(
        self,
        seats: Mapping[str, Seat],
        accounts: Accounts,
        catalogue: Catalogue,
        serve: Serve,
        classes: Mapping[str, float],
        clock: Clock,
        knowledge: Knowledge | None = None,
        *,
        seed: int | None = None,
    ) -> None:
        self._seats = {name.encode(): seat for name, seat in seats.items()}
        self._default = next(iter(seats.values()))
        self._accounts = accounts
        self._catalogue = catalogue
        self._serve = serve
        self._classes = {
            name.encode(): (number, ttft_s) for number, (name, ttft_s) in enumerate(classes.items())
        }
        self._promise = next(iter(self._classes.values()))
        self._clock = clock
        self._knowledge = knowledge
        self._numbers = itertools.count()
        self.seed = secrets.randbits(64) if seed is None else seed
        """Of the names of blocks."""
        self._block_tokens = max(int(BLOCK_BYTES / serve.bytes_per_token), 1)

    def prefer(self, number: int) -> None:
        """Take one of the routers for requests that name none."""
        self._default = tuple(self._seats.values())[number]

    def tenant(self, authorization: bytes | None) -> Tenant:
        """Return who asks.

        Raises
        ------
        RefusedError
            If nobody knows it.
        """
        found = self._accounts.authenticate(authorization, self._clock())
        if isinstance(found, Refusal):
            raise RefusedError(found)
        return found

    async def admit(self, exchange: Exchange) -> Ticket:
        """Return the ticket of a request for one of the `PARSERS`; its lease is to be closed.

        Raises
        ------
        RefusedError
            If it is not what the API documents, or may not be served.
        """
        headers = known(exchange.headers)
        _check_type(headers)
        tenant = self.tenant(headers.get(b"authorization"))
        asked = PARSERS[exchange.path](exchange.body)
        ticket = self._ticket(exchange, headers, asked, tenant)
        request = ticket.request
        if self._knowledge is not None:
            known_of = await self._knowledge.find(asked.model, exchange.body, request.adapter)
            if known_of is not None:
                tokens, prefix = known_of
                request.cut(len(tokens), prefix.blocks, prefix.block_tokens, prefix.held)
        prompt, limit = request.prompt_tokens, request.limit_tokens
        if tenant.budgeted:
            most = bound(exchange.path, exchange.body, asked, self._serve.answer_tokens)
            exchange.body, limit = most.body, most.limit_tokens
            prompt = max(prompt, most.prompt_tokens)
        lease = await self._accounts.reserve(tenant, asked.model, prompt, limit, request.arrival_s)
        if isinstance(lease, Refusal):
            raise RefusedError(lease)
        ticket.lease = lease
        ticket.transcript = transcript(exchange, asked, headers, allowed=self._serve.resume)
        return ticket

    def _ticket(
        self,
        exchange: Exchange,
        headers: Mapping[bytes, bytes],
        asked: Asked,
        tenant: Tenant,
    ) -> Ticket:
        now_s, serve = self._clock(), self._serve
        serving, adapter = self._catalogue.find(asked.model)
        number, ttft_s = self._promise
        if CLASS in headers:
            number, ttft_s = self._classes[_choice("service class", headers[CLASS], self._classes)]
        request = LiveRequest(
            prompt=asked.prompt,
            # Prompts of two models share nothing, and nobody can make up prompts that look alike.
            seed=xxhash.xxh3_64_intdigest(asked.model.encode(), self.seed),
            number=next(self._numbers),
            arrival_s=now_s,
            prompt_tokens=asked.prompt_tokens(serve.bytes_per_token),
            limit_tokens=asked.limit_tokens or serve.answer_tokens,
            priority=_priority(headers.get(PRIORITY), asked.priority, tenant),
            service_class=number,
            deadline_s=now_s + ttft_s,
            session=session(headers, asked.user),
            adapter=adapter,
            block_tokens=self._block_tokens,
            tenant=tenant.name or (asked.user or "")[:_USER_LETTERS],
        )
        given = headers.get(REQUEST_ID)
        # Engines take a name that is under way already for the same request: nobody may guess one.
        name = secrets.token_hex(16).encode() if given is None else given
        lines = handed_on(exchange.headers)
        lines.append((REQUEST_ID, name))
        meter = Meter(self._clock, is_stream=asked.stream)
        seat = self._seat(headers)
        ticket = Ticket(request, seat, serving, exchange, asked, name, lines, meter)
        if seat.hearer is not None:
            ticket.ear = _ear(headers, asked)
        return ticket

    def _seat(self, headers: Mapping[bytes, bytes]) -> Seat:
        name = headers.get(POLICY)
        if name is None:
            return self._default
        return self._seats[_choice("policy", name, self._seats)]


def _choice(what: str, name: bytes, there: Mapping[bytes, object]) -> bytes:
    if name in there:
        return name
    told = name[:200].decode(errors="replace")
    error = UnknownNameError(what, told, [one.decode() for one in there])
    listed = ", ".join(error.known)
    raise invalid(f"unknown {what} {told!r}; known: {listed}", code=f"unknown_{what.split()[-1]}")


def _ear(headers: Mapping[bytes, bytes], asked: Asked) -> Ear:
    """Return what hears an answer, and knows what its client has foretold."""
    told = headers.get(FINAL)
    if told not in (None, b"true", b"false"):
        message = f"{FINAL.decode()}: expected true or false"
        raise invalid(message, code="invalid_final")
    return Ear(
        is_stream=asked.stream,
        is_program=PROGRAM in headers,
        tool=headers.get(TOOL, b"")[:_TOOL_LETTERS].decode("latin-1"),
        is_final=None if told is None else told == b"true",
    )


def _priority(told: bytes | None, asked: int | None, tenant: Tenant) -> int:
    """Return the priority of a request, within the bounds of its tenant."""
    wanted = asked or 0
    if told is not None:
        try:
            wanted = int(told)
        except ValueError:
            message = f"{PRIORITY.decode()}: expected a whole number"
            raise invalid(message, code="invalid_priority") from None
    return min(max(wanted, tenant.most_urgent), tenant.least_urgent)


def _check_type(headers: Mapping[bytes, bytes]) -> None:
    kind = headers.get(b"content-type", _JSON)
    if kind != _JSON and _JSON not in kind.lower():
        raise RefusedError(
            Refusal(
                status=415,
                message=f"expected a body of application/json, got {kind[:100].decode('latin-1')}",
                code="unsupported_media_type",
            )
        )
    if b"content-encoding" in headers and headers[b"content-encoding"] != b"identity":
        raise RefusedError(
            Refusal(
                status=415,
                message="expected a body that is not compressed",
                code="unsupported_media_type",
            )
        )
