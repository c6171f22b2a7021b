"""Requests that an engine has failed wait until the budget has room to try them again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headway.serving.gateway.retry import RetryBudget
from headway.serving.gateway.usage import Clock

_LOOK_S = 0.25
"""Between two looks at the budget, which grows with the requests that come."""


class Turns:
    """Gives tries again their turn.

    Parameters
    ----------
    budget
        Of tries.
    most_s
        Longest wait.
    clock
        Seconds that never go back.
    """

    def __init__(self, budget: RetryBudget, most_s: float, clock: Clock) -> None:
        self._budget = budget
        self._most_s = most_s
        self._clock = clock
        self._waiting: dict[asyncio.Future[None], None] = {}  # in the order they came

    async def turn(self, worth: Callable[[], bool]) -> bool:
        """Return whether a try may be made, and count it if so.

        Parameters
        ----------
        worth
            Tells whether it is worth waiting: if nobody else could answer, it is not.
        """
        until_s = self._clock() + self._most_s
        while not self._budget.take(self._clock()):
            if self._clock() >= until_s or not worth():
                return False
            await self._next()
        return True

    def helped(self) -> None:
        """Hear that a try was answered: the next one may be made."""
        self._budget.helped(self._clock())
        while self._waiting:
            waiter = next(iter(self._waiting))
            del self._waiting[waiter]
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _next(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        try:
            await asyncio.wait([waiter], timeout=_LOOK_S)
        finally:
            waiter.cancel()
            self._waiting.pop(waiter, None)
