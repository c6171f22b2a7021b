"""What a chip has to do: kinds of jobs, how they arrive, and how far durations stray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, ProblemError
from headway.model.tables import LARGEST_TIME, Ints, ints
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.streams import Streams

_MOST_JOBS = 2**20


@dataclass(frozen=True, eq=False)
class Fate:
    """One draw of what a workload brings, made before any policy meets it.

    Policies share it, so that they differ by their merit alone, and see nothing of it that has not
    happened yet.

    Parameters
    ----------
    gap
        Ticks before each arrival, counted from the one before.
    kind
        Kind of each job in order of arrival, as a position in ``Workload.kinds``.
    duration
        True duration of each task of each job on each element, job after job, flattened;
        ``TaskGraph.duration`` says what is expected.
    """

    gap: Ints
    kind: Ints
    duration: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Workload:
    """Jobs that arrive at a chip, as in the DS3 simulator.

    Parameters
    ----------
    kinds
        Task graphs of the kinds of jobs, all with the same elements.
    gap
        Mean time between arrivals in ticks, at least 1; gaps are exponential, rounded down.
    most_jobs
        No more jobs are in the system at once.
    noise
        Standard deviation of durations as a share of what is expected; durations are normal,
        rounded, at least 1 tick; what takes no time never does.
    length
        Ticks that are simulated; what would happen then or later does not.
    share
        Probability of each kind; equal by default.
    begins_full
        Whether `most_jobs` jobs are there from the beginning ("pseudo steady state").
    lost_gap
        What happens to an arrival that finds the system full: it comes as soon as there is a place
        (False), or after another gap and a tick (True), as in the code of SoCRATES.
    name
        Label for tables and messages.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    ProblemError
        If the kinds have different elements.
    """

    kinds: tuple[TaskGraph, ...]
    gap: float = 25.0
    most_jobs: int = 3
    noise: float = 0.0
    length: int = 5000
    share: tuple[float, ...] | None = None
    begins_full: bool = True
    lost_gap: bool = False
    name: str = "chip"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.kinds))
        if not self.kinds:
            raise ConfigError("kinds: expected one or more")
        elements = self.kinds[0].elements
        for kind in self.kinds:
            if kind.elements != elements:
                raise ProblemError(f"{kind.name}: has other elements than {self.kinds[0].name}")
        for setting, low, high in (
            ("gap", 1.0, 2.0**40),
            ("most_jobs", 1, _MOST_JOBS),
            ("noise", 0, 100),
            ("length", 0, LARGEST_TIME),
        ):
            value = getattr(self, setting)
            if not low <= value <= high:
                raise ConfigError(f"{setting}: expected {low} to {high}, got {value}")
        if self.length / self.gap > _MOST_JOBS:
            raise ConfigError(f"length: expected fewer than {_MOST_JOBS} gaps, got {self.length}")
        _ = self.shares

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Probability of each kind, shape (n_kinds,)."""
        n = len(self.kinds)
        given = np.ones(n) if self.share is None else np.array(self.share, dtype=np.float64)
        if given.shape != (n,) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
            raise ConfigError(f"share: expected {n} numbers of at least 0, one or more positive")
        return np.asarray(given / given.sum())

    @cached_property
    def unit(self) -> float:
        """Mean duration of all tasks on the elements that support them, at least 1 tick."""
        durations = np.concatenate([kind.duration[kind.supported] for kind in self.kinds])
        return max(float(durations.mean()), 1.0)

    def fate(self, seed: int) -> Fate:
        """Return what a seed brings: arrivals, kinds and durations from a stream each."""
        streams = Streams(seed)
        gap = self._gaps(streams.of("gaps"))
        n = len(gap) + (self.most_jobs if self.begins_full else 0)
        kind = streams.of("kinds").choice(len(self.kinds), size=n, p=self.shares)
        expected = self.expected(kind)
        strayed = expected
        if self.noise:
            luck = streams.of("durations").standard_normal(len(expected))
            strayed = np.maximum(np.rint(expected * (1 + self.noise * luck[:, None])), 1)
        duration = np.where(expected > 0, strayed, expected).astype(np.int64)
        return Fate(ints(gap), ints(kind), ints(duration))

    def expected(self, kind: Sequence[int] | Ints) -> NDArray[np.int64]:
        """Return expected durations of jobs of some kinds, a row per task, job after job."""
        rows = [self.kinds[k].duration for k in kind]
        return np.concatenate(rows) if rows else np.zeros((0, self.kinds[0].n_elements), np.int64)

    def _gaps(self, rng: np.random.Generator) -> NDArray[np.int64]:
        parts: list[NDArray[np.int64]] = []
        reached = 0
        size = int(self.length / self.gap) + 16
        while reached < self.length:
            parts.append(rng.exponential(self.gap, size).astype(np.int64))
            reached += int(parts[-1].sum())
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)
