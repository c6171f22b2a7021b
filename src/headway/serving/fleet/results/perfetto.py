"""A fleet's run as a Chrome trace: a process for each engine, and one for the requests."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TYPE_CHECKING

from headway.serving.results.perfetto import Event, called, instant, requests, steps, write

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun


def save_perfetto(run: FleetRun, path: str | PathLike[str]) -> None:
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
        size=len(run.all_steps) + len(run.requests),
        about={"workload": run.workload.name, "policy": run.policy, "seed": run.seed},
    )


def events(run: FleetRun) -> Iterator[Event]:
    """Yield the events of a run's trace; times are microseconds."""
    for number, member in enumerate(run.members, 1):
        yield called("process_name", number, 0, member.name)
        yield called("thread_name", number, 0, "steps")
        yield from steps(run.steps[number - 1], number)
    for note in run.notes:
        yield instant(note.what, note.engine + 1, note.at_s)
    last = len(run.members) + 1
    yield called("process_name", last, 0, f"requests of {run.workload.name}")
    yield from requests(run, last)
