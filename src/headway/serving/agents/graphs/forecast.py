"""What is expected of a program while one of its tools runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from headway.serving.agents.programs import NO_TOOL

Tier = Literal["hinted", "inferred", "cold"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected after a step.

    Attributes
    ----------
    tier
        How it is known.
    returns
        Probability that another step comes.
    next_tool
        What the next step will call, -1 if no tool is probable enough.
    steps_left
        Steps still to come, in the mean; nan if nothing is known.
    work_left_s
        Seconds of an engine that they take; nan if nothing is known.
    grown_tokens
        What the next prompt adds to the context, nan if nothing is known.
    mu, sigma
        Of the logarithm of the latency in seconds of the tool that runs, nan if nothing is known.
    """

    tier: Tier
    returns: float = 1.0
    next_tool: int = NO_TOOL
    steps_left: float = math.nan
    work_left_s: float = math.nan
    grown_tokens: float = math.nan
    mu: float = math.nan
    sigma: float = math.nan


UNKNOWN = Forecast("cold")
"""A cold start: requests are taken one by one, each context for one that is needed again."""
