"""The body of a Gantt chart: rows, time axis, bars and what is written on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.model.tables import Bools, Ints
from headway.show.axes import mark_time, plain
from headway.show.colours import PALETTE, Theme, colour, text_on
from headway.show.labels import INSET, Label, key_of
from headway.show.layout import Layout, Spans
from headway.show.page import NAME_SIZE, Page
from headway.show.typeset import clean, fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

Floats = NDArray[np.float64]

_MOST_VECTORS = 20_000
_MOST_HATCHES = 2000


class Drawing:
    """The body of one chart being drawn.

    Everything that occurs often is one collection of polygons or lines, so that 100,000 bars take
    seconds; in vector formats such masses are stored as pixels.

    Parameters
    ----------
    canvas, axes
        The picture, and its empty plot. The y axis of the plot becomes inches from the top of the
        first row downwards.
    layout, page
        What goes where.
    look
        Colours.
    critical
        Whether to outline the critical path.
    """

    def __init__(
        self, canvas: Canvas, axes: Axes, layout: Layout, page: Page, look: Theme, *, critical: bool
    ) -> None:
        self.axes = axes
        self.canvas = canvas
        self.layout = layout
        self.page = page
        self.look = look
        self.key = key_of(layout)
        self.rasterized = len(layout.bars) > _MOST_VECTORS
        self.critical = np.zeros(layout.schedule.problem.n_tasks, dtype=np.bool_)
        if critical and len(layout.bars):
            self.critical[list(layout.schedule.critical_path)] = True
        palette = np.array([colour(-1), *PALETTE])
        of_task = self.key.of_task
        self.shade = palette[np.where(of_task < 0, 0, of_task % len(PALETTE) + 1)]

    def draw(self, labels: list[Label]) -> None:
        """Draw everything, from back to front."""
        plain(self.axes, self.look)
        self.axes.set_xlim(self.page.low, self.page.high)
        self.axes.set_ylim(self.page.body_height, 0)
        self._rows()
        self._time_axis()
        self._breaks()
        self._bars()
        self._milestones()
        self._dates()
        self._labels(labels)

    def _rows(self) -> None:
        from matplotlib.collections import LineCollection, PolyCollection
        from matplotlib.text import Text

        page, axes = self.page, self.axes
        rows = len(self.layout.rows)
        low, high = np.full(rows, page.low), np.full(rows, page.high)
        tops = page.row_top[: rows + 1]
        bands = _corners(low[1::2], high[1::2], tops[1:-1:2], tops[2::2])
        axes.add_collection(
            PolyCollection(list(bands), facecolors=self.look.band, linewidths=0, zorder=0),
            autolim=False,
        )
        if rows <= 400:
            ends = [((page.low, y), (page.high, y)) for y in tops]
            axes.add_collection(
                LineCollection(ends, colors=self.look.line, linewidths=0.5, zorder=1),
                autolim=False,
            )
        axes.set_yticks([])
        edge = page.low - 0.14 / page.per_tick
        last = -1.0
        for number, row in enumerate(self.layout.rows):
            tall = float(page.row_top[number + 1] - page.row_top[number])
            middle = float(page.row_top[number]) + tall / 2
            size = float(np.clip(tall * 72 * 0.72, 5.5, NAME_SIZE))
            if last >= 0 and middle - last < size * 1.1 / 72:
                continue
            last = middle
            two = bool(row.note) and tall > 0.34
            name = fitted(clean(row.label), size, page.left - 0.3)
            for text, shift, points, ink in (
                (name, -0.075 if two else 0.0, size, self.look.ink),
                (row.note if two else "", 0.085, size - 1.5, self.look.muted),
            ):
                axes.add_artist(
                    Text(
                        edge, middle + shift, text, size=points, color=ink, ha="right",
                        va="center_baseline", parse_math=False, clip_on=False,
                    )
                )  # fmt: skip

    def _time_axis(self) -> None:
        page, axes = self.page, self.axes
        mark_time(axes, page.clock, page.low, page.high, page.body_width, self.look)
        end = self.layout.schedule.makespan
        if len(self.layout.bars):
            axes.axvline(end, color=self.look.muted, linewidth=1, dashes=(4, 3), zorder=2)
            axes.text(
                end, -0.06, page.clock.moment(end), size=8.5, color=self.look.ink, ha="right",
                va="bottom", parse_math=False,
            )  # fmt: skip

    def _breaks(self) -> None:
        page, breaks = self.page, self.layout.breaks
        shown = _chosen(breaks, (breaks.end > page.low) & (breaks.start < page.high))
        top, bottom = page.row_top[shown.row], page.row_top[shown.row + 1]
        self._polygons(shown, top, bottom, "breaks", face=self.look.rest, zorder=1.5)

    def _bars(self) -> None:
        layout = self.layout
        bars, work = layout.bars, layout.work
        mean = float(np.mean((bars.end - bars.start) * self.page.per_tick)) if len(bars) else 0.0
        gap = float(np.clip(mean * 72 * 0.04, 0.0, 0.7))
        lane = float(self.page.lane_height.min()) * 72
        self._spans(layout.holds, 0.24, "holds", face=self.shade[layout.holds.task], alpha=0.3)
        self._spans(
            layout.setups, 0.2, "setups", face=self.look.paper, edge=self.look.muted, line=0.5,
            hatch="/////" if len(layout.setups) <= _MOST_HATCHES else None,
        )  # fmt: skip
        self._spans(layout.pauses, 0.4, "pauses", face=self.shade[layout.pauses.task], alpha=0.8)
        self._spans(
            work, INSET, "bars", face=self.shade[work.task], edge=self.look.paper, line=gap,
            zorder=3,
        )  # fmt: skip
        marked = _chosen(work, self.critical[work.task] & (work.end > work.start))
        # Narrow bars keep some of their colour.
        narrow = (marked.end - marked.start) * self.page.per_tick * 72 * 0.25
        outline = np.clip(np.minimum(lane * 0.075, narrow), 0.4, 1.7)
        self._spans(
            marked, INSET, "critical", face="none", edge=self.look.critical, line=outline,
            zorder=4,
        )  # fmt: skip

    def _milestones(self) -> None:
        """Draw tasks without a length as diamonds."""
        from matplotlib.collections import PathCollection
        from matplotlib.path import Path
        from matplotlib.transforms import IdentityTransform

        bars = self.layout.bars
        points = _chosen(bars, bars.start == bars.end)
        if not len(points):
            return
        top, bottom = self.page.box(points)
        size = np.clip((bottom - top) * 72 * 0.3, 2.0, 5.5)
        diamonds = PathCollection(
            [Path([(-1, 0), (0, 1), (1, 0), (0, -1), (-1, 0)], closed=True)],
            sizes=size**2,
            offsets=np.stack([points.start, (top + bottom) / 2], axis=1),
            offset_transform=self.axes.transData,
            transform=IdentityTransform(),
            facecolors=self.shade[points.task],
            edgecolors=np.where(self.critical[points.task], self.look.critical, self.look.muted),
            linewidths=0.9,
            zorder=5,
            clip_on=False,
            rasterized=self.rasterized,
            gid="milestones",
        )
        self.axes.add_collection(diamonds, autolim=False)

    def _spans(
        self,
        spans: Spans,
        inset: float,
        name: str,
        *,
        face: str | NDArray[np.str_],
        edge: str = "none",
        line: float | Floats = 0.0,
        alpha: float | None = None,
        hatch: str | None = None,
        zorder: float = 2.5,
    ) -> None:
        """Draw spans as boxes in their lanes."""
        top, bottom = self.page.box(spans, inset)
        self._polygons(
            spans, top, bottom, name, face=face, edge=edge, line=line, alpha=alpha, hatch=hatch,
            zorder=zorder,
        )  # fmt: skip

    def _polygons(
        self,
        spans: Spans,
        top: Floats,
        bottom: Floats,
        name: str,
        *,
        face: str | NDArray[np.str_],
        edge: str = "none",
        line: float | Floats = 0.0,
        alpha: float | None = None,
        hatch: str | None = None,
        zorder: float,
    ) -> None:
        from matplotlib.collections import PolyCollection

        if not len(spans):
            return
        boxes = PolyCollection(
            list(_corners(spans.start, spans.end, top, bottom)),
            facecolors=face,
            edgecolors=edge,
            linewidths=line,
            alpha=alpha,
            hatch=hatch,
            zorder=zorder,
            joinstyle="miter",
            rasterized=self.rasterized,
            gid=name,
        )
        self.axes.add_collection(boxes, autolim=False)

    def _lines(
        self,
        ends: tuple[Ints | Floats, Ints | Floats, Ints | Floats, Ints | Floats],
        name: str,
        *,
        line: float,
        style: object = "-",
        zorder: float = 5,
    ) -> None:
        """Draw lines from (x0, y0) to (x1, y1) in the colour of what is late."""
        from matplotlib.collections import LineCollection

        x0, y0, x1, y1 = ends
        where = np.stack([np.stack([x0, y0], axis=-1), np.stack([x1, y1], axis=-1)], axis=1)
        # A light edge keeps the line visible on any bar.
        edge = 0.0 if name == "tardy" else line + 1.6
        for part, ink, points, dash in (
            (f"{name}-edge", self.look.paper, edge, "-"),
            (name, self.look.late, line, style),
        ):
            if len(where) and points:
                lines = LineCollection(
                    list(where),
                    colors=ink,
                    linewidths=points,
                    linestyles=[dash],
                    zorder=zorder,
                    rasterized=self.rasterized,
                    gid=part,
                )
                self.axes.add_collection(lines, autolim=False)

    def _dates(self) -> None:
        layout, page = self.layout, self.page
        top, bottom = page.row_top[:-1], page.row_top[1:]
        due = _chosen(layout.due, layout.due.end <= page.high)
        self._lines(
            (due.end, top[due.row], due.end, bottom[due.row]), "due", line=1.4, style=(0, (2, 1))
        )
        last = _chosen(layout.deadline, layout.deadline.end <= page.high)
        self._lines((last.end, top[last.row], last.end, bottom[last.row]), "deadline", line=2.0)
        late = layout.tardy
        low = bottom[late.row] - 0.04 * (bottom - top)[late.row]
        self._lines((late.start, low, late.end, low), "tardy", line=2.2, zorder=4.5)

    def _labels(self, labels: list[Label]) -> None:
        from matplotlib.text import Text

        for label in labels:
            ink = self.look.muted if label.beside else text_on(str(self.shade[label.task]))
            text = Text(
                label.x,
                label.y,
                label.text,
                fontsize=label.size,
                color=ink,
                ha=("center", "left", "right")[label.beside],
                va="center" if label.upright else "center_baseline",
                rotation=90 if label.upright else 0,
                transform=self.axes.transData,
                parse_math=False,
                gid="label",
            )
            # On the figure they need no clipping, which takes axes long to set up.
            self.canvas.add_artist(text)


def _chosen(spans: Spans, mask: Bools) -> Spans:
    """Return the spans for which `mask` is true."""
    return Spans(
        spans.row[mask], spans.lane[mask], spans.start[mask], spans.end[mask], spans.task[mask]
    )


def _corners(start: Ints | Floats, end: Ints | Floats, top: Floats, bottom: Floats) -> Floats:
    """Return boxes as polygons, shape (n, 4, 2)."""
    x = np.stack([start, end, end, start], axis=-1)
    y = np.stack([top, top, bottom, bottom], axis=-1)
    return np.stack([x, y], axis=-1).astype(np.float64)
