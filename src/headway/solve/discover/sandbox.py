"""Trying programs without trusting them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from headway.errors import UnsupportedError
from headway.solve.discover import warden
from headway.solve.discover.program import ProgramError
from headway.solve.single.classes import Instance


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run of a program may use.

    Parameters
    ----------
    cpu_s
        Seconds of processor time.
    memory_mb
        Megabytes beyond those of an empty process.
    penalty
        What each order that is no permutation of the jobs costs at least.
    """

    cpu_s: float = 30.0
    memory_mb: int = 512
    penalty: int = 100_000


class Sandbox:
    """A process that runs programs on sets of instances; a context manager.

    Parameters
    ----------
    sets
        Instances by the name of their set, all of one set with the same number of jobs.
    limits
        What one run may use.

    Raises
    ------
    UnsupportedError
        On systems that cannot lock a process in.
    """

    def __init__(self, sets: Mapping[str, Sequence[Instance]], limits: Limits) -> None:
        if not hasattr(sys, "getwindowsversion"):
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-c", f"from {warden.__name__} import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the program that asked, not for this one
            )
        else:
            raise UnsupportedError("programs of others are only run where they can be locked in")
        rows = {
            name: ([i.work.tolist() for i in group], [i.due.tolist() for i in group])
            for name, group in sets.items()
        }
        assert self._process.stdin is not None
        warden.write(
            self._process.stdin,
            warden.Setup(rows, limits.cpu_s, limits.memory_mb << 20, limits.penalty),
        )

    def run(self, text: str, on: str) -> list[int]:
        """Return the total tardiness of a program's order of each instance of a set.

        Raises
        ------
        ProgramError
            If it does not pass the gate, breaks a limit or fails.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            warden.write(self._process.stdin, warden.Request(text, on))
            message = warden.read(self._process.stdout)
        except UnicodeEncodeError as error:
            raise ProgramError(f"not text: {error.reason}") from None
        except BrokenPipeError:
            message = None
        if message is None:
            raise ProgramError("the process that runs programs is gone")
        answer = msgspec.json.decode(message, type=warden.Answer)
        if answer.error:
            raise ProgramError(answer.error)
        return answer.totals

    def kill(self) -> None:
        """End the process and the program it runs; `run` in another thread returns at once."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and let go of it."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # a request that was never read
                    stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
