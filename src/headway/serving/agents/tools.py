"""Tools of agents: how long they take, known beforehand or learned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from headway.errors import ConfigError
from headway.serving.agents.programs import Floats

Z95 = 1.6448536269514722
"""The 95th percentile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool by two percentiles of its log-normal latency.

    Parameters
    ----------
    name
        Of the tool.
    median_s, p95_s
        Seconds, the second one larger.
    """

    name: str
    median_s: float
    p95_s: float

    def __post_init__(self) -> None:
        if not 0 < self.median_s < self.p95_s < math.inf:
            raise ConfigError(f"tool {self.name!r}: expected 0 < median_s < p95_s")

    @property
    def mu(self) -> float:
        """Mean of the logarithm of the latency in seconds."""
        return math.log(self.median_s)

    @property
    def sigma(self) -> float:
        """Standard deviation of that logarithm."""
        return math.log(self.p95_s / self.median_s) / Z95


TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            Tool("code", 0.180, 2.400),
            Tool("file", 0.045, 0.320),
            Tool("web", 0.850, 4.500),
            Tool("database", 0.120, 0.890),
        )
    }
)
"""Tools by name; latencies as published with SAGA (2026).

Its 99th percentiles (28 s for code, 45 s for the web) lie beyond those of these distributions.
"""


class LatencyFit:
    """Log-normal latency of one tool, learned call by call.

    Mean and variance of the logarithm are exponential moving averages, which begin as plain ones.

    Parameters
    ----------
    rate
        Weight of the newest call once there were many, above 0 and at most 1.
    """

    SHORTEST_S = 1e-6
    """What is faster counts as this, so that it has a logarithm."""

    def __init__(self, rate: float = 0.01) -> None:
        if not 0 < rate <= 1:
            raise ConfigError(f"rate: expected above 0 and at most 1, got {rate}")
        self._rate = rate
        self._variance = 0.0
        self.calls = 0
        self.mu = 0.0

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.sqrt(self._variance)

    def observe(self, latency_s: float) -> None:
        """Learn from a call."""
        self.calls += 1
        weight = max(self._rate, 1 / self.calls)
        off = math.log(max(latency_s, self.SHORTEST_S)) - self.mu
        self.mu += weight * off
        self._variance = (1 - weight) * (self._variance + weight * off * off)

    def percentile95_s(self) -> float:
        """Return what 95 of 100 calls are faster than; infinite before the first one."""
        return math.exp(self.mu + Z95 * self.sigma) if self.calls else math.inf


def median_residual_s(idle_s: Floats, mu: Floats, sigma: Floats) -> Floats:
    """Return how long calls will go on, in the median, that have lasted for some time.

    Parameters
    ----------
    idle_s
        How long they have lasted, seconds.
    mu, sigma
        Of the logarithms of their tools' latencies; where `sigma` is nan nothing is known, and a
        call lasts as long again as it has lasted.

    Notes
    -----
    With survival function S the answer x solves S(idle + x) = S(idle) / 2, in logarithms because
    S underflows far out.
    """
    known = sigma > 0
    spread = np.where(known, sigma, 1.0)
    with np.errstate(divide="ignore"):
        z = (np.log(idle_s) - mu) / spread
    half = log_ndtr(-z) - math.log(2)
    ends_s = np.exp(mu - spread * ndtri_exp(half))
    return np.where(known, np.maximum(ends_s - idle_s, 0.0), idle_s)
