"""An instance that only prefills, its traffic and who may decide there, as an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.serving.prefill.batching import Alone, Batching, Fill, SloAware
from headway.serving.prefill.document import (
    Batches,
    Contender,
    FillSettings,
    PrefillFile,
    SloSettings,
)
from headway.serving.prefill.instance import simulate
from headway.serving.prefill.laps import turns
from headway.serving.prefill.limits import Limit, with_limits
from headway.serving.prefill.policy import PrefillPolicy, find, names
from headway.serving.prefill.predictors import PREDICTORS, NoisyFitting
from headway.serving.prefill.preemption import Guards
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import PrefillRun
from headway.serving.prefill.step_work import StepWork
from headway.serving.prefill.work import PrefillWork, QuadraticWork
from headway.serving.setup import deployment, step_time
from headway.serving.traffic import Source, key
from headway.serving.trafficked import TraffickedExperiment, check_lists

_BATCHINGS: Mapping[str, type[Batching]] = {"alone": Alone, "fill": Fill, "slo": SloAware}
"""Batchings by the names that files use."""


@dataclass(frozen=True, eq=False)
class PrefillExperiment(TraffickedExperiment):
    """Prompts that policies can meet on one instance that only prefills.

    Parameters
    ----------
    file
        What was written down.
    source
        The traffic.
    work
        What passes cost and where they can be cut.
    load
        Times the rate of arrivals that the file asks for.
    """

    layout: ClassVar = PrefillFile
    described: ClassVar = "a prefill instance"

    file: PrefillFile
    source: Source = field(repr=False)
    work: PrefillWork = field(repr=False)
    load: float = 1.0

    @classmethod
    def of(cls, file: PrefillFile, home: str | PathLike[str] = ".") -> Self:
        """Return the experiment that a description stands for.

        Raises
        ------
        FormatError, ConfigError
            As `read`.
        """
        folder = Path(home)
        source = Source.of(file.workload, (), folder)
        experiment = cls(file, source, _work(file, folder))
        check_lists(file)
        for number, policy in enumerate(experiment.policies()):
            with key(f"policies[{number}]"):
                experiment.policy(policy, 0)
        experiment.requests(0)
        return experiment

    @property
    def measure(self) -> str:
        """The share of first tokens that come too late, or their mean time without limits."""
        return "missed" if np.isfinite(self.requests(0).ttft_s).any() else "ttft_s.mean"

    def requests(self, seed: int) -> PrefillRequests:
        """Return the prompts that come with a seed, with their limits."""
        traffic = self.source.workload(seed, self.load)
        limits = [np.inf if kind.ttft_s is None else kind.ttft_s for kind in traffic.classes]
        prompts = turns(traffic if self.file.history else traffic.without_blocks())
        requests = replace(
            prompts,
            ttft_s=np.array(limits)[traffic.service_class],
            service_class=traffic.service_class.astype(np.int64),
            classes=tuple(kind.name for kind in traffic.classes),
        )
        if not self.file.classes:
            return requests
        with key("classes"):
            promised = [
                Limit(kind.name, kind.ttft_s, kind.times_service, kind.up_to_tokens)
                for kind in self.file.classes
            ]
            return with_limits(requests, promised, self.work)

    def policy(self, name: str, seed: int) -> PrefillPolicy:
        """Return the policy of that name in the file, or one that `find` knows.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        ConfigError
            If it cannot have its settings.
        """
        for entry in self.file.policies:
            if isinstance(entry, Contender) and entry.name == name:
                return _policy(entry, seed)
        try:
            return find(name)
        except UnknownNameError as error:
            own = (*self.policies(), *names())
            raise UnknownNameError(error.what, error.name, own) from None

    def run(self, policy: str, seed: int) -> PrefillRun:
        """Return what happens when a policy meets the traffic.

        Parameters
        ----------
        policy
            One of the file's, or a name as in `find`.
        seed
            Of what the traffic draws, and of the noise of predictors.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        """
        run = simulate(self.requests(seed), self.work, self.policy(policy, seed))
        return replace(run, policy=policy, seed=seed)

    def attainment(self, run: PrefillRun) -> float:
        """Return the share of first tokens that came in time in a run."""
        return run.attainment


def _work(file: PrefillFile, home: Path) -> PrefillWork:
    if file.quadratic is None:
        return StepWork(step_time(file, home, deployment(file, home)))
    if file.model is not None or file.step_time != "roofline":
        raise ConfigError("quadratic: of no use beside a model or a step time")
    with key("quadratic"):
        return QuadraticWork(**_settings(QuadraticWork, file.quadratic))


def _policy(entry: Contender, seed: int) -> PrefillPolicy:
    base = find(entry.policy)
    fitting = base.fitting
    if entry.predictor is not None:
        if entry.predictor not in PREDICTORS:
            raise UnknownNameError("predictor", entry.predictor, PREDICTORS)
        fitting = PREDICTORS[entry.predictor]
    if entry.noise:
        fitting = NoisyFitting(fitting, entry.noise, seed)
    with key("guards"):
        guards = Guards(**_settings(Guards, entry.guards)) if entry.guards else base.guards
    return replace(
        base,
        name=entry.name,
        guards=guards,
        batching=base.batching if entry.batching is None else _batching(entry.batching),
        fitting=fitting,
        keeps_state=entry.keeps_state,
        round_s=entry.round_s,
    )


def _batching(written: str | Batches) -> Batching:
    if isinstance(written, str):
        if written not in _BATCHINGS:
            raise UnknownNameError("batching", written, _BATCHINGS)
        return _BATCHINGS[written]()
    with key("batching"):
        match written:
            case Batches(fill=None, slo=SloSettings() as slo):
                return SloAware(**msgspec.structs.asdict(slo))
            case Batches(fill=FillSettings() as fill, slo=None):
                return Fill(**msgspec.structs.asdict(fill))
        raise ConfigError("expected one of fill, slo")


def _settings(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are, unless the class has none of that name."""
    known = [setting.name for setting in fields(kind) if setting.init]
    for name in values:
        if name not in known:
            raise UnknownNameError("key", name, known)
    return dict(values)
