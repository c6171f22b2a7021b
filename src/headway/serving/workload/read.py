"""Reading a workload from a file, whatever public trace it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType

from headway.errors import UnknownNameError
from headway.serving.workload import own
from headway.serving.workload.readers import (
    agents,
    azure,
    bailian,
    burstgpt,
    lengths,
    mooncake,
    servegen,
    vllm,
)
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile


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
    recorded
        The same with measured times, where the format has them.
    """

    title: str
    fits: Callable[[TraceFile], bool]
    read: Callable[[TraceFile], Workload]
    recorded: Callable[[TraceFile], Recorded] | None = None


def _unmeasured(read: Callable[[TraceFile], Recorded]) -> Callable[[TraceFile], Workload]:
    return lambda file: read(file).workload


FORMATS: Mapping[str, TraceFormat] = MappingProxyType(
    {
        "headway": TraceFormat("Headway's own (JSONL)", own.fits, own.read),
        "azure": TraceFormat("Azure LLM inference, 2023 and 2024 (CSV)", azure.fits, azure.read),
        "mooncake": TraceFormat(
            "Mooncake, blocks of 512 tokens (JSONL)", mooncake.fits, mooncake.read
        ),
        "bailian": TraceFormat(
            "Qwen-Bailian, sessions and blocks of 16 tokens (JSONL)", bailian.fits, bailian.read
        ),
        "burstgpt": TraceFormat("BurstGPT (CSV)", burstgpt.fits, burstgpt.read),
        "servegen": TraceFormat(
            "offline jobs beside ServeGen, no arrivals (JSONL)", servegen.fits, servegen.read
        ),
        "vllm": TraceFormat(
            "recorded runs of vLLM (JSONL)", vllm.fits, _unmeasured(vllm.read), vllm.read
        ),
        "agents": TraceFormat(
            "calls of coding agents (JSONL)", agents.fits, _unmeasured(agents.read), agents.read
        ),
        "lengths": TraceFormat(
            "prompt and output lengths, perhaps arrivals (CSV)", lengths.fits_csv, lengths.read_csv
        ),
        "lengths-json": TraceFormat(
            "prompt and output lengths (a JSON list)", lengths.fits_json, lengths.read_json
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
    found = _format_of(file, format).read(file)
    return found if name is None else found.renamed(name)


def read_recorded(path: str | PathLike[str], *, format: str | None = None) -> Recorded:  # noqa: A002
    """Return a recorded run of an engine: its workload and the measured times.

    Parameters
    ----------
    path, format
        As of `read_workload`.

    Raises
    ------
    FormatError
        As `read_workload`, and if the format has no measured times.
    UnknownNameError
        If there is no such format.
    """
    file = TraceFile(path)
    form = _format_of(file, format)
    if form.recorded is None:
        raise file.error(f"there are no measured times in this format: {form.title}")
    return form.recorded(file)


def _format_of(file: TraceFile, name: str | None) -> TraceFormat:
    chosen = detect(file) if name is None else name
    if chosen not in FORMATS:
        raise UnknownNameError("trace format", chosen, FORMATS)
    return FORMATS[chosen]


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
