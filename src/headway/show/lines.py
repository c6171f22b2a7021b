"""Lines over a common axis, in one panel or several: distributions, histories, curves over load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from headway.show.axes import plain
from headway.show.colours import Theme, ThemeName, colour, theme
from headway.show.figure import Figure
from headway.show.legend import LINE, MARGIN, Entry, draw_headline, draw_legend, wrap
from headway.show.page import TOP
from headway.show.typeset import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_LEFT, _RIGHT, _GAP, _UNDER = 0.72, 0.3, 0.62, 0.5
"""Inches beside panels, between neighbours, and below those that have a label of their own."""

_NARROW = 4
"""Ratio of the ends of an axis below which logarithms say no more than the numbers."""

_MARKS = 6
"""Most numbers on a logarithmic axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a panel.

    Attributes
    ----------
    name
        For the legend; lines of one name share a colour, also across panels.
    x, y
        Shape (n,).
    kind
        "line" joins the points and marks them, "step" holds each value until the next point,
        "area" does so and fills what is below, "dashed" joins the points of what is no result.
    low, high
        Ends of an interval around each point, shape (n,), if any.
    """

    name: str
    x: Floats
    y: Floats
    kind: Literal["line", "step", "area", "dashed"] = "line"
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A pair of axes and what is drawn on them.

    Attributes
    ----------
    lines
        What is drawn.
    x_label, y_label
        What the axes show, with units; without the first, the panel below says it.
    log
        Whether the x axis is logarithmic, where its ends are far apart and positive.
    top
        Upper end of the y axis; by default it follows from the lines.
    limits
        Places on the x axis that are marked, such as promises.
    """

    lines: tuple[Line, ...]
    x_label: str = ""
    y_label: str = ""
    log: bool = False
    top: float | None = None
    limits: tuple[float, ...] = ()


def chart(
    panels: Sequence[Panel],
    *,
    title: str,
    facts: str = "",
    columns: int = 1,
    colours: ThemeName = "light",
    width: float = 10.0,
    height: float = 2.6,
) -> Figure:
    """Return panels of lines under one headline and above one legend.

    Parameters
    ----------
    panels
        In reading order. In one column they share the x axis.
    title, facts
        Headline, and one line below it.
    columns
        Panels side by side.
    colours
        "light" or "dark".
    width, height
        Inches of the whole picture, and of each panel.
    """
    from matplotlib.figure import Figure as Canvas

    look = theme(colours)
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    ink = {name: colour(k) for k, name in enumerate(names)}
    kinds = {line.name: line.kind for panel in panels for line in panel.lines}
    entries = [Entry(_sign(kinds[name]), clean(name), ink[name]) for name in names]
    if any(panel.limits for panel in panels):
        entries.append(Entry("limit", "limit", look.late))
    legend = wrap(entries, width - 2 * MARGIN)
    below = 0.25 + LINE * len(legend)
    rows = -(-len(panels) // columns)
    under = [_UNDER if _labelled(panels, row, columns) else 0.16 for row in range(rows)]
    high = TOP + rows * height + sum(under) + below
    wide = (width - _LEFT - _RIGHT - (columns - 1) * _GAP) / columns
    canvas = Canvas(figsize=(width, high), facecolor=look.paper)
    shared: Axes | None = None
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        bottom = high - TOP - (row + 1) * height - sum(under[:row])
        left = _LEFT + column * (wide + _GAP)
        axes = canvas.add_axes(
            (left / width, bottom / high, wide / width, height / high),
            sharex=shared if columns == 1 else None,
        )
        shared = axes
        _draw(axes, panel, ink, look)
    draw_headline(canvas, title, facts, look)
    draw_legend(canvas, legend, look, base=0.18)
    return Figure(canvas)


def _labelled(panels: Sequence[Panel], row: int, columns: int) -> bool:
    return any(panel.x_label for panel in panels[row * columns : (row + 1) * columns])


def _sign(kind: str) -> str:
    return {"area": "area", "dashed": "limit"}.get(kind, "step")


def _draw(axes: Axes, panel: Panel, ink: dict[str, str], look: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    plain(axes, look)
    axes.yaxis.grid(visible=True, color=look.line, linewidth=0.6)
    for axis, label in ((axes.xaxis, panel.x_label), (axes.yaxis, panel.y_label)):
        if label:
            axis.set_label_text(clean(label), color=look.muted, size=9, parse_math=False)
    axes.xaxis.labelpad = 3
    axes.tick_params(labelbottom=bool(panel.x_label))
    for line in panel.lines:
        _draw_line(axes, line, ink[line.name], look)
    for limit in panel.limits:
        axes.axvline(limit, color=look.late, linewidth=1.2, dashes=(4, 2), zorder=2, clip_on=False)
    known = [line.x[~np.isnan(line.y)] for line in panel.lines]
    spans = [(x.min(), x.max()) for x in known if len(x)]
    if not spans:
        axes.text(
            0.5, 0.5, "there is nothing to show", size=10, color=look.muted, ha="center",
            va="center", transform=axes.transAxes,
        )  # fmt: skip
        axes.set_xticks([])
        axes.set_yticks([])
        return
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    high = max(high, *panel.limits, high)
    if panel.log and 0 < low * _NARROW < high:
        _logarithmic(axes, low, high)
    elif low < high:
        axes.set_xlim(low, high)
    axes.set_ylim(0, panel.top)
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _logarithmic(axes: Axes, low: float, high: float) -> None:
    """Label a logarithmic axis with round numbers, few enough to be read."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        marks = [part * 10.0**power for power in decades for part in parts]
        marks = [mark for mark in marks if low <= mark <= high]
        if len(marks) <= _MARKS:
            break
    marks = marks[:: -(-len(marks) // _MARKS)]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.set_xticks([], minor=True)


def _draw_line(axes: Axes, line: Line, ink: str, look: Theme) -> None:
    if line.low is not None and line.high is not None:
        axes.fill_between(line.x, line.low, line.high, color=ink, alpha=0.15, linewidth=0)
    if line.kind == "line":
        axes.plot(
            line.x, line.y, color=ink, linewidth=1.8, marker="o", markersize=4.5,
            markeredgecolor=look.paper, markeredgewidth=0.7, zorder=3, clip_on=False,
        )  # fmt: skip
        return
    if line.kind == "dashed":
        axes.plot(line.x, line.y, color=ink, linewidth=1.4, dashes=(4, 2), zorder=2)
        return
    if line.kind == "area":
        axes.fill_between(line.x, line.y, step="post", color=ink, alpha=0.35, linewidth=0)
    axes.step(
        line.x,
        line.y,
        where="post",
        color=ink,
        linewidth=1.0 if line.kind == "area" else 1.7,
        zorder=3,
    )
