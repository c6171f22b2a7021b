"""Contexts that an engine computes again before their programs come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.agents.idle import Idle


@dataclass(frozen=True, slots=True)
class Prefetch:
    """Which contexts are worth being computed while nobody asks for them.

    An engine is only asked while it is empty and nobody waits for a context of it; the first
    request that comes ends the work with the step under way. What would not fit into the cache
    beside all that is worth more is left alone, and so is a program that will hardly come back.

    Parameters
    ----------
    returns
        Least probability that the program comes back.
    most
        Contexts that an engine is told of at once; it takes the first that is not there.

    References
    ----------
    SAGA (2026), speculative prefetch during tool calls; there contexts are copied, here, where no
    lower tier keeps them, they are computed.
    """

    returns: float = 0.5
    most: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.returns <= 1 or self.most < 1:
            raise ConfigError("prefetch: expected returns from 0 to 1 and most from 1 on")

    def wanted(self, ranked: Sequence[Idle]) -> tuple[tuple[int, int], ...]:
        """Return requests and tokens of contexts to compute, given those that fit, best first."""
        likely = (
            # Its last token has been said, and not been computed.
            (one.request, one.tokens - 1)
            for one in ranked
            if not one.answer.is_final and one.forecast.returns >= self.returns
        )
        return tuple(pair for pair, _ in zip(likely, range(self.most), strict=False))
