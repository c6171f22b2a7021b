"""Known results of queueing theory: simulated means against formulas."""

import numpy as np
import pytest

from headway.model.tables import ints
from headway.simulate.single import Chains, outcome

MEAN = 200


def poisson(n: int, load: float, sizes: np.ndarray, seed: int) -> Chains:
    gaps = np.random.default_rng(seed).exponential(sizes.mean() / load, n)
    size = np.maximum(np.rint(sizes), 1).astype(np.int64)
    return Chains(
        ints(np.rint(np.cumsum(gaps)).astype(np.int64)), ints(np.arange(n + 1)), ints(size)
    )


def exponential(n: int, load: float, seed: int = 0) -> Chains:
    return poisson(n, load, np.random.default_rng(seed + 99).exponential(MEAN, n), seed)


def srpt_mean(load: float) -> float:
    """Schrage and Miller (1966), for exponential sizes of mean 1."""
    x = np.linspace(1e-6, 30, 60_001)
    density, beyond = np.exp(-x), np.exp(-x)
    step = x[1] - x[0]
    below = load * np.cumsum(x * density) * step
    squares = load * np.cumsum(x * x * density) * step
    waiting = (squares + load * x * x * beyond) / (2 * (1 - below) ** 2)
    residence = np.cumsum(1 / (1 - below)) * step
    return float(np.sum((waiting + residence) * density) * step)


def test_first_come_first_served_is_m_m_1() -> None:
    served = outcome(exponential(15_000, 0.6), "fifo")
    assert served.flow[2000:].mean() / MEAN == pytest.approx(1 / 0.4, rel=0.06)


def test_constant_sizes_halve_the_wait() -> None:
    """Pollaczek and Khinchine: M/D/1 waits ρ / (2 (1 − ρ))."""
    served = outcome(poisson(15_000, 0.7, np.full(15_000, MEAN), 3), "fifo")
    assert served.flow[2000:].mean() / MEAN == pytest.approx(1 + 0.7 / 0.6, rel=0.06)


def test_srpt_waits_as_schrage_and_miller_say() -> None:
    assert srpt_mean(0.7) < 1 / 0.3
    served = outcome(exponential(15_000, 0.7, seed=1), "srpt")
    assert served.flow[2000:].mean() / MEAN == pytest.approx(srpt_mean(0.7), rel=0.06)


@pytest.mark.parametrize("policy", ["round_robin(20)", "las(20)", "mlfq(6, 20)"])
def test_with_exponential_sizes_who_knows_nothing_waits_like_fifo(policy: str) -> None:
    """No policy that ignores sizes can differ in mean: the rest of a job is always the same."""
    jobs = exponential(4000, 0.5, seed=4)
    assert outcome(jobs, policy).flow.mean() == pytest.approx(
        outcome(jobs, "fifo").flow.mean(), rel=0.06
    )


def test_processor_sharing_does_not_mind_the_law() -> None:
    """M/G/1 under processor sharing: E[T] = E[S] / (1 − ρ), however the sizes are spread."""
    rng = np.random.default_rng(8)
    sizes = np.where(rng.random(4000) < 0.9, 100, 1100)
    jobs = poisson(4000, 0.5, sizes, 5)
    assert outcome(jobs, "round_robin(20)").flow.mean() / sizes.mean() == pytest.approx(2, rel=0.1)
    assert outcome(jobs, "fifo").flow.mean() / sizes.mean() > 2.3


@pytest.mark.parametrize("policy", ["fifo", "srpt", "las(50)"])
def test_little_s_law_holds(policy: str) -> None:
    """Jobs present, counted by time, are the arrival rate times the mean flow time."""
    jobs = exponential(1500, 0.8, seed=6)
    served = outcome(jobs, policy)
    events = sorted(
        [(t, 1) for t in jobs.release.tolist()] + [(t, -1) for t in served.completion.tolist()]
    )
    area = present = last = 0
    for time, change in events:
        area += present * (time - last)
        present, last = present + change, time
    assert area == served.total_flow
