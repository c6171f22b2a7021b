"""What a linear rule for arriving jobs weighs of a ready task and an element."""

from __future__ import annotations

from headway.simulate.chip.rules import Bound
from headway.simulate.features import FeatureSet
from headway.simulate.policy import Floats

FEATURES = FeatureSet.of(
    "chip",
    1,
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
    },
)
"""Columns in mean durations of tasks, so that a rule suits chips of any speed."""


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
    return Bound(FEATURES.rule(name, weights), limit, name)
