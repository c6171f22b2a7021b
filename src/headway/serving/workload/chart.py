"""A picture of a workload: when requests come, how long they are, what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import Floats, Int32s
from headway.serving.workload.prefix import prefix_hits
from headway.serving.workload.requests import Workload
from headway.show.axes import mark_time, plain
from headway.show.clock import Clock, grouped
from headway.show.colours import Theme, ThemeName, colour, theme
from headway.show.figure import Figure
from headway.show.legend import MARGIN, Entry, draw_headline, draw_legend, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_PROMPT, _OUTPUT, _CACHE = colour(0), colour(3), colour(2)
_PER_BIN, _FEWEST_BINS, _MOST_BINS = 20, 10, 72
_CAPACITIES, _MOST_BLOCKS = 9, 400_000
_MS = 1000.0


def chart(
    workload: Workload, *, colours: ThemeName = "light", width: float = 10.0, height: float = 6.4
) -> Figure:
    """Return a picture of arrivals, lengths and, where blocks are known, shared prefixes.

    Parameters
    ----------
    workload
        One request or more.
    colours
        "light" or "dark".
    width, height
        Inches.

    Raises
    ------
    ConfigError
        If there are no requests.
    """
    if not len(workload):
        raise ConfigError(f"{workload.name}: there is nothing to draw")
    from matplotlib.figure import Figure as Canvas

    look = theme(colours)
    canvas = Canvas(figsize=(width, height), facecolor=look.paper)
    middle = 0.5 * height - 0.15
    _arrivals(_axes(canvas, 0.75, middle + 0.62, width - 1.05, height - middle - 1.45, look),
              workload, width - 1.05, look)  # fmt: skip
    with_cache = workload.blocks is not None and len(workload.blocks.ids) > 0
    room = (width - 1.05 - 0.85) / 2 if with_cache else width - 1.05
    low = middle - 1.05
    _lengths(_axes(canvas, 0.75, 0.95, room, low, look), workload, look)
    if with_cache:
        _cache(_axes(canvas, 0.75 + room + 0.85, 0.95, room, low, look), workload, look)
    draw_headline(canvas, workload.name, _facts(workload), look)
    signs = [Entry("step", "prompt", _PROMPT), Entry("step", "output", _OUTPUT)]
    if with_cache:
        signs.append(Entry("step", "found in a prefix cache (least recently used goes)", _CACHE))
        signs.append(Entry("limit", "found by a cache that never forgets", _CACHE))
    draw_legend(canvas, wrap(signs, width - 2 * MARGIN), look, base=0.18)
    return Figure(canvas)


def _axes(canvas: Canvas, left: float, low: float, wide: float, high: float, look: Theme) -> Axes:
    """Return axes at a place given in inches."""
    width, height = canvas.get_size_inches()
    axes = canvas.add_axes((left / width, low / height, wide / width, high / height))
    plain(axes, look)
    axes.yaxis.grid(visible=True, color=look.line, linewidth=0.6)
    axes.tick_params(which="minor", color=look.line)
    return axes


def _named(axes: Axes, across: str, up: str, look: Theme) -> None:
    axes.set_xlabel(across, color=look.muted, size=9, labelpad=3)
    axes.set_ylabel(up, color=look.muted, size=9)


def _facts(workload: Workload) -> str:
    facts = [f"{grouped(str(len(workload)))} requests"]
    if workload.span_s > 0:
        clock = _clock(workload.span_s)
        facts.append(f"in {clock.show(round(workload.span_s) * _MS)}")
        facts.append(f"{workload.rate_per_s:.3g} per second")
    for what, tokens in (("prompt", workload.prompt_tokens), ("output", workload.output_tokens)):
        facts.append(f"{what} {grouped(f'{tokens.mean():.0f}')} tokens")
    return "  ·  ".join(facts)


def _clock(span_s: float) -> Clock:
    return Clock.of(1 / _MS, span_s * _MS)


def _arrivals(axes: Axes, workload: Workload, inches: float, look: Theme) -> None:
    """Draw requests per second over time."""
    start, span = float(workload.arrival_s[0]), workload.span_s
    if span == 0:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "all requests are there at once", size=10, color=look.muted,
            ha="center", va="center", transform=axes.transAxes,
        )  # fmt: skip
        return
    bins = min(max(len(workload) // _PER_BIN, _FEWEST_BINS), _MOST_BINS)
    counts, edges = np.histogram(workload.arrival_s, bins, (start, start + span))
    rate = counts * (bins / span)
    axes.stairs(rate, edges * _MS, fill=True, color=_PROMPT, alpha=0.25)
    axes.stairs(rate, edges * _MS, color=_PROMPT, linewidth=1.1)
    axes.set_xlim(start * _MS, (start + span) * _MS)
    axes.set_ylim(0, rate.max() * 1.08)
    mark_time(axes, _clock(span), start * _MS, (start + span) * _MS, inches, look)
    _named(axes, axes.get_xlabel(), "requests per second", look)


def _lengths(axes: Axes, workload: Workload, look: Theme) -> None:
    """Draw which share of prompts and outputs is at most so long."""
    from matplotlib.ticker import FuncFormatter

    for tokens, ink in ((workload.prompt_tokens, _PROMPT), (workload.output_tokens, _OUTPUT)):
        values, shares = _cumulative(tokens)
        axes.step(values, shares, where="post", color=ink, linewidth=1.8)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(f"{value:.0f}")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    _named(axes, "tokens", "requests no longer", look)


def _cumulative(tokens: Int32s) -> tuple[Int32s, Floats]:
    values, counts = np.unique(tokens, return_counts=True)
    return values, np.cumsum(counts) / len(tokens)


def _cache(axes: Axes, workload: Workload, look: Theme) -> None:
    """Draw the share of blocks that caches of several sizes find."""
    from matplotlib.ticker import FuncFormatter

    asked = len(workload)
    if workload.blocks is not None and len(workload.blocks.ids) > _MOST_BLOCKS:
        # The course of the curve is soon told, and every point of it visits every block.
        asked = max(int(np.searchsorted(workload.blocks.offsets, _MOST_BLOCKS)), 1)
    part = workload.select(slice(asked))
    whole = prefix_hits(part)
    capacities = np.unique(
        np.geomspace(max(whole.distinct / 1000, 1), whole.distinct, _CAPACITIES).astype(int)
    )
    shares = [prefix_hits(part, int(capacity)).share for capacity in capacities]
    axes.axhline(whole.share, color=_CACHE, linewidth=1.4, dashes=(4, 2))
    axes.plot(capacities, shares, color=_CACHE, linewidth=1.8, marker="o", markersize=4)
    axes.set_xscale("log")
    axes.set_ylim(0, max(whole.share * 1.15, 0.02))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(f"{value:.0f}")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    size = 0 if workload.blocks is None else workload.blocks.block_tokens
    among = "" if asked == len(workload) else f", first {grouped(str(asked))} requests"
    _named(axes, f"blocks of {size} tokens in the cache{among}", "blocks found", look)
