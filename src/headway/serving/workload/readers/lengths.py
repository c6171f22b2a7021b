"""Lists of lengths: prompts and outputs, with arrivals or without."""

from __future__ import annotations

import msgspec
import numpy as np

from headway.serving.workload.csv_columns import NUMBER, WHOLE, columns, header
from headway.serving.workload.json_lines import Tokens, decoded
from headway.serving.workload.readers.kept import kept
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

_HEADERS = (
    ("num_prefill_tokens", "num_decode_tokens", "arrived_at"),
    ("prompt_tokens", "output_tokens", "arrival_s"),
)
"""Columns of prompts, outputs and, perhaps, arrivals in seconds: those of Vidur's traces; ours."""


class Record(msgspec.Struct, gc=False):
    """One request, as an endpoint with OpenAI's interface counts it."""

    prompt_tokens: Tokens
    completion_tokens: Tokens


def fits_csv(file: TraceFile) -> bool:
    """Return whether the file has a header that names prompts and outputs."""
    return _header(file) is not None


def read_csv(file: TraceFile) -> Workload:
    """Return the requests of a table; without arrivals, all are there at 0."""
    names = _header(file)
    if names is None:
        known = " or ".join(f"{prompt},{output}" for prompt, output, _ in _HEADERS)
        raise file.error(f"expected the columns {known}", 1)
    prompt, output, arrival = names
    with_times = arrival in header(file.head)
    kinds = {prompt: WHOLE, output: WHOLE, **({arrival: NUMBER} if with_times else {})}
    table = columns(file, kinds)
    return kept(
        name=file.name,
        arrival_s=table[arrival] if with_times else None,
        prompt_tokens=table[prompt],
        output_tokens=table[output],
    )


def fits_json(file: TraceFile) -> bool:
    """Return whether the file is a list of records that count tokens as OpenAI's interface does."""
    head = file.head.lstrip()
    return head.startswith(b"[") and b'"completion_tokens"' in head


def read_json(file: TraceFile) -> Workload:
    """Return the requests of a list, all there at 0."""
    found: list[Record] = decoded(file, msgspec.json.Decoder(list[Record]), file.content())
    rows = [(record.prompt_tokens, record.completion_tokens) for record in found]
    prompt, output = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return kept(name=file.name, prompt_tokens=prompt, output_tokens=output)


def _header(file: TraceFile) -> tuple[str, str, str] | None:
    there = set(header(file.head))
    return next((names for names in _HEADERS if set(names[:2]) <= there), None)
