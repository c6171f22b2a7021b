"""Features of linear rules: expressions over the columns, scaled so that weights compare.

A feature list has a name and a version; a file of trained weights names both, and a list never
changes its meaning under the same version.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.simulate.expression import Expression, parse
from headway.simulate.policy import Floats, Linear
from headway.simulate.shop.columns import COLUMNS


@dataclass(frozen=True)
class Features:
    """A named list of expressions over the columns of the shop.

    Parameters
    ----------
    name, version
        What files of weights refer to.
    texts
        One expression per feature, by the feature's name.
    """

    name: str
    version: int
    texts: dict[str, str]

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The features, in order."""
        return tuple(parse(text, COLUMNS) for text in self.texts.values())

    def rule(self, name: str, weights: Floats, *, waits: bool = False) -> Linear:
        """Return the linear rule of some weights.

        Parameters
        ----------
        name
            What tables call it.
        weights
            Shape (n_features,).
        waits
            Whether jobs outside stay there unless their score is positive.

        Raises
        ------
        ConfigError
            If the number of weights does not fit.
        """
        return Linear(name, self.expressions, np.asarray(weights, dtype=np.float64), waits)


BLOCKING = Features(
    "blocking shop",
    1,
    {
        "blocked elsewhere": "blocked",
        "duration": "p / shop_p - 1",
        "work after": "2 * tail / (shop_p * machines) - 1",
        "wait": "0.3 * min(wait / shop_p, 5)",
        "waiting for the machine it frees": "0.5 * relief",
        "jobs inside, if outside": "2 * outside * wip / machines",
        "next machine occupied": "next_occupied - last",
        "finish there": (
            "next_blocked + (next_occupied - next_blocked)"
            " * max(-2, min(2, (next_finish - t - p) / shop_p))"
        ),
        "load of the machine": "2 * load / (shop_p * jobs) - 1",
        "one": "1",
        "next machine occupied, if outside": "outside * (next_occupied - last)",
    },
)
"""For shops without buffers: what brings jobs in and what frees machines.

Durations are in mean durations of the shop; the last operation counts as going to no machine.
"""

BLOCKING_REFERENCE = BLOCKING.rule(
    "ES-linear, reference",
    np.array([0.41, -0.23, 2.83, 1.26, 9.02, -6.93, -1.12, -0.51, -0.61, 6.31, 0.23]),
    waits=True,
)
"""Weights that an evolution strategy found in about a minute on random shops from 10×5 to 15×15."""

DUE_DATES = Features(
    "due dates",
    1,
    {
        "duration": "p / p_mean",
        "work in the next queue": "winq / p_mean",
        "next duration": "npt / p_mean",
        "slack per operation": "max(-5, min(5, slack / (k * p_mean)))",
        "lateness of the operation": "max(0, t + p - odd) / p_mean",
        "work remaining": "R / (k * p_mean)",
        "wait": "min(wait / p_mean, 10)",
        "queue": "queue / 10",
        "next queue": "queue_next / 10",
        "last": "last",
    },
)
"""For shops that jobs flow through, with due dates."""
