"""The trained rule of the chip, found by its name through the entry point ``chip.LINEAR``."""

from __future__ import annotations

from headway.learn.chip.rule import FEATURE_SET, policy_of
from headway.learn.trained import trained

LINEAR = policy_of(trained("chip-latency", FEATURE_SET))
