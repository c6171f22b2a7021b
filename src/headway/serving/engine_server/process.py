"""The process: engines at their ports, until somebody wants it to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from headway.serving.engine_server.server import EngineServer
from headway.serving.engine_server.settings import Settings

GRACE_S = 5.0
"""For answers under way when the process is to end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine listens.

    Parameters
    ----------
    number
        Of the engine.
    host, port
        Of its socket.
    """

    number: int
    host: str
    port: int


def several(settings: Settings, count: int) -> list[Settings]:
    """Return the settings of so many engines of a kind; addresses of events count up, too."""
    return [
        replace(
            settings,
            name=f"{settings.name}-{number}",
            number=number,
            kv_events=_moved(settings.kv_events, number),
            kv_replay=_moved(settings.kv_replay, number),
        )
        for number in range(count)
    ]


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    count: int = 1,
    tell: Callable[[Sequence[Place]], None],
    lifeline: int | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; then let answers end for some seconds.

    Parameters
    ----------
    settings
        Of the first engine.
    host, port
        Where the first engine listens; the others at the ports after it. Port 0: at free ones.
    count
        How many there are.
    tell
        Called with where they listen.
    lifeline
        Descriptor of a pipe at whose end the servers end, too: that of whoever has started them
        and may be killed. Windows has none.

    Raises
    ------
    EndpointError
        If an address is taken, or not ours.
    """
    job = _serve(several(settings, count), host, port, tell, lifeline)
    try:
        import uvloop
    except ImportError:
        asyncio.run(job)
    else:
        uvloop.run(job)


async def _serve(
    settings: Sequence[Settings],
    host: str,
    port: int,
    tell: Callable[[Sequence[Place]], None],
    lifeline: int | None,
) -> None:
    loop = asyncio.get_running_loop()
    ends = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows; Ctrl-C ends it there, too
            loop.add_signal_handler(sign, ends.set)
    if lifeline is not None:
        with suppress(NotImplementedError):
            loop.add_reader(lifeline, ends.set)
    servers: list[EngineServer] = []
    try:
        places = []
        for one in settings:
            servers.append(EngineServer(one))
            own = await servers[-1].start(host, port + one.number if port else 0)
            places.append(Place(one.number, *own))
        tell(places)
        await ends.wait()
        if lifeline is not None:
            with suppress(NotImplementedError):
                loop.remove_reader(lifeline)
    finally:
        await asyncio.gather(*[one.stop(GRACE_S) for one in servers])


def _moved(address: str | None, by: int) -> str | None:
    """Return an address with a port that is so much larger."""
    if address is None or not by:
        return address
    where, _, port = address.rpartition(":")
    return f"{where}:{int(port) + by}" if port.isdigit() else f"{address}-{by}"
