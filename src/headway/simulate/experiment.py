"""What can be simulated: scenarios of any kind, opened by what their file says they are.

A room adds a kind of scenario through the entry-point group `GROUP`: the name of the entry is the
``kind`` of its YAML files, or the suffix of its files with a dot, and the entry is a function from
a path to an `Experiment`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headway.errors import ConfigError, FormatError
from headway.simulate.goodput import MaxGoodput
from headway.simulate.outcome import Outcome

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "headway.experiments"
"""Entry-point group of kinds of scenarios."""

_YAML = (".yaml", ".yml", ".json")


class Experiment(Protocol):
    """A scenario together with the policies that can meet it."""

    @property
    def name(self) -> str:
        """For tables and messages."""
        ...

    @property
    def measure(self) -> str:
        """The measure that matters most; smaller is better."""
        ...

    def policies(self) -> tuple[str, ...]:
        """Return the names of the policies there are."""
        ...

    def run(self, policy: str, seed: int) -> Outcome:
        """Return what happens when a policy meets the scenario with the luck of a seed.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        """
        ...


@runtime_checkable
class Replaying(Protocol):
    """An experiment that can meet recorded traffic instead of its own."""

    def replaying(self, trace: str | PathLike[str]) -> Experiment:
        """Return the same experiment with the traffic in a file, or a public one by name.

        Raises
        ------
        FormatError
            If the file cannot be read or is not what it claims to be.
        """
        ...


@runtime_checkable
class Loaded(Protocol):
    """An experiment that can meet more or less of its traffic."""

    @property
    def loads(self) -> tuple[float, ...]:
        """The loads worth comparing: times the rate of arrivals."""
        ...

    def at_load(self, load: float) -> Experiment:
        """Return the same experiment with requests arriving so many times as fast.

        Raises
        ------
        ConfigError
            If the load is not above 0.
        """
        ...


@runtime_checkable
class Saturating(Protocol):
    """An experiment whose work has limits, which are missed when there is too much of it."""

    def max_goodput(self, policy: str, *, seed: int = 0, target: float = 0.9) -> MaxGoodput:
        """Return the largest load at which a share of the work still keeps its limits.

        Raises
        ------
        ConfigError
            If nothing has limits, or the target is not a share.
        """
        ...


def replaying(experiment: Experiment, trace: str | PathLike[str]) -> Experiment:
    """Return an experiment with the traffic in a file instead of its own.

    Raises
    ------
    ConfigError
        If it is of a kind that has no traffic.
    FormatError
        If the file cannot be read or is not what it claims to be.
    """
    if not isinstance(experiment, Replaying):
        raise ConfigError(
            f"{experiment.name}: this kind of scenario makes its own work and has no traffic that"
            f" {trace} could replace"
        )
    return experiment.replaying(trace)


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def kinds() -> tuple[str, ...]:
    """Return the kinds of scenarios there are, sorted; those with a dot are suffixes of files."""
    return tuple(sorted(_entry_points()))


def open_experiment(path: str | PathLike[str]) -> Experiment:
    """Return the scenario in a file.

    Raises
    ------
    FormatError
        If the file cannot be read or is not what it claims to be.
    ConfigError
        If it does not say what kind of scenario it is, or contradicts itself.
    """
    kind = _kind_of(Path(path))
    entry = _entry_points().get(kind)
    if entry is None:
        known = ", ".join(kinds())
        raise ConfigError(f"{path}: unknown kind of scenario {kind!r}; known: {known}")
    opened: Callable[[str | PathLike[str]], Experiment] = entry.load()
    return opened(path)


def _kind_of(path: Path) -> str:
    """Return the suffix of a file, or the kind that its YAML names."""
    suffix = path.suffix.lower()
    if suffix in _entry_points():
        return suffix
    if suffix not in _YAML and path.suffix:
        known = ", ".join((*_YAML, *(kind for kind in kinds() if kind.startswith("."))))
        raise FormatError(f"not a scenario: expected a file of one of {known}", path=path)
    from headway.simulate.document import document

    content = document(path)
    kind = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise ConfigError(
            f"{path}: expected a scenario, which begins with 'kind: ' and one of"
            f" {', '.join(kind for kind in kinds() if not kind.startswith('.'))}"
        )
    return kind
