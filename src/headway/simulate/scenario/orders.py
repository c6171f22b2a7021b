"""Jobs in a table: what arrived, as somebody wrote it down.

Either a row per job, its operations one after another, with alternatives parted by ``|``::

    job,arrival,due,weight,operations
    chair,0,90,3,saw:12; drill:5|mill:7; paint:20

or a row per operation; rows of one job and position are alternatives::

    job,seq,machine,duration,arrival,due,weight
    chair,1,saw,12,0,90,3
    chair,2,drill,5,,,
    chair,2,mill,7,,,

Of the columns, ``arrival`` (0), ``due`` and ``weight`` may be missing or empty, and so may ``job``
in the first form.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from headway.files import read_bytes
from headway.formats.source import MOST_RESOURCES, Source, got
from headway.model.tables import LARGEST_TIME

Choices: TypeAlias = tuple[tuple[str, int], ...]
"""Machine and duration of each mode of an operation."""

_OF_JOB = {"arrival": LARGEST_TIME, "due": LARGEST_TIME, "weight": 2**31 - 1}
_BY_JOB, _BY_OPERATION = ("operations",), ("job", "seq", "machine", "duration")
_COLUMNS = ("job", *_OF_JOB, *_BY_JOB, *_BY_OPERATION[1:])


@dataclass(frozen=True, slots=True)
class Order:
    """A job that arrives.

    Attributes
    ----------
    name
        Unique.
    operations
        One after another.
    arrival
        Tick.
    due, weight
        None if the table does not say.
    """

    name: str
    operations: tuple[Choices, ...]
    arrival: int = 0
    due: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """The jobs of a table, by arrival.

    Attributes
    ----------
    orders
        In order of arrival.
    machines
        Names of all machines, sorted, ``saw 9`` before ``saw 10``.
    """

    orders: tuple[Order, ...]
    machines: tuple[str, ...] = field(default=())


def read_orders(path: str | PathLike[str], machines: Sequence[str] = ()) -> Orders:
    """Return the jobs in a file; see the module.

    Parameters
    ----------
    path
        A CSV file.
    machines
        Names of the machines there are; those that the file names by default.

    Raises
    ------
    FormatError
        If the file cannot be read or holds no such table; names file and line.
    """
    file = Path(path)
    return parse_orders(Source(read_bytes(file), name=file.stem, path=file), machines)


def parse_orders(source: Source, machines: Sequence[str] = ()) -> Orders:
    """Return the jobs in a text; see `read_orders`."""
    rows = _Rows(source)
    orders = list(_by_job(rows) if rows.has("operations") else _by_operation(rows))
    if not orders:
        raise source.error("expected at least one job")
    named = {m: line for order, line in orders for op in order.operations for m, _ in op}
    for name, line in named.items():
        if machines and name not in machines:
            raise source.error(f"unknown machine {name!r}; known: {', '.join(machines)}", line)
    if len(named) > MOST_RESOURCES:
        raise source.error(f"{len(named)} machines are too many")
    seen: set[str] = set()
    for order, line in orders:
        if order.name in seen:
            raise source.error(f"there is a job {order.name!r} already", line)
        seen.add(order.name)
    jobs = sorted((order for order, _ in orders), key=lambda order: order.arrival)
    return Orders(tuple(jobs), tuple(machines or sorted(named, key=_natural)))


class _Rows:
    """The rows of a table with the columns that it has."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.reader = csv.reader(source.text.splitlines(keepends=True), strict=True)
        self.header = [cell.strip().lower() for cell in self._next() or []]
        for name in self.header:
            if self.header.count(name) > 1:
                raise source.error(f"two columns are called {name!r}", 1)
            if name not in _COLUMNS:
                raise source.error(f"unknown column {name!r}; known: {', '.join(_COLUMNS)}", 1)
        need = _BY_JOB if self.has("operations") else _BY_OPERATION
        for name in need:
            if not self.has(name):
                raise source.error(
                    f"expected a header with a column 'operations', or with"
                    f" {', '.join(map(repr, _BY_OPERATION))}; {name!r} is missing",
                    1,
                )

    def has(self, column: str) -> bool:
        return column in self.header

    def _next(self) -> list[str] | None:
        try:
            return next(self.reader, None)
        except csv.Error as error:
            line = self.reader.line_num
            raise self.source.error(f"not comma-separated values: {error}", line) from None

    def __iter__(self) -> Iterator[tuple[dict[str, str], int]]:
        while (row := self._next()) is not None:
            line = self.reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(self.header):
                raise self.source.error(
                    f"expected {len(self.header)} columns, got {len(row)}", line
                )
            yield dict(zip(self.header, map(str.strip, row), strict=True)), line

    def whole(self, word: str, what: str, line: int, most: int = LARGEST_TIME) -> int:
        """Return a whole number from 0 on."""
        if not re.fullmatch(r"[0-9]{1,18}", word, re.ASCII) or int(word) > most:
            raise self.source.error(f"{what}: expected a whole number from 0 on, {got(word)}", line)
        return int(word)

    def of_job(self, cell: dict[str, str], line: int) -> dict[str, int]:
        """Return arrival, due date and weight, as far as they are said."""
        return {
            key: self.whole(cell[key], key, line, most)
            for key, most in _OF_JOB.items()
            if cell.get(key)
        }


def _by_job(rows: _Rows) -> Iterator[tuple[Order, int]]:
    for number, (cell, line) in enumerate(rows):
        parts = [part for part in cell["operations"].split(";") if part.strip()]
        if not parts:
            raise rows.source.error("operations: expected some, as in saw:12; drill:5", line)
        operations = tuple(
            tuple(_choice(rows, choice, line) for choice in part.split("|")) for part in parts
        )
        name = cell.get("job") or f"job {number}"
        yield Order(name, operations, **rows.of_job(cell, line)), line


def _choice(rows: _Rows, text: str, line: int) -> tuple[str, int]:
    machine, _, duration = text.rpartition(":")
    if not machine.strip():
        raise rows.source.error(
            f"operations: expected a machine and a duration, as in saw:12, {got(text.strip())}",
            line,
        )
    return machine.strip(), rows.whole(duration.strip(), "operations: duration", line)


def _by_operation(rows: _Rows) -> Iterator[tuple[Order, int]]:
    first: dict[str, int] = {}
    steps: dict[str, dict[int, list[tuple[str, int]]]] = {}
    said: dict[tuple[str, str], tuple[int, int]] = {}
    for cell, line in rows:
        name = cell["job"]
        if not name or not cell["machine"]:
            raise rows.source.error("expected the name of a job and of a machine", line)
        first.setdefault(name, line)
        for key, value in rows.of_job(cell, line).items():
            known, there = said.setdefault((name, key), (value, line))
            if value != known:
                raise rows.source.error(f"{key}: job {name!r} has {known} in line {there}", line)
        seq = rows.whole(cell["seq"], "seq", line)
        duration = rows.whole(cell["duration"], "duration", line)
        steps.setdefault(name, {}).setdefault(seq, []).append((cell["machine"], duration))
    for name, line in first.items():
        chain = tuple(tuple(choices) for _, choices in sorted(steps[name].items()))
        told = {key: said[name, key][0] for key in _OF_JOB if (name, key) in said}
        yield Order(name, chain, **told), line


def _natural(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)([0-9]{0,18})", name, re.ASCII | re.DOTALL)
    assert found is not None
    return found[1], int(found[2] or -1)
