"""News of a long run: a live line on a terminal, plain lines in a pipe, JSON for machines."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from headway.solve.result import Progress, Values, relative_gap, show

_News = TypeVar("_News")

_BOUNDS_EVERY_S = 0.5
"""Least time between two plain lines that only tell of a better bound."""


@dataclass(frozen=True, slots=True)
class Words(Generic[_News]):
    """How the news of one kind of run are told.

    Parameters
    ----------
    waiting
        What is said before there are any.
    line
        One line on news, given the seconds that have passed.
    matters
        Whether news are worth a plain line, given the seconds since the last one.
    event
        What machines are told, or None for nothing.
    """

    waiting: str
    line: Callable[[_News, float], str]
    matters: Callable[[_News, float], bool]
    event: Callable[[_News], Mapping[str, object] | None]


class Listener(Generic[_News]):
    """Receives news; a context manager around the run. This one shows nothing."""

    def __init__(self, words: Words[_News]) -> None:
        self._words = words
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __call__(self, news: _News) -> None:
        """Take note of news."""

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._began


class PlainLines(Listener[_News]):
    """Lines on standard error, for pipes and log files."""

    def __init__(self, words: Words[_News]) -> None:
        super().__init__(words)
        self._printed_s = -math.inf

    def __call__(self, news: _News) -> None:
        """Print the news if they matter."""
        now = self._elapsed_s
        if self._words.matters(news, now - self._printed_s):
            self._printed_s = now
            click.echo(self._words.line(news, now), err=True)


class JsonLines(Listener[_News]):
    """JSON objects on standard output."""

    def __call__(self, news: _News) -> None:
        """Print the news if machines are to know."""
        event = self._words.event(news)
        if event is not None:
            click.echo(msgspec.json.encode(event).decode())


class LiveLine(Listener[_News]):
    """One line on a terminal that keeps the time running between news."""

    def __init__(self, words: Words[_News]) -> None:
        super().__init__(words)
        self._last: _News | None = None
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

    def __call__(self, news: _News) -> None:
        """Remember the news for the next refresh."""
        self._last = news

    def _render(self) -> Text:
        elapsed = self._elapsed_s
        if self._last is None:
            text = f"{elapsed:7.1f} s  {self._words.waiting} (Ctrl-C stops)"
        else:
            text = self._words.line(self._last, elapsed)
        # One line stays one line on a narrow terminal.
        return Text(text, no_wrap=True, overflow="ellipsis")


def listener(words: Words[_News], *, json: bool, quiet: bool) -> Listener[_News]:
    """Return how news are shown here and now."""
    if json:
        return JsonLines(words)
    if quiet:
        return Listener(words)
    clever = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return LiveLine(words) if clever else PlainLines(words)


def _matters(progress: Progress, quiet_s: float) -> bool:
    """Return whether there is a better schedule, or a bound that does not follow closely."""
    proven = progress.objective is not None and progress.objective == progress.bound
    return progress.schedule is not None or proven or quiet_s >= _BOUNDS_EVERY_S


def _event(progress: Progress) -> dict[str, object]:
    return {
        "event": "improvement",
        "time_s": round(progress.time_s, 3),
        "objective": scalar(progress.objective),
        "bound": scalar(progress.bound),
        "gap": relative_gap(progress.objective, progress.bound),
        "method": progress.method,
    }


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


SOLVING = Words("looking for a first schedule", line, _matters, _event)
"""How solvers' improvements are told."""
