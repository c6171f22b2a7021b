"""From a weight file to a policy of the chip."""

from __future__ import annotations

from headway.errors import FormatError
from headway.learn.evolution import Floats
from headway.learn.rule_file import LinearRule
from headway.simulate.chip import Bound, linear

LONGEST_LIMIT = 32.0
"""Largest limit on backlogs, in mean durations of tasks; so far ahead nothing is held back."""


def limit_of(vector: Floats) -> float:
    """Return the limit on backlogs that a parameter vector ends with, as its binary logarithm."""
    return float(min(2.0 ** vector[-1], LONGEST_LIMIT))


def policy_of(rule: LinearRule, name: str = "LINEAR") -> Bound:
    """Return a trained rule as a policy.

    Raises
    ------
    FormatError
        If its file does not say how far ahead elements may be taken.
    """
    limit = rule.settings.get("limit", -1.0)
    if not limit >= 0:
        raise FormatError(f"settings.limit: expected a number of at least 0 in rule {rule.name!r}")
    return linear(rule.weights, limit, name)
