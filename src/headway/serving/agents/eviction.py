"""Which idle session leaves a cache first."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.programs import Bools, Floats, Ints
from headway.serving.agents.tools import LatencyFit, median_residual_s


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is expected of sessions; columns of shape (k,), nan where nothing is known.

    Attributes
    ----------
    returns
        Probability that it comes back.
    grown_tokens
        What its next prompt adds to the context.
    mu, sigma
        Of the logarithm of its tool's latency in seconds.
    """

    returns: Floats
    grown_tokens: Floats
    mu: Floats
    sigma: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The sessions that could leave, at least one; columns of shape (k,).

    Attributes
    ----------
    now_s
        The instant.
    used
        Share of the cache that is held, by running sessions too; may be above 1.
    session
        Their numbers.
    tokens
        What each holds.
    since_s
        When its last step ended.
    tool
        What it waits for, -1 if that is not known.
    is_final
        Whether it has said that it will not come back.
    next_s
        When it comes back, infinite if never; nan but for those that may know the future.
    outlook
        What execution graphs foresee, None without any.
    """

    now_s: float
    used: float
    session: Ints
    tokens: Ints
    since_s: Floats
    tool: Ints
    is_final: Bools
    next_s: Floats
    outlook: Outlook | None = None

    @property
    def idle_s(self) -> Floats:
        """How long each has waited."""
        return self.now_s - self.since_s


class Evictor(ABC):
    """Ranks idle sessions; what it knows it has seen happen."""

    name = "evictor"

    clairvoyant = False
    """Whether it may see `Pool.next_s`."""

    @abstractmethod
    def rank(self, pool: Pool) -> Floats:
        """Return a number for each session; the largest goes first, the lower session if equal."""

    def resumed(self, tool: int, after_s: float, observed_tokens: int) -> None:
        """Learn how long a tool took and how much it added to the prompt."""


class LeastRecent(Evictor):
    """Least recently used (LRU)."""

    name = "LRU"

    def rank(self, pool: Pool) -> Floats:
        """Return how long each has been idle."""
        return pool.idle_s


class EndedFirst(Evictor):
    """Who has said that it is done, then the least recently used."""

    name = "ended first"

    def rank(self, pool: Pool) -> Floats:
        """Return how long each has been idle, those done above all others."""
        idle_s = pool.idle_s
        return np.where(pool.is_final, idle_s + idle_s.max() + 1, idle_s)


class Furthest(Evictor):
    """Who comes back last (Bélády 1966); optimal if all sessions are of one size.

    With sizes that differ the optimum is hard to find, and this is a yardstick, not a bound.
    """

    name = "Bélády"
    clairvoyant = True

    def rank(self, pool: Pool) -> Floats:
        """Return when each comes back."""
        return pool.next_s


class Reuse:
    """Which share of the cache of a session its next prompt will reuse.

    In a chain of steps the present context is the beginning of the next prompt, to which a tool
    adds as much as it has added in the mean so far (an exponential moving average).

    Parameters
    ----------
    rate
        Weight of the newest observation once there were many.
    """

    def __init__(self, rate: float = 0.05) -> None:
        self._rate = rate
        self._seen: dict[int, tuple[int, float]] = {}

    def observe(self, tool: int, tokens: int) -> None:
        """Learn what a tool added."""
        calls, mean = self._seen.get(tool, (0, 0.0))
        weight = max(self._rate, 1 / (calls + 1))
        self._seen[tool] = calls + 1, mean + weight * (tokens - mean)

    def probability(self, pool: Pool) -> Floats:
        """Return the share of each session's next prompt, 0 if it does not come back."""
        added = np.array([self._seen.get(tool, (0, 0.0))[1] for tool in pool.tool.tolist()])
        returns = np.where(pool.is_final, 0.0, 1.0)
        if pool.outlook is not None:
            grown = pool.outlook.grown_tokens
            added = np.where(np.isnan(grown), added, grown)
            returns *= np.where(np.isnan(pool.outlook.returns), 1.0, pool.outlook.returns)
        share: Floats = returns * (pool.tokens / (pool.tokens + added))
        return share


class PrefixBonus(Evictor):
    """LRU in which what will be reused counts as used more recently.

    Parameters
    ----------
    bonus_s
        What full reuse is worth.

    References
    ----------
    The "LRU + prefix" baseline of SAGA (2026).
    """

    name = "LRU + prefix"

    def __init__(self, bonus_s: float = 2.0) -> None:
        self._bonus_s = bonus_s
        self._reuse = Reuse()

    def rank(self, pool: Pool) -> Floats:
        """Return how long each has been idle, less the bonus."""
        return pool.idle_s - self._bonus_s * self._reuse.probability(pool)

    def resumed(self, tool: int, after_s: float, observed_tokens: int) -> None:
        """Learn what the tool added."""
        self._reuse.observe(tool, observed_tokens)


class WorkflowAware(Evictor):
    """WA-LRU: idle time, probability of reuse and size, each relative to the pool.

    Parameters
    ----------
    recency, reuse, size
        Weights, not negative.

    References
    ----------
    SAGA: Workflow-atomic scheduling for AI agent inference on GPU clusters (2026).
    """

    name = "WA-LRU"

    def __init__(self, recency: float = 0.3, reuse: float = 0.5, size: float = 0.2) -> None:
        if min(recency, reuse, size) < 0:
            raise ConfigError("WA-LRU: weights must not be negative")
        self._weights = recency, reuse, size
        self._reuse = Reuse()

    def rank(self, pool: Pool) -> Floats:
        """Return the weighted sum."""
        recency, reuse, size = self._weights
        idle_s = pool.idle_s
        longest_s = float(idle_s.max())
        large = pool.tokens / int(pool.tokens.max())
        old = idle_s / longest_s if longest_s > 0 else np.zeros(len(idle_s))
        return recency * old + reuse * (1 - self._reuse.probability(pool)) + size * large

    def resumed(self, tool: int, after_s: float, observed_tokens: int) -> None:
        """Learn what the tool added."""
        self._reuse.observe(tool, observed_tokens)


class Latencies:
    """What was learned of all tools."""

    def __init__(self) -> None:
        self._fits: dict[int, LatencyFit] = {}

    def observe(self, tool: int, latency_s: float) -> None:
        """Learn from a call; nothing from one of a tool that is not known."""
        if tool >= 0:
            self._fits.setdefault(tool, LatencyFit()).observe(latency_s)

    def parameters(self, tools: Ints) -> tuple[Floats, Floats]:
        """Return mu and sigma for some sessions; nan where nothing is known."""
        nothing = LatencyFit()
        fits = [self._fits.get(tool, nothing) for tool in tools.tolist()]
        sigma = [fit.sigma if fit.calls > 1 else np.nan for fit in fits]
        return np.array([fit.mu for fit in fits]), np.array(sigma)

    def percentile95_s(self, tools: Ints) -> Floats:
        """Return what 95 of 100 calls are faster than, infinite where nothing is known."""
        nothing = LatencyFit()
        return np.array([self._fits.get(t, nothing).percentile95_s() for t in tools.tolist()])


class ResidualLife(Evictor):
    """Who has the longest to wait, by the latencies of tools learned so far.

    A session is worth its probability to come back over the median time until then. Where nothing
    is known of tools a call is expected to last as long again as it has lasted, which is LRU.

    Parameters
    ----------
    alive, ended
        Probability that a session comes back which has not said that it is done, and which has.
    floor_s
        Added to the time, so that those about to come back are worth about the same.
    """

    name = "residual life"

    def __init__(self, alive: float = 0.98, ended: float = 0.02, floor_s: float = 0.05) -> None:
        if not 0 <= ended <= alive <= 1 or not floor_s > 0:
            raise ConfigError("residual life: expected 0 <= ended <= alive <= 1, floor_s above 0")
        self._alive, self._ended, self._floor_s = alive, ended, floor_s
        self._latencies = Latencies()

    def rank(self, pool: Pool) -> Floats:
        """Return the worth with its sign turned."""
        mu, sigma = self._latencies.parameters(pool.tool)
        alive = np.where(pool.is_final, self._ended, self._alive)
        if pool.outlook is not None:
            foreseen = pool.outlook.sigma > 0
            mu = np.where(foreseen, pool.outlook.mu, mu)
            sigma = np.where(foreseen, pool.outlook.sigma, sigma)
            alive *= np.where(np.isnan(pool.outlook.returns), 1.0, pool.outlook.returns)
        wait_s = median_residual_s(pool.idle_s, mu, sigma)
        return -alive / (wait_s + self._floor_s)

    def resumed(self, tool: int, after_s: float, observed_tokens: int) -> None:
        """Learn how long the tool took."""
        self._latencies.observe(tool, after_s)


class ToolTTL(Evictor):
    """LRU that keeps a session for as long as its tool usually takes.

    The time to live is the 95th percentile of the tool's latency, cut by up to one half as the
    cache fills from `low` to `high`. Within it a session leaves only if nobody else can.

    Parameters
    ----------
    low, high
        Shares of the cache.
    longest_s
        No session is kept longer.

    References
    ----------
    SAGA (2026), tool-call-aware time to live. There the pressure is that at the beginning of the
    call; here, where nothing else remembers it, that of the moment.
    """

    name = "tool TTL"

    def __init__(self, low: float = 0.7, high: float = 0.9, longest_s: float = 300.0) -> None:
        if not 0 <= low < high:
            raise ConfigError("tool TTL: expected 0 <= low < high")
        self._low, self._high, self._longest_s = low, high, longest_s
        self._latencies = Latencies()

    def rank(self, pool: Pool) -> Floats:
        """Return the idle time, that of kept sessions below that of all others."""
        pressure = min(max((pool.used - self._low) / (self._high - self._low), 0.0), 1.0)
        ttl_s = self._latencies.percentile95_s(pool.tool) * (1 - 0.5 * pressure)
        idle_s = pool.idle_s
        kept = (idle_s < np.minimum(ttl_s, self._longest_s)) & ~pool.is_final
        return np.where(kept, idle_s - idle_s.max() - 1, idle_s)

    def resumed(self, tool: int, after_s: float, observed_tokens: int) -> None:
        """Learn how long the tool took."""
        self._latencies.observe(tool, after_s)
