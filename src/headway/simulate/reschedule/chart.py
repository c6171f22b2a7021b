"""Planned against happened, machine by machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headway.model import Schedule
from headway.model.arrays import entries
from headway.model.tables import ABSENT, Ints, ResourceKind
from headway.show.colours import LIGHT, NEUTRAL, PALETTE
from headway.show.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_INCHES = 0.55
_MOST_ROWS = 60
_PLANNED, _HAPPENED = 0.22, 0.5
"""Heights of the bars of the plan, above, and of what came of it, below."""


def planned_against(planned: Schedule, happened: Schedule, *, now: int | None = None) -> Figure:
    """Return a chart with the plan, pale, above what came of it, for each machine.

    Parameters
    ----------
    planned
        The old plan.
    happened
        The new plan, or what happened; of the same machines.
    now
        Where to draw a line between history and future.

    Notes
    -----
    Bars are coloured by job; work without a job, such as what was given up, is grey. Breaks of the
    new problem are shaded. The first 60 machines are shown.
    """
    from matplotlib.figure import Figure as Canvas

    names = [
        name
        for name, kind in zip(
            planned.problem.resources.name, planned.problem.resources.kind.tolist(), strict=True
        )
        if kind <= ResourceKind.RENEWABLE
    ][:_MOST_ROWS]
    jobs = list(dict.fromkeys((*planned.problem.jobs.name, *happened.problem.jobs.name)))
    colour = {job: PALETTE[k % len(PALETTE)] for k, job in enumerate(jobs)}
    row = {name: k for k, name in enumerate(names)}
    high = 1.2 + _ROW_INCHES * max(len(names), 1)
    canvas = Canvas(figsize=(11, high), facecolor=LIGHT.paper, layout="constrained")
    axes = canvas.add_subplot()
    _shade(axes, happened, row)
    _bars(axes, planned, row, colour, offset=-0.42, height=_PLANNED, alpha=0.45)
    _bars(axes, happened, row, colour, offset=-0.14, height=_HAPPENED, alpha=1.0)
    if now is not None:
        axes.axvline(now, color=LIGHT.late, linewidth=1.2)
        axes.annotate("now", (now, -0.62), color=LIGHT.late, ha="center", va="bottom", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, max(planned.makespan, happened.makespan, 1) * 1.01)
    axes.set_xlabel("ticks")
    axes.set_title(
        f"{happened.problem.name}: planned (pale), {planned.problem.objective} ="
        f" {planned.objective}, against {happened.objective}",
        fontsize=10,
        loc="left",
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=LIGHT.line, linewidth=0.6)
    axes.set_axisbelow(True)
    return Figure(canvas)


def _bars(
    axes: Axes,
    schedule: Schedule,
    row: dict[str, int],
    colour: dict[str, str],
    *,
    offset: float,
    height: float,
    alpha: float,
) -> None:
    problem = schedule.problem
    task, resource = _on(schedule)
    for k, r in zip(task.tolist(), resource.tolist(), strict=True):
        name = problem.resources.name[r]
        if name not in row:
            continue
        job = int(problem.tasks.job[k])
        axes.broken_barh(
            [(int(schedule.start[k]), int(schedule.end[k] - schedule.start[k]))],
            (row[name] + offset, height),
            facecolor=NEUTRAL if job == ABSENT else colour[problem.jobs.name[job]],
            edgecolor=LIGHT.paper,
            linewidth=0.5,
            alpha=alpha,
        )


def _on(schedule: Schedule) -> tuple[Ints, Ints]:
    """Return the tasks and the machines they are on, pair by pair."""
    modes = schedule.problem.modes
    here = np.flatnonzero(schedule.present)
    which, index = entries(modes.demand_ptr, schedule.mode[here])
    return here[which], modes.demand_resource[index]


def _shade(axes: Axes, schedule: Schedule, row: dict[str, int]) -> None:
    table = schedule.problem.resources
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    for r, start, end in zip(
        owner.tolist(), table.break_start.tolist(), table.break_end.tolist(), strict=True
    ):
        if table.name[r] in row:
            axes.broken_barh(
                [(start, end - start)], (row[table.name[r]] - 0.48, 0.92), facecolor=LIGHT.rest
            )
