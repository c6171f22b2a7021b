"""Runs a command, and never leaves it alone: it ends when this process is told to, or is orphaned.

``python guardian.py GRACE_S COMMAND …`` runs COMMAND in a session of its own. It is told to
end (SIGTERM, after GRACE_S seconds SIGKILL, with all that it has started) when the standard
input of the guardian is closed, on SIGTERM, and when it has ended but left others behind. As the
gateway holds the other end of the standard input, that also happens when the gateway is killed. If
the guardian itself is killed, Linux kills the command.

It is a script of the standard library alone, so that it takes a hundredth of a second to start.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SET_DEATH_SIGNAL = 1
_SET_SUBREAPER = 36


def main(arguments: Sequence[str]) -> int:
    """Guard a command; return its exit status, or 128 and the number of the signal it died of."""
    grace_s, command = float(arguments[0]), list(arguments[1:])
    # What a child leaves behind becomes ours, so that it can be found and ended.
    _prctl(_SET_SUBREAPER, 1)
    told, tell = os.pipe()
    for end in (told, tell):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    child = _start(command)
    status = _watch(child, told)
    if status is None:
        status = _end(child, grace_s)
    _end_all(grace_s)
    return status


def _start(command: Sequence[str]) -> int:
    guardian = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != guardian:  # it died before we could ask to be told
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.execvp(command[0], tuple(command))  # noqa: S606 - that is the job
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _watch(child: int, told: int) -> int | None:
    """Return the status of a child that has ended, None if it is to be ended."""
    while True:
        readable, _, _ = select.select([0, told], [], [])
        if told in readable:
            numbers = os.read(told, 4096)
            status = _reap().get(child)
            if status is not None:
                return status
            if signal.SIGTERM in numbers or signal.SIGINT in numbers:
                return None
        if 0 in readable and not os.read(0, 4096):
            return None


def _end(child: int, grace_s: float) -> int:
    """Have a child end, by force if it takes too long."""
    _signal_group(child, signal.SIGTERM)
    until_s = time.monotonic() + grace_s
    while time.monotonic() < until_s:
        status = _reap().get(child)
        if status is not None:
            return status
        time.sleep(0.02)
    _signal_group(child, signal.SIGKILL)
    return 128 + signal.SIGKILL


def _end_all(grace_s: float) -> None:
    """End whatever is left of what the command has started, wherever it has gone."""
    until_s = time.monotonic() + grace_s
    number = signal.SIGTERM
    while left := _descendants():
        if time.monotonic() >= until_s:
            number = signal.SIGKILL
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        time.sleep(0.02)
        _reap()


def _reap() -> dict[int, int]:
    """Return the statuses of children that have ended."""
    found: dict[int, int] = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            ended = os.WIFSIGNALED(status)
            found[pid] = 128 + os.WTERMSIG(status) if ended else os.waitstatus_to_exitcode(status)
    return found


def _descendants() -> list[int]:
    """Return all processes that come from this one; none where there is no /proc."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            told = (folder / "stat").read_text().rpartition(")")[2].split()
            if told[0] != "Z":
                parents[int(folder.name)] = int(told[1])
    found: list[int] = []
    wave = [os.getpid()]
    while wave:
        wave = [pid for pid, parent in parents.items() if parent in wave]
        found += wave
    return found


def _signal_group(child: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, number)


def _prctl(option: int, value: int) -> None:
    """Ask Linux for something; other systems do without."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
