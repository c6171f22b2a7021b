"""Putting recorded runs in order of arrival, on a clock that begins with the first request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import Floats, Int64s
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.requests import Workload
from headway.serving.workload.trace_file import TraceFile


def measured(
    file: TraceFile,
    name: str,
    *,
    stamps: Sequence[Floats],
    prompt_tokens: Int64s,
    output_tokens: Int64s,
    service_class: Int64s | None = None,
    session: Int64s | None = None,
    **facts: Any,
) -> Recorded:
    """Return a run.

    Parameters
    ----------
    file
        For messages.
    name
        Of the workload.
    stamps
        When requests were queued, scheduled, spoke first and spoke last, on any clock; nan where
        unknown.
    prompt_tokens, output_tokens, service_class, session, **facts
        As of `Workload.of`.

    Raises
    ------
    FormatError
        If the stamps of a request are not in order.
    """
    order = np.argsort(stamps[0], kind="stable")
    start = stamps[0].min(initial=np.inf)
    queued, scheduled, first, last = ((stamp - start)[order] for stamp in stamps)
    work = Workload.of(
        name=name,
        arrival_s=queued,
        prompt_tokens=prompt_tokens[order],
        output_tokens=output_tokens[order],
        service_class=None if service_class is None else service_class[order],
        session=None if session is None else session[order],
        **facts,
    )
    try:
        return Recorded(work, scheduled, first, last)
    except ConfigError as error:
        raise file.error(f"the times of a request are not in order: {error}") from None
