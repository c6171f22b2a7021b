"""Azure's LLM inference traces: when requests came, and how long they were.

References
----------
Patel, Choukse, Zhang, Shah, Goiri, Maleng, Bianchini (2024), "Splitwise: Efficient generative LLM
inference using phase splitting"; the traces are those of AzurePublicDataset, 2023 and 2024.
"""

from __future__ import annotations

import numpy as np

from headway.serving.workload.csv_columns import DATE, WHOLE, columns, header
from headway.serving.workload.readers.kept import kept
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")


def fits(file: TraceFile) -> bool:
    """Return whether the file has the header of such a trace."""
    return set(COLUMNS) <= set(header(file.head))


def read(file: TraceFile) -> Workload:
    """Return the requests of a trace; the first arrives at 0."""
    kinds = dict(zip(COLUMNS, (DATE, WHOLE, WHOLE), strict=True))
    nanoseconds, prompt, output = columns(file, kinds).values()
    return kept(
        name=file.name,
        arrival_s=(nanoseconds - nanoseconds.min(initial=np.iinfo(np.int64).max)) / 1e9,
        prompt_tokens=prompt,
        output_tokens=output,
    )
