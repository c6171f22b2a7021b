"""Features of linear rules: expressions over the columns of a world, scaled to compare weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headway.simulate.expression import Expression, parse
from headway.simulate.policy import Linear


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """What a world can compute for a linear rule, a named and versioned list.

    Parameters
    ----------
    world
        Name of the world.
    version
        Raised whenever a feature comes to mean something else, so that old weights are refused.
    names
        In the order of the weights.
    expressions
        What each of them is, over the columns of the world; the column of its name by default.
    """

    world: str
    version: int
    names: tuple[str, ...]
    expressions: tuple[Expression, ...] = ()

    @classmethod
    def of(cls, world: str, version: int, texts: Mapping[str, str]) -> FeatureSet:
        """Return features by name, each written as an expression such as ``p / shop_p``."""
        return cls(world, version, tuple(texts), tuple(map(parse, texts.values())))

    def __post_init__(self) -> None:
        if not self.expressions:
            object.__setattr__(self, "expressions", tuple(map(Expression, self.names)))

    def rule(self, name: str, weights: ArrayLike, *, waits: bool = False) -> Linear:
        """Return the linear rule of some weights.

        Parameters
        ----------
        name
            What tables call it.
        weights
            Shape (n_features,).
        waits
            Whether candidates that may be held back start only if their score is positive.

        Raises
        ------
        ConfigError
            If the number of weights does not fit.
        """
        return Linear(name, self.expressions, np.asarray(weights, dtype=np.float64), waits)
