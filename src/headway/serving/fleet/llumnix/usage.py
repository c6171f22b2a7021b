"""How full an engine is: by what it holds, what it owes to its queue, and what it keeps free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.view import ClusterView, Floats

Queue = Literal["first", "all", "none"]

HEADROOM: Mapping[int, float] = MappingProxyType({-1: 0.4})
"""By default, 40 % of a cache stay free while a request more urgent than usual is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualUsage:
    """Memory that is as good as used, and the decode steps that the rest is good for.

    A running request uses what it holds. The head of the queue uses what it needs: an engine on
    which it does not fit is more than full, so that others move away and it does. An urgent request
    uses, besides what it holds, the headroom that keeps the batch small enough for it to be fast;
    urgent requests in one engine share it. An engine that is to stop is full without end.

    Parameters
    ----------
    headroom
        Shares of a cache by priority. A priority that is not named has the share of the next less
        urgent one that is; those less urgent than all named ones have none.
    queue
        Whose needs count: those of the head, of all, or of nobody.

    Raises
    ------
    ConfigError
        If a share is not from 0 to less than 1: a whole cache kept free is of no use.

    References
    ----------
    Sun et al. (2024), Llumnix: Dynamic Scheduling for Large Language Model Serving, OSDI.
    """

    headroom: Mapping[int, float] = field(default_factory=lambda: HEADROOM)
    queue: Queue = "first"

    def __post_init__(self) -> None:
        if self.queue not in ("first", "all", "none"):
            raise ConfigError(f"queue: expected first, all or none, got {self.queue!r}")
        try:
            shares = {int(k): float(share) for k, share in self.headroom.items()}
        except (AttributeError, TypeError, ValueError):
            raise ConfigError(
                f"headroom: expected shares by priority, got {self.headroom!r}"
            ) from None
        for priority, share in shares.items():
            if not 0 <= share < 1:
                raise ConfigError(f"headroom: expected shares from 0 to below 1, got {share}")
            shares[priority] = share
        object.__setattr__(self, "headroom", MappingProxyType(dict(sorted(shares.items()))))

    def blocks(self, cluster: ClusterView) -> Floats:
        """Return the blocks in use, infinitely many where an engine is to stop; shape (m,)."""
        total = cluster.engines.blocks
        used = total - cluster.free_blocks + self._kept_free(cluster)
        if self.queue == "first":
            used = used + cluster.wanted_blocks_first
        elif self.queue == "all":
            used = used + cluster.wanted_blocks
        if cluster.draining is not None:
            used = np.where(cluster.draining, np.inf, used)
        return used

    def freeness(self, cluster: ClusterView) -> Floats:
        """Return how many more tokens each request of a batch has room for; shape (m,).

        Negative where the head of the queue does not fit or an urgent request has too many
        neighbours, infinite where nobody is, minus infinity where an engine is to stop.
        """
        left = cluster.engines.blocks - self.blocks(cluster)
        batch = cluster.running + (cluster.waiting if self.queue == "all" else 0)
        steps = left * cluster.engines.block_tokens / np.maximum(batch, 1)
        is_empty = (cluster.in_flight == 0) & np.isfinite(steps)
        return np.where(is_empty, np.inf, steps)

    def _kept_free(self, cluster: ClusterView) -> Floats:
        """Return the headroom of the most urgent request of each engine."""
        kept = np.zeros(len(cluster.engines))
        if cluster.most_urgent is not None:
            for priority, share in sorted(self.headroom.items(), reverse=True):
                kept = np.where(cluster.most_urgent <= priority, share, kept)
        return kept * cluster.engines.blocks
