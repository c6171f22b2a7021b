"""What a sample of figures says: centre, tails, confidence, and who is better than whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample in a few figures.

    Attributes
    ----------
    n
        Number of values.
    mean, median, p95, p99, largest
        Mean, percentiles (linear interpolation) and maximum; nan without values.
    half_width
        Half the width of the confidence interval of the mean; nan with fewer than two values or
        batches.
    confidence
        Its level.
    """

    n: int
    mean: float
    median: float
    p95: float
    p99: float
    largest: float
    half_width: float
    confidence: float = 0.95

    @property
    def interval(self) -> tuple[float, float]:
        """The confidence interval of the mean."""
        return self.mean - self.half_width, self.mean + self.half_width

    def __str__(self) -> str:
        return (
            f"{self.mean:.4g} ± {self.half_width:.2g} (median {self.median:.4g}, 95 %"
            f" {self.p95:.4g}, 99 % {self.p99:.4g}, largest {self.largest:.4g}, n {self.n})"
        )


def summary(values: ArrayLike, *, batches: int | None = None, confidence: float = 0.95) -> Summary:
    """Return what a sample says.

    Parameters
    ----------
    values
        In order of time if they depend on one another.
    batches
        For values of one long run, which depend on one another: the interval comes from the means
        of so many consecutive batches. By default values count as independent, as do the means of
        runs with different seeds.
    confidence
        Level of the interval, between 0 and 1.

    References
    ----------
    Law, "Simulation Modeling and Analysis", section 9.5 (method of batch means).
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    if not len(sample):
        nan = float("nan")
        return Summary(0, nan, nan, nan, nan, nan, nan, confidence)
    median, p95, p99 = np.percentile(sample, [50, 95, 99])
    means = sample if batches is None else _batch_means(sample, batches)
    return Summary(
        len(sample),
        float(sample.mean()),
        float(median),
        float(p95),
        float(p99),
        float(sample.max()),
        _half_width(means, confidence),
        confidence,
    )


def _batch_means(sample: Floats, batches: int) -> Floats:
    if batches < 2:
        raise ConfigError(f"batches: expected at least 2, got {batches}")
    size = len(sample) // batches
    if size == 0:
        return sample[:0]
    # What does not fill a batch is left out at the beginning, where a run is not yet steady.
    return np.asarray(sample[len(sample) - size * batches :].reshape(batches, size).mean(axis=1))


def _half_width(means: Floats, confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence: expected a number between 0 and 1, got {confidence}")
    n = len(means)
    if n < 2:
        return float("nan")
    # Loads several times faster than scipy.stats, which has the same function as t.ppf.
    from scipy.special import stdtrit

    spread = float(means.std(ddof=1)) / np.sqrt(n)
    return float(stdtrit(n - 1, (1 + confidence) / 2) * spread)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One policy against another on the same cases.

    Attributes
    ----------
    n
        Number of cases.
    difference
        Mean of this minus the other; negative if this one is smaller.
    half_width
        Half the width of the confidence interval of that mean.
    ratio
        Sum of this over sum of the other.
    smaller, equal, larger
        In how many cases this value is smaller, equal or larger.
    p_value
        Of Wilcoxon's signed-rank test, two-sided; 1 if all cases are equal.
    """

    n: int
    difference: float
    half_width: float
    ratio: float
    smaller: int
    equal: int
    larger: int
    p_value: float

    def __str__(self) -> str:
        return (
            f"{self.difference:+.4g} ± {self.half_width:.2g} (ratio {self.ratio:.4f};"
            f" smaller/equal/larger {self.smaller}/{self.equal}/{self.larger};"
            f" p = {self.p_value:.2g})"
        )


def paired(ours: ArrayLike, others: ArrayLike, *, confidence: float = 0.95) -> Comparison:
    """Return how one policy does against another on the same cases.

    Parameters
    ----------
    ours, others
        One value per case, same order; with common random numbers the differences vary less than
        the values.
    confidence
        Level of the interval of the mean difference.

    References
    ----------
    Wilcoxon (1945), "Individual comparisons by ranking methods".
    """
    a = np.asarray(ours, dtype=np.float64).ravel()
    b = np.asarray(others, dtype=np.float64).ravel()
    if len(a) != len(b) or not len(a):
        raise ConfigError(f"expected two samples of one size, got {len(a)} and {len(b)} values")
    gap = a - b
    return Comparison(
        len(a),
        float(gap.mean()),
        _half_width(gap, confidence),
        float(a.sum() / b.sum()) if b.sum() else float("nan"),
        int(np.sum(gap < 0)),
        int(np.sum(gap == 0)),
        int(np.sum(gap > 0)),
        _signed_rank(gap),
    )


def _signed_rank(gap: Floats) -> float:
    if not gap.any():
        return 1.0
    from scipy import stats

    return float(stats.wilcoxon(gap[gap != 0]).pvalue)


def by_policy(values: dict[str, Sequence[float]], baseline: str) -> dict[str, Comparison]:
    """Return every policy but the baseline, compared with the baseline case by case."""
    return {
        name: paired(sample, values[baseline])
        for name, sample in values.items()
        if name != baseline
    }
