"""A controller that moves requests from the fullest engines to those with the most room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Migrate, Operation
from headway.serving.fleet.llumnix.usage import HEADROOM, Queue, VirtualUsage
from headway.serving.fleet.view import ClusterView, Ints, Mask, Residents

IN_ABOVE = 1280.0
"""Freeness of engines that take requests."""


class Rebalance:
    """Pairs engines that will soon be full with free ones, and moves a request in each pair.

    The engine with the least freeness is paired with that with the most, and so on. Of two engines
    the first gives away a request that speaks: the least urgent, then the shortest, that the other
    has room for. An engine that is to stop gives away its queue, too. This makes room for the head
    of a queue that does not fit anywhere at once, spreads those that turned out to be long, keeps
    the neighbours of urgent requests few, and empties engines that are to stop.

    Parameters
    ----------
    out_below, in_above
        Who gives and who takes: freeness in tokens for each request, see `VirtualUsage`. An engine
        that is to stop gives to all that do not give themselves. Where caches are so small that
        `in_above` is never reached, nobody else is moved.
    period_s
        Time between two looks.
    rest_s
        Time in which a request is not moved again.
    headroom, queue
        See `VirtualUsage`.
    how
        See `headway.serving.fleet.Migrate`.
    careful
        Whether a request is moved only if its new engine is still the freer of the two with it, and
        still takes requests; engines that are to stop give away whatever fits.

    Raises
    ------
    ConfigError
        If a setting makes no sense.

    Notes
    -----
    O(engines) if nobody gives or nobody takes, else O(requests in engines).

    References
    ----------
    Sun et al. (2024), Llumnix: Dynamic Scheduling for Large Language Model Serving, OSDI. Its
    program pairs engines below and above one threshold, 3 blocks of 16 tokens for each request,
    ours for those that give. With all caches nearly full that moves requests to where they are
    thrown out; 80 blocks at those that take was the least that cost no tail in our tables.
    """

    name = "llumnix"

    def __init__(
        self,
        *,
        out_below: float = 48.0,
        in_above: float = IN_ABOVE,
        period_s: float = 0.05,
        rest_s: float = 1.0,
        headroom: Mapping[int, float] = HEADROOM,
        queue: Queue = "first",
        how: Literal["live", "copy", "recompute"] = "live",
        careful: bool = False,
    ) -> None:
        if not out_below <= in_above:
            raise ConfigError(f"in_above: expected at least out_below, got {in_above}")
        if not period_s > 0 or not rest_s >= 0:
            raise ConfigError("period_s, rest_s: expected times, the first above 0")
        if how not in ("live", "copy", "recompute"):
            raise ConfigError(f"how: expected live, copy or recompute, got {how!r}")
        self.period_s = period_s
        self._out_below, self._in_above = out_below, in_above
        self._rest_s = rest_s
        self._usage = VirtualUsage(headroom=headroom, queue=queue)
        self._how: Literal["live", "copy", "recompute"] = how
        self._careful = careful
        self._moved_s: dict[int, float] = {}

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return a move for each pair of engines, none in two of them."""
        free = self._usage.freeness(cluster)
        serves = cluster.engines.of_role("both", "decode")
        stops = np.isneginf(free)
        gives = serves & (cluster.ready | stops) & (cluster.in_flight > 0)
        gives &= free < self._out_below
        takes = serves & cluster.ready & (free > self._in_above)
        if stops.any():
            takes |= serves & cluster.ready & (free > self._out_below)
        if cluster.residents is None or not gives.any() or not takes.any():
            return ()
        there = cluster.residents()
        takers = [k for k in np.argsort(-free, kind="stable").tolist() if (takes & ~there.busy)[k]]
        self._forget(cluster.now_s)
        moves: list[Operation] = []
        for source in np.argsort(free, kind="stable").tolist():
            if not takers:
                break
            if not gives[source] or there.busy[source]:
                continue
            if not stops[source] and free[takers[0]] <= self._in_above:
                break
            may = self._movable(there, source, with_queue=bool(stops[source]))
            request = self._choice(cluster, there, may, source, takers[0])
            if request >= 0:
                self._moved_s[request] = cluster.now_s
                moves.append(Migrate(source, request, takers.pop(0), self._how))
        return tuple(moves)

    def _movable(self, there: Residents, source: int, *, with_queue: bool) -> Mask:
        """Return who may leave an engine, whoever takes them."""
        may: Mask = there.stage == Residents.DECODE
        if with_queue:
            may |= there.stage == Residents.QUEUED
        may &= (there.engine == source) & ~there.moving
        if self._moved_s:
            may &= ~np.isin(there.request, list(self._moved_s))
        return may

    def _choice(
        self, cluster: ClusterView, there: Residents, may: Mask, source: int, destination: int
    ) -> int:
        """Return who moves between two engines, -1 if nobody does."""
        size = cluster.engines.block_tokens
        blocks = -(-(there.blocks * size[source]) // size[destination])
        may = may & (blocks < cluster.free_blocks[destination])
        rows = np.flatnonzero(may)
        if self._careful and np.isfinite(self._usage.blocks(cluster)[source]):
            rows = rows[self._helps(cluster, there.blocks[rows], source, destination)]
        if not len(rows):
            return -1
        chosen = rows[np.lexsort((there.tokens[rows], -there.priority[rows]))[0]]
        return int(there.request[chosen])

    def _helps(self, cluster: ClusterView, blocks: Ints, source: int, destination: int) -> Mask:
        """Return whose leave makes engines more alike, and does not fill the one that takes."""
        engines, used = cluster.engines, self._usage.blocks(cluster)
        tokens = blocks * engines.block_tokens[source]
        left = (engines.blocks - used) * engines.block_tokens
        before = (left[source] + tokens) / max(int(cluster.running[source]) - 1, 1)
        after = (left[destination] - tokens) / (int(cluster.running[destination]) + 1)
        helps: Mask = (after > self._in_above) & (after > before)
        return helps

    def _forget(self, now_s: float) -> None:
        rests = self._moved_s.items()
        self._moved_s = {k: at_s for k, at_s in rests if now_s - at_s < self._rest_s}
