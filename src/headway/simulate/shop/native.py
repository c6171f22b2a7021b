"""Policies that the core can run without Python."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.model.tables import ints
from headway.simulate.expression import Expression
from headway.simulate.policy import Linear, Policy, Rule
from headway.simulate.shop.columns import COLUMNS


def score_of(policy: Policy) -> _core.Score | None:
    """Return a policy's score for the core, or None if it is not made of expressions.

    Raises
    ------
    UnknownNameError
        If an expression asks for a column that the shop does not have.
    """
    if isinstance(policy, Rule):
        return compiled((policy.scores,), np.ones(1))
    if isinstance(policy, Linear):
        return compiled(policy.features, policy.weights)
    return None


def compiled(parts: tuple[Expression, ...], weights: np.ndarray) -> _core.Score:
    """Return the weighted sum of expressions for the core."""
    programs = [part.program(COLUMNS) for part in parts]
    sizes = [len(program.code) for program in programs]
    shift = np.cumsum([0, *(len(program.constants) for program in programs)])
    none = np.zeros(0)
    return _core.Score(
        ints(np.concatenate([none, *(program.code for program in programs)])),
        ints(
            np.concatenate(
                [
                    none,
                    *(
                        program.argument + np.where(program.code == 1, offset, 0)
                        for program, offset in zip(programs, shift[:-1], strict=True)
                    ),
                ]
            )
        ),
        np.concatenate([none, *(program.constants for program in programs)]),
        ints(np.cumsum([0, *sizes])),
        np.asarray(weights, dtype=np.float64),
        len(COLUMNS),
    )
