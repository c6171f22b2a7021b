"""Seeded random problems of every family, by name.

>>> from headway.instances.random import generate
>>> generate("jobshop", jobs=20, machines=5, seed=1).summary()
'job shop 20x5: 20 jobs, 100 tasks, 5 machines; minimise makespan'
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import get_type_hints

from headway.errors import ConfigError, UnknownNameError
from headway.instances.projects import multi_mode_project, project
from headway.instances.rconstraint import rconstraint
from headway.instances.shops import (
    Seed,
    flexible_job_shop,
    flow_shop,
    job_shop,
    open_shop,
    single_machine,
)
from headway.model.problem import Problem

__all__ = ["RANDOM_FAMILIES", "Parameter", "RandomFamily", "generate"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of a random family.

    Parameters
    ----------
    name
        As in ``generate(family, name=value)``.
    kind
        ``int``, ``float``, ``bool`` or ``str``.
    default
        Value if nothing else is said.
    description
        What it means, one paragraph.
    """

    name: str
    kind: type[int | float | bool | str]
    default: int | float | bool | str
    description: str

    def checked(self, value: object) -> int | float | bool | str:
        """Return `value` as the kind of the parameter.

        Raises
        ------
        ConfigError
            If it is of another kind.
        """
        if isinstance(value, bool) == (self.kind is bool):
            if isinstance(value, self.kind):
                return value
            if isinstance(value, int) and self.kind is float:
                return float(value)
        raise ConfigError(f"{self.name}: expected {_KIND_NAMES[self.kind]}, got {value!r}")


_KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


@dataclass(frozen=True)
class RandomFamily:
    """A generator of random problems.

    Parameters
    ----------
    name
        What `generate` calls it.
    make
        Draws a problem; takes keyword arguments only.
    """

    name: str
    make: Callable[..., Problem]

    @property
    def summary(self) -> str:
        """One line that says what is drawn."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The settings, in order, with the descriptions of the generator's documentation."""
        hints = get_type_hints(self.make)
        described = _described(inspect.getdoc(self.make) or "")
        return tuple(
            Parameter(
                name,
                int if hints[name] == Seed else hints[name],
                signature.default,
                described.get(name, ""),
            )
            for name, signature in inspect.signature(self.make).parameters.items()
        )

    def __call__(self, **parameters: object) -> Problem:
        """Draw a problem.

        Raises
        ------
        ConfigError
            If a parameter is unknown or has a value it cannot have; the message names it.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        checked: dict[str, object] = {}
        for name, value in parameters.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
                raise ConfigError(f"{self.name} has no parameter {name!r}; {hint}")
            if name == "seed" and not isinstance(value, int):
                checked[name] = value  # a numpy generator
                continue
            try:
                checked[name] = known[name].checked(value)
            except ConfigError as error:
                raise ConfigError(f"{self.name}: {error}") from None
        try:
            return self.make(**checked)
        except ConfigError as error:
            raise ConfigError(f"{self.name}: {error}") from None


def _described(documentation: str) -> dict[str, str]:
    """Return the paragraphs of the numpydoc section "Parameters", by name."""
    _, _, section = documentation.partition("Parameters\n----------\n")
    section = re.split(r"\n\n\S[^\n]*\n-{3,}\n", section)[0]
    entries = re.findall(r"^(\w+)\n((?:[ ]+\S.*\n?|\n)+)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


_MAKERS: dict[str, Callable[..., Problem]] = {
    "jobshop": job_shop,
    "flexible-jobshop": flexible_job_shop,
    "flowshop": flow_shop,
    "openshop": open_shop,
    "single-machine": single_machine,
    "project": project,
    "multi-mode-project": multi_mode_project,
    "rconstraint": rconstraint,
}

RANDOM_FAMILIES: MappingProxyType[str, RandomFamily] = MappingProxyType(
    {name: RandomFamily(name, make) for name, make in _MAKERS.items()}
)
"""Every random family by name."""


def generate(family: str, **parameters: object) -> Problem:
    """Draw a random problem of a family.

    Parameters
    ----------
    family
        A name in `RANDOM_FAMILIES`.
    **parameters
        Settings of the family, such as ``jobs``, ``machines`` and ``seed``; the same settings give
        the same problem.

    Raises
    ------
    UnknownNameError
        If there is no such family.
    ConfigError
        If a parameter is unknown or has a value it cannot have; the message names it.

    Examples
    --------
    >>> generate("single-machine", jobs=10, seed=3).n_tasks
    10
    """
    if family not in RANDOM_FAMILIES:
        raise UnknownNameError("random family", family, RANDOM_FAMILIES)
    return RANDOM_FAMILIES[family](**parameters)
