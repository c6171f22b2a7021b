"""What experiments with traffic have in common: loads, traces that replace it, and goodput."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from headway.errors import ConfigError
from headway.serving.traffic import Source
from headway.simulate.document import document, record
from headway.simulate.goodput import MaxGoodput, max_goodput


class File(Protocol):
    """What the files of such experiments have in common."""

    @property
    def policies(self) -> Sequence[Any] | None:
        """Names, and policies with a ``name`` and settings; None if the file leaves it open."""
        ...

    @property
    def loads(self) -> tuple[float, ...]:
        """Times the rate of arrivals; what is worth comparing."""
        ...


class TraffickedExperiment(ABC):
    """An experiment whose traffic comes from a `Source`; subclasses are frozen dataclasses.

    Attributes
    ----------
    file
        What was written down.
    source
        The traffic.
    load
        Times the rate of arrivals that the file asks for.
    """

    layout: ClassVar[type[Any]]
    """Keys of its files."""
    described: ClassVar[str]
    """What a file describes, in words."""

    file: Any
    source: Source
    load: float

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Return the experiment in a YAML file; `layout` has its keys.

        Raises
        ------
        FormatError
            If a file cannot be read.
        ConfigError
            If a key is unknown or has a value it cannot have; with the path of the key.
        """
        try:
            return cls.of(record(document(path), cls.layout, cls.described), Path(path).parent)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    @classmethod
    @abstractmethod
    def of(cls, file: Any, home: str | PathLike[str] = ".") -> Self:
        """Return the experiment that a description stands for.

        Raises
        ------
        FormatError, ConfigError
            As `read`.
        """

    @property
    def name(self) -> str:
        """For tables and messages."""
        return str(self.file.name)

    @property
    def measure(self) -> str:
        """The share of requests outside their limits, or the mean latency if nobody has any."""
        return "missed" if self.source.promises else "latency_s.mean"

    @property
    def loads(self) -> tuple[float, ...]:
        """The loads worth comparing: times the rate of arrivals."""
        loads: tuple[float, ...] = self.file.loads
        return loads

    def policies(self) -> tuple[str, ...]:
        """Return the names of the policies in the file."""
        return tuple(
            entry if isinstance(entry, str) else entry.name for entry in self.file.policies
        )

    @abstractmethod
    def run(self, policy: str, seed: int) -> Any:
        """Return what happens when a policy meets the traffic."""

    @abstractmethod
    def attainment(self, run: Any) -> float:
        """Return the share of requests that kept their limits in a run."""

    def at_load(self, load: float) -> Self:
        """Return the same experiment with requests arriving so many times as fast.

        Raises
        ------
        ConfigError
            If the load is not above 0.
        """
        if not 0 < load < math.inf:
            raise ConfigError(f"load: expected a number above 0, got {load}")
        return replace(self, load=load)  # type: ignore[type-var]

    def replaying(self, trace: str | PathLike[str]) -> Self:
        """Return the same experiment with the traffic in a file, or a public trace by name.

        Raises
        ------
        FormatError
            If the file cannot be read or is in none of the formats known.
        """
        source = self.source.replaying(str(trace))
        return replace(self, source=source)  # type: ignore[type-var]

    def max_goodput(
        self, policy: str, *, seed: int = 0, target: float = 0.9, tolerance: float = 0.02
    ) -> MaxGoodput:
        """Return the largest load at which enough requests keep their limits.

        Parameters
        ----------
        policy, seed
            See `run`.
        target
            Share of requests.
        tolerance
            Relative width at which the search stops.

        Raises
        ------
        ConfigError
            If no request has limits, or the target is not a share.
        """
        if self.measure != "missed":
            raise ConfigError(f"{self.name}: no request has limits that it could miss")
        return max_goodput(
            lambda load: self.attainment(self.at_load(load).run(policy, seed)),
            target=target,
            low=self.load / 4,
            high=self.load,
            tolerance=tolerance,
        )


def check_lists(file: File) -> None:
    """Refuse a file without policies, or with loads that are none.

    Raises
    ------
    ConfigError
        With the key.
    """
    if file.policies is not None and not file.policies:
        raise ConfigError("policies: expected at least one")
    if not file.loads or not all(0 < load < math.inf for load in file.loads):
        raise ConfigError("loads: expected at least one, all above 0")
