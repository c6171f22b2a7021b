"""The ledger of several workers: one process counts, the others ask it over a UNIX socket."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.ledger import Booked
from headway.serving.gateway.accounts.local import LocalAccounts, News
from headway.serving.gateway.accounts.messages import (
    Closed,
    Hello,
    Keys,
    Link,
    Look,
    Refused,
    Release,
    Settle,
    State,
    Take,
    Taken,
    Told,
    Welcome,
    to_ledger,
)
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.errors import Refusal

_log = logging.getLogger(__name__)


_TICK_S = 0.5


@dataclass(eq=False, slots=True)
class _Session:
    """A worker, over all its connections."""

    worker: str
    leases: dict[int, Booked] = field(default_factory=dict)
    link: Link | None = None
    expiry: asyncio.TimerHandle | None = None
    unbooked: int = 0


class LedgerServer:
    """Gives and closes leases for workers. Made in a running loop.

    A worker that loses its connection may come back within a while, and finds its leases as they
    were. One that does not is dead: its leases are closed by rule.

    Parameters
    ----------
    accounts
        Of this process.
    counts
        Whether leases of the dead count as used up; otherwise they count for nothing.
    grace_s
        How long a worker may be away.
    """

    def __init__(
        self, accounts: LocalAccounts, *, counts: bool = True, grace_s: float = 5.0
    ) -> None:
        self._accounts = accounts
        self._loop = asyncio.get_running_loop()
        self._counts = counts
        self._grace_s = grace_s
        self._name = secrets.token_hex(8)
        self._sessions: dict[str, _Session] = {}
        self._links: dict[Link, _Session | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._closing = False
        self._unbooked = 0
        self._told = Figures()
        self._ticker: asyncio.TimerHandle | None = None
        accounts.on_news = self._tell

    async def start(self, path: Path) -> None:
        """Listen at a path, which nobody else may open.

        Raises
        ------
        OSError
            If that cannot be.
        """
        with suppress(FileNotFoundError):
            path.unlink()  # of one that was killed; the store says that nobody else is at work
        self._server = await self._loop.create_unix_server(self._link, str(path))
        path.chmod(0o600)
        self._path = path
        self._tick()

    def figures(self) -> Figures:
        """Return how accounts are doing, those of all workers."""
        unbooked = self._unbooked + sum(one.unbooked for one in self._sessions.values())
        return msgspec.structs.replace(self._accounts.figures(), unbooked=unbooked)

    async def stop(self) -> None:
        """Listen no more, and close the leases of all workers by rule."""
        self._closing = True
        if self._ticker is not None:
            self._ticker.cancel()
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in list(self._sessions.values()):
            self._bury(session)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _link(self) -> Link:
        link = Link(self._heard, self._lost)
        self._links[link] = None
        return link

    def _heard(self, link: Link, data: bytes) -> None:
        message = to_ledger(data)
        if isinstance(message, Hello):
            self._greet(link, message)
            return
        if isinstance(message, Look):
            if message.reload:
                self._accounts.look()
            link.say(Told(self.figures(), self._accounts.standings(self._loop.time())))
            return
        session = self._links[link]
        if session is None:
            raise ValueError("a worker that did not say who it is")
        if isinstance(message, Take):
            self._take(session, link, message)
        else:
            self._close(session, message)
            link.say(Closed(message.lease))

    def _greet(self, link: Link, hello: Hello) -> None:
        session = self._sessions.setdefault(hello.worker, _Session(hello.worker))
        if session.expiry is not None:
            session.expiry.cancel()
            session.expiry = None
        if session.link is not None:
            self._links[session.link] = None
            session.link.close()
        session.link = link
        self._links[link] = session
        # Of these it has not heard: the answer was lost, and no request was sent.
        for number in session.leases.keys() - set(hello.leases):
            self._accounts.release(session.leases.pop(number))
        session.unbooked = hello.unbooked
        link.say(Welcome(self._name))
        link.say(State(self.figures()))
        news = self._accounts.news
        link.say(Keys(news.keys, dict(news.numbers)))

    def _take(self, session: _Session, link: Link, asked: Take) -> None:
        tenant = Holder(name=asked.tenant, account=asked.account)
        now_s = self._loop.time()
        lease = self._accounts.take(
            tenant, asked.model, asked.prompt_tokens, asked.limit_tokens, now_s
        )
        if isinstance(lease, Refusal) or lease.is_covered:
            self._answer(session, link, asked.call, lease)
            return
        task = self._loop.create_task(self._cover(session, link, asked.call, lease))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _cover(self, session: _Session, link: Link, call: int, lease: Booked) -> None:
        self._answer(session, link, call, await self._accounts.cover(lease))

    def _answer(self, session: _Session, link: Link, call: int, lease: Booked | Refusal) -> None:
        if isinstance(lease, Refusal):
            told = (lease.message, lease.code, lease.param, lease.retry_after_s, lease.limits)
            link.say(Refused(call, lease.status, *told))
        elif session.link is not link or session.worker not in self._sessions:
            # It has gone meanwhile, and would not know this lease when it comes back.
            self._accounts.release(lease)
        else:
            session.leases[lease.number] = lease
            link.say(Taken(call, lease.number, lease.headers))

    def _close(self, session: _Session, message: Settle | Release) -> None:
        lease = session.leases.pop(message.lease, None)
        if lease is None:
            return  # said twice, as the first answer was lost
        if isinstance(message, Settle):
            used = (message.prompt_tokens, message.output_tokens, message.cached_tokens)
            self._accounts.settle(lease, *used)
        else:
            self._accounts.release(lease)

    def _lost(self, link: Link) -> None:
        session = self._links.pop(link, None)
        if session is None or session.link is not link or self._closing:
            return
        session.link = None
        session.expiry = self._loop.call_later(self._grace_s, self._bury, session)

    def _bury(self, session: _Session) -> None:
        self._sessions.pop(session.worker, None)
        self._unbooked += session.unbooked
        if session.leases:
            _log.warning(
                "worker %s has died with %d requests under way", session.worker, len(session.leases)
            )
        for lease in session.leases.values():
            if self._counts:
                self._accounts.ledger.forfeit(lease)
            else:
                self._accounts.release(lease)
        session.leases.clear()

    def _tick(self) -> None:
        """Tell workers how accounts are doing, if that has changed."""
        figures = self.figures()
        if figures != self._told:
            self._told = figures
            for link, session in self._links.items():
                if session is not None:
                    link.say(State(figures))
        self._ticker = self._loop.call_later(_TICK_S, self._tick)

    def _tell(self, news: News) -> None:
        for link, session in self._links.items():
            if session is not None:
                link.say(Keys(news.keys, dict(news.numbers)))
