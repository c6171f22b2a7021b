"""Progress of a long run: a live line on a terminal, plain lines in a pipe, JSON for machines."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Any, Self

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from headway.solve.result import Progress, Values, relative_gap, show

_BOUNDS_EVERY_S = 0.5
"""Least time between two plain lines that only tell of a better bound."""


class Listener:
    """Receives improvements; a context manager around the run. This one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        """Take note of an improvement."""


class PlainLines(Listener):
    """Lines on standard error for pipes and log files: every better schedule, some bounds."""

    def __init__(self) -> None:
        self._printed_s = -math.inf

    def __call__(self, progress: Progress) -> None:
        """Print the improvement, unless it is a bound that follows closely on the last line."""
        proven = progress.objective is not None and progress.objective == progress.bound
        quiet_s = progress.time_s - self._printed_s
        if progress.schedule is not None or proven or quiet_s >= _BOUNDS_EVERY_S:
            self._printed_s = progress.time_s
            click.echo(line(progress, progress.time_s), err=True)


class JsonLines(Listener):
    """One JSON object per improvement on standard output."""

    def __call__(self, progress: Progress) -> None:
        """Print the improvement."""
        event = {
            "event": "improvement",
            "time_s": round(progress.time_s, 3),
            "objective": scalar(progress.objective),
            "bound": scalar(progress.bound),
            "gap": relative_gap(progress.objective, progress.bound),
            "method": progress.method,
        }
        click.echo(msgspec.json.encode(event).decode())


class LiveLine(Listener):
    """One line on a terminal that keeps the time running between improvements."""

    def __init__(self) -> None:
        self._last: Progress | None = None
        self._began = time.perf_counter()
        self._live = Live(
            get_renderable=self._render,
            console=Console(stderr=True),
            refresh_per_second=8,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Remember the improvement for the next refresh."""
        self._last = progress

    def _render(self) -> Text:
        elapsed = time.perf_counter() - self._began
        if self._last is None:
            text = f"{elapsed:7.1f} s  looking for a first schedule (Ctrl-C stops)"
        else:
            text = line(self._last, elapsed)
        # One line stays one line on a narrow terminal.
        return Text(text, no_wrap=True, overflow="ellipsis")


def listener(*, json: bool, quiet: bool) -> Listener:
    """Return how progress is shown here and now."""
    if json:
        return JsonLines()
    if quiet:
        return Listener()
    clever = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return LiveLine() if clever else PlainLines()


def line(progress: Progress, elapsed_s: float) -> str:
    """Return one line: elapsed, incumbent, bound, gap, who."""
    gap = relative_gap(progress.objective, progress.bound)
    shown = "-" if gap is None else f"{gap:.2%}"
    return (
        f"{elapsed_s:7.1f} s  objective {show(progress.objective):>10}"
        f"  bound {show(progress.bound):>10}  gap {shown:>8}  {progress.method}"
    )


def scalar(values: Values | None) -> Any:
    """Return one number for a plain objective, a list for a lexicographic one, or None."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)
