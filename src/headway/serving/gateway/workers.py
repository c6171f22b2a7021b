"""Processes that share a gateway's port: started, watched, started again, and ended together."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from headway.errors import HeadwayError

_log = logging.getLogger("headway.serving.gateway")

Job = Callable[["Lifeline"], None]
"""What a process does; it returns when it has been told to end."""

_PAUSE_S = 0.1
_MOST_PAUSE_S = 5.0
_STABLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Lifeline:
    """Two pipes between a process and those it was forked from.

    Attributes
    ----------
    parent
        To be read: it is at its end as soon as the supervisor is gone.
    ready
        To be written to, once, when the process can do its work.
    """

    parent: int
    ready: int

    def is_ready(self) -> None:
        """Tell the supervisor."""
        with suppress(OSError):
            os.write(self.ready, b".")


@dataclass(slots=True)
class _Child:
    name: str
    job: Job
    ended: Callable[[], None]
    pid: int = 0
    since_s: float = 0.0
    pause_s: float = _PAUSE_S
    due_s: float = 0.0


class Supervisor:
    """Keeps processes running until SIGTERM or SIGINT comes.

    They are forked: it has no threads and no event loop, and is to be used by the main thread.

    Parameters
    ----------
    grace_s
        Time to end after a signal; then they are killed.
    """

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._children: list[_Child] = []
        self._stopping = False
        self._life = os.pipe()
        self._ready = os.pipe()
        self._wake = os.pipe()
        os.set_blocking(self._wake[1], False)

    def add(self, name: str, job: Job, ended: Callable[[], None] = lambda: None) -> None:
        """Have a process run a job.

        Parameters
        ----------
        name
            For the log.
        job
            In the process.
        ended
            Called here when it has died, before another one is started in its place.
        """
        self._children.append(_Child(name, job, ended))

    def run(self, ready: Callable[[], None]) -> None:
        """Start all, and return when all have ended.

        Parameters
        ----------
        ready
            Called once all are ready.

        Raises
        ------
        HeadwayError
            If one ends before all are ready.
        """
        before = {
            number: signal.signal(number, self._told)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        }
        woken = signal.set_wakeup_fd(self._wake[1])
        try:
            for child in self._children:
                self._start(child)
            self._keep(ready)
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in (*self._life, *self._ready, *self._wake):
                os.close(end)

    def _told(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if number != signal.SIGCHLD:
            self._stopping = True

    def _keep(self, ready: Callable[[], None]) -> None:
        """Start again who dies; once it is to end, wait until all have."""
        missing = len(self._children)
        until_s = 0.0
        failed = ""
        while True:
            now_s = time.monotonic()
            if self._stopping and not until_s:
                until_s = now_s + self._grace_s
                self._signal(signal.SIGTERM)
            if self._stopping and not any(child.pid for child in self._children):
                if failed:
                    raise HeadwayError(f"{failed} could not start; it has said why")
                return
            if until_s and now_s >= until_s:
                self._signal(signal.SIGKILL)
            if not self._stopping:
                for child in self._children:
                    if not child.pid and child.due_s <= now_s:
                        self._start(child)
            readable, _, _ = select.select([self._wake[0], self._ready[0]], [], [], 0.1)
            if self._wake[0] in readable:
                os.read(self._wake[0], 4096)
            if self._ready[0] in readable:
                told = len(os.read(self._ready[0], 4096))
                missing -= told
                if missing <= 0 < missing + told:
                    ready()
            ended = self._bury()
            if ended and missing > 0 and not self._stopping:
                failed, self._stopping = ended, True

    def _start(self, child: _Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child.since_s = time.monotonic()
        pid = os.fork()
        if pid:
            child.pid = pid
            return
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._life[1])
            child.job(Lifeline(self._life[0], self._ready[1]))
            status = 0
        except HeadwayError as error:
            _log.critical("%s: %s", child.name, error)
        except BaseException:  # whatever it is, this process ends here
            _log.critical("%s has failed", child.name, exc_info=True)
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _bury(self) -> str:
        """Note who has ended; return the name of one of them."""
        name = ""
        for child in self._children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            child.pid, name = 0, child.name
            child.ended()
            if self._stopping:
                continue
            now_s = time.monotonic()
            stable = now_s - child.since_s > _STABLE_S
            child.pause_s = _PAUSE_S if stable else min(2 * child.pause_s, _MOST_PAUSE_S)
            child.due_s = now_s + child.pause_s
            _log.error("%s has ended (%s) and is started again", child.name, _how(status))
        return name

    def _signal(self, number: int) -> None:
        for child in self._children:
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"status {os.waitstatus_to_exitcode(status)}"
