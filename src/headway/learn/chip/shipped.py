"""The trained rule of the chip, found by its name through the entry point ``chip.LINEAR``."""

from __future__ import annotations

from headway.learn.chip.rule import policy_of
from headway.learn.trained import trained
from headway.simulate.chip import FEATURES

LINEAR = policy_of(trained("chip-latency", FEATURES))
