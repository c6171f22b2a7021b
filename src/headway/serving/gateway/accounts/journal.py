"""Writes what happens to the store, in one thread of its own, many entries at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from headway.serving.gateway.accounts.database import StoreError
from headway.serving.gateway.accounts.pending import Covered, Pending, Used
from headway.serving.gateway.accounts.store import Store

_log = logging.getLogger(__name__)

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[bool]"]


class _Bell:
    """Wakes one thread: what `threading.Event` does, at a tenth of its price."""

    __slots__ = ("_silent",)

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """End the next wait, or the one that is on."""
        if self._silent.locked():
            with suppress(RuntimeError):  # another thread was faster
                self._silent.release()

    def wait(self, timeout_s: float) -> None:
        """Wait until it has rung since the last time, or for so long."""
        self._silent.acquire(timeout=timeout_s)


class Journal:
    """Takes entries without waiting, and tells those who wait when theirs are written.

    While the store fails, entries are gathered in memory, nobody waits, and it is tried again
    until it works.

    Parameters
    ----------
    store
        Where they go; used by the thread only, from `start` on.
    node
        Who writes.
    linger_s
        How long to gather entries that nobody waits for.
    retry_s
        Between two attempts at a store that fails.
    idle_s
        How often `on_idle` is called at least.
    on_idle
        Called in the thread, with the store, about every `idle_s`; for news in the store.
    on_written
        Called in the thread, with what was written.

    Attributes
    ----------
    healthy
        Whether the store took the last batch.
    failures, batches, entries
        How often it did not, how often it did, and what it took.
    """

    def __init__(
        self,
        store: Store,
        node: str,
        *,
        linger_s: float = 0.02,
        retry_s: float = 1.0,
        idle_s: float = 1.0,
        on_idle: Callable[[Store], None] | None = None,
        on_written: Callable[[Pending], None] | None = None,
    ) -> None:
        self.healthy = True
        self.failures = 0
        self.batches = 0
        self.entries = 0
        self._store = store
        self._node = node
        self._linger_s = linger_s
        self._retry_s = retry_s
        self._idle_s = idle_s
        self._on_idle = on_idle
        self._on_written = on_written
        self._fresh: deque[Covered | Used | _Waiter] = deque()
        self._work = _Bell()
        self._hurry = _Bell()
        self._next = Pending()
        self._current = Pending()
        self._waiters: list[_Waiter] = []
        self._next_waiters: list[_Waiter] = []
        self._batch = store.batch(node)
        self._stopping = False
        self._is_asked = False
        self._thread: threading.Thread | None = None

    def note(self, entry: Covered | Used) -> None:
        """Take an entry, without waiting."""
        self._fresh.append(entry)
        self._work.ring()

    def written(self) -> asyncio.Future[bool]:
        """Return what comes true once all entries so far are written, false if that fails."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        if not self.healthy:
            future.set_result(False)
            return future
        self._fresh.append((loop, future))
        self._hurry.ring()
        self._work.ring()
        return future

    def look(self) -> None:
        """Have `on_idle` called at once."""
        self._is_asked = True
        self._hurry.ring()
        self._work.ring()

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name="accounts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what there is, end the thread, and let go of the store."""
        self._stopping = True
        self._work.ring()
        self._hurry.ring()
        if self._thread is not None:
            self._thread.join()
        if not self.flush():
            _log.error("the gateway ends, and what was used last could not be written")
        self._store.close()

    def flush(self) -> bool:
        """Write until nothing is left, and return whether that worked.

        For the thread, and for those who have not started it.
        """
        while self.write():
            if not (self._fresh or self._next or self._next_waiters):
                return True
        return False

    def write(self) -> bool:
        """Write what has come so far, or what could not be written, and return whether it worked.

        Until a batch is written, later entries make the next one: if nobody can say whether it was
        written, it must be tried again as it is.
        """
        self._gather()
        if not self._current:
            self._current, self._next = self._next, Pending()
            self._waiters, self._next_waiters = self._next_waiters, []
        if self._current:
            try:
                self._store.write(self._node, self._batch + 1, self._current)
            except StoreError as error:
                self._failed(error)
                return False
            self._batch += 1
            self._succeeded()
            if self._on_written is not None:
                self._on_written(self._current)
            self._current = Pending()
        _tell(self._waiters, written=True)
        self._waiters = []
        if self._next:
            self._work.ring()
        return True

    def _run(self) -> None:
        asked_s = time.monotonic()
        while not self._stopping:
            self._work.wait(self._idle_s if self.healthy else self._retry_s)
            self._hurry.wait(self._linger_s if self.healthy else self._retry_s)
            self.write()
            is_due = self._is_asked or time.monotonic() >= asked_s + self._idle_s
            if self._on_idle is not None and is_due:
                asked_s, self._is_asked = time.monotonic(), False
                self._ask(self._on_idle)

    def _ask(self, on_idle: Callable[[Store], None]) -> None:
        try:
            on_idle(self._store)
        except StoreError as error:
            _log.warning("the store of accounts cannot be read: %s", error)

    def _gather(self) -> None:
        for _ in range(len(self._fresh)):
            entry = self._fresh.popleft()
            if isinstance(entry, Covered | Used):
                self._next.add(entry)
                self.entries += 1
            else:
                self._next_waiters.append(entry)

    def _failed(self, error: StoreError) -> None:
        self.failures += 1
        if self.healthy:
            self.healthy = False
            _log.error("usage cannot be written, entries are kept in memory: %s", error)
        _tell(self._waiters + self._next_waiters, written=False)
        self._waiters, self._next_waiters = [], []

    def _succeeded(self) -> None:
        self.batches += 1
        if not self.healthy:
            self.healthy = True
            _log.warning("usage is written again")


def _tell(waiters: list[_Waiter], *, written: bool) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[bool]]] = {}
    for loop, future in waiters:
        by_loop.setdefault(loop, []).append(future)
    for loop, futures in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, futures, written)


def _resolve(futures: list[asyncio.Future[bool]], written: bool) -> None:  # noqa: FBT001
    for one in futures:
        if not one.done():
            one.set_result(written)
