"""Limits of the time to first token, by class of length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import ConfigError
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.work import PrefillWork


@dataclass(frozen=True, slots=True)
class Limit:
    """What is promised to prompts up to some length.

    Parameters
    ----------
    name
        Of the class.
    fixed_s
        Seconds that all of the class may take.
    times_service
        And this many times what the prompt takes alone on an idle instance.
    up_to_tokens
        Longest prompt of the class, history not counted; None for all that are left.

    Raises
    ------
    ConfigError
        If nothing is allowed, or a number is negative or infinite.
    """

    name: str
    fixed_s: float
    times_service: float = 0.0
    up_to_tokens: int | None = None

    def __post_init__(self) -> None:
        parts = (self.fixed_s, self.times_service)
        if not all(0 <= part < np.inf for part in parts) or not sum(parts):
            raise ConfigError(f"limit {self.name!r}: expected more than 0 s, got {self}")
        if self.up_to_tokens is not None and self.up_to_tokens < 1:
            raise ConfigError(f"limit {self.name!r}: up_to_tokens: expected 1 or more")


def with_limits(
    requests: PrefillRequests, limits: Sequence[Limit], work: PrefillWork
) -> PrefillRequests:
    """Return the requests with the limits, and classes, of their lengths.

    Parameters
    ----------
    requests
        Whose limits and classes are replaced.
    limits
        By rising `Limit.up_to_tokens`; the last one holds for all longer prompts.
    work
        What a prompt costs alone.

    Raises
    ------
    ConfigError
        If there is none, or they do not rise.

    Examples
    --------
    >>> from headway.serving.prefill import Limit, QuadraticWork
    >>> two = PrefillRequests.of([0.0, 0.1], [4000, 200])
    >>> limits = [Limit("short", 0.25, 4, up_to_tokens=2000), Limit("long", 0.5, 3)]
    >>> with_limits(two, limits, QuadraticWork()).ttft_s.round(3).tolist()
    [1.33, 0.318]
    """
    if not limits:
        raise ConfigError("limits: expected at least one")
    bounds = [limit.up_to_tokens for limit in limits[:-1] if limit.up_to_tokens is not None]
    rising = bounds == sorted(set(bounds)) and len(bounds) == len(limits) - 1
    if limits[-1].up_to_tokens is not None or not rising:
        raise ConfigError("limits: expected rising up_to_tokens, and none for the last")
    which = np.searchsorted(np.asarray(bounds, dtype=np.int64), requests.tokens)
    fixed = np.array([limit.fixed_s for limit in limits])[which]
    times = np.array([limit.times_service for limit in limits])[which]
    return replace(
        requests,
        ttft_s=fixed + times * work.seconds(requests.loads),
        service_class=which.astype(np.int64),
        classes=tuple(limit.name for limit in limits),
    )
