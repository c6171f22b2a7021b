"""Programs drawn at random follow the published distributions, and their seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.agents import SWE_BENCH, TENANTS, TOOLS, WEB_ARENA, draw, draw_tenants


def test_coding_agents_are_as_published() -> None:
    many = draw(SWE_BENCH, 2000, per_minute=8, seed=3)
    assert many.steps.mean() == pytest.approx(37, rel=0.05)
    assert many.steps.max() <= 150
    first = many.prompt_tokens[many.is_first]
    assert 2000 <= first.min() < 2010 < 3990 < first.max() <= 4000
    assert (many.output_tokens.min(), many.output_tokens.max()) == (100, 500)
    said = many.prompt_tokens + many.output_tokens
    observed = (many.prompt_tokens[1:] - said[:-1])[~many.is_first[1:]]
    assert observed.min() >= 1
    assert observed.mean() == pytest.approx(350, rel=0.02)
    assert np.diff(many.arrival_s).mean() == pytest.approx(60 / 8, rel=0.06)
    code_s = many.tool_s[many.tool == many.tools.index("code")]
    assert np.median(code_s) == pytest.approx(TOOLS["code"].median_s, rel=0.05)
    assert np.percentile(code_s, 95) == pytest.approx(TOOLS["code"].p95_s, rel=0.1)
    assert len(code_s) / (~many.is_last).sum() == pytest.approx(0.45, abs=0.01)


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    one, same, other = (draw(WEB_ARENA, 20, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(one.prompt_tokens, same.prompt_tokens)
    assert np.array_equal(one.tool_s, same.tool_s)
    assert not np.array_equal(one.arrival_s, other.arrival_s)


def test_slower_tools_change_nothing_but_their_times() -> None:
    one, slow = draw(WEB_ARENA, 20, seed=4), draw(WEB_ARENA, 20, seed=4, tools_times=10)
    np.testing.assert_allclose(10 * one.tool_s, slow.tool_s)
    assert np.array_equal(one.prompt_tokens, slow.prompt_tokens)


def test_tenants_send_what_they_are_said_to_send() -> None:
    counts = [100] * len(TENANTS)
    many = draw_tenants(SWE_BENCH, counts, seed=2)
    assert (np.bincount(many.tenant) == counts).all()
    of_light = np.array([name.startswith("light") for name in many.tenants])[many.tenant]
    assert many.steps[of_light].mean() == pytest.approx(10, rel=0.1)
    assert (np.diff(many.arrival_s) >= 0).all()


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="n:"):
        draw_tenants(SWE_BENCH, [1])
    with pytest.raises(ConfigError, match="above 0"):
        draw(SWE_BENCH, 1, tools_times=0)
    with pytest.raises(ConfigError, match="unknown tools"):
        replace(SWE_BENCH, tools={"hammer": 1.0})
    with pytest.raises(ConfigError, match="sum to 1"):
        replace(SWE_BENCH, tools={"code": 0.4})
