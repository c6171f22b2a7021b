"""Recorded runs of vLLM as LLMServingSim keeps them: every request with its measured times.

References
----------
Cho, Choi, Heo, Park (2026), "LLMServingSim 2.0: A unified simulator for heterogeneous and
disaggregated LLM serving infrastructure", ISPASS.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from headway.serving.workload.json_lines import keys, records
from headway.serving.workload.readers.measured import measured
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.trace_file import TraceFile

Stamp = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
_PLAIN = ("requests", "trace")


class Record(msgspec.Struct, gc=False):
    """One request; the stamps are seconds on the engine's own clock."""

    input_toks: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    output_toks: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    queued_ts: Stamp
    scheduled_ts: Stamp
    first_token_ts: Stamp
    last_token_ts: Stamp


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a record."""
    return {"input_toks", "output_toks", "queued_ts", "first_token_ts"} <= keys(file)


def read(file: TraceFile) -> Recorded:
    """Return a run; requests arrive when the engine queued them, the first one at 0."""
    rows = [
        (
            record.queued_ts,
            record.scheduled_ts,
            record.first_token_ts,
            record.last_token_ts,
            record.input_toks,
            record.output_toks,
        )
        for chunk in records(file, Record)
        for record in chunk.records
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    # The files are all called alike; the folder tells which run it is.
    name = file.path.resolve().parent.name if file.name in _PLAIN else file.name
    return measured(
        file,
        name or file.name,
        stamps=list(table[:4]),
        prompt_tokens=table[4].astype(np.int64),
        output_tokens=table[5].astype(np.int64),
    )
