"""An engine, its traffic and those who may steer it, as an experiment."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from headway.errors import ConfigError
from headway.serving.contenders import choice
from headway.serving.document import Contender, EngineFile
from headway.serving.engine import Engine, preset
from headway.serving.hardware import Deployment
from headway.serving.results import EngineRun, metrics
from headway.serving.setup import deployment, engine_config, step_time
from headway.serving.step_time import StepTime
from headway.serving.traffic import Source, key
from headway.simulate.document import document, record
from headway.simulate.goodput import MaxGoodput, max_goodput


@dataclass(frozen=True, eq=False)
class EngineExperiment:
    """A workload that policies can meet in an engine.

    Parameters
    ----------
    file
        What was written down.
    home
        Folder that paths in it are relative to.
    source
        The traffic.
    step_time
        How long steps take.
    deployed
        The model on its GPUs, if there is one.
    load
        Times the rate of arrivals that the file asks for.
    """

    file: EngineFile
    home: Path
    source: Source
    step_time: StepTime = field(repr=False)
    deployed: Deployment | None = field(default=None, repr=False)
    load: float = 1.0

    @classmethod
    def read(cls, path: str | PathLike[str]) -> EngineExperiment:
        """Return the experiment in a YAML file; see `EngineFile` for its keys.

        Raises
        ------
        FormatError
            If a file cannot be read.
        ConfigError
            If a key is unknown or has a value it cannot have; with the path of the key.
        """
        try:
            return cls.of(record(document(path), EngineFile, "an engine"), Path(path).parent)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    @classmethod
    def of(cls, file: EngineFile, home: str | PathLike[str] = ".") -> EngineExperiment:
        """Return the experiment that a description stands for.

        Raises
        ------
        FormatError, ConfigError
            As `read`.
        """
        folder = Path(home)
        deployed = deployment(file, folder)
        source = Source.of(file.workload, file.classes, folder)
        experiment = cls(file, folder, source, step_time(file, folder, deployed), deployed)
        with key("engine"):
            preset(_preset(file), blocks=1)
        if file.policies is not None and not file.policies:
            raise ConfigError("policies: expected at least one")
        if not file.loads or not all(0 < load < math.inf for load in file.loads):
            raise ConfigError("loads: expected at least one, all above 0")
        for number, name in enumerate(experiment.policies()):
            with key(f"policies[{number}]"):
                chosen = choice(name, file)
                engine_config(chosen.settings, deployed)
                chosen.decider(folder, 0)
        return experiment

    @property
    def name(self) -> str:
        """For tables and messages."""
        return self.file.name

    @property
    def measure(self) -> str:
        """The share of requests outside their limits, or the mean latency if nobody has any."""
        return "missed" if self.source.promises else "latency_s.mean"

    @property
    def loads(self) -> tuple[float, ...]:
        """The loads worth comparing: times the rate of arrivals."""
        return self.file.loads

    def policies(self) -> tuple[str, ...]:
        """Return the names of the policies in the file."""
        if self.file.policies is None:
            return (_preset(self.file),)
        return tuple(
            entry.name if isinstance(entry, Contender) else entry for entry in self.file.policies
        )

    def run(self, policy: str, seed: int) -> EngineRun:
        """Return what happens when a policy meets the traffic.

        Parameters
        ----------
        policy
            One of the file's, a preset of engines, a registered policy, or ``FILE.py:CLASS``.
        seed
            Of what the traffic draws, and of policies that draw.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        """
        return self._engine(policy, seed, self.load).run()

    def at_load(self, load: float) -> EngineExperiment:
        """Return the same experiment with requests arriving so many times as fast.

        Raises
        ------
        ConfigError
            If the load is not above 0.
        """
        if not 0 < load < float("inf"):
            raise ConfigError(f"load: expected a number above 0, got {load}")
        return replace(self, load=load)

    def replaying(self, trace: str | PathLike[str]) -> EngineExperiment:
        """Return the same experiment with the traffic in a file, or a public trace by name.

        Raises
        ------
        FormatError
            If the file cannot be read or is in none of the formats known.
        """
        return replace(self, source=self.source.replaying(str(trace)))

    def max_goodput(
        self, policy: str, *, seed: int = 0, target: float = 0.9, tolerance: float = 0.02
    ) -> MaxGoodput:
        """Return the largest load at which enough requests finish within their limits.

        Parameters
        ----------
        policy
            See `run`.
        seed
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

        def attainment(load: float) -> float:
            return metrics.attainment(self._engine(policy, seed, load).run())

        return max_goodput(
            attainment, target=target, low=self.load / 4, high=self.load, tolerance=tolerance
        )

    def _engine(self, policy: str, seed: int, load: float) -> Engine:
        chosen = choice(policy, self.file)
        return Engine(
            self.source.workload(seed, load),
            engine_config(chosen.settings, self.deployed),
            self.step_time,
            chosen.decider(self.home, seed),
            seed=seed,
        )


def _preset(file: EngineFile) -> str:
    """Return the preset that the settings of the engine begin with."""
    name = file.engine if isinstance(file.engine, str) else file.engine.get("preset", "vllm")
    if not isinstance(name, str):
        raise ConfigError(f"preset: expected a name, got {name!r}")
    return name
