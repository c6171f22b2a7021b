"""Tasks that go on whatever they meet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)

_MOST_S = 60.0


async def kept(
    what: str,
    look: Callable[[], Awaitable[None]],
    failed: Callable[[], None] = lambda: None,
    *,
    pause_s: float = 0.25,
) -> None:
    """Look until cancelled, anew after an error that nobody has expected; said once in the log.

    Parameters
    ----------
    what
        For the log.
    look
        Returns only if it fails.
    failed
        Called after each error.
    pause_s
        After the first error; it doubles with each further one, up to a minute.
    """
    told = False
    while True:
        try:
            await look()
        except Exception:
            if not told:
                _log.exception("%s failed; it goes on", what)
            told = True
            failed()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _MOST_S)
