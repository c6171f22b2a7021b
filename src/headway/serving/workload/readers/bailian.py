"""Qwen-Bailian's traces: a cloud's requests with sessions and the ids of blocks of 16 tokens.

References
----------
Wang, Han, Wei, Shen, Zhang, Fang, Chen, Yu, Chen (2025), "KVCache cache in the wild: Characterizing
and optimizing KVCache cache at a large cloud provider", USENIX ATC.
"""

from __future__ import annotations

import msgspec
import numpy as np

from headway.serving.workload.columns import NONE, Int64s
from headway.serving.workload.json_lines import BlockId, Time, Tokens, keys, records
from headway.serving.workload.readers.hashed import Gathered
from headway.serving.workload.readers.kept import kept, labelled
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile

BLOCK_TOKENS = 16


class Record(msgspec.Struct, gc=False):
    """One request; the time in seconds, -1 as the parent of the first one of a conversation."""

    chat_id: int
    parent_chat_id: int
    timestamp: Time
    input_length: Tokens
    output_length: Tokens
    hash_ids: list[BlockId]
    type: str = "text"


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a trace."""
    return {"chat_id", "parent_chat_id", "hash_ids"} <= keys(file)


def read(file: TraceFile) -> Workload:
    """Return the requests of a trace.

    A session is a request together with all that follow on it. Classes are the types of request:
    text, search, image, file.
    """
    blocks = Gathered(BLOCK_TOKENS)
    sessions = _Sessions()
    columns: list[Int64s] = []
    times: list[float] = []
    types: list[str] = []
    for chunk in records(file, Record):
        found = chunk.records
        rows = [
            (record.input_length, record.output_length, sessions.of(record)) for record in found
        ]
        columns.append(np.array(rows, dtype=np.int64).reshape(-1, 3))
        blocks.add(
            chunk, [record.hash_ids for record in found], columns[-1][:, 0] + columns[-1][:, 1]
        )
        times += [record.timestamp for record in found]
        types += [record.type for record in found]
    prompt, output, session = np.concatenate([np.zeros((0, 3), np.int64), *columns]).T
    classes, service_class = labelled(types)
    return kept(
        name=file.name,
        arrival_s=np.array(times, dtype=np.float64),
        prompt_tokens=prompt,
        output_tokens=output,
        service_class=service_class,
        classes=classes,
        session=session,
        blocks=blocks.blocks(),
    )


class _Sessions:
    """Numbers conversations by their first request."""

    def __init__(self) -> None:
        self._of_chat: dict[int, int] = {}
        self._count = 0

    def of(self, record: Record) -> int:
        """Return the session of a request; without a known parent, a new one."""
        session = self._of_chat.get(record.parent_chat_id, NONE)
        if session == NONE:
            session = self._count
            self._count += 1
        self._of_chat[record.chat_id] = session
        return session
