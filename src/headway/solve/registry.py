"""Solvers by name, ours and those of other packages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from headway.errors import UnknownNameError
from headway.solve.result import Solver

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "headway.solvers"
"""Entry-point group through which a package adds its solvers."""


@cache
def _entry_points() -> dict[str, EntryPoint]:
    # Reading metadata loads the standard library's mail parser, too much for `import headway`.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def solvers() -> tuple[str, ...]:
    """Return the names that ``headway.solve(method=...)`` accepts, sorted."""
    return tuple(sorted(_entry_points()))


def find(name: str) -> Solver:
    """Return the solver registered as `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those there are.
    """
    try:
        entry = _entry_points()[name]
    except KeyError:
        raise UnknownNameError("method", name, solvers()) from None
    solver: Solver = entry.load()
    return solver
