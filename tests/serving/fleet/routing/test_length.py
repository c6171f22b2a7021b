"""Pools for short and for long prompts."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import FleetSimulation, Member
from headway.serving.fleet.routing import LeastRequests, LengthClass, Pipeline, router
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, sent, view

LABELS = tuple({"length_class": pool} for pool in ("short", "short", "long", "long"))
COST = Affine(0.005, {"prefill_tokens": 1e-4})


def lengths(scorer: Scorer) -> Pipeline:
    return Pipeline("length-class", [(scorer, 1), (LeastRequests(), 1)], strictly=True)


def test_prompts_go_to_the_pool_of_their_length() -> None:
    one = router("length-class")
    short, long = request(0, prompt_tokens=100), request(1, prompt_tokens=9000)
    assert sent(one.route(view([5, 4, 1, 2], labels=LABELS), short)) == 1
    assert sent(one.route(view([0, 1, 7, 6], labels=LABELS), long)) == 3


def test_what_is_cached_does_not_count() -> None:
    one = router("length-class")
    blocks = list(range(500))
    load = view([1, 1, 1, 1], labels=LABELS)
    first = request(0, prompt_tokens=8000, blocks=blocks, block_tokens=16)
    again = request(1, prompt_tokens=8020, blocks=blocks, block_tokens=16)
    assert sent(one.route(load, first)) in (2, 3)
    assert sent(one.route(load, again)) in (0, 1)


def test_an_idle_pool_helps_out_and_a_busy_one_does_not() -> None:
    one = router("length-class")
    short = [request(k, prompt_tokens=10) for k in range(3)]
    assert sent(one.route(view([1, 2, 0, 0], labels=LABELS), short[0])) in (2, 3)
    assert sent(one.route(view([1, 0, 0, 0], labels=LABELS), short[1])) == 1
    assert sent(one.route(view([1, 2, 0, 1], labels=LABELS), short[2])) == 0


def test_engines_without_a_label_take_everything() -> None:
    one = router("length-class")
    labels = ({}, {"length_class": "long"})
    assert sent(one.route(view([3, 0], labels=labels), request(0, prompt_tokens=9000))) == 1
    assert sent(one.route(view([3, 1], labels=labels), request(1, prompt_tokens=10))) == 0


@pytest.mark.parametrize(("prompt_tokens", "rises"), [(500, False), (5000, True)])
def test_the_boundary_moves_away_from_the_pool_that_waits(prompt_tokens: int, rises: bool) -> None:
    scorer = LengthClass(COST, boundary_tokens=1000.0)
    one = lengths(scorer)
    for k in range(60):
        load = view([1, 1, 1, 1], now_s=0.1 * k, labels=LABELS)
        one.route(load, request(k, prompt_tokens=20 * prompt_tokens if rises else prompt_tokens))
    before = scorer.boundary_tokens
    for k in range(60, 200):
        load = view([1, 1, 1, 1], now_s=0.1 * k, labels=LABELS)
        one.route(load, request(k, prompt_tokens=20 * prompt_tokens if rises else prompt_tokens))
    assert (scorer.boundary_tokens > before) == rises
    assert 16 <= scorer.boundary_tokens <= 131_072


def test_settings_without_sense_are_refused() -> None:
    for bad in ({"period_s": 0.0}, {"hysteresis": -1.0}, {"boundary_tokens": 1.0}):
        with pytest.raises(ConfigError, match=next(iter(bad))):
            LengthClass(**bad)


def short_p99_s(by: Pipeline) -> float:
    rng = np.random.default_rng(2)
    n = 600
    is_long = rng.random(n) < 0.12
    prompts = np.where(is_long, rng.integers(6000, 9000, n), rng.integers(50, 400, n))
    traffic = Workload.of(
        arrival_s=np.sort(rng.uniform(0, 60, n)),
        prompt_tokens=prompts,
        output_tokens=np.ones(n, dtype=np.int64),
    )
    config = EngineConfig(blocks=5000, token_budget=16_384)
    members = [
        Member(name=str(k), config=config, step_time=Affine(0.005, {"prefill_tokens": 2e-4}),
               labels=LABELS[k])
        for k in range(4)
    ]  # fmt: skip
    table = FleetSimulation(traffic, members, by).run().requests
    assert (table.status == 1).all()
    return float(np.percentile((table.first_token_s - table.arrival_s)[~is_long], 99))


def test_short_prompts_wait_half_as_long_as_behind_the_least_loaded() -> None:
    mixed = Pipeline("least-request", [(LeastRequests(), 1)])
    assert short_p99_s(lengths(LengthClass(COST))) < 0.5 * short_p99_s(mixed)
