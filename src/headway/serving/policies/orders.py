"""Orders of the queue that look at nothing but the requests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headway.serving.engine import Policy, Visible
from headway.simulate import Streams

Floats = NDArray[np.float64]


class FirstCome(Policy):
    """First come, first served."""

    name = "FCFS"


class LongestOutputFirst(Policy):
    """Most output tokens asked for first."""

    name = "LOF"

    def key(self, requests: Visible) -> Floats:
        """Return the place of each request in the queue."""
        return -requests.limit_tokens.astype(np.float64)


class PriorityFirst(Policy):
    """Most urgent first; among equals, first come, first served."""

    name = "PRIORITY"

    def key(self, requests: Visible) -> Floats:
        """Return the place of each request in the queue."""
        return requests.priority.astype(np.float64)


class RandomOrder(Policy):
    """In an order drawn at random.

    Parameters
    ----------
    seed
        Of the order.
    """

    name = "RANDOM"

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed

    def key(self, requests: Visible) -> Floats:
        """Return the place of each request in the queue."""
        return Streams(self._seed).of("order of the queue").random(len(requests.arrival_s))
