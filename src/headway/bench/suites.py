"""Named suites: classes of instances that are solved together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType

import msgspec

from headway.bench.entry import Entry, entries
from headway.errors import UnknownNameError
from headway.instances import instances


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of a suite.

    Attributes
    ----------
    patterns
        Names, families or patterns of instances.
    sample
        Take so many of them, evenly spread; None for all.
    """

    patterns: tuple[str, ...]
    sample: int | None = None


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Instances in classes, and how they are solved if nothing else is said.

    Attributes
    ----------
    title
        Headline of the report.
    classes
        Classes by name.
    time_limit_s
        Seconds per run.
    seeds, repeated
        Number of seeds on so many problems of each class, evenly spread; the others get one.
    """

    title: str
    classes: dict[str, Group]
    time_limit_s: float = 60.0
    seeds: int = 1
    repeated: int = 0

    def entries(
        self, *, only: Sequence[str] = (), limit: int | None = None
    ) -> tuple[list[Entry], dict[str, int]]:
        """Return the problems, and how many seeds those get that get several.

        Parameters
        ----------
        only
            Names of classes, or beginnings of names; all by default.
        limit
            Most problems of a class, evenly spread.

        Raises
        ------
        UnknownNameError
            If there is no such class.
        """
        for start in only:
            if not any(name.startswith(start) for name in self.classes):
                raise UnknownNameError("class", start, self.classes)
        found: list[Entry] = []
        seeds: dict[str, int] = {}
        for name, group in self.classes.items():
            if only and not name.startswith(tuple(only)):
                continue
            here = _here(entries(group.patterns, group=name))
            here = spread(spread(here, group.sample), limit)
            seeds |= {entry.name: self.seeds for entry in spread(here, self.repeated)}
            found += here
        return found, seeds


def spread(things: Sequence[Entry], count: int | None) -> list[Entry]:
    """Return so many things, evenly spread over all; all for None.

    Examples
    --------
    >>> [entry.name for entry in spread(entries(["orb"]), 3)]
    ['orb02', 'orb06', 'orb09']
    """
    if count is None or count >= len(things):
        return list(things)
    return [things[(2 * k + 1) * len(things) // (2 * count)] for k in range(count)]


@cache
def suites() -> Mapping[str, Suite]:
    """Return the suites by name.

    Examples
    --------
    >>> suites()["taillard"].title
    "Taillard's job shops"
    """
    text = resources.files("headway.bench").joinpath("data", "suites.toml").read_text("utf-8")
    document = tomllib.loads(text)["suite"]
    for table in document.values():
        # A class may be given as its patterns alone.
        table["classes"] = {
            name: {"patterns": value} if isinstance(value, list) else value
            for name, value in table["classes"].items()
        }
    return MappingProxyType(msgspec.convert(document, dict[str, Suite]))


def suite(name: str) -> Suite:
    """Return the suite called `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those there are.
    """
    if name not in suites():
        raise UnknownNameError("suite", name, suites())
    return suites()[name]


def _here(found: list[Entry]) -> list[Entry]:
    """Return those that need no download: a comparison needs no network."""
    access = {info.name: info.access for info in instances()}
    return [entry for entry in found if access.get(entry.source) != "download"]
