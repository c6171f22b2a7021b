"""When requests come: steady, bursty, by the time of day, by a table, or like a trace.

Every process is a renewal process of mean gap 1 whose clock runs as fast as the rate at that time:
gaps of any variation, rates of any course. With exponential gaps it is the inhomogeneous Poisson
process (Lewis and Shedler 1979, by inversion as in Law, "Simulation Modeling and Analysis").
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import Floats
from headway.serving.workload.requests import Workload

FORMS = {
    "constant": "constant(rate)",
    "poisson": "poisson(rate)",
    "gamma": "gamma(rate, cv)",
    "bursts": "bursts(rate, other rate, seconds, other seconds)",
    "diurnal": "diurnal(rate, swing, period)",
}
"""The processes there are, by name, as they are written; rates per second, periods in seconds."""

MOST_REQUESTS = 100_000_000
"""More are not drawn, so that a typing error cannot exhaust the memory."""

_SINE_STEPS = 1024
_PIECES, _MOST_PIECES = 2**10, 2**24


@dataclass(frozen=True, eq=False, slots=True)
class Arrivals:
    """A process of arrivals.

    Parameters
    ----------
    edges_s
        When a rate begins to hold, ascending, the first at 0; shape (k,).
    rates
        Arrivals per second from then on, shape (k,).
    period_s
        When it all begins again; None if the last rate goes on for ever.
    cv
        Coefficient of variation of the gaps at a steady rate: 0 for equal gaps, 1 for a Poisson
        process, more for bursts.
    stays_s
        If the process switches at random between two rates: mean seconds that it stays at each.
        `edges_s` are not looked at then.

    Raises
    ------
    ConfigError
        If the rates cannot be had.
    """

    edges_s: Floats
    rates: Floats
    period_s: float | None = None
    cv: float = 1.0
    stays_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        edges, rates = self.edges_s, self.rates
        sound = 0 < len(edges) == len(rates) and edges[0] == 0 and bool((np.diff(edges) > 0).all())
        if not sound:
            raise ConfigError("expected times that ascend from 0, each with a rate")
        if not (np.isfinite(edges).all() and np.isfinite(rates).all() and (rates >= 0).all()):
            raise ConfigError("expected rates of 0 or more")
        if not (rates > 0).any():
            raise ConfigError("expected a rate above 0 at some time")
        if self.period_s is not None and not edges[-1] < self.period_s < math.inf:
            raise ConfigError(f"expected to repeat after {edges[-1]:g} s, got {self.period_s:g}")
        if not 0 <= self.cv <= 1e3:
            raise ConfigError(f"cv: expected 0 to 1000, got {self.cv:g}")
        if self.stays_s is not None and not all(0 < stay < math.inf for stay in self.stays_s):
            raise ConfigError("expected stays of more than 0 seconds")

    @classmethod
    def parse(cls, text: str) -> Arrivals:
        """Return the process that a text such as ``poisson(5)`` names.

        Raises
        ------
        ConfigError
            If it names none of `FORMS`.

        Examples
        --------
        >>> Arrivals.parse("bursts(20, 0, 5, 15)").stays_s
        (5.0, 15.0)
        """
        match = re.fullmatch(r"\s*([a-z]+)\s*\(([^()]*)\)\s*", text)
        try:
            if match is None or match[1] not in FORMS:
                raise ValueError
            values = [float(part) for part in match[2].split(",")]
            if len(values) != FORMS[match[1]].count(",") + 1 or not all(map(math.isfinite, values)):
                raise ValueError
        except ValueError:
            known = ", ".join(FORMS.values())
            raise ConfigError(f"expected arrivals such as {known}; got {text!r}") from None
        return cls._of_form(match[1], values)

    @classmethod
    def _of_form(cls, kind: str, values: list[float]) -> Arrivals:
        start = np.zeros(1)
        if kind == "bursts":
            rate, other, stay, other_stay = values
            return cls(np.array([0.0, 1.0]), np.array([rate, other]), stays_s=(stay, other_stay))
        if kind == "diurnal":
            rate, swing, period = values
            if not 0 <= swing <= 1 or period <= 0:
                raise ConfigError("diurnal: expected a swing from 0 to 1 and a period above 0")
            edges = period * np.arange(_SINE_STEPS, dtype=np.float64) / _SINE_STEPS
            middle = (np.arange(_SINE_STEPS) + 0.5) / _SINE_STEPS
            return cls(edges, rate * (1 + swing * np.sin(2 * np.pi * middle)), period)
        cv = {"constant": 0.0, "poisson": 1.0}.get(kind, values[-1])
        return cls(start, np.array(values[:1]), cv=cv)

    @classmethod
    def like(
        cls, trace: Workload, *, rate: float | None = None, bin_s: float = 60.0, cv: float = 1.0
    ) -> Arrivals:
        """Return a process whose rate goes up and down as that of a trace, again and again.

        Parameters
        ----------
        trace
            Whose arrivals to count.
        rate
            Mean arrivals per second; by default those of the trace.
        bin_s
            Seconds over which the trace's rate is averaged.
        cv
            Variation of the gaps.

        Raises
        ------
        ConfigError
            If all requests of the trace come at once, or a number is out of range.
        """
        if trace.span_s <= 0:
            raise ConfigError(f"{trace.name}: all requests come at once")
        if not 0 < bin_s < math.inf:
            raise ConfigError(f"bin_s: expected a number above 0, got {bin_s:g}")
        n = max(round(trace.span_s / bin_s), 1)
        start = float(trace.arrival_s[0])
        counts, _ = np.histogram(trace.arrival_s, n, (start, start + trace.span_s))
        rates = counts * (n / trace.span_s)
        if rate is not None:
            rates = rates * (rate / rates.mean())
        edges = trace.span_s * np.arange(n, dtype=np.float64) / n
        return cls(edges, rates, trace.span_s, cv)

    def times(
        self,
        gaps: np.random.Generator,
        phases: np.random.Generator,
        *,
        n: int | None = None,
        until_s: float | None = None,
    ) -> Floats:
        """Return arrivals in seconds, ascending: `n` of them, or those before `until_s`.

        Parameters
        ----------
        gaps, phases
            Sources of the gaps, and of the times at which bursts begin and end.

        Raises
        ------
        ConfigError
            If the rate is 0 for ever before `n` requests are there, or there are too many.
        """
        if n is not None:
            work = np.cumsum(self._gaps(gaps, n))
            return self._clock(work[-1] if n else 0.0, phases).moments(work)
        assert until_s is not None
        clock = self._clock(None, phases, until_s)
        total = clock.passed(until_s)
        if total > MOST_REQUESTS:
            raise ConfigError(f"{total:.3g} arrivals; expected at most {MOST_REQUESTS:,}")
        parts, reached = [np.zeros(0)], 0.0
        while reached < total:
            more = reached + np.cumsum(self._gaps(gaps, int(1.1 * (total - reached)) + 16))
            parts.append(more)
            reached = float(more[-1])
        work = np.concatenate(parts)
        moments = clock.moments(work[work < total])
        return moments[moments < until_s]

    def _gaps(self, rng: np.random.Generator, n: int) -> Floats:
        if self.cv == 0:
            return np.ones(n)
        if self.cv == 1:
            return rng.standard_exponential(n)
        shape = 1 / self.cv**2
        return rng.gamma(shape, 1 / shape, n)

    def _clock(
        self, work: float | None, rng: np.random.Generator, until_s: float = math.inf
    ) -> _Clock:
        """Return the clock of one run, long enough for so much work or so many seconds."""
        if self.stays_s is None:
            return _Clock(self.edges_s, self.rates, self.period_s)
        first, second = self.stays_s
        state = int(rng.random() * (first + second) >= first)
        edges, rates = [np.zeros(1)], list[Floats]()
        end, done = 0.0, 0.0
        enough = math.inf if work is None else work
        while end < until_s and done <= enough:
            if len(rates) * _PIECES >= _MOST_PIECES:
                raise ConfigError(f"the rate changes more than {_MOST_PIECES:,} times")
            pieces = np.arange(state, state + _PIECES)
            stays = rng.standard_exponential(len(pieces)) * np.where(pieces % 2, second, first)
            speeds = self.rates[pieces % 2]
            edges.append(end + np.cumsum(stays))
            rates.append(speeds)
            end, done = float(edges[-1][-1]), done + float((stays * speeds).sum())
        return _Clock(np.concatenate(edges)[:-1], np.concatenate(rates), None)


class _Clock:
    """Turns arrivals expected so far into seconds and back."""

    def __init__(self, edges_s: Floats, rates: Floats, period_s: float | None) -> None:
        self._edges, self._rates, self._period = edges_s, rates, period_s
        lengths = np.diff(edges_s, append=edges_s[-1] if period_s is None else period_s)
        self._done = np.concatenate([[0.0], np.cumsum(lengths * rates)])

    def passed(self, moment_s: float) -> float:
        """Return how many arrivals are expected before a moment."""
        rounds = 0.0
        if self._period is not None:
            rounds, moment_s = divmod(moment_s, self._period)
        piece = int(np.searchsorted(self._edges, moment_s, side="right")) - 1
        rest = (moment_s - self._edges[piece]) * self._rates[piece]
        return float(rounds * self._done[-1] + self._done[piece] + rest)

    def moments(self, work: Floats) -> Floats:
        """Return when so many arrivals are expected to have been, shape as `work`."""
        rounds = np.zeros_like(work)
        if self._period is not None:
            rounds = np.floor(work / self._done[-1])
            work = work - rounds * self._done[-1]
        piece = np.searchsorted(self._done[:-1], work, side="right") - 1
        rates = self._rates[piece]
        if (rates <= 0).any():
            raise ConfigError("the rate ends at 0 before all requests are there")
        with np.errstate(over="ignore"):  # a workload refuses what is infinite
            moments: Floats = self._edges[piece] + (work - self._done[piece]) / rates
        moments += rounds * (self._period or 0.0)
        return moments
