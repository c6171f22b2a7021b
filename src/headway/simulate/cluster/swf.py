"""The Standard Workload Format: logs of parallel machines, 18 numbers a job.

References
----------
Feitelson, Tsafrir, Krakov (2014), "Experience with using the Parallel Workloads Archive"; Chapin,
Cirne, Feitelson, Jones, Leutenegger, Schwiegelshohn, Smith, Talby (1999), "Benchmarks and standards
for the evaluation of parallel job schedulers".
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, FormatError, ProblemError
from headway.files import read_bytes, write_text
from headway.formats import Source
from headway.formats.source import got
from headway.model.tables import LARGEST_TIME, ints
from headway.simulate.cluster.workload import Workload

FIELDS = (
    "job",
    "submit",
    "wait",
    "run",
    "allocated",
    "cpu_used",
    "memory_used",
    "processors",
    "requested",
    "memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding",
    "think",
)
"""The 18 fields of a line: times in seconds, memory in kilobytes per processor, -1 if missing."""

FRACTIONS = frozenset(("cpu_used", "memory_used", "memory"))
"""Fields that may hold fractions; all others are whole numbers."""

MISSING = -1

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(?:\.0*)?")
_FRACTION = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?")
_HEADER = re.compile(r";\s*([A-Za-z][A-Za-z ]*?)\s*:\s*(.*)")
_LARGEST_TEXT = 2**30

_Choice = TypeVar("_Choice", bound=StrEnum)


class Overrun(StrEnum):
    """What becomes of a job that runs longer than it asked for."""

    KILL = "kill"
    """It ends when its time is up."""
    EXTEND = "extend"
    """It is given the time that it takes, as if it had asked for it."""
    KEEP = "keep"
    """It runs on, and the scheduler is surprised."""


class Oversize(StrEnum):
    """What becomes of a job that needs more processors than the machine has."""

    REFUSE = "refuse"
    """The log is refused."""
    DROP = "drop"
    """The job is left out."""
    CAP = "cap"
    """It makes do with the whole machine."""


@dataclass(frozen=True, eq=False)
class SwfLog:
    """A log of jobs.

    Attributes
    ----------
    name
        Usually the stem of the file.
    header
        What the comments at the top say, such as ``MaxProcs``, by key; the first of equal keys.
    columns
        The 18 `FIELDS`, shape (n_jobs,) each: whole numbers, `FRACTIONS` as floating-point ones.
    """

    name: str
    header: Mapping[str, str]
    columns: Mapping[str, NDArray[np.int64] | NDArray[np.float64]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.columns["job"])

    def __getitem__(self, name: str) -> NDArray[np.int64] | NDArray[np.float64]:
        return self.columns[name]

    def processors(self) -> int:
        """Return the size of the machine: ``MaxProcs`` or ``MaxNodes``, else the largest job.

        Raises
        ------
        FormatError
            If the header says a size that is no number.
        """
        for key in ("MaxProcs", "MaxNodes"):
            if key in self.header:
                word = self.header[key].split()[0] if self.header[key].split() else ""
                if not _WHOLE.fullmatch(word):
                    raise FormatError(f"header {key}: expected a number, {got(self.header[key])}")
                if int(word.split(".")[0]) > 0:
                    return int(word.split(".")[0])
        return max(int(self._size().max(initial=1)), 1)

    def workload(
        self,
        *,
        processors: int | None = None,
        overrun: str | Overrun = Overrun.KILL,
        oversize: str | Oversize = Oversize.REFUSE,
        zero_run: bool = True,
    ) -> Workload:
        """Return the jobs of the log.

        A job without requested processors takes those it was allocated; one without requested time
        asks for exactly its run time. Jobs whose run time is missing never ran and are left out.

        Parameters
        ----------
        processors
            Size of the machine; by default as `processors` says.
        overrun
            What becomes of jobs that run longer than they asked for.
        oversize
            What becomes of jobs that are larger than the machine.
        zero_run
            Whether jobs that took no time stay in; they do run, from an instant to itself.

        Raises
        ------
        ProblemError
            If a job has no processors, or is too large; the message names the job.
        ConfigError
            If there is no such policy.
        """
        long, large = _choice(Overrun, overrun, "overrun"), _choice(Oversize, oversize, "oversize")
        capacity = self.processors() if processors is None else processors
        run, amount = self["run"], self._size()
        keep = (run > 0) | ((run == 0) & zero_run)
        requested = np.where(self["requested"] > 0, self["requested"], run)
        too_large = f"needs more than the {capacity} processors there are; oversize= drops or cuts"
        for wrong, why in (
            (keep & (amount < 1), "says no number of processors"),
            (keep & (self["submit"] < 0), "says no time of submission"),
            (keep & (amount > capacity) & (large is Oversize.REFUSE), too_large),
        ):
            if wrong.any():
                number = self["job"][np.flatnonzero(wrong)[0]]
                raise ProblemError(f"{self.name}: job {number} {why}")
        keep &= (amount <= capacity) | (large is Oversize.CAP)
        amount = np.minimum(amount, capacity)
        if long is Overrun.KILL:
            run = np.minimum(run, requested)
        elif long is Overrun.EXTEND:
            requested = np.maximum(run, requested)
        return Workload.of(
            name=self.name,
            capacity=capacity,
            submit=self["submit"][keep],
            run=run[keep],
            requested=requested[keep],
            amount=amount[keep],
            user=self["user"][keep],
            group=self["group"][keep],
            label=[str(number) for number in self["job"][keep]],
        )

    def _size(self) -> NDArray[np.int64]:
        asked = self["processors"]
        return ints(np.where(asked > 0, asked, self["allocated"]))

    @classmethod
    def of(cls, workload: Workload, start: object = None) -> SwfLog:
        """Return a workload as a log, with the waits of a run if the starts are given.

        Raises
        ------
        ProblemError
            If units of the workload are not processors.
        """
        if workload.per_unit != 1:
            raise ProblemError(f"{workload.name}: this format has no shares of processors")
        n = len(workload)
        missing = ints(np.full(n, MISSING))
        numbers = [int(name) if _WHOLE.fullmatch(name) else k for k, name in _numbered(workload)]
        columns: dict[str, NDArray[np.int64] | NDArray[np.float64]] = dict.fromkeys(FIELDS, missing)
        columns.update(dict.fromkeys(FRACTIONS, np.full(n, float(MISSING))))
        columns.update(
            job=ints(numbers),
            submit=workload.submit,
            run=workload.run,
            allocated=workload.amount,
            processors=workload.amount,
            requested=workload.requested,
            status=ints(np.ones(n)),
            user=workload.user,
            group=workload.group,
        )
        if start is not None:
            columns["wait"] = ints(ints(start) - workload.submit)
        header = {
            "Version": "2.2",
            "MaxJobs": str(n),
            "MaxRecords": str(n),
            "MaxProcs": str(workload.capacity),
            "Note": "written by Headway",
        }
        return cls(workload.name, header, columns)

    def __str__(self) -> str:
        lines = [f"; {key}: {value}" for key, value in self.header.items()]
        table = [self[name].tolist() for name in FIELDS]
        lines += [" ".join(f"{value:.15g}" for value in row) for row in zip(*table, strict=True)]
        return "\n".join(lines) + "\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the log, atomically."""
        write_text(path, str(self))


def read_swf(path: str | PathLike[str]) -> SwfLog:
    """Return the log in a file, which may be compressed by gzip.

    Raises
    ------
    FormatError
        If the file cannot be read or a line is not one of the format; names file and line.
    """
    data = read_bytes(path)
    file = Path(path)
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data, file)
    return parse_swf(Source(data, name=file.name.split(".")[0] or "log", path=file))


def parse_swf(source: Source) -> SwfLog:
    """Return the log in a text; see `read_swf`."""
    header: dict[str, str] = {}
    rows: list[list[float]] = []
    known: dict[float, int] = {}
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", source.text), start=1):
        text = raw.strip()
        if text.startswith(";"):
            said = _HEADER.match(text)
            if said:
                header.setdefault(said[1], said[2].strip())
            continue
        words = text.partition(";")[0].split()
        if words:
            rows.append(_row(source, number, words))
            first = known.setdefault(rows[-1][0], number)
            if first != number:
                raise source.error(f"job {words[0]} stands in line {first} already", number)
    if not rows:
        raise source.error("expected lines of 18 numbers, found none", source.last_line)
    table = list(zip(*rows, strict=True))
    return SwfLog(
        source.name,
        header,
        {
            name: np.array(column, dtype=np.float64) if name in FRACTIONS else ints(column)
            for name, column in zip(FIELDS, table, strict=True)
        },
    )


def _row(source: Source, number: int, words: list[str]) -> list[float]:
    if len(words) != len(FIELDS):
        raise source.error(f"expected {len(FIELDS)} fields, got {len(words)}", number)
    row: list[float] = []
    for name, word in zip(FIELDS, words, strict=True):
        fraction = name in FRACTIONS
        if not (_FRACTION if fraction else _WHOLE).fullmatch(word):
            kind = "number" if fraction else "whole number"
            raise source.error(f"field {name!r}: expected a {kind}, {got(word)}", number)
        value = float(word) if fraction else int(word.partition(".")[0])
        if not MISSING <= value <= LARGEST_TIME:
            raise source.error(f"field {name!r}: expected -1 to 2^44, {got(word)}", number)
        row.append(value)
    return row


def _unpacked(data: bytes, path: Path) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, _LARGEST_TEXT)
    except zlib.error as error:
        raise FormatError(f"cannot be unpacked: {error}", path=path) from None
    if not reader.eof:
        raise FormatError("cannot be unpacked: cut off, or larger than a gigabyte", path=path)
    return text


def _choice(kind: type[_Choice], value: str, what: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise ConfigError(f"{what}: expected one of {', '.join(kind)}, got {value!r}") from None


def _numbered(workload: Workload) -> list[tuple[int, str]]:
    return list(enumerate(workload.label, start=1))
