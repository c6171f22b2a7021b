"""Reading a workload from a file, whatever public trace it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType

from headway.errors import UnknownNameError
from headway.serving.workload.readers import azure, mooncake
from headway.serving.workload.trace_file import TraceFile
from headway.serving.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """A format of traces.

    Attributes
    ----------
    title
        What it is, in a line.
    fits
        Whether the beginning of a file looks like it.
    read
        The workload in a file of the format.
    """

    title: str
    fits: Callable[[TraceFile], bool]
    read: Callable[[TraceFile], Workload]


FORMATS: Mapping[str, TraceFormat] = MappingProxyType(
    {
        "azure": TraceFormat("Azure LLM inference traces (CSV)", azure.fits, azure.read),
        "mooncake": TraceFormat(
            "Mooncake: blocks of 512 tokens (JSONL)", mooncake.fits, mooncake.read
        ),
    }
)
"""The formats there are, by name."""


def read_workload(
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    name: str | None = None,
) -> Workload:
    """Return the workload in a file, which may be compressed by gzip.

    Parameters
    ----------
    path
        The file.
    format
        One of `FORMATS`; found by the content if None.
    name
        What to call the workload; by default after the file.

    Raises
    ------
    FormatError
        If the file cannot be read, no format is recognised, or a line does not fit the format;
        names file, line and field.
    UnknownNameError
        If there is no such format.
    """
    file = TraceFile(path)
    chosen = detect(file) if format is None else format
    if chosen not in FORMATS:
        raise UnknownNameError("trace format", chosen, FORMATS)
    found = FORMATS[chosen].read(file)
    return found if name is None else found.renamed(name)


def detect(file: TraceFile) -> str:
    """Return the name of the format that a file is in.

    Raises
    ------
    FormatError
        If it is none of `FORMATS`.
    """
    for name, form in FORMATS.items():
        if form.fits(file):
            return name
    raise file.error("not a trace that is known here; expected one of " + ", ".join(FORMATS), 1)
