"""The trained rule: a weighted sum of features of a ready task and an element, with a limit.

Its weights travel with the package in a small file that also says how they came about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from headway.errors import FormatError, HeadwayError
from headway.files import read_bytes, write_text
from headway.simulate.chip.rules import COLUMNS, RULES, Bound
from headway.simulate.expression import parse
from headway.simulate.policy import Floats, Linear, Policy

NAME = "LINEAR"
"""What the shipped rule is called."""

FEATURES = (
    "duration / unit",
    "excess / unit",
    "delay / unit",
    "backlog / unit",
    "finish / unit",
    "regret / unit",
    "spare / unit",
    "rival / unit",
    "rank / (5 * unit)",
    "left / 10",
    "age / (10 * unit)",
)
"""What the rule weighs, in mean durations of tasks, so that it knows chips of any speed."""

_FORMAT, _VERSION = "headway-chip-rule", 1


def linear(weights: Floats, limit: float, name: str = NAME) -> Bound:
    """Return the rule with some weights, one per feature of `FEATURES`; the largest sum wins.

    Raises
    ------
    ConfigError
        If there are more or fewer weights than features, or the limit is negative.
    """
    features = tuple(parse(text, COLUMNS) for text in FEATURES)
    return Bound(Linear(name, features, np.asarray(weights, dtype=np.float64)), limit)


@dataclass(frozen=True, eq=False)
class WeightFile:
    """A rule with how it came about.

    Attributes
    ----------
    rule
        The rule; its features are those of `FEATURES`.
    recipe
        How it was trained.
    measured
        What it reached, one record per workload.
    """

    rule: Bound
    recipe: dict[str, Any] = field(default_factory=dict)
    measured: list[dict[str, Any]] = field(default_factory=list)

    @property
    def vector(self) -> Floats:
        """The weights, then the binary logarithm of the limit; shape (n_features + 1,)."""
        assert isinstance(self.rule.policy, Linear)
        return np.array([*self.rule.policy.weights, np.log2(max(self.rule.limit, 1e-3))])

    def to_json(self) -> str:
        """Return the text of the file."""
        assert isinstance(self.rule.policy, Linear)
        document = {
            "format": _FORMAT,
            "version": _VERSION,
            "name": self.rule.policy.name,
            "features": list(FEATURES),
            "weights": [round(float(weight), 4) for weight in self.rule.policy.weights],
            "limit": round(self.rule.limit, 4),
            "recipe": self.recipe,
            "measured": self.measured,
        }
        return json.dumps(document, indent=1) + "\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the file, atomically."""
        write_text(path, self.to_json())


def read_weights(path: str | PathLike[str]) -> WeightFile:
    """Return the rule in a weight file.

    Raises
    ------
    FormatError
        If the file cannot be read, is none, or was trained for other features than `FEATURES`.
    """
    return parse_weights(read_bytes(path), path=Path(path))


def parse_weights(data: bytes, *, path: Path | None = None) -> WeightFile:
    """Return the rule in the bytes of a weight file; see `read_weights`."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"no JSON: {error}", path=path) from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise FormatError(f"expected the format {_FORMAT!r}", path=path)
    if document.get("version") != _VERSION or document.get("features") != list(FEATURES):
        raise FormatError(
            f"expected version {_VERSION} with the features {', '.join(FEATURES)}", path=path
        )
    try:
        weights = np.array(document["weights"], dtype=np.float64)
        if not np.isfinite(weights).all():
            raise FormatError("weights: expected finite numbers")
        rule = linear(weights, float(document["limit"]), str(document["name"]))
        return WeightFile(rule, dict(document["recipe"]), list(document["measured"]))
    except (HeadwayError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise FormatError(f"no trained rule: {error}", path=path) from None


@cache
def shipped() -> WeightFile:
    """Return the trained rule that travels with the package."""
    file = resources.files("headway.simulate.chip") / "data" / "linear.json"
    return parse_weights(file.read_bytes())


def names() -> tuple[str, ...]:
    """Return the names of all rules, the trained one and those of other packages included."""
    return (*RULES.names(), NAME)


def find(policy: str | Policy) -> Policy:
    """Return the rule of a name, in any case; a policy is returned as it is.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if isinstance(policy, str) and policy.upper() == NAME:
        return shipped().rule
    return RULES.find(policy)
