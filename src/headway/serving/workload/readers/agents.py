"""Calls of coding agents as a proxy logged them: sessions of actors, with measured times."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec
import numpy as np

from headway.serving.workload.json_lines import keys, records
from headway.serving.workload.readers.kept import labelled, numbered
from headway.serving.workload.readers.measured import measured
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.trace_file import TraceFile

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class Record(msgspec.Struct, gc=False):
    """One call; lengths and times are missing if it failed."""

    session_id: str
    actor_id: str
    started_at: dt.datetime
    input_tokens: Count | None
    output_tokens: Count | None
    ttft_seconds: Seconds | None
    latency_seconds: Seconds | None
    actor_role: str = ""


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a log."""
    return {"session_id", "actor_id", "started_at", "input_tokens"} <= keys(file)


def read(file: TraceFile) -> Recorded:
    """Return the calls that were answered, each arriving when it was sent, the first one at 0.

    A session here is one actor of one session of the log, whose prompts grow call by call. Classes
    are the roles of actors. When a call was first scheduled is not known.
    """
    found = [
        record
        for rows in records(file, Record)
        for record in rows.records
        if record.input_tokens and record.output_tokens and record.ttft_seconds is not None
    ]
    sent = np.array([_seconds(record.started_at) for record in found], dtype=np.float64)
    ttft = np.array([record.ttft_seconds for record in found], dtype=np.float64)
    latency = np.array([_or_nan(record.latency_seconds) for record in found], dtype=np.float64)
    classes, service_class = labelled([record.actor_role for record in found])
    return measured(
        file,
        file.name,
        stamps=(sent, np.full(len(found), np.nan), sent + ttft, sent + latency),
        prompt_tokens=np.array([record.input_tokens for record in found], dtype=np.int64),
        output_tokens=np.array([record.output_tokens for record in found], dtype=np.int64),
        classes=classes,
        service_class=service_class,
        session=numbered([(record.session_id, record.actor_id) for record in found]),
    )


def _seconds(moment: dt.datetime) -> float:
    """Return seconds since 1970, a date without a zone being in UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return zoned.timestamp()


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
