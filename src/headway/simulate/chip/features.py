"""What a linear rule for arriving jobs weighs of a ready task and an element."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from headway.simulate.chip.rules import COLUMNS, Bound
from headway.simulate.expression import parse
from headway.simulate.policy import Floats, Linear

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "duration": "duration / unit",
        "excess": "excess / unit",
        "delay": "delay / unit",
        "backlog": "backlog / unit",
        "finish": "finish / unit",
        "regret": "regret / unit",
        "spare": "spare / unit",
        "rival": "rival / unit",
        "rank": "rank / (5 * unit)",
        "left": "left / 10",
        "age": "age / (10 * unit)",
    }
)
"""Features by name: columns in mean durations of tasks, so that a rule suits chips of any speed."""


def linear(weights: Floats, limit: float, name: str = "LINEAR") -> Bound:
    """Return the rule that weighs `FEATURES`, of which the largest sum wins.

    Parameters
    ----------
    weights
        One per feature.
    limit
        Largest backlog of an element that is given more; see `Bound`.
    name
        What tables call it.

    Raises
    ------
    ConfigError
        If there are more or fewer weights than features, or the limit is negative.
    """
    features = tuple(parse(text, COLUMNS) for text in FEATURES.values())
    return Bound(Linear(name, features, np.asarray(weights, dtype=np.float64)), limit)
