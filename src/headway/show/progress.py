"""How a solver got there: best schedule and bound over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.show.axes import plain
from headway.show.clock import grouped
from headway.show.colours import Theme, ThemeName, colour, theme
from headway.show.figure import Figure
from headway.show.legend import LINE, MARGIN, Entry, draw_headline, draw_legend, wrap
from headway.show.page import TOP
from headway.show.run import Run
from headway.show.tell import level_name
from headway.show.typeset import clean
from headway.show.typeset import width as text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BOUND = colour(3)
_MOST_METHODS = 8

Floats = NDArray[np.float64]

Found = tuple[float, float, str]
"""Seconds, value of the best schedule, who found it."""

Proven = tuple[float, float]
"""Seconds, lower bound."""


@dataclass(frozen=True, slots=True)
class _Story:
    """One level of the objective over time.

    Attributes
    ----------
    found, proven
        Best schedules and lower bounds, by time.
    dots
        Those of `found` that improved the value.
    end
        Seconds of the whole run.
    """

    found: list[Found]
    proven: list[Proven]
    dots: list[Found]
    end: float

    @classmethod
    def of(cls, result: Run, level: int) -> _Story:
        """Return what a run tells about one level of its objective."""
        found: list[Found] = [
            (m.time_s, float(m.objective[level]), m.method)
            for m in result.trajectory
            if m.objective is not None and len(m.objective) > level
        ]
        proven = [
            (m.time_s, float(m.bound[level]))
            for m in result.trajectory
            if m.bound is not None and len(m.bound) > level
        ]
        if result.objective is not None and len(result.objective) > level:
            found.append((result.time_s, float(result.objective[level]), ""))
        if result.bound is not None and len(result.bound) > level:
            proven.append((result.time_s, float(result.bound[level])))
        if level == 0:
            # Parts of a portfolio report what they know themselves; the best of it holds for all.
            best = _running(found, min)
            found = [(t, value, by) for (t, _, by), value in zip(found, best, strict=True)]
            best = _running(proven, max)
            proven = [(t, value) for (t, _), value in zip(proven, best, strict=True)]
        dots = [m for k, m in enumerate(found) if m[2] and (k == 0 or m[1] != found[k - 1][1])]
        return cls(found, proven, dots, result.time_s)

    @property
    def methods(self) -> list[str]:
        """Who improved the value, in order of time; empty if it was always the same."""
        names = list(dict.fromkeys(method for _, _, method in self.dots))
        return names[:_MOST_METHODS] if len(names) > 1 else []

    @property
    def values(self) -> list[Proven]:
        """Best values by time, whoever found them."""
        return [(time, value) for time, value, _ in self.found]


def progress(
    result: Run,
    *,
    level: int = 0,
    log_time: bool = False,
    title: str | None = None,
    colours: ThemeName = "light",
    width: float = 10.0,
    height: float = 5.0,
) -> Figure:
    """Return the objective of the best schedule and its lower bound over the solver's time.

    Parameters
    ----------
    result
        The answer of a solver.
    level
        Which level of a lexicographic objective to show, from 0.
    log_time
        Whether the time axis is logarithmic, for runs that find most at once.
    title
        Headline; by default the name of the problem.
    colours
        "light" or "dark".
    width, height
        Inches.

    Raises
    ------
    ConfigError
        If the objective has no such level.
    """
    look = theme(colours)
    blue = colour(4 if colours == "dark" else 0)
    levels = result.problem.objective.levels
    if level < 0 or level >= max(len(levels), 1):
        raise ConfigError(f"level: the objective has levels 0 to {len(levels) - 1}, got {level}")
    story = _Story.of(result, level)

    from matplotlib.figure import Figure as Canvas

    lines = wrap(_signs(story, blue), width - 2 * MARGIN)
    below = 0.6 + LINE * len(lines)
    # The last values stand at the right end of their lines.
    right = 0.3 + max(
        (
            text_width(grouped(f"{pairs[-1][1]:.0f}"), 9)
            for pairs in (story.values, story.proven)
            if pairs
        ),
        default=0.0,
    )
    headline = result.problem.name if title is None else title
    top = TOP if headline else TOP - 0.2
    canvas = Canvas(figsize=(width, height), facecolor=look.paper)
    axes = canvas.add_axes(
        (
            0.85 / width,
            below / height,
            (width - 0.85 - right) / width,
            (height - top - below) / height,
        )
    )
    plain(axes, look)
    axes.yaxis.grid(visible=True, color=look.line, linewidth=0.6)
    _curves(axes, story, look, blue, log_time=log_time)
    what = level_name(levels[level]) if levels else "objective"
    axes.set_xlabel("solver time (s)", color=look.muted, size=9, labelpad=3)
    axes.set_ylabel(clean(what)[:60], color=look.muted, size=9, parse_math=False)
    draw_headline(canvas, headline, _facts(result), look)
    draw_legend(canvas, lines, look, base=0.18)
    return Figure(canvas)


def _running(
    moments: Sequence[Found | Proven], best: Callable[[float, float], float]
) -> Iterator[float]:
    return accumulate((moment[1] for moment in moments), best)


def _facts(result: Run) -> str:
    def told(values: tuple[int, ...] | None) -> str:
        return "none" if values is None else " / ".join(map(str, values)) or "none"

    parts = [str(result.status)]
    if result.objective is not None:
        parts.append(f"best {told(result.objective)}")
    if result.bound is not None:
        parts.append(f"bound {told(result.bound)}")
    if result.gap is not None:
        parts.append(f"gap {result.gap:.2%}")
    parts.append(f"{result.time_s:.1f} s by {result.method}")
    return "  ·  ".join(parts)


def _signs(story: _Story, blue: str) -> list[Entry]:
    signs = []
    if story.found:
        signs.append(Entry("step", "best schedule", blue))
    if story.proven:
        signs.append(Entry("step", "lower bound", _BOUND))
    if story.found and story.proven:
        signs.append(Entry("gap", "gap", blue))
    signs += [
        Entry("dot", f"found by {clean(name)}", colour(k)) for k, name in enumerate(story.methods)
    ]
    return signs


def _curves(axes: Axes, story: _Story, look: Theme, blue: str, *, log_time: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    values, proven = story.values, story.proven
    times = [time for time, _ in values + proven]
    if not times:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "neither a schedule nor a bound was found", size=10, color=look.muted,
            ha="center", va="center", transform=axes.transAxes,
        )  # fmt: skip
        return
    last = max(*times, story.end, 1e-3)
    if log_time:
        axes.set_xscale("log")
        axes.set_xlim(max(min((t for t in times if t > 0), default=1e-3), 1e-3), last * 1.02)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    else:
        axes.set_xlim(0, last * 1.005)
    low, high = _value_range([v for _, v in values], [v for _, v in proven])
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(str(round(value)))))
    for pairs, ink in ((values, blue), (proven, _BOUND)):
        if pairs:
            axes.step(*_steps(pairs, last), where="post", color=ink, linewidth=2, zorder=3)
    for value, ink, shift in _last_values(values, proven, blue, 0.045 * (high - low)):
        axes.annotate(
            grouped(f"{value:.0f}"), (last, value), xytext=(6, shift),
            textcoords="offset points", size=9, color=ink, va="center", annotation_clip=False,
        )  # fmt: skip
    if values and proven:
        grid = np.unique(np.concatenate((times, [last])))
        axes.fill_between(
            grid, _at(proven, grid), _at(values, grid), step="post", color=blue, alpha=0.1,
            linewidth=0, gid="gap",
        )  # fmt: skip
    dots, methods = story.dots, story.methods
    paint = [colour(methods.index(name)) if name in methods else blue for _, _, name in dots]
    axes.scatter(
        [t for t, _, _ in dots], [v for _, v, _ in dots], s=22, c=paint, edgecolors=look.paper,
        linewidths=0.8, zorder=4, clip_on=False, gid="improvements",
    )  # fmt: skip


def _last_values(
    found: list[tuple[float, float]], proven: list[tuple[float, float]], blue: str, near: float
) -> list[tuple[float, str, int]]:
    """Return what to write at the right end: value, colour, and points to move it up."""
    if not found or not proven:
        return [(pairs[-1][1], ink, 0) for pairs, ink in ((found, blue), (proven, _BOUND)) if pairs]
    value, bound = found[-1][1], proven[-1][1]
    if value == bound:
        return [(value, blue, 0)]
    shift = 6 if abs(value - bound) < near else 0
    return [(value, blue, shift), (bound, _BOUND, -shift)]


def _steps(pairs: list[tuple[float, float]], last: float) -> tuple[list[float], list[float]]:
    return [t for t, _ in pairs] + [last], [v for _, v in pairs] + [pairs[-1][1]]


def _at(pairs: list[tuple[float, float]], grid: Floats) -> Floats:
    """Return the value in force at each instant, not a number before the first."""
    at = np.searchsorted([t for t, _ in pairs], grid, side="right")
    values: Floats = np.array([np.nan, *(value for _, value in pairs)])[at]
    return values


def _value_range(found: list[float], proven: list[float]) -> tuple[float, float]:
    """Return limits that show everything but bounds that say next to nothing."""
    values = found + proven
    low, high = min(values), max(values)
    if found:
        best = min(found)
        low = max(low, best - max(3 * (max(found) - best), 0.5 * abs(best), 1))
    pad = max(0.08 * (high - low), 1.0)
    return low - pad, high + pad
