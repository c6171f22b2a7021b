"""Engines of one kind, as a scaler has ordered them."""

from __future__ import annotations

from collections import deque

from headway.serving.fleet.decisions import Drain, Operation, Start
from headway.serving.fleet.view import ClusterView


class Replicas:
    """Which engines of a kind are to be there.

    Those that are ready at the first look are to be there; from then on, those ordered. One that
    fails still is: it comes back.

    Parameters
    ----------
    kind
        See `headway.serving.fleet.Member.kind`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._all: list[int] = []
        self._ordered: set[int] | None = None

    def look(self, cluster: ClusterView) -> tuple[int, int]:
        """Return how many are ready and how many are to be there."""
        if self._ordered is None:
            kinds = cluster.engines.kinds
            self._all = [k for k, kind in enumerate(kinds) if kind == self.kind]
            self._ordered = {k for k in self._all if cluster.ready[k]}
        return sum(bool(cluster.ready[k]) for k in self._ordered), len(self._ordered)

    def members(self) -> list[int]:
        """Return the numbers of all engines of the kind, ordered or not."""
        return self._all

    def scale(self, cluster: ClusterView, wanted: int) -> tuple[Operation, ...]:
        """Return what makes so many of them be there, or all that exist.

        An engine that is still emptying is called back before another is started. Those that are
        not ready go before others, then those with the fewest requests.
        """
        _, present = self.look(cluster)
        assert self._ordered is not None
        if wanted > present:
            idle = [k for k in self._all if k not in self._ordered]
            idle.sort(key=lambda k: (cluster.in_flight[k] == 0, k))
            started = idle[: wanted - present]
            self._ordered.update(started)
            return tuple(Start(k) for k in started)
        order = sorted(
            self._ordered, key=lambda k: (bool(cluster.ready[k]), int(cluster.in_flight[k]), -k)
        )
        drained = order[: present - wanted]
        self._ordered.difference_update(drained)
        return tuple(Drain(k) for k in drained)


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
