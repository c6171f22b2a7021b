"""Engines that move between the pool for short prompts and the one for long ones."""

from __future__ import annotations

import math

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.view import ClusterView, Engines, Floats, Mask, RequestView

LABEL = "length_class"
"""Label of engines, ``short`` or ``long``: where they are at first."""

PERCENTILE = 90
"""Of the engines of a pool, whose pressure is that of the pool."""


class InstancePressure:
    """Gives an engine to the pool that is under more pressure.

    The pressure of an engine is its queue, and how late first tokens are expected there as a share
    of the time that is allowed, less the share of its batch that is in use. From time to time, if
    the pressure of one pool exceeds that of the other by more than a share, the least pressed
    engine of the other one changes sides; what it has it finishes.

    Parameters
    ----------
    queue, late, use
        Weights of the three.
    tolerance
        The share.
    period_s
        Time between two looks.
    cooldown_s
        Least time between two moves.
    least
        Engines that stay in each pool.

    Raises
    ------
    ConfigError
        If a setting is negative, or the period or the least number not positive.

    Notes
    -----
    One engine a cool-down is too slow for a burst: `LengthClass` lets an idle pool help out.

    References
    ----------
    LAPS (2026), "A Length-Aware-Prefill LLM Serving System", instance-pressure controller.
    """

    def __init__(
        self,
        *,
        queue: float = 1.0,
        late: float = 1.0,
        use: float = 1.0,
        tolerance: float = 0.25,
        period_s: float = 5.0,
        cooldown_s: float = 15.0,
        least: int = 1,
    ) -> None:
        settings = {"queue": queue, "late": late, "use": use}
        for key, value in {**settings, "tolerance": tolerance, "cooldown_s": cooldown_s}.items():
            if not value >= 0:
                raise ConfigError(f"{key}: must not be negative, got {value}")
        if not period_s > 0:
            raise ConfigError(f"period_s: must be positive, got {period_s}")
        if least < 1:
            raise ConfigError(f"least: expected at least 1, got {least}")
        self._queue, self._late, self._use = queue, late, use
        self._tolerance, self._least = tolerance, least
        self._period_s, self._cooldown_s = period_s, cooldown_s
        self._next_s = period_s
        self._engines: Engines | None = None
        self._is_short = np.zeros(0, dtype=np.bool_)
        self._late_sum, self._sent = np.zeros(0), np.zeros(0)

    def pools(self, engines: Engines) -> tuple[Mask, Mask]:
        """Return who serves short prompts and who long ones; a single engine serves both."""
        if self._engines is not engines:
            self._begin(engines)
        if len(engines) == 1:
            return ~self._is_short, ~self._is_short
        return self._is_short, ~self._is_short

    def sent(
        self, cluster: ClusterView, request: RequestView, engine: int, expected_s: float
    ) -> None:
        """Note how late a first token is expected, and move an engine if it is time.

        Parameters
        ----------
        cluster, request, engine
            What was sent where.
        expected_s
            Seconds from now until its first token.
        """
        self.pools(cluster.engines)
        allowed_s = request.deadline_s - request.arrival_s
        if 0 < allowed_s < math.inf:
            late_s = cluster.now_s + expected_s - request.deadline_s
            self._late_sum[engine] += max(late_s, 0.0) / allowed_s
        self._sent[engine] += 1
        if cluster.now_s >= self._next_s:
            self._look(cluster)

    def _look(self, cluster: ClusterView) -> None:
        self._next_s = cluster.now_s + self._period_s
        pressure = self._pressure(cluster)
        self._late_sum[:] = self._sent[:] = 0.0
        short, long = self._is_short & cluster.ready, ~self._is_short & cluster.ready
        if not (np.count_nonzero(short) and np.count_nonzero(long)):
            return
        of_short, of_long = (
            float(np.percentile(pressure[pool], PERCENTILE)) for pool in (short, long)
        )
        if self._exceeds(of_short, of_long):
            self._move(long, pressure, cluster.now_s)
        elif self._exceeds(of_long, of_short):
            self._move(short, pressure, cluster.now_s)

    def _pressure(self, cluster: ClusterView) -> Floats:
        late = self._late_sum / np.maximum(self._sent, 1.0)
        use = np.minimum(cluster.running / cluster.engines.max_sequences, 1.0)
        total: Floats = self._queue * cluster.waiting + self._late * late - self._use * use
        return total

    def _exceeds(self, one: float, other: float) -> bool:
        # Pressures may be negative: the share is one of the size.
        return one > other + self._tolerance * abs(other)

    def _move(self, pool: Mask, pressure: Floats, now_s: float) -> None:
        if np.count_nonzero(pool) <= self._least:
            return
        engine = int(np.where(pool, pressure, np.inf).argmin())
        self._is_short[engine] = not self._is_short[engine]
        self._next_s = now_s + max(self._cooldown_s, self._period_s)

    def _begin(self, engines: Engines) -> None:
        """Take the labels; engines without one are divided evenly."""
        labels = [held.get(LABEL) for held in engines.labels]
        free = [k for k, label in enumerate(labels) if label not in ("short", "long")]
        self._is_short = np.array([label == "short" for label in labels])
        self._is_short[free[: len(free) // 2]] = True
        self._late_sum, self._sent = np.zeros(len(labels)), np.zeros(len(labels))
        self._engines = engines
