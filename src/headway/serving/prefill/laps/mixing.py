"""What one queue for short and long jobs costs, by queueing theory."""

from __future__ import annotations

from headway.errors import ConfigError


def mean_wait(rate: float, short_share: float, short_s: float, long_s: float) -> float:
    """Return the mean wait in one first-come, first-served queue of short and long jobs.

    Arrivals are Poisson and services fixed: λ E[S²] / (2 (1 − ρ)), the Pollaczek-Khinchine formula.

    Parameters
    ----------
    rate
        λ, arrivals per second.
    short_share
        p, the share of jobs that are short, from 0 to 1.
    short_s, long_s
        Their services, seconds.

    Raises
    ------
    ConfigError
        If jobs arrive faster than they are served, or the share is no share.
    """
    free = _free(rate, short_share, short_s, long_s)
    square = short_share * short_s**2 + (1 - short_share) * long_s**2
    return rate * square / (2 * free)


def mixing_wait(rate: float, short_share: float, short_s: float, long_s: float) -> float:
    """Return the part of `mean_wait` that comes of jobs being unequal.

    λ p (1 − p) (S_l − S_s)² / (2 (1 − ρ)): what would vanish if every job took the mean.

    References
    ----------
    "LAPS: A Length-Aware-Prefill LLM Serving System" (2026).
    """
    free = _free(rate, short_share, short_s, long_s)
    variance = short_share * (1 - short_share) * (long_s - short_s) ** 2
    return rate * variance / (2 * free)


def _free(rate: float, short_share: float, short_s: float, long_s: float) -> float:
    if not 0 <= short_share <= 1:
        raise ConfigError(f"short_share: expected a share from 0 to 1, got {short_share}")
    load = rate * (short_share * short_s + (1 - short_share) * long_s)
    if not 0 <= load < 1:
        raise ConfigError(f"rate: expected a load below 1, got {load}")
    return 1 - load
