"""Jobs that reveal themselves as an experiment: from a YAML file to runs of policies by name."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import msgspec

from headway.errors import ConfigError, ProblemError, UnknownNameError
from headway.simulate.document import document, record
from headway.simulate.single.families import FAMILIES
from headway.simulate.single.jobs import Chains
from headway.simulate.single.registry import POLICIES
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.run import run
from headway.simulate.trace import Trace


class _Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    release: int = 0
    operations: tuple[int, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["single"]
    name: str = "single machine"
    family: str | None = None
    parameters: dict[str, Any] = {}
    jobs: tuple[_Job, ...] = ()
    reveal: str | None = None


@dataclass(frozen=True, slots=True)
class SingleExperiment:
    """A family of jobs, or a list of them, that policies can meet.

    Parameters
    ----------
    name
        For tables and messages.
    jobs
        The jobs, or None if a family draws them.
    family, parameters
        A name in `FAMILIES`, and its settings without the seed.
    reveal
        What policies are shown; what each is made for by default.
    """

    name: str
    jobs: Chains | None
    family: str | None = None
    parameters: tuple[tuple[str, Any], ...] = ()
    reveal: Reveal | None = None
    measure: str = "mean flow"

    @classmethod
    def read(cls, path: str | PathLike[str]) -> SingleExperiment:
        """Return the experiment in a YAML file: ``family`` with ``parameters``, or ``jobs``.

        Raises
        ------
        FormatError
            If it cannot be read.
        ConfigError
            If a key is unknown or has a value it cannot have.
        """
        try:
            file = record(document(path), _File, "jobs of one machine")
            if (file.family is None) == (not file.jobs):
                raise ConfigError("expected either a family or jobs")
            jobs = Chains.of((job.release, job.operations) for job in file.jobs)
            found = cls(
                file.name,
                jobs if file.jobs else None,
                file.family,
                tuple(sorted(file.parameters.items())),
                None if file.reveal is None else Reveal.parse(file.reveal),
            )
            found.draw(0)
        except (ConfigError, ProblemError, UnknownNameError) as error:
            raise ConfigError(f"{path}: {error}") from None
        return found

    def draw(self, seed: int) -> Chains:
        """Return the jobs of a seed.

        Raises
        ------
        UnknownNameError
            If there is no such family.
        ConfigError
            If the family cannot have these parameters.
        """
        if self.jobs is not None:
            return self.jobs
        if self.family not in FAMILIES:
            raise UnknownNameError("family of jobs", str(self.family), FAMILIES)
        make = FAMILIES[str(self.family)]
        settings = dict(self.parameters)
        known = inspect.signature(make).parameters
        unknown = [name for name in settings if name not in known or name == "seed"]
        if unknown:
            raise ConfigError(f"parameters: {self.family} has no parameter {unknown[0]!r}")
        if "seed" in known:
            settings["seed"] = seed
        try:
            return make(**settings)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"parameters: {error}") from None

    def policies(self) -> tuple[str, ...]:
        """Return the policies that can decide with what is shown, op-SRPT first."""
        kind = None if self.reveal is None else self.reveal.kind
        sees = {
            "srpt": (None, "full"),
            "op_srpt": (None, "full", "operations"),
            "chunked": (None, "full", "operations"),
            "known_size": (None, "full", "operations"),
            "srpt_estimate": ("estimate",),
            "slf": ("epsilon",),
        }
        able = [name for name in POLICIES if name not in sees or kind in sees[name]]
        share = None if self.reveal is None else self.reveal.value
        able = [f"slf({share})" if name == "slf" else name for name in able]
        return tuple(sorted(able, key=lambda name: name != "op_srpt"))

    def run(self, policy: str, seed: int) -> Trace:
        """Return what happens when a policy serves the jobs of a seed.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        ConfigError
            If it needs what is not shown.
        """
        return run(self.draw(seed), policy, reveal=self.reveal, seed=seed)
