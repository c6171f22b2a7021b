"""What bars are coloured by, and what is written on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headway.model.evaluate import uses
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, Ints, ints
from headway.show.layout import Layout
from headway.show.page import Page
from headway.show.typeset import clean, fitted, number_of, width

Naming = Literal["job", "task", "resource"]
"""What a colour or a label stands for."""

Labels = Naming | Literal["auto", "none"]
"""What to write on bars."""

INSET = 0.1
"""Share of a lane left free above a bar, and as much below."""

_MOST_LABELS = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """The meaning of colours.

    Attributes
    ----------
    what
        Kind of thing.
    names
        Name of each thing.
    of_task
        Thing that each task belongs to, or `ABSENT`; shape (n_tasks,).
    """

    what: Naming
    names: tuple[str, ...]
    of_task: Ints


def key_of(layout: Layout) -> Key:
    """Return what the colours of a chart stand for: something that its rows do not say."""
    problem = layout.schedule.problem
    if layout.view == "job":
        return _things(layout.schedule, "resource")
    return _things(layout.schedule, "job" if problem.n_jobs else "task")


def _things(schedule: Schedule, what: Naming) -> Key:
    problem = schedule.problem
    if what == "job":
        return Key(what, problem.jobs.name, problem.tasks.job)
    if what == "task":
        return Key(what, problem.tasks.name, ints(np.arange(problem.n_tasks)))
    task, resource, _ = uses(schedule)
    # Machines say more about a task than what it shares with others.
    order = np.lexsort((resource, problem.resources.kind[resource]))[::-1]
    first = np.full(problem.n_tasks, ABSENT, dtype=np.int64)
    first[task[order]] = resource[order]
    return Key(what, problem.resources.name, ints(first))


def texts(layout: Layout, labels: Labels) -> list[tuple[str, ...]]:
    """Return for each task what may be written on its bars, the longest text first.

    Parameters
    ----------
    layout
        The chart.
    labels
        What to write; "auto" for what the rows do not already say.
    """
    problem = layout.schedule.problem
    if labels == "none":
        return [()] * problem.n_tasks
    if labels == "auto" and layout.view == "task":
        return _demands(layout.schedule)
    if labels != "auto":
        naming = labels
    elif layout.view == "job":
        naming = "resource"
    else:
        naming = "job" if problem.n_jobs else "task"
    own = [clean(name) for name in problem.tasks.name]
    key = _things(layout.schedule, naming)
    names = [clean(name) for name in key.names]
    choices: list[tuple[str, ...]] = []
    for task, thing in enumerate(key.of_task.tolist()):
        if thing == ABSENT:
            choices.append((own[task],))
            continue
        name = names[thing]
        longest = f"{name} · {own[task]}"
        # A task that is only numbered adds nothing that its place does not say.
        detailed = labels == "auto" and naming != "task" and not own[task].isdecimal()
        all_names = (longest, name, number_of(name)) if detailed else (name, number_of(name))
        choices.append(tuple(dict.fromkeys(all_names)))
    return choices


def _demands(schedule: Schedule) -> list[tuple[str, ...]]:
    """Return what each task uses, with and without amounts."""
    names = [clean(name) for name in schedule.problem.resources.name]
    used: list[list[tuple[str, int]]] = [[] for _ in range(schedule.problem.n_tasks)]
    for task, resource, amount in zip(*(column.tolist() for column in uses(schedule)), strict=True):
        used[task].append((names[resource], amount))
    return [
        (
            ", ".join(f"{amount} × {name}" if amount > 1 else name for name, amount in mine),
            ", ".join(name for name, _ in mine),
        )
        if mine
        else ()
        for mine in used
    ]


@dataclass(frozen=True, slots=True)
class Label:
    """A text on a bar.

    Attributes
    ----------
    task
        Whose bar.
    text, size
        What to write, and its size in points.
    x, y
        Its middle: ticks, and inches from the top of the first row.
    upright
        Whether it runs from bottom to top.
    beside
        0 on the bar; 1 to the right of `x` and -1 to the left of it, where there is no bar.
    """

    task: int
    text: str
    size: float
    x: float
    y: float
    upright: bool = False
    beside: int = 0


def place(layout: Layout, page: Page, choices: list[tuple[str, ...]]) -> list[Label]:
    """Return the labels that fit on their bars; each the longest that does, level if possible.

    A row with a single task has room beside the bar.
    """
    if layout.view == "task" and len(layout.bars) == len(layout.rows):
        return _beside(layout, page, choices)
    bars = layout.work
    start, end = _undivided(layout)
    room = (end - start) * page.per_tick
    top, bottom = page.box(bars, INSET)
    sizes = np.round(np.clip((bottom - top) * 72 * 0.52, 0, 8.5), 1)
    possible = np.flatnonzero((room > 0.07) & (sizes >= 4.5))
    # Should there be too many, the longest bars are labelled.
    possible = np.sort(possible[np.argsort(-room[possible], kind="stable")][:_MOST_LABELS])
    middle = (start + end) / 2
    labels = []
    for at in possible.tolist():
        task, size = int(bars.task[at]), float(sizes[at])
        wide, tall = float(room[at]) - 0.08, float(bottom[at] - top[at]) - 0.04
        text, upright = _fit(choices[task], size, wide, tall)
        if text:
            y = float(top[at] + bottom[at]) / 2
            labels.append(Label(task, text, size, float(middle[at]), y, upright))
    return labels


def _undivided(layout: Layout) -> tuple[Ints, Ints]:
    """Return the parts of bars to write on: those that dates divide have a larger side."""
    bars = layout.work
    start, end = bars.start.copy(), bars.end.copy()
    for dates in (layout.due, layout.deadline):
        at = np.full(len(layout.rows), -1, dtype=np.int64)
        at[dates.row] = dates.end
        date = at[bars.row]
        divided = (start < date) & (date < end)
        first = date - start >= end - date
        start = np.where(divided & ~first, date, start)
        end = np.where(divided & first, date, end)
    return start, end


def _beside(layout: Layout, page: Page, choices: list[tuple[str, ...]]) -> list[Label]:
    bars = layout.bars
    size = float(np.clip(page.lane_height.min() * 72 * 0.5, 4.5, 8))
    free = layout.schedule.free[bars.task]
    labels = []
    for (row, _, start, _, task), until in zip(bars, free.tolist(), strict=True):
        y = float(page.lane_top[row] + page.lane_height[row] / 2)
        gap = 0.09 / page.per_tick
        for text in choices[task]:
            needs = width(text, size) / page.per_tick + gap
            if until + needs <= page.high:
                labels.append(Label(task, text, size, until + gap, y, beside=1))
                break
            if start - needs >= page.low:
                labels.append(Label(task, text, size, start - gap, y, beside=-1))
                break
    return labels


def _fit(choices: tuple[str, ...], size: float, wide: float, tall: float) -> tuple[str, bool]:
    """Return the text that suits a bar, or "", and whether it stands upright."""
    for text in choices:
        if width(text, size) <= wide:
            return text, False
    if wide + 0.06 >= size / 64:
        # In a crowd of numbers, the odd full name would only stand out.
        for text in choices[-1:] if choices and choices[-1].isdecimal() else choices:
            if width(text, size) <= tall:
                return text, True
    # The beginning of a name is better than nothing, that of a number is misleading.
    if choices and not choices[-1].isdecimal():
        text = fitted(choices[-1], size, wide)
        if len(text) > 3:
            return text, False
    return "", False
