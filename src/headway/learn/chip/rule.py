"""From a weight file to a policy of the chip."""

from __future__ import annotations

from headway.errors import FormatError
from headway.learn.rule_file import LinearRule
from headway.simulate.chip import Bound, linear


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
    return linear(rule.weights, limit, name, waits=bool(rule.settings.get("waits", 0)))
