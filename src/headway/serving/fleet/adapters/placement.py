"""Placers: on which engine an adapter is loaded that none has, or too few have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Controller, LoadAdapter, Operation, UnloadAdapter
from headway.serving.fleet.routing.pipeline import candidates
from headway.serving.fleet.view import Adapters, ClusterView, Floats, Ints, RequestView


@runtime_checkable
class Placer(Controller, Protocol):
    """A controller that also says where an adapter is to be loaded as soon as one is missing."""

    def needed(self, cluster: ClusterView, request: RequestView) -> tuple[Operation, ...]:
        """Return what is to be done for a request whose adapter no engine has that could serve it.

        Called when the request comes, and again while nobody is loading it.
        """
        ...


Strategy = Callable[[ClusterView, Adapters, Ints, np.random.Generator], Floats]
"""Returns the cost of loading one more on each of some engines; the smallest wins."""


def random(
    cluster: ClusterView,  # noqa: ARG001 - as other strategies
    adapters: Adapters,  # noqa: ARG001
    among: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Return costs by lot."""
    return rng.random(len(among))


def least_adapters(
    cluster: ClusterView,  # noqa: ARG001
    adapters: Adapters,
    among: Ints,
    rng: np.random.Generator,  # noqa: ARG001
) -> Floats:
    """Return how many adapters each has."""
    return adapters.resident[among].astype(np.float64)


def bin_pack(
    cluster: ClusterView,  # noqa: ARG001
    adapters: Adapters,
    among: Ints,
    rng: np.random.Generator,  # noqa: ARG001
) -> Floats:
    """Return how many more each could hold: the fullest that still has room is filled first."""
    return adapters.room[among].astype(np.float64)


def least_latency(
    cluster: ClusterView,
    adapters: Adapters,  # noqa: ARG001
    among: Ints,
    rng: np.random.Generator,  # noqa: ARG001
) -> Floats:
    """Return how long a request would be there, in measures that engines publish.

    A batch that is full keeps the others waiting for as many rounds as the queue has batches, and
    the time of a step grows with the batch; so this is the requests there over the largest batch.
    """
    there = cluster.running[among] + cluster.waiting[among]
    return there / cluster.engines.max_sequences[among]


class Placement:
    """Loads an adapter where a strategy wants it: a missing one at once, a popular one once more.

    Engines with room come first; if there are none, those that can give up an idle adapter. Where
    the strategy sees no difference, the engine whose idle adapter was used longest ago is taken,
    then one by lot.

    Parameters
    ----------
    name
        What tables call it.
    strategy
        One of `random`, `least_adapters`, `bin_pack`, `least_latency`.
    spread
        Requests for an adapter that one engine is to have in flight; of more, another engine loads
        it, too. None: each adapter is on one engine.
    idle_s
        An adapter is given up that an engine has not used for so long; None: only when another one
        needs its place.
    period_s
        Time between two looks.
    seed
        Of the lot.

    Raises
    ------
    ConfigError
        If a setting cannot be.

    Notes
    -----
    O(engines * adapters) in numpy for one that is missing and for a look. All it knows stands in
    the view.

    References
    ----------
    AIBrix (2025), schedulers of its model-adapter controller: random, least adapters, bin pack,
    least latency.
    """

    def __init__(
        self,
        name: str,
        strategy: Strategy,
        *,
        spread: int | None = 16,
        idle_s: float | None = None,
        period_s: float = 1.0,
        seed: int = 0,
    ) -> None:
        if spread is not None and spread < 1:
            raise ConfigError(f"spread: expected at least 1, got {spread}")
        if idle_s is not None and not idle_s > 0:
            raise ConfigError(f"idle_s: must be positive, got {idle_s}")
        if not period_s > 0:
            raise ConfigError(f"period_s: must be positive, got {period_s}")
        self.name = name
        self.period_s = period_s
        self._strategy = strategy
        self._spread = spread
        self._idle_s = idle_s
        self._rng = np.random.default_rng(seed)

    def needed(self, cluster: ClusterView, request: RequestView) -> tuple[Operation, ...]:
        """Return the load of the adapter that a request lacks, nothing if no engine can take it."""
        if request.adapter is None or cluster.adapters is None:
            return ()
        return self._load(cluster, request)

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return what is given up, and loads of adapters that too few engines have."""
        adapters = cluster.adapters
        if adapters is None:
            return ()
        names = list(adapters.index)
        found: list[Operation] = []
        if self._idle_s is not None:
            unused = adapters.idle & (adapters.used_s < cluster.now_s - self._idle_s)
            pairs = zip(*(where.tolist() for where in np.nonzero(unused)), strict=True)
            found += [UnloadAdapter(engine, names[row]) for row, engine in pairs]
        if self._spread is not None:
            there = (adapters.held | adapters.loading).sum(axis=1)
            popular = (there > 0) & (adapters.in_use.sum(axis=1) > self._spread * there)
            for row in np.flatnonzero(popular).tolist():
                like = RequestView(-1, cluster.now_s, 0, 0, 0, 0, np.inf, adapter=names[row])
                found += self._load(cluster, like)
        return tuple(found)

    def _load(self, cluster: ClusterView, request: RequestView) -> tuple[Operation, ...]:
        adapters, adapter = cluster.adapters, request.adapter
        assert adapters is not None
        assert adapter is not None
        row = adapters.row(adapter)
        may = candidates(cluster, replace(request, adapter=None)) & adapters.fits[row]
        may &= ~(adapters.held[row] | adapters.loading[row])
        oldest_s = np.where(adapters.idle, adapters.used_s, np.inf).min(axis=0, initial=np.inf)
        has_room = adapters.room > 0
        oldest_s[has_room] = -np.inf
        may &= oldest_s < np.inf
        among = np.flatnonzero(may & has_room if (may & has_room).any() else may)
        if not len(among):
            return ()
        cost = self._strategy(cluster, adapters, among, self._rng)
        among = among[cost == cost.min()]
        among = among[oldest_s[among] == oldest_s[among].min()]
        engine = int(among[0] if len(among) == 1 else self._rng.choice(among))
        return (LoadAdapter(engine, adapter),)
