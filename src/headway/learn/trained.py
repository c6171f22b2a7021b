"""The rules that come with the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from headway.errors import UnknownNameError
from headway.learn.rule_file import LinearRule, parse
from headway.simulate.features import FeatureSet


def trained_rules() -> tuple[str, ...]:
    """Return the names of the rules that come with the package, sorted."""
    names = (file.name for file in files("headway.learn").joinpath("data").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


@cache
def trained(name: str, features: FeatureSet) -> LinearRule:
    """Return a rule that comes with the package.

    Parameters
    ----------
    name
        Of the rule.
    features
        What whoever uses the rule can compute.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    FormatError
        If it is for other features.
    """
    if name not in trained_rules():
        raise UnknownNameError("trained rule", name, trained_rules())
    return parse(files("headway.learn").joinpath("data", f"{name}.json").read_bytes(), features)
