"""Sizes of a Gantt chart on paper: how ticks and rows map to inches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.show.clock import Clock
from headway.show.layout import Layout, Spans
from headway.show.typeset import clean, width

Floats = NDArray[np.float64]

NAME_SIZE = 9.0
"""Points of row names."""

TOP = 0.72
"""Inches above the first row, for the headline."""

RIGHT = 0.35
"""Inches to the right of the rows."""

_SHARED_LANE = 0.62
"""Height of a lane in a row of several, relative to a row of one."""

_SHARED_AIR = 0.3
"""Free height around a row of several lanes, relative to a row of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Where rows and ticks lie. Heights are inches from the top of the first row downwards.

    Attributes
    ----------
    clock
        Says what ticks are.
    width, left
        Inches of the whole picture, and from its left edge to tick ``low``.
    low, high
        Ticks shown.
    row_top
        Shape (n_rows + 1,): top of each row, and the bottom of the last.
    lane_top, lane_height
        Shape (n_rows,): top of the first lane, and height of each lane.
    """

    clock: Clock
    width: float
    left: float
    low: float
    high: float
    row_top: Floats
    lane_top: Floats
    lane_height: Floats

    @property
    def body_width(self) -> float:
        """Inches between the first and the last tick shown."""
        return max(self.width - self.left - RIGHT, 0.5)

    @property
    def body_height(self) -> float:
        """Inches from the top of the first row to the bottom of the last."""
        return float(self.row_top[-1])

    @property
    def per_tick(self) -> float:
        """Inches per tick."""
        return self.body_width / (self.high - self.low)

    def box(self, spans: Spans, inset: float = 0.0) -> tuple[Floats, Floats]:
        """Return top and bottom of spans in their lanes.

        Parameters
        ----------
        spans
            Shape (n,).
        inset
            Share of the lane's height left free above, and as much below.
        """
        lane = self.lane_height[spans.row]
        top = self.lane_top[spans.row] + lane * (spans.lane + inset)
        return top, top + lane * (1 - 2 * inset)


def paginate(
    layout: Layout, *, unit: str | None, wide: float | None, high: float | None, below: float
) -> Page:
    """Return sizes that suit the content.

    Parameters
    ----------
    layout
        The chart.
    unit
        Unit of time, or None for dates or a unit that fits.
    wide, high
        Inches of the whole picture, or None for what the content needs.
    below
        Inches needed under the last row.
    """
    lanes = np.array([row.lanes for row in layout.rows] or [1], dtype=np.float64)
    weight = np.where(lanes > 1, _SHARED_LANE * lanes + _SHARED_AIR, 1.0)
    total = weight.sum()
    if high is None:
        # Roomy rows while there are few; many rows share at most 16 inches.
        body = float(np.clip(total * np.clip(11 / total, 0.15, 0.42), 0.8, 16))
    else:
        body = max(high - TOP - below, 0.3)
    if wide is None:
        per_lane = np.bincount(layout.bars.row, minlength=len(lanes)) / lanes
        wide = float(np.clip(12 * per_lane.max() / 45, 12, 22))
    names = (width(clean(row.label)[:200], NAME_SIZE) for row in layout.rows[:2000])
    notes = (width(row.note, NAME_SIZE - 1.5) for row in layout.rows[:2000] if row.note)
    scale = body / total
    first, last = time_range(layout)
    problem = layout.schedule.problem
    row_top = np.concatenate(([0.0], np.cumsum(weight) * scale))
    lane_height = np.where(lanes > 1, _SHARED_LANE, 1.0) * scale
    return Page(
        clock=Clock.of(problem.tick_s, last - first, unit, problem.origin),
        width=wide,
        left=min(max(*names, *notes, 0.2, 0.3), 2.4, wide / 3) + 0.36,
        low=first,
        high=last,
        row_top=row_top,
        lane_top=row_top[:-1] + (weight * scale - lanes * lane_height) / 2,
        lane_height=lane_height,
    )


def time_range(layout: Layout) -> tuple[float, float]:
    """Return the first and the last tick that a chart should show."""
    bars = layout.bars
    if not len(bars):
        return 0.0, 1.0
    first = int(min(bars.start.min(), layout.setups.start.min(initial=bars.start.max())))
    last = int(max(bars.end.max(), layout.holds.end.max(initial=bars.end.max())))
    # A plan that starts long after time zero is shown from its own start.
    low = first if first < 0 or first > 0.5 * last else 0
    high = last = max(last, low + 1)
    for dates in (layout.due, layout.deadline):
        # Dates far behind the plan would squeeze it; they stay outside.
        near = dates.end[dates.end <= low + 1.25 * (last - low)]
        high = max(high, int(near.max(initial=last)))
    return float(low), low + (high - low) * 1.012
