"""What a process may still do once it has been locked in: compute, and write to one pipe."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_UNKNOWN_SIZE = 4 << 30
_SILENT = ("object.", "array.", "builtins.", "code.", "gc.", "marshal.", "sys._getframe")
"""Audit events without effect on the world outside the process."""


def lock_in(pipe: int, *, cpu_s: float, memory_bytes: int) -> None:
    """Give up everything but computing and one pipe, for good.

    Parameters
    ----------
    pipe
        The file descriptor that stays open.
    cpu_s
        Seconds of processor time after which the system ends the process.
    memory_bytes
        What may be allocated beyond what there is now.

    Notes
    -----
    No file, socket or process can be opened, because no new file descriptor can be had; and every
    attempt is refused earlier, by a hook on Python's audit events that nothing can remove.
    """
    for low, high in ((0, pipe), (pipe + 1, 1 << 12)):
        os.closerange(low, high)
    size = _size()
    _limit("RLIMIT_AS", size + memory_bytes)
    _limit("RLIMIT_CPU", max(1, int(cpu_s) + 1))
    for name in ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC", "RLIMIT_NOFILE"):
        _limit(name, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    sys.addaudithook(_refuse)


def _limit(name: str, value: int) -> None:
    kind = getattr(resource, name, None)
    if kind is None:
        return  # the system does not know this limit
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (value, value))


def _size() -> int:
    """Return the size of the process's address space."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return _UNKNOWN_SIZE
    return int(pages) * _PAGE


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if not event.startswith(_SILENT):
        raise PermissionError(f"{event} is not let through")
