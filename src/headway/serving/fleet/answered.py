"""What the metrics of engines tell of the requests that they answered of late."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.serving.fleet.member import Member
from headway.serving.fleet.view import Floats, Latencies
from headway.serving.fleet.window import SlidingSum

WINDOW_S = 60.0
"""Time over which engines take means."""


class Answered:
    """Means over the requests that each engine answered in the last minute.

    Nothing is kept before somebody asks for the first time.

    Parameters
    ----------
    members
        The engines.
    outcome
        What became of the requests.
    """

    def __init__(self, members: tuple[Member, ...], outcome: _core.Outcome) -> None:
        self._roles = tuple(member.role for member in members)
        self._outcome = outcome
        self._count = SlidingSum(WINDOW_S)
        self._sums = tuple(SlidingSum(WINDOW_S) for _ in range(5))
        self._is_asked = False

    def add(
        self, request: int, engine: int, at_s: float, *, sent_s: float, prompt_tokens: int
    ) -> None:
        """Take in a request that was answered, and when the engine was sent it."""
        if not self._is_asked:
            return
        scheduled_s, first_s, last_s = self._outcome.times(request)
        if self._roles[engine] == "decode":  # what was before happened elsewhere
            scheduled_s = first_s = sent_s
        output_tokens = self._outcome.generated(request)
        told = (scheduled_s - sent_s, first_s - scheduled_s, last_s - first_s)
        self._count.add(at_s, engine, 1.0)
        for one, value in zip(self._sums, (*told, prompt_tokens, output_tokens), strict=True):
            one.add(at_s, engine, value)

    def means(self, now_s: float) -> Latencies:
        """Return the means now."""
        self._is_asked = True
        n = len(self._roles)
        count = self._count.total(now_s, n)
        count[count == 0] = np.nan
        columns: list[Floats] = [one.total(now_s, n) / count for one in self._sums]
        return Latencies(*columns)
