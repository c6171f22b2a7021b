"""The offline traces beside ServeGen: whole batch jobs of a cloud, without arrivals.

References
----------
Yang, Li, Qian, Xu, Han, Zhu, He, Yin, Zhai, Yu, Zhou, Xue (2026), "Batched in back: Characterizing
and optimizing offline LLM inference in production with ACDC", SOSP.
"""

from __future__ import annotations

import msgspec
import numpy as np

from headway.serving.workload.columns import Int64s
from headway.serving.workload.json_lines import BlockId, Tokens, keys, records
from headway.serving.workload.readers.hashed import Gathered
from headway.serving.workload.readers.kept import kept, labelled
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

BLOCK_TOKENS = 16


class Record(msgspec.Struct, gc=False):
    """One request: with its output's length, or with the ids of its prompt's blocks."""

    request_id: int
    input_length: Tokens
    output_length: Tokens = 1
    hash_ids: list[BlockId] = []
    type: str = "text"


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a trace."""
    found = keys(file)
    return {"request_id", "input_length"} <= found and "timestamp" not in found


def read(file: TraceFile) -> Workload:
    """Return the requests of a batch job, all there at 0.

    The traces with blocks do not tell how long outputs were: there, each counts as 1 token.
    Classes are the types of request: text, multimodal.
    """
    blocks = Gathered(BLOCK_TOKENS)
    lengths: list[Int64s] = []
    types: list[str] = []
    for chunk in records(file, Record):
        found = chunk.records
        rows = [(record.input_length, record.output_length) for record in found]
        lengths.append(np.array(rows, dtype=np.int64).reshape(-1, 2))
        blocks.add(chunk, [record.hash_ids for record in found], lengths[-1][:, 0])
        types += [record.type for record in found]
    prompt, output = np.concatenate([np.zeros((0, 2), np.int64), *lengths]).T
    classes, service_class = labelled(types)
    content = blocks.blocks()
    return kept(
        name=file.name,
        prompt_tokens=prompt,
        output_tokens=output,
        service_class=service_class,
        classes=classes,
        blocks=content if len(content.ids) else None,
    )
