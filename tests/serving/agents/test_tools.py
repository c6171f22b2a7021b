"""Latencies of tools: learned, and how long is left of them."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.agents import TOOLS, LatencyFit, Tool, median_residual_s


def test_a_fit_finds_the_percentiles_of_a_tool() -> None:
    tool = TOOLS["web"]
    fit = LatencyFit(rate=0.001)
    for latency_s in np.random.default_rng(1).lognormal(tool.mu, tool.sigma, 3000):
        fit.observe(float(latency_s))
    assert math.exp(fit.mu) == pytest.approx(tool.median_s, rel=0.1)
    assert fit.percentile95_s() == pytest.approx(tool.p95_s, rel=0.15)


def test_a_fit_that_forgets_follows_a_tool_that_has_changed() -> None:
    fit = LatencyFit(rate=0.1)
    for latency_s in (1.0,) * 50 + (10.0,) * 100:
        fit.observe(latency_s)
    assert math.exp(fit.mu) == pytest.approx(10.0, rel=0.01)


def test_before_its_first_call_a_tool_may_take_for_ever() -> None:
    assert LatencyFit().percentile95_s() == math.inf


@given(
    st.floats(0.0, 1e4),
    st.floats(-4.0, 4.0),
    st.floats(0.2, 3.0),
)
def test_half_of_the_calls_that_have_lasted_go_on_for_longer(
    idle_s: float, mu: float, sigma: float
) -> None:
    """S(idle + x) = S(idle) / 2, by the distribution of the standard library."""
    z = (math.log(idle_s) - mu) / sigma if idle_s else -math.inf
    left = float(median_residual_s(np.array([idle_s]), np.array([mu]), np.array([sigma]))[0])
    if z < 5:
        ends = (math.log(idle_s + left) - mu) / sigma
        survival = NormalDist().cdf
        assert survival(-ends) == pytest.approx(survival(-z) / 2, rel=1e-6)
    assert 0 <= left < math.inf


def test_of_an_unknown_tool_as_much_is_left_as_has_passed() -> None:
    unknown = np.array([np.nan])
    assert median_residual_s(np.array([3.0]), np.array([0.0]), unknown).tolist() == [3.0]


def test_tools_and_rates_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="median"):
        Tool("odd", 2.0, 1.0)
    with pytest.raises(ConfigError, match="rate"):
        LatencyFit(0.0)
