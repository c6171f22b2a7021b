"""Trained linear rules as small files: weights, what they weigh, how they came about.

A file is JSON::

    {
     "kind": "headway linear rule", "name": "jobshop-makespan", "world": "jobshop",
     "features_version": 1,
     "weights": {"duration": -2.6, "tail": 0.2, ...},
     "settings": {"delta": 0.75, ...},
     "recipe": {...}, "measured": [{...}, ...]
    }

Weights belong to features of one meaning. Whoever loads a file says which features it can compute,
and a file for others is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Annotated, Any

import msgspec
import numpy as np

from headway import files
from headway.errors import ConfigError, FormatError
from headway.learn.evolution import Floats
from headway.simulate.features import FeatureSet
from headway.simulate.policy import Linear

KIND = "headway linear rule"


@dataclass(frozen=True, eq=False, slots=True)
class LinearRule:
    """Weights with all that is needed to use and to repeat them.

    Parameters
    ----------
    name
        What it is called.
    features
        What is weighed.
    weights
        Shape (n_features,).
    settings
        Further numbers that the world's decoders need, such as a temperature.
    recipe
        How the weights were trained.
    measured
        Rows of a table of what they achieve.

    Raises
    ------
    ConfigError
        If there is not one finite weight per feature.
    """

    name: str
    features: FeatureSet
    weights: Floats
    settings: Mapping[str, float] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    measured: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.weights.shape != (len(self.features.names),):
            raise ConfigError(
                f"weights: expected {len(self.features.names)}, got shape {self.weights.shape}"
            )
        for name, weight in zip(self.features.names, self.weights.tolist(), strict=True):
            if not math.isfinite(weight):
                raise ConfigError(f"weights.{name}: expected a finite number, got {weight}")

    @property
    def policy(self) -> Linear:
        """The rule as a policy of its world."""
        waits = bool(self.settings.get("waits", 0))
        return self.features.rule(self.name, self.weights, waits=waits)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the rule to a file, atomically."""
        files.write_text(path, self.to_json())

    def to_json(self) -> str:
        """Return the text of the rule's file."""
        document = {
            "kind": KIND,
            "name": self.name,
            "world": self.features.world,
            "features_version": self.features.version,
            "weights": dict(zip(self.features.names, self.weights.tolist(), strict=True)),
            "settings": dict(self.settings),
            "recipe": dict(self.recipe),
            "measured": [dict(row) for row in self.measured],
        }
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The file as it is written."""

    kind: str
    name: Annotated[str, msgspec.Meta(min_length=1)]
    world: str
    features_version: int
    weights: dict[str, float]
    settings: dict[str, float] = {}
    recipe: dict[str, Any] = {}
    measured: list[dict[str, Any]] = []


def parse(data: bytes | str, features: FeatureSet) -> LinearRule:
    """Return the rule in the text of a file; see `load`."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        key = where.rstrip("`").removeprefix(".")
        raise FormatError(f"{key}: {message}" if key else message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}") from None
    if file.kind != KIND:
        raise FormatError(f"kind: expected {KIND!r}, got {file.kind!r}")
    if file.world != features.world:
        raise FormatError(
            f"world: rule {file.name!r} is for {file.world!r}, wanted is one for {features.world!r}"
        )
    if file.features_version != features.version:
        raise FormatError(
            f"features_version: rule {file.name!r} weighs version {file.features_version} of the"
            f" features of {features.world!r}, this is version {features.version}; train it again"
        )
    missing = [name for name in features.names if name not in file.weights]
    unknown = [name for name in file.weights if name not in features.names]
    if missing or unknown:
        parts = [
            f"{what} {', '.join(map(repr, names))}"
            for what, names in (("no weight for", missing), ("a weight for unknown", unknown))
            if names
        ]
        raise FormatError(f"weights: rule {file.name!r} has {' and '.join(parts)}")
    weights = np.array([file.weights[name] for name in features.names], dtype=np.float64)
    try:
        return LinearRule(
            file.name, features, weights, file.settings, file.recipe, tuple(file.measured)
        )
    except ConfigError as error:
        raise FormatError(str(error)) from None


def load(path: str | PathLike[str], features: FeatureSet) -> LinearRule:
    """Return the rule in a file.

    Parameters
    ----------
    path
        A file that `LinearRule.save` has written.
    features
        What whoever uses the rule can compute.

    Raises
    ------
    FormatError
        If there is no such file, it is no rule, or its weights are not for these features.
    """
    try:
        return parse(files.read_bytes(path), features)
    except FormatError as error:
        raise error.located(path) from None
