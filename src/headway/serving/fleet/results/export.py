"""A fleet's run for other tools: events by time, and requests that replay."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from headway.serving.results import export

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun
    from headway.serving.workload import Workload


def happenings(run: FleetRun) -> Iterator[str]:
    """Yield what happened to requests and to engines by time, a line of JSON each.

    See `headway.serving.results.export.happenings` for requests, `Note.what` for engines.
    """
    yield from heapq.merge(export.happenings(run), _noted(run), key=_time)


def as_met(run: FleetRun) -> Workload:
    """Return the requests that came, at the times when they did."""
    met = run.requests.arrival_s
    came = ~np.isnan(met)
    traffic = run.workload if came.all() else run.workload.select(came)
    return traffic if np.array_equal(traffic.arrival_s, met[came]) else traffic.at(met[came])


def _noted(run: FleetRun) -> Iterator[str]:
    for note in sorted(run.notes, key=lambda note: note.at_s):
        line = {"time_s": note.at_s, "what": note.what, "engine": run.members[note.engine].name}
        if note.request >= 0:
            line["request"] = note.request
        if note.other >= 0:
            line["other"] = run.members[note.other].name
        if note.adapter:
            line["adapter"] = note.adapter
        yield json.dumps(line) + "\n"


def _time(line: str) -> float:
    return float(json.loads(line)["time_s"])
