"""How long short turns wait for company: not at all, a fixed time, or adaptively."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isnan, nan
from typing import Protocol

from headway.errors import ConfigError
from headway.serving.prefill.laps.graphs import GraphBuckets


@dataclass(frozen=True, slots=True)
class Gathering:
    """The short turns that wait, as a rule sees them.

    Parameters
    ----------
    depth
        How many they are, at least 1.
    head_s
        When the oldest of them arrived.
    slack_s
        The least time that any of them has left before its deadline if they ran now; inf without
        deadlines.
    """

    depth: int
    head_s: float
    slack_s: float = inf


class Wait(Protocol):
    """When the short turns that wait are to run."""

    def arrived(self, gathering: Gathering, now: float) -> None:
        """Take note of one more."""

    def due(self, gathering: Gathering, now: float) -> float:
        """Return when to run them; inf if only once nothing else is to be done."""

    def dispatched(self, depth: int, now: float) -> None:
        """Take note that they run, so many."""


class NoWait:
    """Short turns run as soon as they can."""

    def arrived(self, gathering: Gathering, now: float) -> None:
        """Nothing changes."""

    def due(self, gathering: Gathering, now: float) -> float:  # noqa: ARG002 - as for others
        """Return now."""
        return now

    def dispatched(self, depth: int, now: float) -> None:
        """Nothing changes."""


@dataclass(slots=True)
class FixedWait:
    """Short turns run a fixed time after the first of them came, or when they are enough.

    Parameters
    ----------
    window_s
        W, seconds from the arrival of the oldest.
    depth
        They run at once when they are so many.
    """

    window_s: float
    depth: int = 64

    def __post_init__(self) -> None:
        if self.window_s < 0 or self.depth < 1:
            raise ConfigError("wait: expected a window of 0 or more and a depth of 1 or more")

    def arrived(self, gathering: Gathering, now: float) -> None:
        """Nothing changes."""

    def due(self, gathering: Gathering, now: float) -> float:
        """Return the end of the window."""
        return now if gathering.depth >= self.depth else gathering.head_s + self.window_s

    def dispatched(self, depth: int, now: float) -> None:
        """Nothing changes."""


@dataclass(slots=True)
class FillBuckets:
    """Without deadlines: short turns run when they fill the deepest graph, or nothing else is left.

    Parameters
    ----------
    depth
        Turns of that graph.
    """

    depth: int = 64

    def arrived(self, gathering: Gathering, now: float) -> None:
        """Nothing changes."""

    def due(self, gathering: Gathering, now: float) -> float:
        """Return now if they are enough."""
        return now if gathering.depth >= self.depth else inf

    def dispatched(self, depth: int, now: float) -> None:
        """Nothing changes."""


@dataclass(slots=True)
class AdaptiveWait:
    """Adaptive wait-depth: gather until a window W has passed or D turns have come.

    When the first turn comes, ``W = min(least slack − margin_s, (D − depth) / arrival rate)``, cut
    to [`least_s`, `most_s`] and to what was learned. They run earlier if the slack of one of them
    falls to `urgent_s`, or once the oldest has waited `patience_s`. D begins as the deepest graph
    that fits into memory. After a dispatch of d turns that took τ to gather: if d reached D, τ is
    the longest window from then on; otherwise D becomes d.

    Parameters
    ----------
    deepest
        Where D begins, and its largest value.
    depths
        The numbers of turns for which there are graphs: D grows from one to the next.
    margin_s
        δ, kept back from the least slack.
    urgent_s
        σ: with a slack of so little, or less, turns do not wait.
    patience_s
        T_max: the longest that the oldest waits for company.
    least_s, most_s
        W_min and W_max.
    grow_after
        D grows by one step after so many dispatches in a row that reached it. The published update
        only shrinks D, so that it would stay at 1 once it came there; the growth is ours.
    smoothing
        Weight of the latest gap in the average from which the arrival rate is estimated.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    "LAPS: A Length-Aware-Prefill LLM Serving System" (2026).
    """

    deepest: int = 64
    depths: tuple[int, ...] = GraphBuckets().turns
    margin_s: float = 0.005
    urgent_s: float = 0.005
    patience_s: float = 0.05
    least_s: float = 0.0005
    most_s: float = 0.02
    grow_after: int = 4
    smoothing: float = 0.1
    depth: int = field(init=False)
    longest_s: float = field(init=False)
    _full: int = field(init=False, default=0)
    _opened_s: float = field(init=False, default=nan)
    _until_s: float = field(init=False, default=nan)
    _last_s: float = field(init=False, default=nan)
    _gap_s: float = field(init=False, default=nan)

    def __post_init__(self) -> None:
        if self.deepest < 1 or self.grow_after < 1:
            raise ConfigError("wait: expected a depth and grow_after of 1 or more")
        if not 0 <= self.least_s <= self.most_s:
            raise ConfigError(f"wait: expected 0 <= {self.least_s} <= {self.most_s}")
        if min(self.margin_s, self.urgent_s, self.patience_s) < 0 or not 0 < self.smoothing <= 1:
            raise ConfigError("wait: expected no negative time, and a smoothing in (0, 1]")
        self.depth = self.deepest
        self.longest_s = self.most_s

    @property
    def rate(self) -> float:
        """Arrivals of short turns per second, as estimated from the gaps between them."""
        return 0.0 if isnan(self._gap_s) else 1 / max(self._gap_s, 1e-9)

    def arrived(self, gathering: Gathering, now: float) -> None:
        """Update the arrival rate, and open a window if none is open."""
        if not isnan(self._last_s):
            gap = now - self._last_s
            known = gap if isnan(self._gap_s) else self._gap_s
            self._gap_s = known + self.smoothing * (gap - known)
        self._last_s = now
        if isnan(self._opened_s):
            self._open(gathering, now)
        # The one that came may have less time than those the window was opened for.
        self._until_s = min(self._until_s, now + max(gathering.slack_s - self.margin_s, 0.0))

    def _open(self, gathering: Gathering, now: float) -> None:
        by_deadline = gathering.slack_s - self.margin_s
        by_growth = (self.depth - gathering.depth) / self.rate if self.rate else inf
        window = min(by_deadline, by_growth, self.longest_s)
        self._opened_s = now
        self._until_s = now + min(max(window, self.least_s), self.most_s)

    def due(self, gathering: Gathering, now: float) -> float:
        """Return when the window ends, or now if something does not let them wait."""
        if gathering.depth >= self.depth or gathering.slack_s <= self.urgent_s:
            return now
        if isnan(self._opened_s):
            self._open(gathering, now)
        return min(self._until_s, gathering.head_s + self.patience_s)

    def dispatched(self, depth: int, now: float) -> None:
        """Learn from what was gathered in the window that ends."""
        took = 0.0 if isnan(self._opened_s) else now - self._opened_s
        if depth >= self.depth:
            self.longest_s = min(max(took, self.least_s), self.most_s)
            self._full += 1
            if self._full == self.grow_after:
                self.depth = min([d for d in self.depths if d > self.depth] + [self.deepest])
                self._full = 0
        else:
            self.depth, self._full = max(depth, 1), 0
        self._opened_s = self._until_s = nan
