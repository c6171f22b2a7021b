"""Engines as processes of this machine, none of which outlives the gateway."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.scaling import guardian
from headway.serving.gateway.scaling.uncut import uncut

_LAST_LINES = 20
_MORE_S = 5.0
"""For the guardian, beyond the grace that it gives."""


class Processes:
    """Launches engines by a command, each behind a guardian.

    Parameters
    ----------
    command
        With ``{port}``, ``{host}``, ``{name}`` and ``{number}`` to be filled in.
    names
        Of engines, by number of their place.
    env
        Variables besides those of this process.
    host
        Where they are told to listen.
    stop_s
        From the request to end to the end by force, also when the gateway dies.
    """

    def __init__(
        self,
        command: Sequence[str],
        names: Mapping[int, str],
        *,
        env: Mapping[str, str],
        host: str,
        stop_s: float,
    ) -> None:
        self._command = tuple(command)
        self._names = dict(names)
        self._env = dict(env)
        self._host = host
        self._stop_s = stop_s

    async def launch(self, number: int) -> LocalEngine:
        """Launch that of a place, at a free port.

        Raises
        ------
        EndpointError
            If there is no process to be had.
        """
        name, port = self._names[number], free_port(self._host)
        words = filled(self._command, name=name, number=number, host=self._host, port=port)
        try:
            process = await uncut(
                asyncio.create_subprocess_exec(
                    *guarded(words, self._stop_s),
                    stdin=PIPE,
                    stdout=PIPE,
                    stderr=STDOUT,
                    env={**os.environ, **self._env},
                    start_new_session=True,  # Ctrl-C is for the gateway
                )
            )
        except OSError as error:
            raise EndpointError(f"{name}: {error}") from None
        return LocalEngine(name, process, Address(self._host, port))

    async def close(self) -> None:
        """Do nothing: there is nothing but engines."""


class LocalEngine:
    """An engine that runs in a process.

    Parameters
    ----------
    name
        Of the engine.
    process
        Its guardian.
    address
        Where it is.
    """

    def __init__(self, name: str, process: Process, address: Address) -> None:
        self.address = address
        self._name = name
        self._process = process
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """Of its guardian."""
        return self._process.pid

    async def ended(self) -> str:
        """Wait until it has ended by itself, and return why."""
        status = await self._process.wait()
        await asyncio.wait([self._reading], timeout=1.0)
        told = f": {self._lines[-1]}" if self._lines else ""
        return f"status {status}{told}"

    async def end(self, grace_s: float) -> None:
        """Have it end, by force if it takes longer."""
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(grace_s + _MORE_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._reading.cancel()

    async def _read(self) -> None:
        """Read what it says, so that it never has to wait for us."""
        assert self._process.stdout is not None
        log = logging.getLogger(f"headway.serving.engine.{self._name}")
        rest = b""
        while piece := await self._process.stdout.read(65_536):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-10_000:]
            for line in lines:
                told = line.decode("utf-8", "replace").rstrip()
                if told:
                    self._lines.append(told)
                    log.debug("%s", told)


def filled(
    command: Sequence[str], *, name: str, number: int, host: str, port: int
) -> tuple[str, ...]:
    """Return a command with its gaps filled in."""
    return tuple(word.format(name=name, number=number, host=host, port=port) for word in command)


def guarded(command: Sequence[str], grace_s: float) -> tuple[str, ...]:
    """Return what runs a command behind a guardian."""
    script = str(Path(guardian.__file__))
    return (sys.executable, "-I", "-S", script, f"{grace_s:g}", *command)


def free_port(host: str) -> int:
    """Return a port that nobody listens at now.

    Raises
    ------
    EndpointError
        If there is none.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind((host, 0))
            return int(sock.getsockname()[1])
    except OSError as error:
        raise EndpointError(f"{host}: no free port: {error}") from None


def own_engine(file: Path, kind: str) -> tuple[str, ...]:
    """Return the command of a simulated engine of a fleet's file."""
    return (
        *(
            sys.executable,
            "-m",
            "headway",
            "engine",
            str(file).replace("{", "{{").replace("}", "}}"),
        ),
        *("--kind", kind.replace("{", "{{").replace("}", "}}")),
        *("--host", "{host}", "--port", "{port}"),
    )
