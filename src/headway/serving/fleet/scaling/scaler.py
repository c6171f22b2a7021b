"""Controllers that start and drain engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from headway.errors import ConfigError, InfeasibleError
from headway.serving.fleet.decisions import Hearer, Operation, Router, Routing, Waker, tell_gone
from headway.serving.fleet.lessons import Lessons, tell_learned
from headway.serving.fleet.scaling.load import LoadMonitor, rates
from headway.serving.fleet.scaling.optimizer import SLICES, allocate
from headway.serving.fleet.scaling.profile import Profile
from headway.serving.fleet.scaling.replicas import Calm, Replicas
from headway.serving.fleet.scaling.rules import Rule
from headway.serving.fleet.view import ClusterView, Floats, RequestView

Metric = Callable[[ClusterView], Floats]
"""The load of each engine; shape (n_engines,)."""


def in_flight(cluster: ClusterView) -> Floats:
    """Return the requests that were sent to each engine and have not ended."""
    return cluster.in_flight.astype(np.float64)


def kv_usage(cluster: ClusterView) -> Floats:
    """Return the share of the cache that is held in each engine."""
    return cluster.kv_usage


class Scaler:
    """Keeps as many engines of one kind as a rule wants.

    Parameters
    ----------
    rule
        Says how many.
    kind
        Of the engines.
    metric
        The load that the rule's target is about.
    least, most
        Bounds of the number, whatever the rule says; by default all engines that exist.
    period_s
        Time between two looks.
    up_calm_s, down_calm_s
        The number grows only to the least and falls only to the most that the rule wanted within
        such a time: cool-downs.

    Raises
    ------
    ConfigError
        If a bound or a time cannot be.

    Notes
    -----
    What engines have that are emptying counts as load; engines that are starting or sick do not
    count as ready.
    """

    def __init__(
        self,
        rule: Rule,
        kind: str = "engine",
        *,
        metric: Metric = in_flight,
        least: int = 1,
        most: int | None = None,
        period_s: float = 10.0,
        up_calm_s: float = 0.0,
        down_calm_s: float = 300.0,
    ) -> None:
        _check(least, most, period_s, up_calm_s, down_calm_s)
        self.name = rule.name
        self.period_s = period_s
        self._rule = rule
        self._metric = metric
        self._least, self._most = least, most
        self._replicas = Replicas(kind)
        self._calm = Calm(up_calm_s, down_calm_s)

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return which engines to start or to drain."""
        ordered = len(self._replicas.ordered(cluster))
        load = float(self._metric(cluster)[self._replicas.members(cluster)].sum())
        ready = self._replicas.ready(cluster)
        wanted = self._rule.wanted(cluster.now_s, ready, ordered, load)
        settled = self._calm.settle(cluster.now_s, ordered, wanted)
        return self._replicas.scale(cluster, _between(settled, self._least, self._most))


class OptimizerScaler:
    """Keeps the cheapest mix of kinds for what comes, by profiles; see `allocate`.

    If the engines that exist are too few for it, all of them are wanted.

    Parameters
    ----------
    profiles
        Of the kinds.
    monitor
        Watches what comes, see `watching`.
    headroom
        The mix is for so many times the rate that is seen.
    slices
        See `allocate`.
    idle
        Engines of the cheapest kind that are kept when nothing comes.
    period_s, up_calm_s, down_calm_s
        As of `Scaler`, for each kind.

    Raises
    ------
    ConfigError
        If there are no profiles, or a setting cannot be.
    """

    name = "optimizer"

    def __init__(
        self,
        profiles: Sequence[Profile],
        monitor: LoadMonitor,
        *,
        headroom: float = 1.0,
        slices: int = SLICES,
        idle: int = 1,
        period_s: float = 30.0,
        up_calm_s: float = 0.0,
        down_calm_s: float = 300.0,
    ) -> None:
        _check(idle, None, period_s, up_calm_s, down_calm_s)
        if not profiles:
            raise ConfigError("profiles: expected at least one")
        if not headroom > 0:
            raise ConfigError(f"headroom: must be positive, got {headroom}")
        self.period_s = period_s
        self._profiles = tuple(profiles)
        self._monitor = monitor
        self._headroom, self._slices, self._idle = headroom, slices, idle
        self._replicas = [Replicas(profile.kind) for profile in profiles]
        self._calm = [Calm(up_calm_s, down_calm_s) for _ in profiles]

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return which engines to start or to drain."""
        engines = self._mix(cluster)
        operations: tuple[Operation, ...] = ()
        for replicas, calm in zip(self._replicas, self._calm, strict=True):
            there = len(replicas.ordered(cluster))
            wanted = calm.settle(cluster.now_s, there, engines[replicas.kind])
            operations += replicas.scale(cluster, wanted)
        return operations

    def watching(self, router: Router) -> Router:
        """Return the router, with the monitor hearing of requests that end."""
        return Watched(router, self._monitor)

    def _mix(self, cluster: ClusterView) -> Mapping[str, int]:
        load = self._headroom * rates(self._monitor.patterns(cluster.now_s), self._profiles)
        exist = {replicas.kind: len(replicas.members(cluster)) for replicas in self._replicas}
        try:
            best = allocate(
                self._profiles, load, slices=self._slices, at_most=exist, idle=self._idle
            )
        except InfeasibleError:
            return exist
        return best.engines


class Watched:
    """A router whose requests a monitor hears of when they end.

    Where prefill and decode are apart, that is when they have been decoded.

    Parameters
    ----------
    router
        Decides.
    monitor
        Hears of the lengths of prompts and answers.
    capacity
        Requests under way that are remembered; of more, the oldest are not heard of.
    """

    def __init__(self, router: Router, monitor: LoadMonitor, capacity: int = 100_000) -> None:
        self.name = router.name
        self._router = router
        self._monitor = monitor
        self._capacity = capacity
        self._roles: tuple[str, ...] = ()
        self._prompt_tokens: dict[int, int] = {}
        if isinstance(router, Waker):
            self.awake = router.awake
        if isinstance(router, Hearer):
            self.said = router.said

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Ask the router."""
        self._roles = cluster.engines.roles
        self._prompt_tokens[request.number] = request.prompt_tokens
        if len(self._prompt_tokens) > self._capacity:
            del self._prompt_tokens[next(iter(self._prompt_tokens))]
        return self._router.route(cluster, request)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Tell both."""
        self._router.ended(request, engine, output_tokens, at_s)
        prompt_tokens = self._prompt_tokens.pop(request, 0)
        if prompt_tokens and output_tokens and self._roles[engine] != "prefill":
            self._monitor.observe(prompt_tokens, output_tokens, at_s)

    def learned(self, lessons: Lessons) -> None:
        """Tell the router."""
        tell_learned(self._router, lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Tell the router."""
        tell_gone(self._router, engine, at_s)


def _between(number: int, least: int, most: int | None) -> int:
    return max(number if most is None else min(number, most), least)


def _check(least: int, most: int | None, period_s: float, up_s: float, down_s: float) -> None:
    if least < 0 or (most is not None and most < least):
        raise ConfigError(f"least, most: expected 0 <= least <= most, got {least} and {most}")
    if not period_s > 0:
        raise ConfigError(f"period_s: must be positive, got {period_s}")
    if not (up_s >= 0 and down_s >= 0):
        raise ConfigError(f"up_calm_s, down_calm_s: must not be negative, got {up_s}, {down_s}")
