"""Expected first tokens, and the requests that are refused for them."""

from __future__ import annotations

import numpy as np

from headway.serving.engine import EngineConfig
from headway.serving.fleet import FleetSimulation, Member, Reject
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.routing import EarlyRejection, LeastTtft, Pipeline, router
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload
from tests.serving.fleet.views import request, sent, view

COST = Affine(0.0, {"prefill_tokens": 0.01})


def slo() -> EarlyRejection:
    estimate = LeastTtft(COST)
    return EarlyRejection(Pipeline("least-ttft", [(estimate, 1)]), estimate)


def test_prompts_are_computed_one_after_the_other() -> None:
    estimate = LeastTtft(COST)
    load = view([1, 1, 1])
    estimate.sent(load, request(0, prompt_tokens=100), 0)
    estimate.sent(load, request(1, prompt_tokens=50), 0)
    estimate.sent(load, request(2, prompt_tokens=40), 1)
    new = request(3, prompt_tokens=10)
    assert np.allclose(estimate.score(load, new), [1.6, 0.5, 0.1])
    assert np.allclose(estimate.score(view([1, 1, 1], now_s=1.0), new), [0.6, 0.1, 0.1])
    assert np.allclose(estimate.score(view([0, 1, 1]), new), [0.1, 0.5, 0.1])


def test_prefixes_shorten_the_wait() -> None:
    estimate = LeastTtft(COST)
    first = request(0, prompt_tokens=64, blocks=[1, 2, 3, 4], block_tokens=16)
    estimate.sent(view([0, 0]), first, 1)
    again = request(1, prompt_tokens=64, blocks=[1, 2, 3, 9], block_tokens=16)
    assert np.allclose(estimate.score(view([0, 0]), again), [0.64, 0.16])


def test_full_memory_is_waited_for_at_the_rate_at_which_it_is_given_back() -> None:
    estimate = LeastTtft(COST)
    for k in range(10):
        estimate.sent(view([0, 0], now_s=float(k)), request(k, prompt_tokens=90), 0)
        estimate.ended(k, 0, 10, k + 1.0)
    full = view([0, 0], now_s=11.0, free_blocks=np.array([0, 0]), wanted_blocks=np.array([10, 10]))
    wait_s = estimate.score(full, request(20, prompt_tokens=39))
    assert np.allclose(wait_s, [(160 + 40) / 100 + 0.39, 0.39])


def test_a_request_is_refused_if_no_engine_can_answer_in_time() -> None:
    one = slo()
    load = view([1, 1])
    for k in range(4):
        assert sent(one.route(load, request(k, prompt_tokens=100, deadline_s=2.5))) in (0, 1)
    refused = one.route(load, request(4, prompt_tokens=100, deadline_s=2.5))
    assert isinstance(refused, Reject)
    assert "0.5 s late" in refused.reason
    assert sent(one.route(load, request(5, prompt_tokens=100, deadline_s=3.5))) in (0, 1)
    assert sent(one.route(load, request(6, prompt_tokens=100))) in (0, 1)
    assert sent(one.route(load, request(7, stage="decode", deadline_s=0.0))) in (0, 1)


def kept(by: Router) -> tuple[int, int]:
    """Return how many requests of an overload met their limit, and how many were served."""
    rng = np.random.default_rng(5)
    n = 400
    traffic = Workload.of(
        arrival_s=np.sort(rng.uniform(0, 40, n)),
        prompt_tokens=rng.integers(100, 400, n),
        output_tokens=rng.integers(1, 5, n),
        classes=(ServiceClass("chat", ttft_s=1.0),),
    )
    config = EngineConfig(blocks=1000, token_budget=128)
    members = [Member(name=str(k), config=config, step_time=STEP) for k in range(2)]
    run = FleetSimulation(traffic, members, by).run()
    table = run.requests
    assert np.isin(table.status, (Status.FINISHED, Status.REJECTED)).all()
    in_time = table.first_token_s - table.arrival_s <= 1.0
    return int(in_time.sum()), int((table.status == Status.FINISHED).sum())


STEP = Affine(0.002, {"prefill_tokens": 0.001})


def test_refusing_what_would_be_late_keeps_the_others_in_time() -> None:
    estimate = LeastTtft(STEP)
    early = EarlyRejection(Pipeline("least-ttft", [(estimate, 1)]), estimate, spare_s=0.15)
    in_time, served = kept(early)
    all_in_time, all_served = kept(router("least-request"))
    assert all_served == 400
    assert in_time > 2 * all_in_time
    assert in_time > 0.95 * served
