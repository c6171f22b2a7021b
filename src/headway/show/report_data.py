"""What the scripts of a report need to know, as plain lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from headway.model.evaluate import uses
from headway.model.schedule import Schedule
from headway.show.clock import Clock
from headway.show.colours import NEUTRAL, PALETTE, text_on
from headway.show.labels import key_of
from headway.show.layout import Layout, Spans, View, arrange
from headway.show.page import time_range
from headway.show.typeset import clean, number_of

_LABELS = {"machine": "Machines", "job": "Jobs", "task": "Tasks"}


def page_data(schedule: Schedule) -> dict[str, Any]:
    """Return everything that chart and table show, ready for JSON."""
    problem = schedule.problem
    layouts = _layouts(schedule)
    ranges = [time_range(layout) for layout in layouts]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    clock = Clock.of(problem.tick_s, high - low, origin=problem.origin)
    first = problem.tasks.mode_ptr
    known = schedule.present & (schedule.mode < problem.n_modes)
    work = np.zeros(problem.n_tasks, dtype=np.int64)
    work[known] = problem.modes.duration[schedule.mode[known]]
    return {
        "clock": {
            "unit": clock.unit,
            "perTick": clock.per_tick,
            "label": clock.label,
            "origin": clock.origin.isoformat() if clock.origin is not None else None,
        },
        "range": [low, high],
        "makespan": schedule.makespan,
        "palette": list(PALETTE),
        "text": [text_on(colour) for colour in PALETTE],
        "neutral": NEUTRAL,
        "neutralText": text_on(NEUTRAL),
        "jobs": [clean(name) for name in problem.jobs.name],
        "critical": list(schedule.critical_path),
        "tasks": {
            "name": [clean(name) for name in problem.tasks.name],
            "job": problem.tasks.job.tolist(),
            "uses": _uses(schedule),
            "mode": np.where(schedule.present, schedule.mode - first[:-1], -1).tolist(),
            "modes": np.diff(first).tolist(),
            "start": schedule.start.tolist(),
            "end": schedule.end.tolist(),
            "free": schedule.free.tolist(),
            "work": work.tolist(),
            "slack": schedule.slack.tolist(),
        },
        "views": [_view(layout) for layout in layouts],
    }


def _layouts(schedule: Schedule) -> list[Layout]:
    """Return each view that has rows of its own, the most usual first."""
    wanted: list[View] = ["machine", "job"]
    if not schedule.problem.n_jobs:
        wanted.append("task")
    layouts: dict[View, Layout] = {}
    for view in wanted:
        layout = arrange(schedule, view)
        layouts.setdefault(layout.view, layout)
    return list(layouts.values())


def _view(layout: Layout) -> dict[str, Any]:
    key = key_of(layout)
    names = [clean(name) for name in key.names]
    bars = layout.bars
    return {
        "label": _LABELS[layout.view],
        "rows": [
            {"label": clean(row.label), "note": row.note, "lanes": row.lanes} for row in layout.rows
        ],
        "key": {
            "what": key.what,
            # The names of tasks are known already.
            "names": [] if key.what == "task" else names,
            "short": [] if key.what == "task" else [number_of(name) for name in names],
            "of": key.of_task.tolist(),
        },
        "bars": {"row": bars.row.tolist(), "lane": bars.lane.tolist(), "task": bars.task.tolist()},
        "pauses": _columns(layout.pauses),
        "holds": _columns(layout.holds),
        "setups": _columns(layout.setups),
        "breaks": _columns(layout.breaks),
        "due": _columns(layout.due),
        "deadline": _columns(layout.deadline),
        "tardy": _columns(layout.tardy),
    }


def _columns(spans: Spans) -> dict[str, list[int]]:
    return {
        "row": spans.row.tolist(),
        "lane": spans.lane.tolist(),
        "start": spans.start.tolist(),
        "end": spans.end.tolist(),
        "task": spans.task.tolist(),
    }


def _uses(schedule: Schedule) -> list[str]:
    names = [clean(name) for name in schedule.problem.resources.name]
    used: list[list[str]] = [[] for _ in range(schedule.problem.n_tasks)]
    for task, resource, amount in zip(*(column.tolist() for column in uses(schedule)), strict=True):
        used[task].append(f"{amount} × {names[resource]}" if amount > 1 else names[resource])
    return [", ".join(mine) for mine in used]
