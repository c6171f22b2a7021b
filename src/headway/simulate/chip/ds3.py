"""Reads the files of the DS3 chip simulator: a chip with its costs, and applications.

The format is that of EpiSci/SoCRATES (MIT licence), which goes back to DS3 (Arda et al., "DS3: A
System-Level Domain-Specific System-on-Chip Simulation Framework", 2020): keywords, one record a
line, ``#`` starts a comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np

from headway.errors import FormatError, ProblemError
from headway.files import read_bytes
from headway.formats.source import Line, Source, got, plural
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.platform import Application, Element, OperatingPoint, Platform

_MOST_ELEMENTS = 256
_MOST_TASKS = 10_000
_MOST_VOLUME = 2**40
_MEMORY = "MEM"
_NO_FUNCTION = "None"


def read_platform(path: str | PathLike[str]) -> Platform:
    """Return the chip that a DS3 resource file describes.

    An element of capacity c becomes c elements. The memory is left out: data goes from element to
    element. Where no bandwidth is said it is 1.

    Raises
    ------
    FormatError
        If the file cannot be read or is none; the message names file and line.
    """
    return parse_platform(read_bytes(path), Path(path).stem, path=Path(path))


def read_application(path: str | PathLike[str]) -> Application:
    """Return the application that a DS3 job file describes.

    Heads and tails follow from the edges, and the earliest start and deadline of tasks, which the
    simulator reads and does not use, are checked for form and left out.

    Raises
    ------
    FormatError
        If the file cannot be read or is none; the message names file and line.
    """
    return parse_application(read_bytes(path), Path(path).stem, path=Path(path))


def parse_platform(data: bytes, name: str, *, path: Path | None = None) -> Platform:
    """Return the chip in the bytes of a resource file; see `read_platform`."""
    source = Source(data, name=name, path=path)
    drafts, bands = _PlatformReader(source).read()
    if not drafts:
        raise source.error("expected add_new_resource, found none", source.last_line)
    positions = [
        (draft, k) for draft in drafts if not draft.is_memory for k in range(draft.capacity)
    ]
    if not positions:
        raise source.error("expected an element besides memory, found none", source.last_line)
    if len(positions) > _MOST_ELEMENTS:
        raise source.error(
            f"expected {_MOST_ELEMENTS} elements or fewer, found {len(positions)}",
            source.last_line,
        )
    identity = [draft.identity for draft, _ in positions]
    bandwidth = [[bands.get((a, b), 1) for b in identity] for a in identity]
    elements = tuple(
        Element(
            draft.name if draft.capacity == 1 else f"{draft.name}.{k}",
            draft.kind,
            draft.duration,
            draft.power,
            tuple(sorted(draft.points, key=lambda point: point.frequency_mhz)),
        )
        for draft, k in positions
    )
    try:
        return Platform(name, elements, np.array(bandwidth, dtype=np.int64))
    except ProblemError as error:
        raise FormatError(str(error), path=path) from None


def parse_application(data: bytes, name: str, *, path: Path | None = None) -> Application:
    """Return the application in the bytes of a job file; see `read_application`."""
    source = Source(data, name=name, path=path)
    return _ApplicationReader(source).read()


def read_graph(platform: str | PathLike[str], application: str | PathLike[str]) -> TaskGraph:
    """Return the task graph of an application file on the chip of a resource file.

    Raises
    ------
    FormatError
        If one of the files cannot be read or is none; the message names file and line.
    ProblemError
        If the application does not fit the chip.
    """
    return read_platform(platform).graph(read_application(application))


def top() -> tuple[TaskGraph, ...]:
    """Return the ten public applications of SoCRATES on its three-element chip, Top_1 to Top_10.

    Top_1 is the example of the paper on HEFT (Topcuoglu, Hariri, Wu, 2002); each has ten tasks.
    """
    folder = resources.files("headway.simulate.chip") / "data"
    platform = parse_platform((folder / "DASH.SoC.Top.txt").read_bytes(), "Top")
    names = ["job_Top.txt", *(f"job_Top{k}.txt" for k in range(2, 11))]
    return tuple(
        platform.graph(parse_application((folder / name).read_bytes(), name)) for name in names
    )


@dataclass
class _Draft:
    """A resource while its lines are read."""

    name: str
    kind: str
    identity: int
    capacity: int
    functions: int
    line: Line
    duration: dict[str, int] = field(default_factory=dict)
    power: dict[str, float] = field(default_factory=dict)
    points: list[OperatingPoint] = field(default_factory=list)
    read: int = 0

    @property
    def is_memory(self) -> bool:
        return self.kind == _MEMORY


class _PlatformReader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._drafts: list[_Draft] = []
        self._bands: dict[tuple[int, int], int] = {}

    def read(self) -> tuple[list[_Draft], dict[tuple[int, int], int]]:
        open_draft: _Draft | None = None
        for line in self._source.lines:
            if open_draft is not None:
                open_draft = self._part(open_draft, line)
            elif line.words[0] == "add_new_resource":
                open_draft = self._resource(line)
            elif line.words[0] == "comm_band":
                self._band(line)
            else:
                raise self._source.error(
                    f"expected add_new_resource or comm_band, {got(line.text)}", line
                )
        if open_draft is not None:
            raise self._source.error(
                f"resource {open_draft.name!r}: expected"
                f" {plural(open_draft.functions, 'function')}, found {open_draft.read}",
                open_draft.line,
            )
        return self._drafts, self._bands

    def _resource(self, line: Line) -> _Draft | None:
        words = line.words
        if len(words) not in (6, 7):
            raise self._source.error(
                "add_new_resource: expected type, name, id, capacity, number of functions and"
                f" governor, {got(line.text)}",
                line,
            )
        identity = self._source.whole(words[3], line, "id", 0, _MOST_ELEMENTS)
        for other in self._drafts:
            if identity == other.identity or words[2] == other.name:
                raise self._source.error(
                    f"resource {words[2]!r} with id {identity}: name or id is taken by"
                    f" {other.name!r}",
                    line,
                )
        capacity = self._source.whole(words[4], line, "capacity", 1, _MOST_ELEMENTS)
        functions = self._source.whole(words[5], line, "number of functions", 0, _MOST_TASKS)
        draft = _Draft(words[2], words[1], identity, capacity, functions, line)
        self._drafts.append(draft)
        return draft if functions else None

    def _part(self, draft: _Draft, line: Line) -> _Draft | None:
        words = line.words
        if len(words) != 3:
            raise self._source.error(
                f"resource {draft.name!r}: expected opp, MHz and mV or a function, its duration and"
                f" its power, {got(line.text)}",
                line,
            )
        if words[0] == "opp":
            frequency = self._source.whole(words[1], line, "frequency in MHz", 1, 1_000_000)
            voltage = self._source.whole(words[2], line, "voltage in mV", 1, 100_000)
            draft.points.append(OperatingPoint(frequency, voltage))
            return draft
        self._function(draft, line)
        draft.read += 1
        return draft if draft.read < draft.functions else None

    def _function(self, draft: _Draft, line: Line) -> None:
        name, ticks, power = line.words
        if name in draft.duration:
            raise self._source.error(f"resource {draft.name!r}: {name!r} stands twice", line)
        if not (draft.is_memory and name == _NO_FUNCTION):
            draft.duration[name] = self._source.whole(ticks, line, f"duration of {name!r}")
            draft.power[name] = _number(self._source, power, line, f"power of {name!r}")

    def _band(self, line: Line) -> None:
        words = line.words
        if len(words) != 4:
            raise self._source.error(
                f"comm_band: expected two ids and a bandwidth, {got(line.text)}", line
            )
        known = {draft.identity: draft for draft in self._drafts}
        ends = [self._source.whole(word, line, "id", 0, _MOST_ELEMENTS) for word in words[1:3]]
        for end in ends:
            if end not in known:
                raise self._source.error(f"comm_band: no resource has id {end}", line)
        # Of memory with itself the files say 0; nothing is sent there.
        least = 0 if any(known[end].is_memory for end in ends) else 1
        band = self._source.whole(words[3], line, "bandwidth", least, _MOST_VOLUME)
        self._bands[ends[0], ends[1]] = self._bands[ends[1], ends[0]] = band


class _ApplicationReader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._name = source.name
        self._count: int | None = None
        self._functions: list[str] = []
        self._parents: list[tuple[int, Line]] = []
        self._edges: dict[tuple[int, int], int] = {}

    def read(self) -> Application:
        lines = iter(self._source.lines)
        for line in lines:
            match line.words:
                case ("job_name", name):
                    self._name = name
                case ("add_new_tasks", count):
                    self._tasks(count, line, lines)
                case ("comm_vol", _, _, _):
                    self._volume(line)
                case _ if not self._attribute(line):
                    raise self._source.error(
                        f"expected job_name, add_new_tasks or comm_vol, {got(line.text)}", line
                    )
        if self._count is None:
            raise self._source.error("expected add_new_tasks, found none", self._source.last_line)
        edges = sorted(self._edges)
        return Application(
            self._name,
            tuple(self._functions),
            np.array([a for a, _ in edges], dtype=np.int64),
            np.array([b for _, b in edges], dtype=np.int64),
            np.array([self._edges[edge] for edge in edges], dtype=np.int64),
        )

    def _tasks(self, count: str, opening: Line, lines: Iterator[Line]) -> None:
        if self._count is not None:
            raise self._source.error("add_new_tasks: expected it once", opening)
        self._count = self._source.whole(count, opening, "number of tasks", 1, _MOST_TASKS)
        while len(self._functions) < self._count:
            line = next(lines, None)
            if line is None:
                raise self._source.error(
                    f"expected {plural(self._count, 'task')}, found {len(self._functions)}", opening
                )
            if not self._attribute(line):
                self._task(line)

    def _task(self, line: Line) -> None:
        words = line.words
        if len(words) < 2:
            raise self._source.error(
                f"task: expected a name, an id and predecessors, {got(line.text)}", line
            )
        task = len(self._functions)
        if self._source.whole(words[1], line, "id") != task:
            raise self._source.error(f"task: expected id {task}, {got(words[1])}", line)
        last = (self._count or 1) - 1
        for word in words[2:]:
            parent = self._source.whole(word, line, "predecessor", 0, last)
            if (parent, task) in self._edges or parent == task:
                raise self._source.error(f"task {task}: predecessor {parent} is not possible", line)
            self._edges[parent, task] = 0
        self._functions.append(words[0])

    def _attribute(self, line: Line) -> bool:
        """Check a line that says more about the task above it; return whether it is one."""
        match line.words:
            case (name, "HEAD" | "TAIL"):
                pass
            case (name, "earliest_start", start, "deadline", deadline):
                self._source.whole(start, line, "earliest start")
                self._source.whole(deadline, line, "deadline")
            case _:
                return False
        if not self._functions or name != self._functions[-1]:
            raise self._source.error(f"expected the name of the task above, {got(name)}", line)
        return True

    def _volume(self, line: Line) -> None:
        if self._count is None:
            raise self._source.error("comm_vol: expected add_new_tasks above", line)
        first, second = (
            self._source.whole(word, line, "task", 0, self._count - 1) for word in line.words[1:3]
        )
        if (first, second) not in self._edges:
            raise self._source.error(
                f"comm_vol: task {first} is no predecessor of task {second}", line
            )
        volume = self._source.whole(line.words[3], line, "volume", 0, _MOST_VOLUME)
        self._edges[first, second] = volume


def _number(source: Source, word: str, line: Line, what: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e12:
        raise source.error(f"{what}: expected a number of at least 0, {got(word)}", line)
    return value
