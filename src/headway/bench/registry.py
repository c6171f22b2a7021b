"""Contestants by name: all our methods, and whatever packages bring."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from headway.bench.contestant import Contestant
from headway.bench.longer import Longer
from headway.bench.ours import Ours
from headway.errors import UnknownNameError
from headway.solve import solvers

GROUP = "headway.contestants"
"""Entry-point group through which a package adds its contestants."""


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def contestants() -> tuple[str, ...]:
    """Return the names that take part in comparisons: our methods, then the peers.

    Examples
    --------
    >>> [name for name in contestants() if name in ("auto", "plain-cpsat", "pyjobshop")]
    ['auto', 'plain-cpsat', 'pyjobshop']
    """
    return (*solvers(), *sorted(set(_entry_points()) - set(solvers())))


def contestant(name: str) -> Contestant:
    """Return the contestant called `name`; ``name@10`` gets ten times the time of the others.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those there are.
    """
    plain, _, factor = name.partition("@")
    if factor.isdecimal() and len(factor) < 10 and int(factor) > 0:
        return Longer(contestant(plain), int(factor))
    if name in solvers():
        return Ours(name)
    if name not in _entry_points():
        raise UnknownNameError("contestant", name, contestants())
    found: Contestant = _entry_points()[name].load()
    return found
