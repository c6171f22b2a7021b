"""Whether the columns of a fleet's run can be true: nothing lost, nothing served twice.

Written from the definitions alone, without a line of the simulation's, and executed for every run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from headway.serving.fleet.view import Mask
from headway.serving.results import Status
from headway.serving.results.audit import (
    Broken,
    heard_laws,
    hold,
    request_laws,
    spoken_laws,
    step_laws,
)

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun


def audit(run: FleetRun) -> None:
    """Check a run.

    Takes time and memory in proportion to the requests, steps and segments of the run, not to its
    tokens.

    Raises
    ------
    VerificationError
        If a law is broken; the message names it, and the first request, step or segment.
    """
    who = f"{run.workload.name}: {run.router}, seed {run.seed}"
    hold(who, ("request", _requests(run)))
    hold(who, ("segment of speech", _served_once(run)))
    hold(who, ("request", spoken_laws(run.requests, *run.spoken)))
    hold(who, ("engine", _engines(run)))
    hold(who, ("segment of speech", _adapted(run)))
    for number, member in enumerate(run.members):
        steps = run.steps[number]
        hold(
            f"{who}: {member.name}",
            ("step", step_laws(steps, member.config, _cut(run, number))),
            ("step", heard_laws(run.speech[number], steps)),
        )


def _requests(run: FleetRun) -> Iterator[Broken]:
    table, traffic = run.requests, run.workload
    longest = np.array([member.config.max_model_tokens for member in run.members])
    room = np.maximum(longest[run.engine] - traffic.prompt_tokens.astype(np.int64), 0)
    most = np.minimum(np.minimum(traffic.output_tokens, traffic.limit_tokens), room)
    yield from request_laws(run, most)
    spoke = table.generated > 0
    yield "who has tokens had an engine", spoke & (run.engine < 0)
    yield "who had an engine was sent there", (run.engine >= 0) & (run.tries < 1)
    yield "nobody is answered who has not come", spoke & np.isnan(table.arrival_s)
    lost = table.status == Status.LOST
    yield "nobody is lost who was sent nowhere", lost & (run.tries < 1)


def _served_once(run: FleetRun) -> Iterator[Broken]:
    """Check that no two engines speak for a request at the same time."""
    speech, end_s = run.spoken
    start_s, again = run.all_steps.start_s, speech.continues
    again[1:] &= start_s[speech.first_step[1:]] < end_s[speech.last_step[:-1]]
    yield "a request is served by one engine at a time", again


def _adapted(run: FleetRun) -> Iterator[Broken]:
    """Check that who needs an adapter speaks only where it is, from its load to its end."""
    if not len(run.cold_s):
        return
    there = _stays(run)
    wrong: list[bool] = []
    for engine, (speech, steps) in enumerate(zip(run.speech, run.steps, strict=True)):
        adapter = run.workload.adapter[speech.request].tolist()
        start_s = steps.start_s[speech.first_step].tolist()
        end_s = steps.end_s[speech.last_step].tolist()
        for row, *span in zip(adapter, start_s, end_s, strict=True):
            wrong.append(row >= 0 and not _spans(there.get((engine, row), []), *span))
    yield "a request runs where its adapter is", np.array(wrong, dtype=np.bool_)


def _stays(run: FleetRun) -> dict[tuple[int, int], list[float]]:
    """Return when each adapter came to each engine and left it, in turns."""
    index = {name: number for number, name in enumerate(run.workload.adapters)}
    there: dict[tuple[int, int], list[float]] = {}
    for note in run.notes:
        row = index.get(note.adapter, -1)
        if note.what == "loaded" and row >= 0:
            there.setdefault((note.engine, row), []).append(note.at_s)
        elif note.what == "unload" and row >= 0:
            there[note.engine, row].append(note.at_s)
        elif note.what in ("crash", "stop"):
            for (engine, _), times in there.items():
                if engine == note.engine and len(times) % 2:
                    times.append(note.at_s)
    return there


def _spans(times: list[float], start_s: float, end_s: float) -> bool:
    """Return whether one stay, of those that begin and end at these times, holds a span."""
    place = bisect_right(times, start_s)
    return place % 2 == 1 and (place == len(times) or end_s <= times[place])


def _engines(run: FleetRun) -> Iterator[Broken]:
    yield "an engine is not paid for less than nothing", run.up_s < 0
    work_s = np.array([float((steps.end_s - steps.start_s).sum()) for steps in run.steps])
    alone = np.array([member.config.pipeline == 1 for member in run.members])
    yield (
        "an engine works no longer than it is paid for",
        alone & (work_s > run.up_s * (1 + 1e-9) + 1e-6),
    )


def _cut(run: FleetRun, engine: int) -> Mask:
    """Return which steps of an engine did not come to their end because it died."""
    steps, under_way = run.steps[engine], run.members[engine].config.pipeline
    cut = np.zeros(len(steps), dtype=np.bool_)
    for note in run.notes:
        if note.what == "crash" and note.engine == engine:
            begun = int(np.searchsorted(steps.start_s, note.at_s, side="right"))
            cut[max(begun - under_way, 0) : begun] = True
    cut &= steps.sequences == 0
    return cut
