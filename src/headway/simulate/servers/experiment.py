"""Machines and tasks as an experiment: from a YAML file to runs of rules by name."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Literal

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.document import document, record
from headway.simulate.expression import parse
from headway.simulate.policy import Policy, Rule
from headway.simulate.servers.rules import COLUMNS, RULES
from headway.simulate.servers.run import outcome
from headway.simulate.servers.workload import SpeedChange, Workload
from headway.simulate.trace import Trace


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["servers"]
    name: str = "servers"
    speeds: tuple[float, ...]
    arrivals: str
    sizes: str | float
    tasks: int
    sizes_known: bool = True
    declared: tuple[float, ...] | None = None
    changes: tuple[SpeedChange, ...] = ()
    warm_up: int = 0


@dataclass(frozen=True, slots=True)
class ServersExperiment:
    """A workload that rules can meet.

    Parameters
    ----------
    name
        For tables and messages.
    workload
        Machines and what arrives.
    warm_up
        How many of the first tasks are left out of the measures.
    """

    name: str
    workload: Workload
    warm_up: int = 0
    measure: str = "mean response"

    @classmethod
    def read(cls, path: str | PathLike[str]) -> ServersExperiment:
        """Return the experiment in a YAML file with the fields of `Workload`, and ``warm_up``.

        Raises
        ------
        FormatError
            If it cannot be read.
        ConfigError
            If a key is unknown or has a value it cannot have.
        """
        try:
            file = record(document(path), _File, "a workload of servers")
            if not 0 <= file.warm_up < file.tasks:
                raise ConfigError(f"warm_up: expected fewer than {file.tasks} tasks")
            workload = Workload(
                file.speeds,
                file.arrivals,
                str(file.sizes),
                file.tasks,
                file.sizes_known,
                file.declared,
                file.changes,
            )
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        return cls(file.name, workload, file.warm_up)

    def policies(self) -> tuple[str, ...]:
        """Return the names of the rules that apply, shortest expected delay first."""
        blind = () if self.workload.sizes_known else ("SITA",)
        others = (name for name in RULES.names() if name not in ("SED", *blind))
        return ("SED", *others)

    def run(self, policy: str, seed: int) -> Trace:
        """Return what happens when a rule, or a formula over `COLUMNS`, meets the workload.

        Raises
        ------
        UnknownNameError
            If there is no such rule or column.
        """
        return outcome(self.workload, rule_of(policy), seed=seed).trace(self.warm_up)


def rule_of(text: str) -> Policy:
    """Return the rule that a name or a formula stands for, the smallest value first.

    Raises
    ------
    UnknownNameError
        If there is no rule of that name, or a formula looks at an unknown column.

    Examples
    --------
    >>> print(rule_of("n / speed"))
    n / speed: smallest n / speed
    """
    try:
        return RULES.find(text)
    except UnknownNameError as unknown:
        if text.isidentifier() and text not in COLUMNS:
            raise
        try:
            return Rule(text, parse(text, COLUMNS))
        except ConfigError:
            raise unknown from None
