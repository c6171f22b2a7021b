"""Public traces by name, downloaded once; see `headway.instances.remote`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from headway.errors import UnknownNameError
from headway.instances import remote
from headway.serving.workload.read import read_recorded, read_workload
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.requests import Workload

TRACES: Mapping[str, str] = MappingProxyType(
    {
        "azure-conv": "traces/azure_2023_conv.csv",
        "azure-code": "traces/azure_2023_code.csv",
        "mooncake-conversation": "traces/mooncake_conversation.jsonl",
        "mooncake-synthetic": "traces/mooncake_synthetic.jsonl",
        "sharegpt-o1": "traces/sharegpt_o1_lengths.json",
        "arxiv-summarization": "traces/arxiv_summarization_lengths.csv",
    }
)
"""Traces by name: their files below the data folder.

One hour each of two services of Azure (CC BY 4.0); two traces of Mooncake (Apache-2.0), of which
the conversation's clock ticks every 3 seconds; lengths without arrivals of questions to a reasoning
model (WuSiYu/lightllm-ae) and of papers to be summarised (microsoft/vidur, MIT).
"""

RECORDINGS: Mapping[str, str] = MappingProxyType(
    {
        "llama-3.1-8b-rtx-pro-6000": "serving/vllm_0.19/RTXPRO6000/requests.jsonl",
        "llama-3.1-8b-rtx-4090": "serving/vllm_0.19/RTX4090/requests.jsonl",
        "qwen3-32b-rtx-pro-6000": "serving/vllm_0.19/RTXPRO6000_Qwen3-32B/requests.jsonl",
        "qwen3-30b-a3b-rtx-pro-6000": "serving/vllm_0.19/RTXPRO6000_Qwen3-30B-A3B/requests.jsonl",
    }
)
"""Runs of vLLM 0.19 by name: 300 requests of ShareGPT at 10 per second, model and GPU as named.

From casys-kaist/LLMServingSim (MIT).
"""


def workload(name: str) -> Workload:
    """Return a public trace, or the workload of a recorded run, by name.

    Parameters
    ----------
    name
        One of `TRACES` or `RECORDINGS`.

    Raises
    ------
    UnknownNameError
        If there is no such trace.
    FormatError
        If it is neither in the data folder nor can be downloaded.
    """
    if name in RECORDINGS:
        return recorded(name).workload
    if name not in TRACES:
        raise UnknownNameError("trace", name, (*TRACES, *RECORDINGS))
    return read_workload(remote.fetch(TRACES[name]), name=name)


def obtain(source: str, *, home: Path | None = None, format: str | None = None) -> Workload:  # noqa: A002
    """Return the workload in a file, or a public trace by name; a file of that name goes first.

    Parameters
    ----------
    source
        Path of a file, or one of `TRACES` or `RECORDINGS`.
    home
        Folder that the path is relative to; by default the current one.
    format
        Of the file; found by the content if None.

    Raises
    ------
    FormatError
        If the file cannot be read, or is in none of the formats known.
    UnknownNameError
        If there is no such file, and no such trace or format.
    """
    path = (home or Path()) / source
    # What looks like a name and is no file is taken for a name, whose refusal suggests others.
    if not path.exists() and (source in TRACES or source in RECORDINGS or not path.suffix):
        return workload(source)
    return read_workload(path, format=format)


def recorded(name: str) -> Recorded:
    """Return a recorded run by name, with its measured times.

    Parameters
    ----------
    name
        One of `RECORDINGS`.

    Raises
    ------
    UnknownNameError
        If there is no such run.
    FormatError
        If it is neither in the data folder nor can be downloaded.
    """
    if name not in RECORDINGS:
        raise UnknownNameError("recorded run", name, RECORDINGS)
    return read_recorded(remote.fetch(RECORDINGS[name])).renamed(name)
