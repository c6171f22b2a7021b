"""Precedence networks without redundant arcs, grown arc by arc."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Network:
    """A directed acyclic graph in which no arc follows from the others.

    An arc is redundant if a longer path leads from its tail to its head. The transitive closure
    is kept up to date, so that an arc is judged and added in O(n_tasks²) elementary steps on
    whole rows.

    Parameters
    ----------
    n_tasks
        Number of nodes, numbered from 0.

    Examples
    --------
    >>> network = Network(3)
    >>> network.add(0, 1), network.add(1, 2)
    (True, True)
    >>> network.add(0, 2)  # follows from the two arcs there are
    False
    >>> network.arcs
    [(0, 1), (1, 2)]
    """

    def __init__(self, n_tasks: int) -> None:
        self.arcs: list[tuple[int, int]] = []
        self._direct: NDArray[np.bool_] = np.zeros((n_tasks, n_tasks), dtype=np.bool_)
        self._reach: NDArray[np.bool_] = np.eye(n_tasks, dtype=np.bool_)

    @property
    def n_tasks(self) -> int:
        """Number of nodes."""
        return len(self._reach)

    def reaches(self, before: int, after: int) -> bool:
        """Return whether a path leads from one task to the other (or they are the same)."""
        return bool(self._reach[before, after])

    def accepts(self, before: int, after: int) -> bool:
        """Return whether an arc would be new, acyclic, and make no arc redundant."""
        if self._reach[before, after] or self._reach[after, before]:
            return False
        ancestors, descendants = self._reach[:, before], self._reach[after]
        return not self._direct[np.ix_(ancestors, descendants)].any()

    def add(self, before: int, after: int) -> bool:
        """Add an arc if it is accepted; return whether it was."""
        if not self.accepts(before, after):
            return False
        self.arcs.append((before, after))
        self._direct[before, after] = True
        self._reach |= np.outer(self._reach[:, before], self._reach[after])
        return True

    def successors(self) -> list[list[int]]:
        """Return the direct successors of each task, in increasing order."""
        return [np.flatnonzero(row).tolist() for row in self._direct]

    def predecessors(self) -> list[list[int]]:
        """Return the direct predecessors of each task, in increasing order."""
        return [np.flatnonzero(row).tolist() for row in self._direct.T]
