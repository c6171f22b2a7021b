"""A fleet, its traffic and those who may steer it, as an experiment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from headway.errors import ConfigError
from headway.serving.fleet.adapters.described import catalogue
from headway.serving.fleet.adapters.placement import Placer
from headway.serving.fleet.demand import asked_by
from headway.serving.fleet.document import FleetFile
from headway.serving.fleet.faults import Fault
from headway.serving.fleet.front import tenants
from headway.serving.fleet.member import Link, Member
from headway.serving.fleet.run import FleetRun
from headway.serving.fleet.setup import Kind, cache_pool, chance, faults, kinds, started
from headway.serving.fleet.simulation import FleetSimulation
from headway.serving.fleet.teams import team
from headway.serving.results import metrics
from headway.serving.traffic import Source, key
from headway.serving.trafficked import TraffickedExperiment, check_lists
from headway.serving.workload import Workload


@dataclass(frozen=True, eq=False)
class FleetExperiment(TraffickedExperiment):
    """A workload that routers can meet before a fleet.

    Parameters
    ----------
    file
        What was written down.
    home
        Folder that paths in it are relative to.
    source
        The traffic.
    kinds
        The engines, by kind.
    counts
        How many there are of each.
    load
        Times the rate of arrivals that the file asks for.
    """

    layout: ClassVar = FleetFile
    described: ClassVar = "a fleet"

    file: FleetFile
    home: Path
    source: Source
    kinds: tuple[Kind, ...] = field(repr=False)
    counts: tuple[int, ...]
    load: float = 1.0

    @classmethod
    def of(cls, file: FleetFile, home: str | PathLike[str] = ".") -> Self:
        """Return the experiment that a description stands for.

        Raises
        ------
        FormatError, ConfigError
            As `read`.
        """
        folder = Path(home)
        built = kinds(file, folder)
        if file.workload is None:
            raise ConfigError("workload: a simulation needs one")
        source = Source.of(file.workload, file.classes, folder)
        counts = tuple(group.count for group in file.engines)
        found = cls(file, folder, source, built, counts)
        if not any(counts):
            raise ConfigError("engines: expected at least one engine")
        check_lists(file)
        if not 0 <= file.scrape_s < math.inf:
            raise ConfigError(f"scrape_s: expected a number from 0 on, got {file.scrape_s}")
        if not file.detect_s >= 0:
            raise ConfigError(f"detect_s: must not be negative, got {file.detect_s}")
        with key("workload.tenants"):
            found.traffic(0)
        for number, name in enumerate(found.policies()):
            with key(f"policies[{number}]"):
                _, controllers = team(name, file).make(folder, 0)
                if file.adapters and not any(isinstance(one, Placer) for one in controllers):
                    raise ConfigError("no controller loads adapters, as lora-bin-pack does")
        found.simulation(found.policies()[0], 0)  # blocks of engines and prefixes must fit
        return found

    @property
    def price_per_h(self) -> float:
        """What all engines cost in an hour."""
        prices = (group.price_per_h for group in self.file.engines)
        return float(sum(count * price for count, price in zip(self.counts, prices, strict=True)))

    def members(self, seed: int = 0) -> list[Member]:
        """Return the engines, kind after kind.

        Parameters
        ----------
        seed
            Of their policies that draw.
        """
        return [
            member
            for kind, count in zip(self.kinds, self.counts, strict=True)
            for member in kind.members(count, seed)
        ]

    def traffic(self, seed: int, load: float = 1.0) -> Workload:
        """Return the requests that come with a seed, each with its tenant.

        Parameters
        ----------
        seed
            Of everything that is drawn.
        load
            Times the rate of arrivals of this experiment.
        """
        whose = None if self.file.workload is None else self.file.workload.tenants
        drawn = self.source.workload(seed, self.load * load)
        return asked_by(drawn, whose, tenants(self.file), seed)

    def simulation(
        self,
        policy: str,
        seed: int,
        *,
        workload: Workload | None = None,
        more_faults: Sequence[Fault] = (),
    ) -> FleetSimulation:
        """Return a fleet that is about to meet its traffic.

        Parameters
        ----------
        policy
            One of the file's, a router's specification, or ``FILE.py:CLASS``.
        seed
            Of what the traffic draws, and of policies that draw.
        workload
            Other traffic than that of the file.
        more_faults
            What goes wrong besides what the file says.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        """
        members = self.members(seed)
        router, controllers = team(policy, self.file).make(self.home, seed)
        numbers = {member.name: number for number, member in enumerate(members)}
        with key("link"):
            link = Link(**msgspec.structs.asdict(self.file.link))
        adapters = catalogue(self.file, self.kinds)
        traffic = self.traffic(seed) if workload is None else workload
        over_s = float(traffic.arrival_s[-1]) if len(traffic) else 0.0
        by_chance = chance(self.file, len(members), over_s, seed)
        return FleetSimulation(
            traffic,
            members,
            router,
            controllers=controllers,
            faults=[*faults(self.file.faults, numbers), *by_chance, *more_faults],
            started=started(self.file.engines, self.counts),
            link=link,
            detect_s=self.file.detect_s,
            scrape_s=self.file.scrape_s,
            catalogue=adapters,
            pool=cache_pool(self.file),
            seed=seed,
        )

    def run(self, policy: str, seed: int) -> FleetRun:
        """Return what happens when a policy meets the traffic; see `simulation`.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        """
        return self.simulation(policy, seed).run()

    def sized(self, counts: Sequence[int]) -> FleetExperiment:
        """Return the same experiment with other numbers of engines, all there from the start."""
        groups = tuple(
            msgspec.structs.replace(group, count=count, started=None)
            for group, count in zip(self.file.engines, counts, strict=True)
        )
        file = msgspec.structs.replace(self.file, engines=groups)
        return replace(self, file=file, counts=tuple(counts))

    def attainment(self, run: FleetRun) -> float:
        """Return the share of requests that kept their limits in a run."""
        return metrics.attainment(run)
