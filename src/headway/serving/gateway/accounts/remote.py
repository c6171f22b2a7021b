"""Accounts of one of several workers, counted by a ledger in another process."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.local import refused_model
from headway.serving.gateway.accounts.messages import (
    Closed,
    Hello,
    Keys,
    Link,
    Refused,
    Release,
    Settle,
    State,
    Take,
    Taken,
    Welcome,
    to_worker,
)
from headway.serving.gateway.accounts.protocol import Lease, Tenant
from headway.serving.gateway.accounts.ring import Holder, KeyRing
from headway.serving.gateway.errors import Refusal

_log = logging.getLogger(__name__)

_AWAY = Refusal(
    status=503,
    message="budgets cannot be looked at at the moment",
    code="service_unavailable",
    retry_after_s=2.0,
)
_FIRST_S, _LONGEST_S = 0.02, 1.0


class _Loan(Lease):
    """A lease of the ledger; 0 is the number of one that it does not know."""

    __slots__ = ("number",)

    number: int


class RemoteAccounts:
    """Keys in this process, limits and budgets in another; see `Accounts`.

    Requests for leases do not wait for each other. What has been used is said again after a lost
    connection until the ledger has heard it.

    Parameters
    ----------
    path
        Of the ledger's socket.
    ring
        The keys; the ledger tells which there are.
    stops
        Whether requests are refused while the ledger is away; otherwise they are served, and
        counted nowhere.
    timeout_s
        How long to wait for the ledger.

    Attributes
    ----------
    unbooked
        How many requests were served without it.
    """

    def __init__(
        self, path: Path, ring: KeyRing, *, stops: bool = False, timeout_s: float = 2.0
    ) -> None:
        self.unbooked = 0
        self._path = path
        self._ring = ring
        self._stops = stops
        self._timeout_s = timeout_s
        self._worker = secrets.token_hex(8)
        self._ledger = ""
        self._calls: dict[int, asyncio.Future[Taken | Refused]] = {}
        self._call = 0
        self._open: set[int] = set()
        self._ended: dict[int, Settle | Release] = {}
        self._link: Link | None = None
        self._gone = asyncio.Event()
        self._ready = asyncio.Event()
        self._known = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._figures = Figures()

    async def start(self) -> None:
        """Connect, and wait until the keys are known."""
        self._task = asyncio.get_running_loop().create_task(self._keep())
        await self._known.wait()

    async def close(self) -> None:
        """Have the ledger hear the rest, if it can, and leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                while self._ended:
                    await asyncio.sleep(0.005)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._closing = True
        if self._link is not None:
            self._link.close()

    def authenticate(self, authorization: bytes | None, now_s: float) -> Tenant | Refusal:
        """Return whose key a header brings."""
        return self._ring.authenticate(authorization, now_s)

    async def reserve(
        self,
        tenant: Tenant,
        model: str,
        prompt_tokens: int,
        limit_tokens: int,
        now_s: float,  # noqa: ARG002 - the ledger's clock counts
    ) -> Lease | Refusal:
        """Set aside what a request may use at most, or say why it may not."""
        refused = refused_model(tenant, model)
        if refused is not None:
            return refused
        account = tenant.account if isinstance(tenant, Holder) else ""
        lease = _Loan(tenant, model, prompt_tokens, limit_tokens)
        try:
            async with asyncio.timeout(self._timeout_s):
                told = await self._ask(account, lease)
        except TimeoutError:
            if self._stops:
                return _AWAY
            self.unbooked += 1
            lease.number = 0
            return lease
        if isinstance(told, Refused):
            return Refusal(
                status=told.status,
                message=told.message,
                code=told.code,
                param=told.param,
                retry_after_s=told.retry_after_s,
                limits=told.limits,
            )
        lease.number, lease.headers = told.lease, told.headers
        return lease

    def figures(self) -> Figures:
        """Return how accounts are doing, for metrics: those of all workers, as last heard."""
        if self._link is None:
            return msgspec.structs.replace(self._figures, healthy=False)
        return self._figures

    def settle(
        self, lease: Lease, prompt_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> None:
        """Count what was used in place of what was reserved; a closed lease stays as it is."""
        assert isinstance(lease, _Loan)
        self._end(lease, Settle(lease.number, prompt_tokens, output_tokens, cached_tokens))

    def release(self, lease: Lease) -> None:
        """Give back what was reserved, as nothing was used; a closed lease stays as it is."""
        assert isinstance(lease, _Loan)
        self._end(lease, Release(lease.number))

    def _end(self, lease: _Loan, message: Settle | Release) -> None:
        if not lease.open:
            return
        lease.open = False
        if lease.number in self._open:
            self._open.discard(lease.number)
            self._say_end(message)

    def _say_end(self, message: Settle | Release) -> None:
        self._ended[message.lease] = message
        if self._link is not None:
            self._link.say(message)

    async def _ask(self, account: str, lease: _Loan) -> Taken | Refused:
        while True:
            await self._ready.wait()
            if self._link is None:
                continue
            self._call += 1
            call = self._call
            answer: asyncio.Future[Taken | Refused] = asyncio.get_running_loop().create_future()
            self._calls[call] = answer
            self._link.say(
                Take(
                    call, lease.tenant.name, account, lease.model,
                    lease.prompt_tokens, lease.limit_tokens,
                )
            )  # fmt: skip
            try:
                told = await answer
            except ConnectionError:
                continue  # the ledger takes back what it may have given
            except asyncio.CancelledError:
                # The answer may be here already, or come: nobody wants it.
                if answer.done() and not answer.cancelled() and answer.exception() is None:
                    self._unwanted(answer.result())
                raise
            finally:
                self._calls.pop(call, None)
            return told

    def _unwanted(self, told: Taken | Refused) -> None:
        if isinstance(told, Taken):
            self._open.discard(told.lease)
            self._say_end(Release(told.lease))

    async def _keep(self) -> None:
        """Connect, again and again."""
        loop, pause_s = asyncio.get_running_loop(), _FIRST_S
        while True:
            self._gone.clear()
            try:
                _, link = await loop.create_unix_connection(
                    lambda: Link(self._heard, self._lost), str(self._path)
                )
            except OSError:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_S)
                continue
            pause_s = _FIRST_S
            self._link = link
            link.say(Hello(self._worker, [*self._open, *self._ended], self.unbooked))
            await self._gone.wait()

    def _heard(self, link: Link, data: bytes) -> None:
        message = to_worker(data)
        if isinstance(message, Taken | Refused):
            if isinstance(message, Taken):
                self._open.add(message.lease)
            waiting = self._calls.pop(message.call, None)
            if waiting is None or waiting.done():
                self._unwanted(message)
            else:
                waiting.set_result(message)
        elif isinstance(message, Closed):
            self._ended.pop(message.lease, None)
        elif isinstance(message, Keys):
            self._ring.replace(message.records, message.numbers)
            self._known.set()
        elif isinstance(message, State):
            self._figures = message.figures
        else:
            self._welcomed(link, message)

    def _welcomed(self, link: Link, message: Welcome) -> None:
        if message.ledger != self._ledger:
            # Another one: it has closed by rule what the one before had left open.
            self._ledger = message.ledger
            self._open.clear()
            self._ended.clear()
        for ended in self._ended.values():
            link.say(ended)
        self._ready.set()

    def _lost(self, link: Link) -> None:
        if self._link is not link:
            return
        self._link = None
        self._ready.clear()
        self._gone.set()
        if not self._closing:
            _log.warning("the ledger has gone; connecting again")
        calls, self._calls = self._calls, {}
        for answer in calls.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the ledger has gone"))
