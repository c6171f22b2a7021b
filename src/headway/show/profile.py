"""Resource profiles: how much of each shared resource is used, or left, over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.model.evaluate import uses
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ResourceKind, ints
from headway.show.axes import mark_time, plain
from headway.show.clock import Clock
from headway.show.colours import Theme, ThemeName, colour, theme
from headway.show.figure import Figure
from headway.show.legend import LINE, MARGIN, Entry, draw_headline, draw_legend, wrap
from headway.show.page import NAME_SIZE, RIGHT
from headway.show.typeset import clean, fitted
from headway.show.typeset import width as text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP = 0.62
"""Inches above the first panel, for the headline."""

_UNLIMITED = 2**39
"""A reservoir with a larger maximum has no upper limit worth drawing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """One resource: a value and its limits as steps, each from its instant on."""

    name: str
    is_stock: bool
    time: Ints
    value: Ints
    limit_time: Ints
    low: Ints | None
    high: Ints | None
    rest_start: Ints
    rest_end: Ints


def profile(
    schedule: Schedule,
    resources: Iterable[int | str] | None = None,
    *,
    title: str | None = None,
    unit: str | None = None,
    colours: ThemeName = "light",
    width: float = 12.0,
) -> Figure:
    """Return the usage of renewable resources and the level of reservoirs over time.

    Parameters
    ----------
    schedule
        What to show, valid or not; where a limit is broken, the excess is red.
    resources
        Positions or names. By default all renewable resources and reservoirs; without any, one
        panel shows how many machines are busy.
    title
        Headline; by default the name of the problem.
    unit
        Unit of the time axis, "ticks" or "ns" to "d"; by default as in `gantt`.
    colours
        "light" or "dark".
    width
        Inches.

    Raises
    ------
    UnknownNameError
        If no resource has a given name.
    ConfigError
        If a position is out of range, or a resource is a budget, which has no profile.
    """
    look = theme(colours)
    panels = _panels(schedule, resources)
    low, high = 0.0, max(1.0, schedule.makespan * 1.012, float(schedule.free.max(initial=0)))
    problem = schedule.problem
    clock = Clock.of(problem.tick_s, high - low, unit, problem.origin)
    signs = _signs(panels, look)
    lines = wrap(signs, width - 2 * MARGIN)
    below = 0.56 + LINE * len(lines)
    each = float(np.clip(11 / len(panels), 0.45, 1.5))
    names = max(text_width(clean(panel.name)[:200], NAME_SIZE) for panel in panels)
    left = min(names, 2.4, width / 3) + 0.75

    from matplotlib.figure import Figure as Canvas

    headline = schedule.problem.name if title is None else title
    whole = (_TOP if headline else _TOP - 0.22) + each * len(panels) + below
    canvas = Canvas(figsize=(width, whole), facecolor=look.paper)
    body = width - left - RIGHT
    for number, panel in enumerate(panels):
        foot = below + each * (len(panels) - 1 - number)
        axes = canvas.add_axes((left / width, foot / whole, body / width, each * 0.84 / whole))
        plain(axes, look)
        axes.set_xlim(low, high)
        _draw(axes, panel, look, high)
        mark_time(axes, clock, low, high, body, look)
        if number < len(panels) - 1:
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")
        name = fitted(clean(panel.name), NAME_SIZE, left - 0.7)
        axes.text(
            -0.55 / body, 0.5, name, size=NAME_SIZE, color=look.ink, ha="right",
            va="center_baseline", transform=axes.transAxes, parse_math=False,
        )  # fmt: skip
    facts = f"{_what(panels)}  ·  makespan {clock.show(schedule.makespan)}"
    draw_headline(canvas, headline, facts, look)
    draw_legend(canvas, lines, look, base=0.18)
    return Figure(canvas)


def _what(panels: list[_Panel]) -> str:
    stocks = sum(panel.is_stock for panel in panels)
    if not stocks:
        return "resource usage"
    return "reservoir levels" if stocks == len(panels) else "resource usage and levels"


def _panels(schedule: Schedule, resources: Iterable[int | str] | None) -> list[_Panel]:
    table = schedule.problem.resources
    if resources is not None:
        chosen = [_position(schedule, resource) for resource in resources]
        if not chosen:
            raise ConfigError("resources: expected at least one")
    else:
        kinds = (ResourceKind.RENEWABLE, ResourceKind.RESERVOIR)
        chosen = np.flatnonzero(np.isin(table.kind, kinds)).tolist()
    return [_panel(schedule, r) for r in chosen] or [_busy_machines(schedule)]


def _position(schedule: Schedule, resource: int | str) -> int:
    table = schedule.problem.resources
    if isinstance(resource, str):
        if resource not in table.name:
            raise UnknownNameError("resource", resource, table.name)
        resource = table.name.index(resource)
    if not 0 <= resource < len(table):
        raise ConfigError(f"resources: expected 0 to {len(table) - 1}, got {resource}")
    if table.kind[resource] == ResourceKind.NONRENEWABLE:
        raise ConfigError(f"{table.name[resource]!r} is a budget: it has no profile over time")
    return resource


def _panel(schedule: Schedule, r: int) -> _Panel:
    table = schedule.problem.resources
    time, value = schedule.profile(r)
    rests = slice(table.break_ptr[r], table.break_ptr[r + 1])
    stock = table.kind[r] == ResourceKind.RESERVOIR
    if stock:
        limit_time, high = ints([0]), table.level_max[r : r + 1]
        low = table.level_min[r : r + 1]
        bounded = None if high[0] >= _UNLIMITED else high
    else:
        steps = slice(table.step_ptr[r], table.step_ptr[r + 1])
        limit_time = ints([0, *table.step_time[steps]])
        low, bounded = None, ints([table.capacity[r], *table.step_capacity[steps]])
    return _Panel(
        name=table.name[r],
        is_stock=bool(stock),
        time=time,
        value=value,
        limit_time=limit_time,
        low=low,
        high=bounded,
        rest_start=table.break_start[rests],
        rest_end=table.break_end[rests],
    )


def _busy_machines(schedule: Schedule) -> _Panel:
    kind = schedule.problem.resources.kind
    task, resource, _ = uses(schedule)
    task = task[kind[resource] == ResourceKind.MACHINE]
    instants = np.concatenate(([0], schedule.start[task], schedule.free[task]))
    change = np.concatenate(([0], np.ones(len(task)), -np.ones(len(task)))).astype(np.int64)
    time, step = np.unique(instants, return_inverse=True)
    value = np.zeros(len(time), dtype=np.int64)
    np.add.at(value, step, change)
    machines = ints([np.count_nonzero(kind == ResourceKind.MACHINE)])
    return _Panel(
        name="machines busy",
        is_stock=False,
        time=ints(time),
        value=ints(np.cumsum(value)),
        limit_time=ints([0]),
        low=None,
        high=machines,
        rest_start=ints([]),
        rest_end=ints([]),
    )


def _draw(axes: Axes, panel: _Panel, look: Theme, end: float) -> None:
    # One grid of instants for value and limits, so that they can be compared.
    time = np.unique(np.concatenate((panel.time, panel.limit_time)))
    value = panel.value[np.searchsorted(panel.time, time, side="right") - 1]
    time, value = np.append(time, max(end, time[-1])), np.append(value, value[-1])
    limit = np.searchsorted(panel.limit_time, time, side="right") - 1
    fill = colour(2 if panel.is_stock else 4)
    for start, stop in zip(panel.rest_start, panel.rest_end, strict=True):
        axes.axvspan(start, stop, color=look.rest, linewidth=0, zorder=0.5)
    axes.fill_between(time, value, step="post", color=fill, alpha=0.55, linewidth=0, gid="used")
    axes.step(time, value, where="post", color=fill, linewidth=1.2)
    top, bottom = float(value.max()), min(0.0, float(value.min()))
    for bound, sign in ((panel.high, 1), (panel.low, -1)):
        if bound is None:
            continue
        line = bound[limit]
        axes.step(time, line, where="post", color=look.ink, linewidth=1.3, dashes=(4, 2))
        beyond = np.maximum(value, line) if sign > 0 else np.minimum(value, line)
        if (beyond != line).any():
            axes.fill_between(
                time, line, beyond, step="post", color=look.late, alpha=0.8, linewidth=0,
                zorder=3, gid="beyond",
            )  # fmt: skip
        top, bottom = max(top, float(line.max())), min(bottom, float(line.min()))
    axes.set_ylim(bottom, bottom + max(top - bottom, 1.0) * 1.12)
    axes.set_yticks(_marks(panel, round(bottom), round(top)))


def _marks(panel: _Panel, bottom: int, top: int) -> list[int]:
    """Return the values worth naming, most important first, none too close to another."""
    limits = [set(bound.tolist()) for bound in (panel.high, panel.low) if bound is not None]
    marks: list[int] = []
    for value in (bottom, *sorted(set().union(*limits), reverse=True), top):
        if all(abs(value - other) > 0.17 * max(top - bottom, 1) for other in marks):
            marks.append(value)
    return marks


def _signs(panels: list[_Panel], look: Theme) -> list[Entry]:
    signs = []
    if not all(panel.is_stock for panel in panels):
        signs.append(Entry("area", "used", colour(4)))
    if any(panel.is_stock for panel in panels):
        signs.append(Entry("area", "level", colour(2)))
    if any(panel.high is not None and not panel.is_stock for panel in panels):
        signs.append(Entry("limit", "capacity", look.ink))
    if any(panel.is_stock for panel in panels):
        signs.append(Entry("limit", "smallest and largest level", look.ink))
    if any(len(panel.rest_start) for panel in panels):
        signs.append(Entry("break", "break"))
    return signs
