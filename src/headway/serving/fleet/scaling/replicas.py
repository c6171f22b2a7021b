"""Engines of one kind, as a scaler has ordered them."""

from __future__ import annotations

from collections import deque

from headway.serving.fleet.decisions import Drain, Operation, Start
from headway.serving.fleet.view import ClusterView


class Replicas:
    """Which engines of a kind are there, or have been ordered and not drained since.

    One that has failed counts: it comes back.

    Parameters
    ----------
    kind
        See `headway.serving.fleet.Member.kind`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def members(self, cluster: ClusterView) -> list[int]:
        """Return the numbers of all engines of the kind, there or not."""
        return [k for k, kind in enumerate(cluster.engines.kinds) if kind == self.kind]

    def ordered(self, cluster: ClusterView) -> list[int]:
        """Return the numbers of those that are to be there."""
        there = cluster.ready if cluster.up is None else cluster.up
        leave = cluster.draining
        return [
            k for k in self.members(cluster) if there[k] and not (leave is not None and leave[k])
        ]

    def ready(self, cluster: ClusterView) -> int:
        """Return how many take requests."""
        return sum(bool(cluster.ready[k]) for k in self.members(cluster))

    def scale(self, cluster: ClusterView, wanted: int) -> tuple[Operation, ...]:
        """Return what makes so many of them be there, or all that exist.

        An engine that is still emptying is called back before another is started. Those that are
        not ready go before others, then those with the fewest requests.
        """
        ordered = self.ordered(cluster)
        if wanted > len(ordered):
            idle = sorted(
                set(self.members(cluster)).difference(ordered),
                key=lambda k: (cluster.up is None or not cluster.up[k], k),
            )
            return tuple(Start(k) for k in idle[: wanted - len(ordered)])
        ordered.sort(key=lambda k: (bool(cluster.ready[k]), int(cluster.in_flight[k]), -k))
        return tuple(Drain(k) for k in ordered[: len(ordered) - wanted])


class Calm:
    """Holds a number back until it has been wanted for long enough.

    Parameters
    ----------
    up_s, down_s
        A number may grow to the least that was wanted within such a time, and fall to the most.
    """

    def __init__(self, up_s: float, down_s: float) -> None:
        self._up_s, self._down_s = up_s, down_s
        self._wanted: deque[tuple[float, int]] = deque()

    def settle(self, now_s: float, present: int, wanted: int) -> int:
        """Return the number to go for."""
        self._wanted.append((now_s, wanted))
        while self._wanted[0][0] < now_s - max(self._up_s, self._down_s):
            self._wanted.popleft()
        if wanted > present:
            return max(present, min(self._within(now_s - self._up_s)))
        return min(present, max(self._within(now_s - self._down_s)))

    def _within(self, since_s: float) -> list[int]:
        return [number for at_s, number in self._wanted if at_s >= since_s]
