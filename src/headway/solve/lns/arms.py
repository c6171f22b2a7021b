"""Which neighbourhood next, and how large: learnt from what each has brought per effort."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from headway.model.tables import FOREVER
from headway.solve.lns.neighbourhoods import Neighbourhood

_MEMORY = 0.9
"""How much of what is known of a neighbourhood survives a trial."""

_CURIOSITY = 0.25
"""Share of trials that are spread evenly over all neighbourhoods."""

_FAST_GROWTH = 1.5
_GROWTH = 1.1
_SHRINKAGE = 0.9
_SMALLEST = 4

_OVERHEAD = 0.05
"""What a trial costs besides the search that CP-SAT counts."""

_REACHES = (0.1, math.inf)
"""How far tasks may move at most, as shares of the makespan."""


@dataclass(slots=True)
class Arm:
    """A neighbourhood with what has been learnt about it.

    Attributes
    ----------
    select
        The neighbourhood.
    reach
        How far any task may move, as a share of the makespan.
    size
        How many tasks it may free.
    gain, effort
        Improvements and effort spent, recent trials counting most.
    """

    select: Neighbourhood
    reach: float
    size: float
    gain: float = 1.0
    effort: float = 1.0

    def reach_within(self, makespan: int) -> int:
        """Return how far any task may move, in ticks."""
        return FOREVER if math.isinf(self.reach) else max(1, round(self.reach * makespan))


class Arms:
    """All neighbourhoods of a search, each with every reach.

    A neighbourhood is drawn in proportion to its improvements per effort. It grows while its parts
    are solved to the end, and shrinks while they are not: then a smaller part would have brought
    more.

    References
    ----------
    Ropke, Pisinger (2006), "An adaptive large neighborhood search heuristic for the pickup and
    delivery problem with time windows".
    """

    def __init__(self, neighbourhoods: list[Neighbourhood], size: int, largest: int) -> None:
        self._largest = largest
        size = min(size, largest)
        self._arms = [Arm(select, reach, size) for select in neighbourhoods for reach in _REACHES]

    def __len__(self) -> int:
        return len(self._arms)

    def draw(self, random: np.random.Generator) -> Arm:
        """Return the neighbourhood for the next trial."""
        rate = np.array([arm.gain / arm.effort for arm in self._arms])
        share = _CURIOSITY / len(rate) + (1 - _CURIOSITY) * rate / max(rate.sum(), 1e-12)
        return self._arms[int(random.choice(len(rate), p=share / share.sum()))]

    def learn(self, arm: Arm, *, better: bool, solved: bool, effort: float, allowed: float) -> None:
        """Note what a trial brought: a better schedule, and whether nothing better was left."""
        arm.gain = _MEMORY * arm.gain + better
        arm.effort = _MEMORY * arm.effort + effort + _OVERHEAD
        if solved:
            growth = _FAST_GROWTH if effort < allowed / 4 else _GROWTH
            arm.size = min(arm.size * growth, self._largest)
        elif not better:
            arm.size = max(arm.size * _SHRINKAGE, _SMALLEST)
