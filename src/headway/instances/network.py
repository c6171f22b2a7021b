"""Precedence networks without redundant arcs, grown arc by arc."""

from __future__ import annotations

from collections.abc import Iterator


class Network:
    """A directed acyclic graph in which no arc follows from the others.

    An arc is redundant if a longer path leads from its tail to its head. Ancestors and descendants
    of all tasks are kept up to date as sets of bits, so that judging and adding an arc takes time
    for the ancestors of its tail and the descendants of its head only.

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
        self._next = [0] * n_tasks
        self._ancestors = [1 << i for i in range(n_tasks)]  # themselves included, as below
        self._descendants = [1 << i for i in range(n_tasks)]

    @property
    def n_tasks(self) -> int:
        """Number of nodes."""
        return len(self._next)

    def reaches(self, before: int, after: int) -> bool:
        """Return whether a path leads from one task to the other (or they are the same)."""
        return bool(self._descendants[before] >> after & 1)

    def accepts(self, before: int, after: int) -> bool:
        """Return whether an arc would be new, acyclic, and make no arc redundant."""
        if self.reaches(before, after) or self.reaches(after, before):
            return False
        behind = self._descendants[after]
        return not any(self._next[task] & behind for task in _bits(self._ancestors[before]))

    def add(self, before: int, after: int) -> bool:
        """Add an arc if it is accepted; return whether it was."""
        if not self.accepts(before, after):
            return False
        self.arcs.append((before, after))
        self._next[before] |= 1 << after
        ahead, behind = self._ancestors[before], self._descendants[after]
        for task in _bits(ahead):
            self._descendants[task] |= behind
        for task in _bits(behind):
            self._ancestors[task] |= ahead
        return True

    def successors(self) -> list[list[int]]:
        """Return the direct successors of each task, in increasing order."""
        found: list[list[int]] = [[] for _ in self._next]
        for before, after in sorted(self.arcs):
            found[before].append(after)
        return found

    def predecessors(self) -> list[list[int]]:
        """Return the direct predecessors of each task, in increasing order."""
        found: list[list[int]] = [[] for _ in self._next]
        for before, after in sorted(self.arcs):
            found[after].append(before)
        return found


def _bits(members: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while members:
        lowest = members & -members
        yield lowest.bit_length() - 1
        members ^= lowest
