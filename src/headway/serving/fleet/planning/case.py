"""A fleet of some size under some traffic: how much of it keeps the promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.serving.document import Promise
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.planning.lattice import Counts
from headway.serving.results import metrics
from headway.serving.workload import Workload


@dataclass(frozen=True, slots=True)
class Slo:
    """What users are promised, and how many of them.

    Parameters
    ----------
    share
        Of the requests of each class that must finish within their limits.
    limits
        In place of those of the file's classes, by name, as in ``{"ttft_s": 1.0}``.

    Raises
    ------
    ConfigError, UnknownNameError
        If the share is none, or there is no such limit.
    """

    share: float = 0.99
    limits: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ConfigError(f"slo: expected a share above 0 and up to 1, got {self.share}")
        for name, limit in self.limits.items():
            if name not in metrics.LIMITED:
                raise UnknownNameError("limit", name, metrics.LIMITED)
            if not limit > 0:
                raise ConfigError(f"slo: {name}: expected a time above 0, got {limit}")

    def promised(self, fleet: FleetExperiment) -> FleetExperiment:
        """Return a fleet whose classes have these limits.

        Raises
        ------
        ConfigError
            If then nobody is promised anything.
        """
        if self.limits:
            classes = fleet.source.classes or (Promise("all"),)
            own = tuple(msgspec.structs.replace(kind, **self.limits) for kind in classes)
            fleet = replace(fleet, source=replace(fleet.source, classes=own))
        if not fleet.source.promises:
            raise ConfigError(f"{fleet.name}: no class has limits, and none are given")
        return fleet


@dataclass(frozen=True, eq=False)
class Case:
    """Traffic that fleets of several sizes can meet.

    Parameters
    ----------
    fleet
        The fleet.
    policy
        Who routes.
    seed
        Of what is drawn.
    part
        First and last share of the requests, by arrival: ``(0, 0.5)`` is the first half.
    stripes
        The requests are cut into so many pieces, of each of which this part is taken.
    load
        Times the rate of arrivals.
    """

    fleet: FleetExperiment
    policy: str
    seed: int = 0
    part: tuple[float, float] = (0.0, 1.0)
    stripes: int = 1
    load: float = 1.0

    def traffic(self) -> Workload:
        """Return the requests of this part, the clock set to 0 at the first.

        Between two pieces time stands still: only the gap before each request that is taken passes.

        Raises
        ------
        ConfigError
            If none is left.
        """
        whole = self.fleet.traffic(self.seed, self.load)
        n = len(whole)
        piece = n / min(self.stripes, max(n, 1))
        place = np.arange(n) % piece + 0.5
        some = np.flatnonzero((place >= self.part[0] * piece) & (place < self.part[1] * piece))
        if not len(some):
            raise ConfigError(f"{self.fleet.name}: too few requests to plan with: {n}")
        gaps = np.diff(whole.arrival_s, prepend=whole.arrival_s[0])[some]
        gaps[0] = 0.0
        return whole.select(some).at(np.cumsum(gaps))

    def kept(self, counts: Counts) -> float:
        """Return the share of requests within their limits, of the class that fares worst.

        Parameters
        ----------
        counts
            How many engines there are of each kind.
        """
        if not self.possible(counts):
            return 0.0
        fleet = self.fleet.sized(counts)
        run = fleet.simulation(self.policy, self.seed, workload=self.traffic()).run()
        of = run.workload.service_class
        return min(metrics.attainment(run, of == kind) for kind in np.unique(of))

    def possible(self, counts: Counts) -> bool:
        """Whether so many engines can serve a request from end to end."""
        roles = {group.role for group, n in zip(self.fleet.file.engines, counts, strict=True) if n}
        return "both" in roles or {"prefill", "decode"} <= roles
