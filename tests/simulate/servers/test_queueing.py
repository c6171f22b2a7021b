"""Known results of queueing theory: simulated means against formulas, within 95 % or so."""

import math

import numpy as np
import pytest

from headway.simulate.servers import Workload, outcome

N, WARM = 200_000, 10_000


def response(speeds, load: float, sizes: str, rule: str = "JSQ") -> float:
    """Return the mean response in mean sizes, over three seeds."""
    farm = Workload(speeds, f"poisson({load})", sizes, N)
    runs = [outcome(farm, rule, seed=seed).response[WARM:].mean() for seed in range(3)]
    return float(np.mean(runs)) / farm.mean_size


def pollaczek_khinchine(load: float, cv: float) -> float:
    return 1 + load * (1 + cv * cv) / (2 * (1 - load))


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_m_m_1(load: float) -> None:
    assert response((1,), load, "exponential(1000)") == pytest.approx(1 / (1 - load), rel=0.03)


def test_m_d_1() -> None:
    assert response((1,), 0.8, "constant(1000)") == pytest.approx(3.0, rel=0.03)


@pytest.mark.parametrize(("law", "cv"), [("gamma(1000, 0.5)", 0.5), ("lognormal(1000, 1.5)", 1.5)])
def test_m_g_1(law: str, cv: float) -> None:
    assert response((1,), 0.7, law) == pytest.approx(pollaczek_khinchine(0.7, cv), rel=0.06)


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of waiting in M/M/c."""
    offered = servers * load
    below = sum(offered**k / math.factorial(k) for k in range(servers))
    top = offered**servers / math.factorial(servers) / (1 - load)
    return top / (below + top)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.8), (5, 0.7)])
def test_m_m_c(servers: int, load: float) -> None:
    """With known sizes, least work left is one queue in front of all machines."""
    expected = 1 + erlang_c(servers, load) / (servers * (1 - load))
    assert response((1,) * servers, load, "exponential(1000)", "LWL") == pytest.approx(
        expected, rel=0.03
    )


def test_a_random_split_makes_single_queues() -> None:
    assert response((1, 1, 1), 0.6, "exponential(1000)", "RANDOM") == pytest.approx(2.5, rel=0.03)


@pytest.mark.parametrize("rule", ["SED", "RANDOM"])
def test_little_s_law_holds(rule: str) -> None:
    """Tasks present, counted by time, are the arrival rate times the mean response."""
    result = outcome(Workload((1, 2), "poisson(0.7)", "exponential(100)", 3000), rule)
    times = np.concatenate([result.arrival, result.end])
    change = np.concatenate([np.ones(3000), -np.ones(3000)])
    order = np.argsort(times, kind="stable")
    area = np.sum(np.cumsum(change[order])[:-1] * np.diff(times[order]))
    assert area == result.response.sum()
    length = result.end.max()
    assert result.measures()["in system"] == pytest.approx(area / length)
    assert result.measures()["utilisation"] == pytest.approx(
        (result.end - result.start).sum() / length / 2
    )
