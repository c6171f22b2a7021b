"""A run as a Chrome trace, for Perfetto (ui.perfetto.dev) and ``chrome://tracing``.

The engine is a "process" whose steps are slices; requests lie on as many tracks as are there at
once, each as a slice with its waiting, its prefill and its decoding; queue, batch and cache are
counters.

References
----------
Google, Trace Event Format.
"""

from __future__ import annotations

import heapq
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import ConfigError
from headway.files import write_text
from headway.serving.results.columns import Status, Steps

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun
    from headway.serving.results.served import Served

Event = dict[str, Any]

_ENGINE, _REQUESTS = 1, 2
_MOST = 2_000_000
"""Steps and requests that a trace may have; it then has about 600 MB."""

_COUNTERS = ("running", "waiting", "used_blocks")


def save_perfetto(run: EngineRun, path: str | PathLike[str]) -> None:
    """Write a run as a Chrome trace; about 300 bytes per step and 400 per request.

    Raises
    ------
    ConfigError
        If it has more steps and requests than anybody's browser could show.
    FormatError
        If the file cannot be written.
    """
    write(
        path,
        events(run),
        size=len(run.steps) + len(run.requests),
        about={"workload": run.workload.name, "policy": run.policy, "seed": run.seed},
    )


def write(
    path: str | PathLike[str], traced: Iterable[Event], *, size: int, about: Mapping[str, Any]
) -> None:
    """Write a Chrome trace.

    Parameters
    ----------
    path
        Of the file.
    traced
        The events.
    size
        Steps and requests among them.
    about
        What the file says of itself.

    Raises
    ------
    ConfigError
        If it is larger than anybody's browser could show.
    FormatError
        If the file cannot be written.
    """
    if size > _MOST:
        raise ConfigError(
            f"{path}: {size:,} steps and requests are too many for Perfetto, which shows"
            f" {_MOST:,}; simulate a part of the traffic, such as a window of time"
        )
    text = io.StringIO()
    text.write('{"displayTimeUnit":"ms","otherData":')
    text.write(json.dumps(about))
    text.write(',"traceEvents":[\n')
    parted = ""
    for event in traced:
        text.write(parted + json.dumps(event, separators=(",", ":")))
        parted = ",\n"
    text.write("\n]}\n")
    write_text(path, text.getvalue())


def events(run: EngineRun) -> Iterator[Event]:
    """Yield the events of a run's trace; times are microseconds."""
    yield called("process_name", _ENGINE, 0, f"engine ({run.policy})")
    yield called("thread_name", _ENGINE, 0, "steps")
    yield called("process_name", _REQUESTS, 0, f"requests of {run.workload.name}")
    yield from steps(run.steps, _ENGINE)
    yield from requests(run, _REQUESTS)


def steps(ran: Steps, process: int) -> Iterator[Event]:
    """Yield the steps of an engine, as slices and counters of a process."""
    columns = {name: getattr(ran, name).tolist() for name in ran.__slots__}
    before: Event = {}
    for k, (start, end) in enumerate(zip(columns["start_s"], columns["end_s"], strict=True)):
        args = {name: columns[name][k] for name in columns if name not in ("start_s", "end_s")}
        name = f"{args['prefill_tokens']} + {args['decodes']}"
        yield _slice(name, process, 0, start, end, args)
        for counter in _COUNTERS:
            if before.get(counter) != args[counter]:
                yield {
                    "name": counter,
                    "ph": "C",
                    "ts": _micros(start),
                    "pid": process,
                    "args": {counter: args[counter]},
                }
        before = args


def requests(run: Served, process: int) -> Iterator[Event]:
    """Yield the requests; a track is free again when its request has left."""
    table, traffic = run.requests, run.workload
    over = float(run.spoken[1].max(initial=0.0))
    left = np.where(table.status == Status.FINISHED, table.last_token_s, over)
    left = np.where(np.isnan(table.scheduled_s) & (table.status == Status.DROPPED), np.nan, left)
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    tracks = 0
    for k in np.argsort(table.arrival_s, kind="stable").tolist():
        arrival, end = float(table.arrival_s[k]), float(left[k])
        if np.isnan(end) or np.isnan(arrival):
            continue  # dropped at the door, or never come
        while taken and taken[0][0] <= arrival:
            heapq.heappush(free, heapq.heappop(taken)[1])
        if not free:
            tracks += 1
            yield called("thread_name", process, tracks, f"track {tracks}")
            free.append(tracks)
        track = heapq.heappop(free)
        heapq.heappush(taken, (end, track))
        yield _slice(
            f"request {k}",
            process,
            track,
            arrival,
            end,
            {
                "class": traffic.classes[traffic.service_class[k]].name,
                "prompt_tokens": int(traffic.prompt_tokens[k]),
                "output_tokens": int(table.generated[k]),
                "cached_tokens": int(table.cached_tokens[k]),
                "preemptions": int(table.preemptions[k]),
            },
        )
        moments = [arrival, float(table.scheduled_s[k]), float(table.first_token_s[k]), end]
        known = [end if np.isnan(moment) else moment for moment in moments]
        for name, start, stop in zip(
            ("waiting", "prefill", "decode"), known[:-1], known[1:], strict=True
        ):
            if stop > start:
                yield _slice(name, process, track, start, stop, {})


def _slice(name: str, process: int, thread: int, start: float, end: float, args: Event) -> Event:
    return {
        "name": name,
        "ph": "X",
        "ts": _micros(start),
        "dur": round(_micros(end) - _micros(start), 3),
        "pid": process,
        "tid": thread,
        "args": args,
    }


def instant(what: str, process: int, at_s: float) -> Event:
    """Return a mark on a process."""
    return {"name": what, "ph": "i", "s": "p", "ts": _micros(at_s), "pid": process, "tid": 0}


def called(what: str, process: int, thread: int, name: str) -> Event:
    """Return what a process or a thread is called."""
    return {"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}}


def _micros(seconds: float) -> float:
    return round(seconds * 1e6, 3)
