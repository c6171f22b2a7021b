"""BurstGPT's traces: when users of a campus asked ChatGPT and GPT-4, and how long it was.

References
----------
Wang, Chen, Li and others (2025), "BurstGPT: A real-world workload dataset to optimize LLM serving
systems", KDD.
"""

from __future__ import annotations

import numpy as np

from headway.serving.workload.csv_columns import NUMBER, TEXT, WHOLE, columns, header
from headway.serving.workload.readers.kept import kept, labelled, numbered
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

_KINDS = {
    "Timestamp": NUMBER,
    "Request tokens": WHOLE,
    "Response tokens": WHOLE,
    "Model": TEXT,
    "Log Type": TEXT,
}
_SESSION = "Session ID"


def fits(file: TraceFile) -> bool:
    """Return whether the file has the header of such a trace."""
    return set(_KINDS) <= set(header(file.head))


def read(file: TraceFile) -> Workload:
    """Return the requests of a trace; the clock is the trace's own, in seconds.

    Classes are the pairs of model and kind of log; requests without an answer failed and are left
    out. Later releases tell sessions.
    """
    sessions = {_SESSION: TEXT} if _SESSION in header(file.head) else {}
    table = columns(file, {**_KINDS, **sessions})
    model, log = table["Model"], table["Log Type"]
    classes, service_class = labelled(
        [f"{one}, {other}" for one, other in zip(model.tolist(), log.tolist(), strict=True)]
    )
    return kept(
        name=file.name,
        arrival_s=table["Timestamp"].astype(np.float64),
        prompt_tokens=table["Request tokens"],
        output_tokens=table["Response tokens"],
        service_class=service_class,
        classes=classes,
        session=numbered([name or None for name in table[_SESSION].tolist()]) if sessions else None,
    )
