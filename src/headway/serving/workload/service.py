"""What requests of one kind are promised."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headway.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ServiceClass:
    """Limits that requests of a class should keep; None where there is none.

    Parameters
    ----------
    name
        For tables.
    ttft_s
        Seconds from arrival to the first token (time to first token).
    tpot_s
        Mean seconds between tokens after the first (time per output token).
    max_gap_s
        Longest gap between two tokens, seconds.
    latency_s
        Seconds from arrival to the last token.
    weight
        What a request of the class is worth, above 0.

    Raises
    ------
    ConfigError
        If a limit or the weight is not above 0.
    """

    name: str
    ttft_s: float | None = None
    tpot_s: float | None = None
    max_gap_s: float | None = None
    latency_s: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            raise ConfigError("service class: expected a name")
        for key in ("ttft_s", "tpot_s", "max_gap_s", "latency_s", "weight"):
            value = getattr(self, key)
            if value is None and key != "weight":
                continue
            if not 0 < value < math.inf:
                raise ConfigError(
                    f"service class {self.name!r}: {key}: expected a number above 0, got {value!r}"
                )


EVERYBODY = (ServiceClass("all"),)
"""The classes of a workload that promises nothing: a single one without limits."""
