"""Networks without redundant arcs."""

from __future__ import annotations

import numpy as np
import pytest

from headway.instances.network import Network


def paths(n_tasks: int, arcs: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """All pairs joined by a path, by repeated composition."""
    found = set(arcs)
    while True:
        longer = {(a, d) for a, b in found for c, d in arcs if b == c} - found
        if not longer:
            return found
        found |= longer


@pytest.mark.parametrize("seed", range(10))
def test_exactly_the_arcs_that_stay_irredundant_are_accepted(seed):
    rng = np.random.default_rng(seed)
    network = Network(9)
    for before, after in rng.integers(0, 9, size=(120, 2)).tolist():
        arcs = [*network.arcs, (before, after)]
        cyclic = any((k, k) in paths(9, arcs) for k in range(9))
        redundant = (before, after) in network.arcs or any(
            arc in paths(9, [other for other in arcs if other != arc]) for arc in arcs
        )
        assert network.add(before, after) == (not cyclic and not redundant)
    assert len(network.arcs) > 5
    joined = paths(9, network.arcs)
    for i in range(9):
        for j in range(9):
            assert network.reaches(i, j) == (i == j or (i, j) in joined)


def test_neighbours_are_listed_in_order():
    network = Network(4)
    for arc in ((0, 3), (0, 2), (1, 3)):
        assert network.add(*arc)
    assert network.successors() == [[2, 3], [3], [], []]
    assert network.predecessors() == [[], [], [0], [0, 1]]
