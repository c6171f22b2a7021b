"""Work that is done to its end, whoever is in a hurry."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def uncut(job: Coroutine[Any, Any, _T]) -> _T:
    """Do a job to its end; if this task is cancelled meanwhile, that is so afterwards.

    Nothing may come to run that nobody holds, or be let go before it has ended.
    """
    task = asyncio.ensure_future(job)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    this = asyncio.current_task()
    if cancelled and this is not None:
        this.cancel()
    return task.result()
