"""Prompts that arrive at a prefill instance, and by when each wants its first token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError
from headway.serving.prefill.work import Floats, Load

Ints = NDArray[np.int64]

_Kind = TypeVar("_Kind", np.float64, np.int64)


@dataclass(frozen=True, eq=False)
class PrefillRequests:
    """Requests in order of arrival; columns of shape (n,), read-only.

    Parameters
    ----------
    arrival_s
        Seconds, not decreasing.
    tokens
        Prompt tokens to be computed, those found in a cache not counted; 1 or more.
    history
        Prompt tokens that were computed before: a cached prefix, earlier turns.
    ttft_s
        Longest time from arrival to first token that counts as kept; infinite without a limit.
    service_class
        Position in `classes`.
    classes
        Names of the classes that attainment is told for.

    Raises
    ------
    ConfigError
        If the columns do not fit together, naming the column.

    Examples
    --------
    >>> two = PrefillRequests.of([0.0, 0.1], [4000, 200], ttft_s=[2.0, 0.5])
    >>> two.deadline_s.tolist(), len(two.scaled(2.0)), two.scaled(2.0).arrival_s.tolist()
    ([2.0, 0.6], 2, [0.0, 0.05])
    """

    arrival_s: Floats
    tokens: Ints
    history: Ints
    ttft_s: Floats
    service_class: Ints
    classes: tuple[str, ...] = ("all",)

    @classmethod
    def of(
        cls,
        arrival_s: ArrayLike,
        tokens: ArrayLike,
        history: ArrayLike = 0,
        *,
        ttft_s: ArrayLike = np.inf,
        service_class: ArrayLike = 0,
        classes: tuple[str, ...] = ("all",),
    ) -> PrefillRequests:
        """Return requests from columns, or from single values that all requests share."""
        n = len(np.atleast_1d(np.asarray(arrival_s)))
        return cls(
            _frozen(_shared(arrival_s, n, "arrival_s").astype(np.float64)),
            _frozen(_shared(tokens, n, "tokens").astype(np.int64)),
            _frozen(_shared(history, n, "history").astype(np.int64)),
            _frozen(_shared(ttft_s, n, "ttft_s").astype(np.float64)),
            _frozen(_shared(service_class, n, "service_class").astype(np.int64)),
            classes,
        )

    def __post_init__(self) -> None:
        if np.any(np.diff(self.arrival_s) < 0) or not np.all(np.isfinite(self.arrival_s)):
            raise ConfigError("arrival_s: expected finite seconds that do not decrease")
        if len(self) and self.tokens.min() < 1:
            raise ConfigError(f"tokens: expected 1 or more, got {self.tokens.min()}")
        if len(self) and self.history.min() < 0:
            raise ConfigError(f"history: expected 0 or more, got {self.history.min()}")
        if not np.all(self.ttft_s > 0):
            raise ConfigError("ttft_s: expected seconds above 0")
        known = (self.service_class >= 0) & (self.service_class < len(self.classes))
        if not np.all(known):
            raise ConfigError(f"service_class: expected positions in {self.classes}")

    def __len__(self) -> int:
        return len(self.arrival_s)

    @property
    def deadline_s(self) -> Floats:
        """By when each wants its first token, shape (n,)."""
        return np.asarray(self.arrival_s + self.ttft_s)

    @property
    def loads(self) -> Load:
        """What each costs in a pass of its own."""
        return Load.each(self.tokens, self.history)

    @property
    def span_s(self) -> float:
        """Seconds from the first to the last arrival."""
        return float(self.arrival_s[-1] - self.arrival_s[0]) if len(self) else 0.0

    def scaled(self, rate: float) -> PrefillRequests:
        """Return the same requests arriving `rate` times as fast.

        Raises
        ------
        ConfigError
            If the rate is not above 0.
        """
        if not 0 < rate < np.inf:
            raise ConfigError(f"rate: expected a number above 0, got {rate}")
        return replace(self, arrival_s=_frozen(self.arrival_s / rate))

    def first(self, n: int) -> PrefillRequests:
        """Return the `n` requests that arrive first."""
        return replace(
            self,
            arrival_s=self.arrival_s[:n],
            tokens=self.tokens[:n],
            history=self.history[:n],
            ttft_s=self.ttft_s[:n],
            service_class=self.service_class[:n],
        )


def _shared(values: ArrayLike, n: int, name: str) -> NDArray[Any]:
    found = np.asarray(values)
    if found.shape not in ((), (1,), (n,)):
        raise ConfigError(f"{name}: expected {n} values, got an array of shape {found.shape}")
    return np.broadcast_to(found, (n,))


def _frozen(values: NDArray[_Kind]) -> NDArray[_Kind]:
    values.setflags(write=False)
    return values
