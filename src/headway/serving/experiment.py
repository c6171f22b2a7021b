"""An engine, its traffic and those who may steer it, as an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import ClassVar, Self

from headway.errors import ConfigError
from headway.serving.contenders import choice
from headway.serving.document import EngineFile
from headway.serving.engine import Engine, preset
from headway.serving.hardware import Deployment
from headway.serving.results import EngineRun, metrics
from headway.serving.setup import deployment, engine_config, step_time
from headway.serving.step_time import StepTime
from headway.serving.traffic import Source, key
from headway.serving.trafficked import TraffickedExperiment, check_lists


@dataclass(frozen=True, eq=False)
class EngineExperiment(TraffickedExperiment):
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

    layout: ClassVar = EngineFile
    described: ClassVar = "an engine"

    file: EngineFile
    home: Path
    source: Source
    step_time: StepTime = field(repr=False)
    deployed: Deployment | None = field(default=None, repr=False)
    load: float = 1.0

    @classmethod
    def of(cls, file: EngineFile, home: str | PathLike[str] = ".") -> Self:
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
        check_lists(file)
        for number, name in enumerate(experiment.policies()):
            with key(f"policies[{number}]"):
                chosen = choice(name, file)
                engine_config(chosen.settings, deployed)
                chosen.decider(folder, 0)
        return experiment

    def policies(self) -> tuple[str, ...]:
        """Return the names of the policies in the file."""
        if self.file.policies is None:
            return (_preset(self.file),)
        return super().policies()

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
        chosen = choice(policy, self.file)
        return Engine(
            self.source.workload(seed, self.load),
            engine_config(chosen.settings, self.deployed),
            self.step_time,
            chosen.decider(self.home, seed),
            seed=seed,
        ).run()

    def attainment(self, run: EngineRun) -> float:
        """Return the share of requests that kept their limits in a run."""
        return metrics.attainment(run)


def _preset(file: EngineFile) -> str:
    """Return the preset that the settings of the engine begin with."""
    name = file.engine if isinstance(file.engine, str) else file.engine.get("preset", "vllm")
    if not isinstance(name, str):
        raise ConfigError(f"preset: expected a name, got {name!r}")
    return name
