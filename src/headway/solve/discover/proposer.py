"""Who proposes new programs: genetic programming by default, or anything you can call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headway.solve.discover import expression
from headway.solve.discover.expression import LARGEST, Node
from headway.solve.discover.program import Program, score_of, text_of

_TRIES = 20


class Proposer(Protocol):
    """Turns programs into new ones; what it returns is never trusted.

    Parameters
    ----------
    parents
        One or more programs of an island, the best one last.
    count
        How many new ones are asked for; more or fewer may come back.
    rng
        Source of all random choices.
    """

    def __call__(
        self, parents: Sequence[Program], count: int, rng: np.random.Generator
    ) -> Sequence[str]:
        """Return texts of programs."""
        ...


@dataclass(frozen=True, slots=True)
class GeneticProposer:
    """Typed genetic programming over the expressions of scores.

    Parameters
    ----------
    crossover, perturbation
        Chances that a new program comes from two parents, or from one by changing a constant;
        else a part of it is mutated.

    References
    ----------
    Koza (1992), "Genetic programming"; Nguyen, Mei, Zhang (2017), "Genetic programming for
    production scheduling: a survey with a unified framework".
    """

    crossover: float = 0.3
    perturbation: float = 0.35

    def __call__(
        self, parents: Sequence[Program], count: int, rng: np.random.Generator
    ) -> Sequence[str]:
        """Return new programs; parents that are more than one expression are left aside."""
        trees = [tree for parent in parents if (tree := score_of(parent.text)) is not None]
        return [text_of(self._child(trees, rng)) for _ in range(count)]

    def _child(self, trees: list[Node], rng: np.random.Generator) -> Node:
        for _ in range(_TRIES):
            child = self._changed(trees, rng)
            if child.size <= LARGEST:
                return child
        return expression.drawn(rng)

    def _changed(self, trees: list[Node], rng: np.random.Generator) -> Node:
        if not trees:
            return expression.drawn(rng)
        kind, parent = rng.random(), trees[rng.integers(len(trees))]
        if kind < self.crossover and len(trees) > 1:
            first, second = (trees[k] for k in rng.permutation(len(trees))[:2])
            return expression.crossed(first, second, rng)
        if kind < self.crossover + self.perturbation:
            return expression.perturbed(parent, rng)
        return expression.mutated(parent, rng)
