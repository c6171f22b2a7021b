"""Around a chart: the headline above it and the legend below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headway.show.colours import Theme, colour
from headway.show.labels import Key
from headway.show.layout import Layout
from headway.show.typeset import clean, fitted, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

SIZE = 8.5
"""Points of the legend's text."""

LINE = 0.23
"""Inches from one line of the legend to the next."""

MARGIN = 0.22
"""Inches to the left and right of headline and legend."""

_MOST_COLOURS = 24
_SWATCH, _AIR = 0.26, 0.3


@dataclass(frozen=True, slots=True)
class Entry:
    """One sign and what it means.

    Attributes
    ----------
    sign
        What is drawn: "bar", "critical", "setup", "hold", "pause", "break", "milestone", "due",
        "deadline", "tardy", "step", "dot", "limit", "area" or "gap".
    text
        Its meaning.
    colour
        Its colour, if it can have several.
    """

    sign: str
    text: str
    colour: str = ""


def signs_of(layout: Layout, key: Key | None, *, critical: bool, until: float) -> list[Entry]:
    """Return the entries a Gantt chart needs: what occurs in it, and colours if they are few.

    Parameters
    ----------
    layout
        The chart.
    key
        What its colours stand for, or None if that is plain already.
    critical
        Whether the critical path is marked.
    until
        Last tick in sight.
    """
    bars = layout.bars
    entries = []
    if critical and len(bars):
        entries.append(Entry("critical", "critical path"))
    for sign, text, spans in (
        ("setup", "setup", layout.setups),
        ("hold", "holds its machine", layout.holds),
        ("pause", "paused", layout.pauses),
        ("break", "break", layout.breaks),
        ("due", "due date", layout.due),
        ("deadline", "deadline", layout.deadline),
        ("tardy", "late", layout.tardy),
    ):
        if (spans.start <= until).any():
            entries.append(Entry(sign, text))
    if len(bars) and (bars.start == bars.end).any():
        entries.append(Entry("milestone", "takes no time"))
    if key is not None and key.what != "task":
        used = sorted({k for k in key.of_task[bars.task].tolist() if k >= 0})
        if 1 < len(used) <= _MOST_COLOURS:
            entries += [
                Entry("bar", fitted(clean(key.names[k]), SIZE, 1.6), colour(k)) for k in used
            ]
    return entries


def wrap(entries: list[Entry], room: float) -> list[list[tuple[float, Entry]]]:
    """Return lines of (inches from the left, entry), each line at most `room` inches wide."""
    lines: list[list[tuple[float, Entry]]] = []
    at = 0.0
    for entry in entries:
        needs = _SWATCH + 0.08 + width(entry.text, SIZE)
        if not lines or at + needs > room:
            lines.append([])
            at = 0.0
        lines[-1].append((at, entry))
        at += needs + _AIR
    return lines


def draw_legend(
    canvas: Canvas, lines: list[list[tuple[float, Entry]]], look: Theme, base: float
) -> None:
    """Draw wrapped entries, the last line `base` inches above the lower edge of the picture."""
    from matplotlib.text import Text

    if not lines:
        return
    wide, high = canvas.get_size_inches()
    axes = canvas.add_axes((0, 0, 1, 1), facecolor="none")
    axes.set_axis_off()
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    for number, line in enumerate(lines):
        y = base + LINE * (len(lines) - 1 - number)
        for at, entry in line:
            x = MARGIN + at
            _sign(axes, entry, look, x, y)
            axes.add_artist(
                Text(
                    x + _SWATCH + 0.08, y, entry.text, size=SIZE, color=look.ink,
                    va="center_baseline", parse_math=False, gid="legend",
                )
            )  # fmt: skip


def _sign(axes: Axes, entry: Entry, look: Theme, x: float, y: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon, Rectangle

    def box(low: float, high: float, **style: object) -> None:
        axes.add_artist(Rectangle((x, y + low), _SWATCH, high - low, **style))  # type: ignore[arg-type]

    def line(xs: list[float], ys: list[float], **style: object) -> None:
        axes.add_artist(Line2D(xs, ys, **style))  # type: ignore[arg-type]

    middle = x + _SWATCH / 2
    plain = colour(4)
    if entry.sign == "bar":
        box(-0.06, 0.06, facecolor=entry.colour, edgecolor="none")
    elif entry.sign == "critical":
        box(-0.06, 0.06, facecolor="none", edgecolor=look.critical, linewidth=1.5)
    elif entry.sign == "setup":
        box(-0.06, 0.06, facecolor=look.paper, edgecolor=look.muted, linewidth=0.5, hatch="/////")
    elif entry.sign == "hold":
        box(-0.06, 0.06, facecolor=plain, edgecolor="none", alpha=0.3)
    elif entry.sign == "pause":
        box(-0.016, 0.016, facecolor=plain, edgecolor="none", alpha=0.8)
        for left in (x, x + _SWATCH - 0.07):
            axes.add_artist(Rectangle((left, y - 0.06), 0.07, 0.12, facecolor=plain, linewidth=0))
    elif entry.sign == "break":
        box(-0.06, 0.06, facecolor=look.rest, edgecolor="none")
    elif entry.sign == "milestone":
        corners = [(middle - 0.06, y), (middle, y + 0.06), (middle + 0.06, y), (middle, y - 0.06)]
        axes.add_artist(Polygon(corners, facecolor=plain, edgecolor=look.muted, linewidth=0.9))
    elif entry.sign == "due":
        line([middle] * 2, [y - 0.08, y + 0.08], color=look.late, linewidth=1.2, dashes=(2, 1.2))
    elif entry.sign == "deadline":
        line([middle] * 2, [y - 0.08, y + 0.08], color=look.late, linewidth=1.8)
    elif entry.sign == "tardy":
        line([x, x + _SWATCH], [y, y], color=look.late, linewidth=2.2)
    elif entry.sign == "step":
        line([x, x + _SWATCH], [y, y], color=entry.colour, linewidth=1.8)
    elif entry.sign == "dot":
        line([middle], [y], color=entry.colour, marker="o", markersize=5, linestyle="none")
    elif entry.sign == "limit":
        line([x, x + _SWATCH], [y, y], color=entry.colour, linewidth=1.4, dashes=(4, 2))
    elif entry.sign in ("area", "gap"):
        alpha = 0.55 if entry.sign == "area" else 0.15
        box(-0.06, 0.06, facecolor=entry.colour, edgecolor="none", alpha=alpha)


def draw_headline(canvas: Canvas, title: str, facts: str, look: Theme) -> None:
    """Write a title and one line of facts at the top left."""
    from matplotlib.text import Text

    wide, high = canvas.get_size_inches()
    room = wide - 2 * MARGIN
    for text, size, ink, weight, down in (
        (title, 13.0, look.ink, "bold", 0.27),
        (facts, 9.0, look.muted, "normal", 0.47 if title else 0.27),
    ):
        if not text:
            continue
        # Bold letters are about a seventh wider than those that are measured.
        fit = fitted(clean(text), size, room / (1.15 if weight == "bold" else 1))
        canvas.add_artist(
            Text(
                MARGIN / wide,
                1 - down / high,
                fit,
                size=size,
                color=ink,
                weight=weight,
                va="baseline",
                transform=canvas.transFigure,
                parse_math=False,
                gid="headline",
            )
        )
