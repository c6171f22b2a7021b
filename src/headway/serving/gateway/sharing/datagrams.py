"""A channel between the workers of one machine: UNIX datagrams, each to all others."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from headway.errors import ConfigError

_log = logging.getLogger("headway.serving.gateway")

MOST_BYTES = 128 * 1024
"""Of a datagram."""

_AT_ONCE = 32
"""Datagrams that are read before others have their turn."""


class Datagrams:
    """Sends to the other workers whatever they can take now, and hears what they send.

    The queue of a worker that does not read is short; what does not fit is lost. One that is not
    there, or was started again, is no trouble.

    Parameters
    ----------
    folder
        In which each worker has a socket.
    worker, workers
        This one, and how many there are.

    Raises
    ------
    ConfigError
        If there can be no socket in the folder.
    """

    def __init__(self, folder: Path, worker: int, workers: int) -> None:
        paths = [str(folder / f"worker-{number}") for number in range(workers)]
        self._others = [path for number, path in enumerate(paths) if number != worker]
        self._path = Path(paths[worker])
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003 - there is no other way to say it
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, 8 * MOST_BYTES)
        self._path.unlink(missing_ok=True)
        try:
            self._socket.bind(paths[worker])
        except OSError as error:
            self._socket.close()
            raise ConfigError(f"{self._path}: {error.strerror or error}") from None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: Callable[[bytes], None] = lambda _: None

    def open(self, heard: Callable[[bytes], None]) -> None:
        """Hear from now on, in the loop that runs."""
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def send(self, data: bytes) -> int:
        """Send to all others; return how many could not take it."""
        missed = 0
        for path in self._others:
            try:
                self._socket.sendto(data, path)
            except (FileNotFoundError, ConnectionRefusedError):
                continue  # it is not there, and has nothing to learn with
            except OSError:
                missed += 1
        return missed

    def close(self) -> None:
        """Hear no more."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data = self._socket.recv(MOST_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                _log.exception("the other workers cannot be heard")
                return
            self._heard(data)
