"""The largest rate of arrivals at which a share of the requests still keeps its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING

from headway.errors import ConfigError

if TYPE_CHECKING:
    from headway.simulate.experiment import Experiment, Saturating
    from headway.simulate.workers import Workers

_WIDEN = 8
"""How often the bounds of the search are moved outwards."""


@dataclass(frozen=True, slots=True)
class MaxGoodput:
    """Outcome of a search over rates.

    Attributes
    ----------
    scale
        Largest scale of the arrival rate found to reach the target; 0 if the smallest tried did
        not.
    attainment
        Share of requests in time there.
    tried
        All scales that were run, with their shares, by rising scale.
    """

    scale: float
    attainment: float
    tried: tuple[tuple[float, float], ...]


def max_goodput(
    attainment: Callable[[float], float],
    *,
    target: float = 0.9,
    low: float = 0.01,
    high: float = 1.0,
    tolerance: float = 0.01,
) -> MaxGoodput:
    """Return the largest scale of the arrival rate at which attainment reaches a target.

    Bisects, so that attainment should fall as the rate rises; where it wiggles, one of the
    crossings is found. Costs about log2((high − low) / (tolerance · scale)) runs.

    Parameters
    ----------
    attainment
        Share of requests in time at a scale.
    target
        Share to be reached.
    low, high
        Between which scales to search; `high` is doubled while it reaches the target, and `low`
        halved, a few times, while it does not.
    tolerance
        Relative width at which to stop.

    Raises
    ------
    ConfigError
        If the bounds are not 0 < low < high, or the target is not a share.

    Examples
    --------
    >>> found = max_goodput(lambda scale: min(1.0, 0.5 / scale), target=0.9)
    >>> round(found.scale, 2)
    0.56
    """
    if not 0 < low < high:
        raise ConfigError(f"low, high: expected 0 < low < high, got {low} and {high}")
    if not 0 < target <= 1:
        raise ConfigError(f"target: expected a share above 0, got {target}")
    if not tolerance > 0:
        raise ConfigError(f"tolerance: expected a number above 0, got {tolerance}")
    tried: dict[float, float] = {}

    def reaches(scale: float) -> bool:
        tried[scale] = attainment(scale)
        return tried[scale] >= target

    for _ in range(_WIDEN):
        if reaches(low):
            break
        low, high = low / 2, low
    else:
        return MaxGoodput(0.0, float("nan"), tuple(sorted(tried.items())))
    if high not in tried:
        for _ in range(_WIDEN):
            if not reaches(high):
                break
            low, high = high, high * 2
    while high - low > tolerance * low:
        middle = (low + high) / 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return MaxGoodput(low, tried[low], tuple(sorted(tried.items())))


def saturate(
    source: str | PathLike[str] | Experiment,
    policies: Sequence[str] = (),
    *,
    seed: int = 0,
    target: float = 0.9,
    workers: Workers = 1,
) -> dict[str, MaxGoodput]:
    """Return how much load each policy takes in a scenario.

    Parameters
    ----------
    source
        A scenario, or its file.
    policies
        Their names; all there are by default.
    seed
        The luck, the same for all.
    target
        Share of the work that must keep its limits.
    workers
        Processes, or ``"ray"`` for a cluster.

    Raises
    ------
    FormatError, ConfigError
        If the file holds no sound scenario, or one without limits or loads.
    UnknownNameError
        If there is no such policy.
    """
    from headway.simulate.experiment import Saturating, open_experiment
    from headway.simulate.workers import over

    experiment = open_experiment(source) if isinstance(source, str | PathLike) else source
    if not isinstance(experiment, Saturating):
        raise ConfigError(f"{experiment.name}: a scenario of this kind has no limits to keep")
    names = tuple(dict.fromkeys(policies)) or experiment.policies()
    searched = over(partial(_searched, experiment, seed, target), names, workers)
    return dict(zip(names, searched, strict=True))


def _searched(experiment: Saturating, seed: int, target: float, policy: str) -> MaxGoodput:
    return experiment.max_goodput(policy, seed=seed, target=target)
