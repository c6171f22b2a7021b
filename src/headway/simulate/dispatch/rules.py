"""Classic dispatching rules for job shops."""

from __future__ import annotations

from typing import Any

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.simulate.dispatch.features import FEATURES, FIGURES
from headway.simulate.expression import Expression
from headway.simulate.policy import Floats, Linear, Policy, Rule, RuleBook


def _fdd(c: Any) -> Expression:
    ratio: Expression = c.done / np.maximum(c.R, 1)
    return ratio


RULES = RuleBook.of(
    "jobshop",
    (*FIGURES, *FEATURES),
    smallest={
        "SPT": lambda c: c.p,
        "LWKR": lambda c: c.R,
        "LOPNR": lambda c: c.k,
        "FDD/MWKR": _fdd,
        "FIFO": lambda c: c.ready,
    },
    largest={
        "LPT": lambda c: c.p,
        "MWKR": lambda c: c.R,
        "LTAIL": lambda c: c.R - c.p,
        "MOPNR": lambda c: c.k,
        "RANDOM": lambda c: 0 * c.p,
    },
)
"""Rules by name: shortest and longest operation; least and most work left, the operation included;
longest tail, which is the work left after it; fewest and most operations left; least ratio of the
work done, the operation included, to the work left; waiting longest; none, for chance to decide."""

_KEYS = {"FDD/MWKR": _core.DispatchKey.FDD_MWKR} | {
    name: _core.DispatchKey[name] for name in RULES.rules if name != "FDD/MWKR"
}


def linear(weights: Floats, name: str = "linear") -> Linear:
    """Return the rule that adds up features with weights, shape (12,); see `FEATURES`."""
    return Linear(name, tuple(Expression(feature) for feature in FEATURES), weights)


def native(policy: Policy, delta: float) -> _core.DispatchRule | None:
    """Return a policy as the core runs it, or None if the core does not know it.

    Raises
    ------
    UnsupportedError
        If weights are no finite numbers.
    """
    if isinstance(policy, Rule) and RULES.rules.get(policy.name) is policy:
        return _core.DispatchRule(_KEYS[policy.name], delta)
    if isinstance(policy, Linear) and policy.features == linear(policy.weights).features:
        try:
            return _core.DispatchRule(policy.weights, delta)
        except ValueError as error:
            raise UnsupportedError(f"rule {policy.name!r}: {error}") from None
    return None
