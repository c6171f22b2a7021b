"""How good weights are for job shops: makespans of greedy passes over random instances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headway import _core
from headway.learn.evolution import Floats
from headway.model.tables import ints
from headway.simulate.dispatch import FEATURES

Size = tuple[int, int]
"""Jobs and machines."""

SHORTEST, LONGEST = 1, 99
"""Durations are whole numbers between these, as in the literature's instances."""


def random_shop(rng: np.random.Generator, size: Size) -> _core.DispatchShop:
    """Draw a job shop whose jobs visit every machine once, in any order.

    Parameters
    ----------
    rng
        Source of the draws.
    size
        Jobs and machines.
    """
    jobs, machines = size
    order = np.argsort(rng.random(size), axis=1)
    duration = rng.integers(SHORTEST, LONGEST, endpoint=True, size=size)
    ptr = np.arange(0, jobs * machines + 1, machines)
    release = np.zeros(jobs * machines, dtype=np.int64)
    return _core.DispatchShop(ints(ptr), ints(order), ints(duration), release)


def split(vectors: Floats) -> tuple[Floats, Floats]:
    """Return the weights and the deltas of parameter vectors, shape (k, 13), row by row.

    The last parameter is delta; below 0 it means 0, above 1 it means 1.
    """
    k = len(FEATURES)
    return np.ascontiguousarray(vectors[:, :k]).ravel(), np.clip(vectors[:, k], 0.0, 1.0)


def mean_excess(vectors: Floats, shops: Sequence[_core.DispatchShop]) -> Floats:
    """Return by how much makespans exceed a bound, as a fraction, on average over shops.

    The bound is the longest job or the heaviest machine, whichever is larger.

    Parameters
    ----------
    vectors
        Weights and delta, shape (k, 13).
    shops
        Not empty.
    """
    weights, delta = split(vectors)
    total = np.zeros(len(vectors))
    for shop in shops:
        total += shop.makespans(weights, delta) / shop.bound - 1
    return total / len(shops)


@dataclass(frozen=True, slots=True)
class RandomShops:
    """Mean excess over random job shops: an objective for `headway.learn.evolve`.

    Parameters
    ----------
    sizes
        Each instance has one of these, drawn with equal chances.
    instances
        Instances per call.
    """

    sizes: tuple[Size, ...]
    instances: int

    def __call__(self, vectors: Floats, seed: int) -> Floats:
        """Return the mean excess of vectors, shape (k, 13), on the instances of a seed."""
        return mean_excess(vectors, list(self._drawn(seed)))

    def _drawn(self, seed: int) -> Iterator[_core.DispatchShop]:
        rng = np.random.default_rng(seed)
        for _ in range(self.instances):
            yield random_shop(rng, self.sizes[rng.integers(len(self.sizes))])


def random_shops(sizes: Sequence[Size], each: int, seed: int) -> list[_core.DispatchShop]:
    """Return as many random job shops of each size.

    Parameters
    ----------
    sizes
        Jobs and machines.
    each
        Instances per size.
    seed
        Of the draws.
    """
    rng = np.random.default_rng(seed)
    return [random_shop(rng, size) for size in sizes for _ in range(each)]
