"""What a trained rule for job shops is: its features, its settings, its use."""

from __future__ import annotations

from dataclasses import dataclass

from headway.errors import FormatError
from headway.learn.rule_file import LinearRule
from headway.simulate.dispatch import FEATURES, FEATURES_VERSION, Sampled
from headway.simulate.features import FeatureSet
from headway.simulate.policy import Linear

FEATURE_SET = FeatureSet("jobshop", FEATURES_VERSION, FEATURES)
"""What rules for job shops weigh."""

SETTINGS = ("delta", "temperature", "search_temperature", "search_share")
"""Further numbers of a rule: how far ahead candidates may lie; the noise of independent passes; the
noise of passes around the best one, and how much of it each draws anew."""


@dataclass(frozen=True, slots=True)
class JobShopRule:
    """A trained rule, ready for use.

    Parameters
    ----------
    rule
        Of the features and with the settings of job shops.

    Raises
    ------
    FormatError
        If a setting is missing, or out of range.
    """

    rule: LinearRule

    def __post_init__(self) -> None:
        missing = [name for name in SETTINGS if name not in self.rule.settings]
        if missing:
            raise FormatError(f"settings: rule {self.rule.name!r} has no {', '.join(missing)}")
        if not 0 <= self.delta <= 1:
            raise FormatError(f"settings.delta: expected 0 to 1, got {self.delta}")

    @property
    def policy(self) -> Linear:
        """The rule for `headway.simulate.dispatch`."""
        return self.rule.policy

    @property
    def delta(self) -> float:
        """How far ahead of the earliest start candidates may lie."""
        return self.rule.settings["delta"]

    def independent(self, passes: int) -> Sampled:
        """Return the decoder that takes the best of independent passes."""
        return Sampled(passes, self.rule.settings["temperature"])

    def search(self, passes: int) -> Sampled:
        """Return the decoder that makes passes around the best one, in both directions of time."""
        settings = self.rule.settings
        return Sampled(
            passes,
            settings["search_temperature"],
            share=settings["search_share"],
            both_ways=True,
        )
