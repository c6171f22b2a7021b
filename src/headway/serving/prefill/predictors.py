"""How long a prefill will take, as a scheduler believes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from headway.errors import ConfigError
from headway.serving.prefill.work import Floats, Load, Number, PrefillWork
from headway.simulate.streams import Streams

_PROFILED_TOKENS = np.unique(np.geomspace(16, 32768, 48).astype(np.int64))
"""Lengths at which a profile of an instance is taken before a predictor is fitted."""

_BUCKETS = (512, 2048)
"""Longest prompts of all length buckets but the last."""


class Predictor(Protocol):
    """A belief about the seconds of a pass."""

    @property
    def clairvoyant(self) -> bool:
        """Whether it knows the true times, which no scheduler of a real instance does."""
        ...

    def seconds(self, load: Load) -> Number:
        """Return believed seconds of a pass, or of as many passes as the load has entries."""
        ...

    def errors(self, n: int) -> Floats:
        """Return by what factor the belief about each of `n` requests is off in addition."""
        ...


class Fitting(Protocol):
    """Something that fits a predictor to an instance before the first request arrives."""

    def __call__(self, work: PrefillWork) -> Predictor:
        """Return the predictor for an instance."""
        ...


@dataclass(frozen=True, slots=True)
class Exact:
    """The cost model itself."""

    work: PrefillWork
    clairvoyant = True

    def seconds(self, load: Load) -> Number:
        """Return the true seconds."""
        return self.work.seconds(load)

    def errors(self, n: int) -> Floats:
        """Return ones."""
        return np.ones(n)


@dataclass(frozen=True, slots=True)
class LinearFit:
    """A time per token and a constant, least squares over a profile of the instance.

    Parameters
    ----------
    base_s, token_s
        Seconds of a pass, and per token.
    """

    base_s: float
    token_s: float
    clairvoyant = False

    @classmethod
    def fit(cls, work: PrefillWork) -> LinearFit:
        """Return the line through the times of fresh prompts of 16 to 32,768 tokens."""
        tokens = _PROFILED_TOKENS.astype(np.float64)
        token_s, base_s = np.polyfit(tokens, np.asarray(work.seconds(Load.each(tokens))), 1)
        return cls(float(base_s), float(token_s))

    def seconds(self, load: Load) -> Number:
        """Return believed seconds, never less than those of one token."""
        believed = np.maximum(self.base_s + self.token_s * load.tokens, self.token_s)
        return believed if isinstance(load.tokens, np.ndarray) else float(believed)

    def errors(self, n: int) -> Floats:
        """Return ones."""
        return np.ones(n)


@dataclass(frozen=True, slots=True)
class LengthBuckets:
    """The mean time of each length bucket: up to 512 tokens, up to 2,048, and more.

    Parameters
    ----------
    means_s
        Mean seconds of a pass in each bucket.
    """

    means_s: tuple[float, ...]
    clairvoyant = False

    @classmethod
    def fit(cls, work: PrefillWork) -> LengthBuckets:
        """Return the means over a profile of fresh prompts of 16 to 32,768 tokens."""
        times = np.asarray(work.seconds(Load.each(_PROFILED_TOKENS)))
        which = np.searchsorted(_BUCKETS, _PROFILED_TOKENS)
        return cls(tuple(float(times[which == k].mean()) for k in range(len(_BUCKETS) + 1)))

    def seconds(self, load: Load) -> Number:
        """Return the mean of the bucket that the tokens of a pass fall into."""
        means = np.asarray(self.means_s)[np.searchsorted(_BUCKETS, load.tokens)]
        return means if isinstance(load.tokens, np.ndarray) else float(means)

    def errors(self, n: int) -> Floats:
        """Return ones."""
        return np.ones(n)


@dataclass(frozen=True, slots=True)
class Noisy:
    """Another predictor, off by a factor of its own for each request.

    Parameters
    ----------
    predictor
        The other one.
    spread
        Factors are uniform between 1 − spread and 1 + spread.
    seed
        Of the factors.

    Raises
    ------
    ConfigError
        If the spread is not from 0 to below 1.
    """

    predictor: Predictor
    spread: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        _require_share(self.spread)

    @property
    def clairvoyant(self) -> bool:
        """Whether there is no error at all."""
        return self.predictor.clairvoyant and self.spread == 0

    def seconds(self, load: Load) -> Number:
        """Return what the other one believes."""
        return self.predictor.seconds(load)

    def errors(self, n: int) -> Floats:
        """Return the factors, of both."""
        draws = Streams(self.seed).of("prediction").random(n)
        return np.asarray(self.predictor.errors(n) * (1 + self.spread * (2 * draws - 1)))


@dataclass(frozen=True, slots=True)
class NoisyFitting:
    """A fitting whose predictor is made noisy; see `Noisy`."""

    fitting: Fitting = Exact
    spread: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        _require_share(self.spread)

    def __call__(self, work: PrefillWork) -> Predictor:
        """Return the noisy predictor for an instance."""
        return Noisy(self.fitting(work), self.spread, self.seed)


def _require_share(spread: float) -> None:
    if not 0 <= spread < 1:
        raise ConfigError(f"spread: expected a number from 0 to below 1, got {spread}")


PREDICTORS: Mapping[str, Fitting] = MappingProxyType(
    {"exact": Exact, "linear": LinearFit.fit, "buckets": LengthBuckets.fit}
)
"""Fittings by name."""
