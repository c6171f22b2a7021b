"""What is solved in a comparison: named instances and files, in classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from headway.errors import ConfigError
from headway.instances import InstanceInfo, find, instance, instances
from headway.model import Objective, Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem of a comparison.

    Parameters
    ----------
    name
        What tables call it; unique.
    group
        The class whose means it counts in.
    source
        Name of an instance, or path of a file.
    lower, upper
        Best known bounds, or None.
    objective
        Minimised instead of the problem's own, or None.
    """

    name: str
    group: str
    source: str
    lower: int | None = None
    upper: int | None = None
    objective: str | None = None

    def problem(self) -> Problem:
        """Return the problem.

        Raises
        ------
        ConfigError
            If its objective has several levels: only one number can be compared.
        """
        problem = _load(self.source)
        if self.objective is not None:
            problem = replace(problem, objective=Objective.parse(self.objective))
        if len(problem.objective.levels) != 1:
            raise ConfigError(
                f"{self.name}: its objective has {len(problem.objective.levels)} levels, but one"
                " number is compared; --objective gives another"
            )
        return problem


def entries(
    sources: Iterable[str], *, group: str | None = None, objective: str | None = None
) -> list[Entry]:
    """Return what the given names, patterns and files stand for, each once.

    Parameters
    ----------
    sources
        Names of instances or families, patterns such as ``ta0?``, or paths of files and folders.
    group
        The class of all of them; by default the family of an instance, the folder of a file.
    objective
        Minimised instead of the problems' own; best known values do not hold for it.

    Raises
    ------
    UnknownNameError
        If something is neither a file nor the name of an instance.
    ConfigError
        If a pattern fits nothing.

    Examples
    --------
    >>> [(entry.name, entry.group, entry.upper) for entry in entries(["ft06", "la0[12]"])]
    [('ft06', 'ft', 55), ('la01', 'la', 666), ('la02', 'la', 655)]
    """
    found: dict[str, Entry] = {}
    for source in sources:
        for entry in _found(source):
            if group is not None:
                entry = replace(entry, group=group)
            if objective is not None:
                entry = replace(entry, objective=objective, lower=None, upper=None)
            if found.get(entry.name, entry).source != entry.source:
                entry = replace(entry, name=entry.source)  # another file of the same name
            found.setdefault(entry.name, entry)
    return list(found.values())


def _found(source: str) -> Iterator[Entry]:
    path = Path(source.partition("#")[0])
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                yield Entry(file.stem, path.name or str(path), str(file))
    elif path.exists():
        number = source.partition("#")[2]
        yield Entry(f"{path.stem}#{number}" if number else path.stem, path.parent.name, source)
    else:
        rows = instances(source)
        if not rows and any(sign in source for sign in "*?["):
            raise ConfigError(f"{source}: no instance fits; see headway instances list")
        for info in rows or [find(source)]:
            yield _named(info)


def _named(info: InstanceInfo) -> Entry:
    return Entry(info.name, info.family.name, info.name, info.lower, info.upper)


def _load(source: str) -> Problem:
    if Path(source.partition("#")[0]).exists():
        from headway.formats import read

        return read(source)
    return instance(source)
