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
        "one": "1",
    },
)
"""Columns in mean durations of tasks, so that a rule suits chips of any speed."""


def linear(
    weights: Floats, limit: float = 0.0, name: str = "LINEAR", *, waits: bool = True
) -> Bound:
    """Return the rule that weighs `FEATURES`, of which the largest sum wins.

    Parameters
    ----------
    weights
        One per feature.
    limit
        Largest backlog of an element that is given more; see `Bound`.
    name
        What tables call it.
    waits
        Whether a task may wait for a better element: it is committed only if its sum is positive.

    Raises
    ------
    ConfigError
        If there are more or fewer weights than features, or the limit is negative.
    """
    return Bound(FEATURES.rule(name, weights, waits=waits), limit, name)
