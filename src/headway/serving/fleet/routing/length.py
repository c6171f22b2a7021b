"""Engines for short prompts and engines for long ones, with a boundary that moves."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.routing.backlog import Backlog
from headway.serving.fleet.routing.cost import REFERENCE, PromptCost
from headway.serving.fleet.routing.prefix import CAPACITY, SentPrompts
from headway.serving.fleet.routing.pressure import LABEL, InstancePressure
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Engines, Floats, Mask, RequestView
from headway.serving.step_time import StepTime

STEP = 1.25
"""Factor by which the boundary moves."""

SLACK_S = 0.001
"""Waits that differ by less are the same, however large their quotient."""


class LengthClass(Scorer):
    """Keep prompts with little to compute away from those with much.

    What counts is what is not in a cache yet. Engines belong to a pool by their label
    ``length_class``; those without it take both. Every few seconds the boundary moves so that the
    pool in which prompts wait longer gets fewer of them. If every engine of a pool has something to
    do while the other pool is idle, requests go over there.

    Parameters
    ----------
    step_time
        What prompts cost.
    boundary_tokens
        Prompts with no more tokens to compute are short, at first.
    period_s
        Time between two moves.
    hysteresis
        By what share waits may differ before the boundary moves.
    bounds_tokens
        Between which it stays.
    capacity
        Blocks that the index of prefixes remembers.
    pressure
        Moves engines between the pools, in place of the boundary.

    Raises
    ------
    ConfigError
        If the period is not positive, the hysteresis negative, or the bounds do not hold the
        boundary.

    References
    ----------
    LAPS (2026), "A Length-Aware-Prefill LLM Serving System", the split over instances.
    """

    name = "length-class"
    largest = True

    def __init__(
        self,
        step_time: StepTime = REFERENCE,
        *,
        boundary_tokens: float = 1024.0,
        period_s: float = 5.0,
        hysteresis: float = 0.25,
        bounds_tokens: tuple[float, float] = (16.0, 131_072.0),
        capacity: int = CAPACITY,
        pressure: InstancePressure | None = None,
    ) -> None:
        if not period_s > 0:
            raise ConfigError(f"period_s: must be positive, got {period_s}")
        if not hysteresis >= 0:
            raise ConfigError(f"hysteresis: must not be negative, got {hysteresis}")
        if not 0 < bounds_tokens[0] <= boundary_tokens <= bounds_tokens[1]:
            raise ConfigError(f"boundary_tokens: {boundary_tokens} is not within {bounds_tokens}")
        self.boundary_tokens = boundary_tokens
        self._cost = PromptCost(step_time)
        self._period_s = period_s
        self._hysteresis = hysteresis
        self._bounds_tokens = bounds_tokens
        self._prompts = SentPrompts(capacity)
        self._backlog = Backlog()
        self._waits = _MeanWaits()
        self._next_s = period_s
        self._pressure = pressure
        self._pools: tuple[Engines | None, Mask, Mask] = (
            None,
            np.zeros(0, bool),
            np.zeros(0, bool),
        )

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return 1 for the pool of the prompt, 2 for the other one if it has to help out."""
        short, long = self._split(cluster.engines)
        own, other = (short, long) if self._is_short(cluster, request) else (long, short)
        scores = own.astype(np.float64)
        idle = cluster.ready & (cluster.in_flight == 0)
        if np.count_nonzero(idle) and not np.count_nonzero(own & idle):
            beside = other & ~own & cluster.ready
            if np.count_nonzero(beside & idle) == np.count_nonzero(beside):
                scores[beside] = 2.0
        return scores

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Let the prompt wait where it was sent, and move the boundary if it is time."""
        if request.stage == "decode":
            return
        waits_s = float(self._backlog.seconds(cluster)[engine])
        self._waits.add(waits_s, is_short=self._is_short(cluster, request))
        matched = self._prompts.tokens(cluster, request)[engine : engine + 1]
        prompt_s = float(self._cost.seconds(request.prompt_tokens, matched)[0])
        self._backlog.add(cluster, engine, prompt_s)
        self._prompts.add(cluster, request, engine)
        if self._pressure is not None:
            self._pressure.sent(cluster, request, engine, waits_s + prompt_s)
        elif cluster.now_s >= self._next_s:
            self._next_s = cluster.now_s + self._period_s
            self._move()

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what it was sent."""
        self._prompts.forget(engine)

    def _is_short(self, cluster: ClusterView, request: RequestView) -> bool:
        matched = np.maximum.reduce(self._prompts.tokens(cluster, request) * cluster.ready)
        return bool(request.prompt_tokens - matched <= self.boundary_tokens)

    def _move(self) -> None:
        """Send fewer prompts to where they wait longer."""
        short_s, long_s = self._waits.take()
        low, high = self._bounds_tokens
        if short_s > (1 + self._hysteresis) * long_s + SLACK_S:
            self.boundary_tokens = max(self.boundary_tokens / STEP, low)
        elif long_s > (1 + self._hysteresis) * short_s + SLACK_S:
            self.boundary_tokens = min(self.boundary_tokens * STEP, high)

    def _split(self, engines: Engines) -> tuple[Mask, Mask]:
        if self._pressure is not None:
            return self._pressure.pools(engines)
        known, short, long = self._pools
        if known is not engines:
            labels = [held.get(LABEL) for held in engines.labels]
            short = np.array([label != "long" for label in labels])
            long = np.array([label != "short" for label in labels])
            self._pools = (engines, short, long)
        return short, long


class _MeanWaits:
    """Mean waits of short and of long prompts since they were last taken."""

    def __init__(self) -> None:
        self._sums = [0.0, 0.0]
        self._counts = [0, 0]

    def add(self, seconds: float, *, is_short: bool) -> None:
        which = 0 if is_short else 1
        self._sums[which] += seconds
        self._counts[which] += 1

    def take(self) -> tuple[float, float]:
        short_s, long_s = (s / max(n, 1) for s, n in zip(self._sums, self._counts, strict=True))
        self._sums, self._counts = [0.0, 0.0], [0, 0]
        return short_s, long_s
