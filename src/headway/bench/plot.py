"""Mean gap to the best known values over time, a line per contestant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.bench.metrics import Standing
from headway.bench.record import Record
from headway.show import Figure
from headway.show.axes import plain
from headway.show.colours import Theme, ThemeName, colour, theme
from headway.show.legend import LINE, MARGIN, Entry, draw_headline, draw_legend, wrap
from headway.show.page import TOP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT = 0.85, 0.4
_EARLIEST_S = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One contestant's mean gap over time.

    Attributes
    ----------
    contestant
        Who.
    time_s, gap
        Steps: from each instant on, the mean gap in percent over all its runs with a schedule; a
        single point where it does not tell how its value improved.
    told
        Whether it does.
    runs
        How many runs the mean is over, and out of how many.
    """

    contestant: str
    time_s: Floats
    gap: Floats
    told: bool
    runs: tuple[int, int]


def curves(standing: Sequence[Standing]) -> list[Curve]:
    """Return the curves of some problems' contestants.

    A curve begins when the last of its runs has its first schedule, so that no mean leaves out
    what is still missing.
    """
    found = []
    for name in dict.fromkeys(s.contestant for s in standing):
        runs = [
            (run, s.reference)
            for s in standing
            if s.contestant == name and s.reference is not None and s.reference > 0
            for run in s.runs
        ]
        solved = [(run, reference) for run, reference in runs if run.value is not None]
        if not solved:
            continue
        told = all(any(step.value is not None for step in run.steps) for run, _ in solved)
        steps = [_steps(run, reference, told=told) for run, reference in solved]
        start = max(time[0] for time, _ in steps)
        grid = np.unique(np.concatenate([[start], *(time for time, _ in steps)]))
        grid = grid[grid >= start]
        mean = np.mean([gap[np.searchsorted(time, grid, "right") - 1] for time, gap in steps], 0)
        found.append(Curve(name, grid, mean, told, (len(solved), len(runs))))
    return found


def _steps(run: Record, reference: int, *, told: bool) -> tuple[Floats, Floats]:
    """Return the instants of one run and the gap in percent from each of them on."""
    pairs = [(step.time_s, step.value) for step in run.steps if step.value is not None]
    if not told or not pairs:
        pairs = []
    assert run.value is not None
    pairs.append((run.time_s, run.value))  # the value that was checked, whatever was told
    time = np.array([max(t, _EARLIEST_S) for t, _ in pairs])
    order = np.argsort(time, kind="stable")
    value = np.minimum.accumulate(np.array([v for _, v in pairs], dtype=float)[order])
    return time[order], 100 * (value / reference - 1)


def gap_over_time(
    standing: Sequence[Standing],
    *,
    title: str,
    facts: str = "",
    colours: ThemeName = "light",
    width: float = 10.0,
    height: float = 5.0,
) -> Figure:
    """Return the mean gap to the best known values over time, on a logarithmic time axis.

    Parameters
    ----------
    standing
        Some problems of a comparison.
    title
        Headline.
    facts
        A line below it.
    colours
        "light" or "dark".
    width, height
        Inches.
    """
    from matplotlib.figure import Figure as Canvas

    look, drawn = theme(colours), curves(standing)
    signs = [
        Entry("step" if curve.told else "dot", _label(curve), colour(k))
        for k, curve in enumerate(drawn)
    ]
    lines = wrap(signs, width - 2 * MARGIN)
    below = 0.6 + LINE * max(len(lines), 1)
    canvas = Canvas(figsize=(width, height), facecolor=look.paper)
    wide, high = width - _LEFT - _RIGHT, height - TOP - below
    axes = canvas.add_axes((_LEFT / width, below / height, wide / width, high / height))
    plain(axes, look)
    axes.yaxis.grid(visible=True, color=look.line, linewidth=0.6)
    _draw(axes, drawn, look)
    draw_headline(canvas, title, facts, look)
    draw_legend(canvas, lines, look, base=0.18)
    return Figure(canvas)


def _label(curve: Curve) -> str:
    solved, runs = curve.runs
    return curve.contestant if solved == runs else f"{curve.contestant} ({solved} of {runs} runs)"


def _draw(axes: Axes, drawn: Sequence[Curve], look: Theme) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.set_xlabel("time (s)", color=look.muted, size=9, labelpad=3)
    axes.set_ylabel("mean gap to best known (%)", color=look.muted, size=9)
    if not drawn:
        axes.text(
            0.5, 0.5, "no schedule was found", size=10, color=look.muted, ha="center",
            va="center", transform=axes.transAxes,
        )  # fmt: skip
        return
    last = max(float(curve.time_s[-1]) for curve in drawn)
    first = min(float(curve.time_s[0]) for curve in drawn)
    axes.set_xscale("log")
    axes.set_xlim(first * 0.9, max(last * 1.05, first * 2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    for k, curve in enumerate(drawn):
        if curve.told:
            time, gap = np.append(curve.time_s, last), np.append(curve.gap, curve.gap[-1])
            axes.step(time, gap, where="post", color=colour(k), linewidth=2, zorder=3)
        else:
            axes.scatter(
                curve.time_s[-1:], curve.gap[-1:], s=36, color=colour(k), zorder=4, clip_on=False
            )
    # First schedules may be worlds away from the last ones, where the interest lies.
    ends = [float(curve.gap[-1]) for curve in drawn]
    starts = [float(curve.gap[0]) for curve in drawn]
    low, high = min(ends), max(max(ends), min(max(starts), 4 * max(ends) + 1))
    pad = max(0.06 * (high - low), 0.02)
    axes.set_ylim(low - pad, high + pad)
