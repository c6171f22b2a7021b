"""Mooncake's traces: requests with the chained ids of their prompts' blocks of 512 tokens.

References
----------
Qin, Li, He, Cui, Ren, Zhang, Wu, Zheng, Xu (2025), "Mooncake: Trading more storage for less
computation, a KVCache-centric architecture for serving LLM chatbot", FAST.
"""

from __future__ import annotations

import msgspec
import numpy as np

from headway.serving.workload.columns import Floats, Int64s
from headway.serving.workload.json_lines import BlockId, Time, Tokens, keys, records
from headway.serving.workload.readers.hashed import Gathered
from headway.serving.workload.readers.kept import kept
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

BLOCK_TOKENS = 512


class Record(msgspec.Struct, gc=False):
    """One request; the time in milliseconds."""

    timestamp: Time
    input_length: Tokens
    output_length: Tokens
    hash_ids: list[BlockId]


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a trace."""
    found = keys(file)
    return {"timestamp", "input_length", "hash_ids"} <= found and "chat_id" not in found


def read(file: TraceFile) -> Workload:
    """Return the requests of a trace.

    Its clock ticks every 3 seconds in the conversation trace; `Workload.spread` takes that out.
    """
    blocks = Gathered(BLOCK_TOKENS)
    times: list[Floats] = []
    lengths: list[Int64s] = []
    for chunk in records(file, Record):
        found = chunk.records
        times.append(np.array([record.timestamp for record in found], dtype=np.float64))
        rows = [(record.input_length, record.output_length) for record in found]
        lengths.append(np.array(rows, dtype=np.int64).reshape(-1, 2))
        blocks.add(chunk, [record.hash_ids for record in found], lengths[-1][:, 0])
    prompt, output = np.concatenate([np.zeros((0, 2), np.int64), *lengths]).T
    return kept(
        name=file.name,
        arrival_s=np.concatenate([np.zeros(0), *times]) / 1000,
        prompt_tokens=prompt,
        output_tokens=output,
        blocks=blocks.blocks(),
    )
