"""Engines that are not there: ``headway engine`` processes in their place."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Self, TextIO

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.site import Site

_AT = re.compile(r" at (http://\S+)\s*$")
_END_S = 10.0


class SimulatedEngines:
    """A process for each of the fleet's kinds without addresses; ends them when it is left.

    Parameters
    ----------
    site
        What the gateway stands before.

    Attributes
    ----------
    processes
        By the names of their kinds.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._exits = ExitStack()
        self._words: dict[str, TextIO] = {}
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def start(self) -> tuple[Address, ...]:
        """Start them, and return the addresses of all engines, real ones included.

        Raises
        ------
        EndpointError
            If one of them does not come up; with its last words.
        """
        site = self._site
        needed = [
            member.kind
            for member, address in zip(site.members, site.addresses, strict=True)
            if address is None
        ]
        for kind in dict.fromkeys(needed):
            self._launch(kind, needed.count(kind))
        found = {kind: iter(self._places(kind, needed.count(kind))) for kind in self.processes}
        return tuple(
            next(found[member.kind]) if address is None else address
            for member, address in zip(site.members, site.addresses, strict=True)
        )

    def _launch(self, kind: str, count: int) -> None:
        command = (
            *(sys.executable, "-m", "headway", "engine", str(self._site.path)),
            *("--kind", kind, "--count", str(count), "--port", "0", "--lifeline"),
        )
        # Not a pipe: one that nobody reads is full some day, and who writes to it stands still.
        file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - the stack closes it
        words = self._exits.enter_context(file)
        self._words[kind] = words
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.PIPE,  # nothing comes of it but the end of this process
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            # Ctrl-C is for the gateway: engines end when its answers have.
            start_new_session=True,
        )
        self.processes[kind] = process
        self._exits.callback(_end, process)

    def _places(self, kind: str, count: int) -> Sequence[Address]:
        """Return where the engines of a process say they are."""
        process = self.processes[kind]
        assert process.stdout is not None
        found: list[Address] = []
        while len(found) < count:
            line = process.stdout.readline()
            if not line:
                process.wait()
                words = self._words[kind]
                words.seek(0)
                told = words.read().strip().splitlines()
                last = told[-1] if told else f"status {process.returncode}"
                raise EndpointError(f"engines {kind!r} did not start: {last}")
            match = _AT.search(line)
            if match is not None:
                found.append(Address.parse(match[1]))
        return found


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
