"""A schedule as a Chrome trace, for Perfetto (ui.perfetto.dev) and ``chrome://tracing``.

Machines, shared resources, jobs and counters are "processes"; each machine, each lane of a shared
resource and each job is a "thread" with one complete event per task.

References
----------
Google, Trace Event Format.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from headway.model.evaluate import uses
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, ResourceKind
from headway.show.layout import Layout, Spans, arrange
from headway.show.typeset import clean

Event = dict[str, Any]

_MACHINES, _SHARED, _LOOSE, _JOBS, _COUNTERS = 1, 2, 3, 4, 5
_PROCESSES = {
    _MACHINES: "machines",
    _SHARED: "renewable resources",
    _LOOSE: "no resource",
    _JOBS: "jobs",
    _COUNTERS: "usage and levels",
}


def trace(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as a Chrome trace, ready for ``json.dump``.

    Parameters
    ----------
    schedule
        What to show.

    Returns
    -------
    dict
        ``traceEvents``, ``displayTimeUnit`` and ``otherData``. Times are microseconds by
        ``problem.tick_s``. Traces have a resolution of a nanosecond; where ticks do not fit it,
        one tick is shown as one microsecond, and ``otherData["tick"]`` says so. If the problem has
        an origin, tasks carry the ISO dates of their start and end.
    """
    problem = schedule.problem
    per_tick, said = _scale(problem.tick_s)
    writer = _Writer(schedule, per_tick)
    layout = arrange(schedule, "machine")
    if layout.view == "machine":
        writer.rows(layout)
    if problem.n_jobs:
        writer.rows(arrange(schedule, "job"))
    if layout.view == "task":
        writer.rows(layout)
    writer.counters()
    return {
        "traceEvents": writer.names() + writer.events,
        "displayTimeUnit": "ns" if per_tick < 1 else "ms",
        "otherData": {
            "problem": problem.name,
            "fingerprint": problem.fingerprint,
            "tick": said,
            "makespan": schedule.makespan,
        },
    }


def trace_json(schedule: Schedule) -> str:
    """Return `trace` as JSON text."""
    return json.dumps(trace(schedule), separators=(",", ":"))


def _scale(tick_s: float) -> tuple[float, str]:
    """Return microseconds per tick, and what to say about it."""
    nanoseconds = tick_s * 1e9
    if nanoseconds >= 1000 or (
        nanoseconds >= 1 and abs(nanoseconds - round(nanoseconds)) < 1e-6 * nanoseconds
    ):
        return tick_s * 1e6, f"{tick_s:g} s"
    return 1.0, f"{tick_s:g} s, shown as 1 µs"


@dataclass(slots=True)
class _Writer:
    """Collects events; a thread is numbered when it is first written to."""

    schedule: Schedule
    per_tick: float
    events: list[Event] = field(default_factory=list)
    threads: dict[tuple[int, int, int], tuple[int, str]] = field(default_factory=dict)
    args: list[Event] = field(init=False)

    def __post_init__(self) -> None:
        schedule, problem = self.schedule, self.schedule.problem
        critical = set(schedule.critical_path)
        slack = schedule.slack.tolist()
        first = problem.tasks.mode_ptr.tolist()
        used: list[list[str]] = [[] for _ in range(problem.n_tasks)]
        for task, resource, amount in zip(
            *(column.tolist() for column in uses(schedule)), strict=True
        ):
            name = clean(problem.resources.name[resource])
            used[task].append(f"{amount} × {name}" if amount > 1 else name)
        self.args = [
            {
                "task": task,
                "job": clean(problem.jobs.name[job]) if job != ABSENT else "",
                "mode": mode - first[task],
                "start": start,
                "end": end,
                **self._dates(start, end),
                "slack": slack[task],
                "critical": task in critical,
                "resources": ", ".join(used[task]),
            }
            for task, (job, mode, start, end) in enumerate(
                zip(
                    problem.tasks.job.tolist(),
                    schedule.mode.tolist(),
                    schedule.start.tolist(),
                    schedule.end.tolist(),
                    strict=True,
                )
            )
        ]

    def _dates(self, start: int, end: int) -> Event:
        """Return the ISO dates of start and end, if the problem has dates and the task is there."""
        dates = {"start date": start, "end date": end}
        found = {name: self.schedule.problem.date(tick) for name, tick in dates.items()}
        return {
            name: date.isoformat() for name, date in found.items() if date is not None and end >= 0
        }

    def rows(self, layout: Layout) -> None:
        """Write all spans of a chart."""
        problem = self.schedule.problem
        labels = [clean(problem.task_label(task)) for task in range(problem.n_tasks)]
        own = [clean(name) for name in problem.tasks.name]
        self._spans(layout, layout.bars, own if layout.view == "job" else labels, "task")
        if layout.view != "machine":
            return
        self._spans(layout, layout.holds, [f"held by {name}" for name in labels], "hold")
        self._spans(layout, layout.setups, [f"setup for {name}" for name in labels], "setup")
        for row, _, start, end, _ in layout.breaks:
            # Breaks overlap held and paused tasks, which one thread cannot show.
            place = self._thread(layout, row, ABSENT)
            self._complete(place, "break", "break", start, end, {})

    def _spans(self, layout: Layout, spans: Spans, called: list[str], category: str) -> None:
        for row, lane, start, end, task in spans:
            place = self._thread(layout, row, lane)
            self._complete(place, called[task], category, start, end, self.args[task])

    def _thread(self, layout: Layout, number: int, lane: int) -> tuple[int, int]:
        """Return process and thread of a lane; lane `ABSENT` is for the breaks of the row."""
        row = layout.rows[number]
        if layout.view == "job":
            process = _JOBS
        elif row.resource == ABSENT:
            process = _LOOSE
        elif self.schedule.problem.resources.kind[row.resource] == ResourceKind.MACHINE:
            process = _MACHINES
        else:
            process = _SHARED
        key = process, number, lane
        if key not in self.threads:
            name = clean(row.label)
            if lane == ABSENT:
                name += " · breaks"
            elif row.lanes > 1:
                name += f" · {lane + 1}"
            self.threads[key] = len(self.threads) + 1, name
        return process, self.threads[key][0]

    def _complete(
        self,
        place: tuple[int, int],
        name: str,
        category: str,
        start: int,
        end: int,
        args: Event,
    ) -> None:
        self.events.append(
            {
                "name": name,
                "cat": category,
                "ph": "X",
                "ts": self._time(start),
                "dur": self._time(end - start),
                "pid": place[0],
                "tid": place[1],
                "args": args,
            }
        )

    def counters(self) -> None:
        """Write the usage of renewable resources and the levels of reservoirs."""
        table = self.schedule.problem.resources
        for resource, (name, kind) in enumerate(zip(table.name, table.kind.tolist(), strict=True)):
            if kind not in (ResourceKind.RENEWABLE, ResourceKind.RESERVOIR):
                continue
            what = "used" if kind == ResourceKind.RENEWABLE else "level"
            time, value = self.schedule.profile(resource)
            for at, amount in zip(time.tolist(), value.tolist(), strict=True):
                self.events.append(
                    {
                        "name": clean(name),
                        "ph": "C",
                        "ts": self._time(at),
                        "pid": _COUNTERS,
                        "args": {what: amount},
                    }
                )

    def names(self) -> list[Event]:
        """Return the events that name processes and threads and keep them in order."""
        events: list[Event] = []
        for process in sorted({event["pid"] for event in self.events}):
            events += [
                _meta("process_name", process, 0, {"name": _PROCESSES[process]}),
                _meta("process_sort_index", process, 0, {"sort_index": process}),
            ]
        for (process, number, lane), (thread, name) in self.threads.items():
            # Rows from top to bottom, the breaks of a row above its lanes.
            order = number * 10_000 + lane + 1
            events += [
                _meta("thread_name", process, thread, {"name": name}),
                _meta("thread_sort_index", process, thread, {"sort_index": order}),
            ]
        return events

    def _time(self, ticks: int) -> float:
        """Return microseconds, without a fraction where there is none."""
        micros = round(ticks * self.per_tick, 3)
        return int(micros) if micros == int(micros) else micros


def _meta(name: str, process: int, thread: int, args: Event) -> Event:
    return {"name": name, "ph": "M", "pid": process, "tid": thread, "args": args}
