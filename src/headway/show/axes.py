"""Axes that look alike in all pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.show.clock import Clock
from headway.show.colours import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plain(axes: Axes, look: Theme) -> None:
    """Leave only the lower edge of a plot, and light vertical lines behind everything."""
    axes.set_facecolor(look.paper)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(look.muted)
    axes.tick_params(colors=look.muted, labelsize=8.5, length=3)
    axes.xaxis.grid(visible=True, color=look.line, linewidth=0.6)
    axes.set_axisbelow(True)


def mark_time(
    axes: Axes, clock: Clock, low: float, high: float, inches: float, look: Theme
) -> None:
    """Label the time axis from tick `low` to `high`, which is `inches` long."""
    marks = clock.ticks(low, high, max(2, int(inches / 0.95)))
    # Labels of different heights would not stand on one line.
    lines = max((text.count("\n") for _, text in marks), default=0)
    texts = [text + "\n" * (lines - text.count("\n")) for _, text in marks]
    axes.set_xticks([at for at, _ in marks], texts)
    axes.set_xlabel(clock.label, color=look.muted, size=9, labelpad=3)
