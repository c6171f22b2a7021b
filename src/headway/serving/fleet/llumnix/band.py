"""A scaler that keeps the freeness of a fleet within a band."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Drain, Operation, Start
from headway.serving.fleet.llumnix.usage import HEADROOM, VirtualUsage
from headway.serving.fleet.view import ClusterView


class FreenessBand:
    """Starts an engine if those there are too full, and stops one if they are too free.

    One in each look; those that were ordered count as empty ones before they are there. Of engines
    that are to stop the fullest is taken back before one is started. The engine with the fewest
    running requests is stopped; `Rebalance` empties it.

    Parameters
    ----------
    low, high
        The band: freeness in tokens for each request, see `VirtualUsage`.
    period_s
        Time between two looks.
    least, most
        Bounds of the number of engines; all there are by default.
    headroom
        See `VirtualUsage`.

    Raises
    ------
    ConfigError
        If a setting makes no sense.

    Notes
    -----
    Freeness is that of all engines together, the whole queues included: the mean of engines'
    freeness by their batches. In a plain mean a single engine that is nearly empty would outweigh
    any number of full ones. Engines that are to stop are no part of it.

    References
    ----------
    Sun et al. (2024), Llumnix: Dynamic Scheduling for Large Language Model Serving, OSDI. The band
    is that of its program, 10 to 60 blocks of 16 tokens for each request.
    """

    name = "freeness-band"

    def __init__(
        self,
        *,
        low: float = 160.0,
        high: float = 960.0,
        period_s: float = 10.0,
        least: int = 1,
        most: int | None = None,
        headroom: Mapping[int, float] = HEADROOM,
    ) -> None:
        if not low < high:
            raise ConfigError(f"high: expected more than low, got {high}")
        if not period_s > 0:
            raise ConfigError(f"period_s: expected more than 0, got {period_s}")
        if least < 1 or (most is not None and most < least):
            raise ConfigError(f"least, most: expected 1 <= least <= most, got {least} and {most}")
        self.period_s = period_s
        self._low, self._high = low, high
        self._least, self._most = least, most
        self._usage = VirtualUsage(headroom=headroom, queue="all")
        self._ordered: set[int] = set()

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return at most one start or drain."""
        ready = cluster.ready
        up = ready if cluster.up is None else cluster.up
        stops = np.zeros_like(ready) if cluster.draining is None else cluster.draining
        self._ordered = {k for k in self._ordered if up[k] and not ready[k]}
        wanted = int((up & ~stops).sum())
        most = len(ready) if self._most is None else self._most
        mean = self.mean(cluster)
        if (mean < self._low or not (ready.any() or self._ordered)) and wanted < most:
            return self._start(cluster, up & stops, ~up)
        if mean > self._high and ready.sum() > self._least and not self._ordered:
            running = np.where(ready, cluster.running, np.iinfo(np.int64).max)
            return (Drain(int(running.argmin())),)
        return ()

    def mean(self, cluster: ClusterView) -> float:
        """Return the freeness of engines that take requests, or will, all together."""
        counts = cluster.ready.copy()
        counts[list(self._ordered)] = True
        left = cluster.engines.blocks - self._usage.blocks(cluster)
        batch = int((cluster.running + cluster.waiting)[counts].sum())
        return float((left * cluster.engines.block_tokens)[counts].sum() / max(batch, 1))

    def _start(
        self, cluster: ClusterView, stops: np.ndarray, off: np.ndarray
    ) -> tuple[Operation, ...]:
        if stops.any():
            return (Start(int(np.where(stops, cluster.running, -1).argmax())),)
        if off.any():
            chosen = int(off.argmax())
            self._ordered.add(chosen)
            return (Start(chosen),)
        return ()
