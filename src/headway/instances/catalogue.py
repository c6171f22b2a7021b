"""What instances there are, how big they are, and what is known about their optima."""

from __future__ import annotations

import csv
import html
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

from headway.errors import UnknownNameError

if TYPE_CHECKING:
    from headway.model import Problem


class Kind(StrEnum):
    """The class of problems an instance belongs to."""

    JOB_SHOP = "job shop"
    FLEXIBLE_JOB_SHOP = "flexible job shop"
    OPEN_SHOP = "open shop"
    FLOW_SHOP = "flow shop"
    HYBRID_FLOW_SHOP = "hybrid flow shop"
    PROJECT = "project"
    SINGLE_MACHINE = "single machine"


class Access(StrEnum):
    """Where an instance comes from when it is asked for."""

    SHIPPED = "shipped"
    """From an archive inside the package."""
    GENERATED = "generated"
    """From its published seeds."""
    DOWNLOAD = "download"
    """From ``HEADWAY_DATA``, or else from the network, once."""


@dataclass(frozen=True, slots=True)
class BestKnown:
    """What is known about the optimum of an instance.

    Attributes
    ----------
    lower, upper
        The best proven bounds recorded; None where none is recorded. No schedule is better than
        `lower`, and one of value `upper` exists.
    lower_source, upper_source
        Who found them; `citation` gives the full reference.
    lower_date, upper_date
        When they were recorded, as an ISO date.
    """

    lower: int | None
    lower_source: str
    lower_date: str
    upper: int | None
    upper_source: str
    upper_date: str

    @property
    def status(self) -> str:
        """Either "optimal" (the bounds meet) or "open"."""
        return "optimal" if self.lower is not None and self.lower == self.upper else "open"

    def __str__(self) -> str:
        if self.status == "optimal":
            return str(self.upper)
        lower, upper = ("?" if bound is None else bound for bound in (self.lower, self.upper))
        return f"{lower}-{upper}"


@dataclass(frozen=True, slots=True)
class Family:
    """Instances that were published together.

    Attributes
    ----------
    name
        How the family is called here, such as "la".
    title, authors, year, reference
        The publication.
    kind
        The class of problems.
    address, licence
        Where the text of the instances was taken from, and under which terms.
    path
        Where the instances that do not travel with the package lie below ``HEADWAY_DATA``, with
        the instance as ``{name}``; empty if there are none.
    """

    name: str
    title: str
    kind: Kind
    authors: str
    year: int
    reference: str
    address: str
    licence: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class InstanceInfo:
    """One line of the catalogue.

    Attributes
    ----------
    name
        What `headway.instance` takes.
    family
        The instances it was published with.
    n_jobs, n_machines, n_tasks
        Size. Projects count as one job; their renewable resources stand as machines, and their
        tasks include the dummy tasks that mark start and end.
    access
        Whether it travels with the package, is generated, or is downloaded.
    best
        What is known about its optimum.
    """

    name: str
    family: Family
    n_jobs: int
    n_machines: int
    n_tasks: int
    access: Access
    best: BestKnown

    @property
    def kind(self) -> Kind:
        """The class of problems."""
        return self.family.kind

    @property
    def lower(self) -> int | None:
        """Best known lower bound."""
        return self.best.lower

    @property
    def upper(self) -> int | None:
        """Value of the best known solution."""
        return self.best.upper

    @property
    def status(self) -> str:
        """Either "optimal" or "open"."""
        return self.best.status

    def load(self) -> Problem:
        """Return the instance; see `headway.instance`."""
        from headway.instances.load import instance

        return instance(self.name)

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.kind}, {self.n_jobs}×{self.n_machines}, {self.n_tasks} tasks, "
            f"{self.status} {self.best}"
        )


class Instances(Sequence[InstanceInfo]):
    """Some lines of the catalogue; prints as a table.

    Parameters
    ----------
    rows
        The instances, in order.
    """

    _COLUMNS = ("name", "kind", "jobs", "machines", "tasks", "lower", "upper", "access")
    _LONGEST = 60

    def __init__(self, rows: Sequence[InstanceInfo]) -> None:
        self._rows = tuple(rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The names alone."""
        return tuple(row.name for row in self._rows)

    @overload
    def __getitem__(self, index: int) -> InstanceInfo: ...
    @overload
    def __getitem__(self, index: slice) -> Instances: ...
    def __getitem__(self, index: int | slice) -> InstanceInfo | Instances:
        return Instances(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[InstanceInfo]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instances) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(self._rows)

    def table(self, limit: int | None = None) -> str:
        """Return the lines as aligned text, the first `limit` of them."""
        table = [self._COLUMNS, *self._cells(limit)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([*lines, self._rest(limit)]).rstrip()

    def _cells(self, limit: int | None) -> list[tuple[str, ...]]:
        return [
            (
                row.name,
                row.kind,
                str(row.n_jobs),
                str(row.n_machines),
                str(row.n_tasks),
                "" if row.lower is None else str(row.lower),
                "" if row.upper is None else str(row.upper),
                row.access,
            )
            for row in self._rows[:limit]
        ]

    def _rest(self, limit: int | None) -> str:
        hidden = 0 if limit is None else len(self) - limit
        return f"… and {hidden} more" if hidden > 0 else ""

    def __repr__(self) -> str:
        return self.table(self._LONGEST)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{column}</th>" for column in self._COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._cells(self._LONGEST)
        )
        return f"<table><tr>{head}</tr>{body}</table>{self._rest(self._LONGEST)}"


def instances(
    *patterns: str,
    kind: str | None = None,
    access: str | None = None,
    status: str | None = None,
) -> Instances:
    """Return the catalogue of named instances, or the part of it that fits.

    Parameters
    ----------
    *patterns
        Names of instances or families, in which ``*``, ``?`` and ``[…]`` stand for anything, one
        character and a choice, in either case. Without any, everything.
    kind
        Only this class of problems, such as "job shop"; see `Kind`.
    access
        Only instances that are "shipped", "generated" or a "download".
    status
        Only instances whose optimum is known ("optimal") or not ("open").

    Returns
    -------
    Instances
        A sequence of `InstanceInfo`, in the order of the catalogue; empty if nothing fits.

    Raises
    ------
    UnknownNameError
        If there is no such kind, access or status.

    Examples
    --------
    >>> [info.name for info in instances("ft*")]
    ['ft06', 'ft10', 'ft20']
    >>> len(instances("la", "orb", status="optimal"))
    50
    """
    wanted = [pattern.lower() for pattern in patterns] or ["*"]
    for what, value, known in (
        ("kind", kind, [str(k) for k in Kind]),
        ("access", access, [str(a) for a in Access]),
        ("status", status, ["optimal", "open"]),
    ):
        if value is not None and value not in known:
            raise UnknownNameError(what, value, known)
    return Instances(
        [
            row
            for row in map(info, names())
            if (kind is None or row.kind == kind)
            and (access is None or row.access == access)
            and (status is None or row.status == status)
            and any(row.family.name == w or fnmatchcase(row.name, w) for w in wanted)
        ]
    )


def citation(source: str) -> str:
    """Return the full reference of a `BestKnown.lower_source` or `BestKnown.upper_source`.

    Raises
    ------
    UnknownNameError
        If there is no such source.
    """
    known = _sources()
    if source not in known:
        raise UnknownNameError("source", source, known)
    return known[source]


@cache
def families() -> Mapping[str, Family]:
    """Return the families of instances by name."""
    document = tomllib.loads(read_text("families.toml"))
    table = {}
    for name, entry in document["family"].items():
        origin = document["origin"][entry.pop("origin")]
        table[name] = Family(name=name, kind=Kind(entry.pop("kind")), **origin, **entry)
    return MappingProxyType(table)


@cache
def names() -> tuple[str, ...]:
    """Return the names of all instances, in the order of the catalogue."""
    return tuple(_sizes())


@cache
def info(name: str) -> InstanceInfo:
    """Return the line of the catalogue of an instance, given its exact name."""
    # Lines are made on demand, so that finding one instance among thousands takes no time.
    family, n_jobs, n_machines, n_tasks, access = _sizes()[name]
    lower, lower_source, lower_date, upper, upper_source, upper_date = _bounds()[name]
    return InstanceInfo(
        name=name,
        family=families()[family],
        n_jobs=int(n_jobs),
        n_machines=int(n_machines),
        n_tasks=int(n_tasks),
        access=Access(access),
        best=BestKnown(
            lower=int(lower) if lower else None,
            lower_source=lower_source,
            lower_date=lower_date,
            upper=int(upper) if upper else None,
            upper_source=upper_source,
            upper_date=upper_date,
        ),
    )


@cache
def _sizes() -> Mapping[str, tuple[str, ...]]:
    return read_table("index.csv")


@cache
def _bounds() -> Mapping[str, tuple[str, ...]]:
    return read_table("best_known.csv")


@cache
def _sources() -> Mapping[str, str]:
    return MappingProxyType(tomllib.loads(read_text("sources.toml")))


def read_text(name: str) -> str:
    """Return the text of a file in the folder ``data`` beside this module."""
    return resources.files("headway.instances").joinpath("data", name).read_text("utf-8")


def read_table(name: str) -> dict[str, tuple[str, ...]]:
    """Return a CSV file in the folder ``data``: the other columns by the first one."""
    rows = csv.reader(read_text(name).splitlines())
    next(rows)
    return {key: tuple(rest) for key, *rest in rows}
