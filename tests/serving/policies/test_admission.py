"""What the admission policies do in an engine whose cache is too small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine import Engine, EngineConfig, Policy, View
from headway.serving.policies import (
    Admission,
    Aggressive,
    Conservative,
    DecayingRatio,
    Oracle,
    PastFuture,
)
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload
from headway.simulate import registry
from tests.serving.policies.traffic import CACHE, LONGEST, crowd, simulated

STUDY = {"every": 2, "round_tokens": 1600}
ADMISSIONS: dict[str, Callable[..., Admission]] = {
    "AGGRESSIVE": Aggressive,
    "CONSERVATIVE": Conservative,
    "DECAYING-RATIO": DecayingRatio,
    "ORACLE": Oracle,
    "PAST-FUTURE": PastFuture,
}
MAKERS = list(ADMISSIONS.values())


def test_past_future_lies_between_the_extremes_and_near_the_oracle() -> None:
    """The shape of the paper's first study, a twentieth as long."""
    runs = {}
    for name, make in ADMISSIONS.items():
        own = {"window": 100, "prior": 25} if make is PastFuture else {}
        runs[name] = [simulated(make(**STUDY, **own), crowd(seed, 300)) for seed in range(2)]
    steps = {name: np.mean([len(run.steps) for run in some]) for name, some in runs.items()}
    evicted = {
        name: np.mean([run.requests.preemptions.mean() for run in some])
        for name, some in runs.items()
    }
    assert evicted["CONSERVATIVE"] == evicted["ORACLE"] == 0
    assert 0 < evicted["PAST-FUTURE"] < 0.25 < 0.6 < evicted["AGGRESSIVE"]
    assert steps["PAST-FUTURE"] < 1.06 * steps["ORACLE"]
    assert steps["AGGRESSIVE"] < 1.06 * steps["ORACLE"]
    assert steps["CONSERVATIVE"] > 1.3 * steps["ORACLE"]
    use = [run.steps.used_blocks.mean() / CACHE for run in runs["PAST-FUTURE"]]
    assert 0.8 < np.mean(use) < 0.95


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.integers(1, 17), st.integers(1, 20))
def test_who_knows_or_fears_the_longest_answers_never_evicts(seed, size, every) -> None:
    traffic = crowd(seed, 40)
    for make in (Conservative, Oracle):
        run = simulated(make(every=every), traffic, blocks=1500 // size, block_tokens=size)
        assert run.requests.preemptions.sum() == 0
        assert (run.requests.generated == traffic.output_tokens).all()


@pytest.mark.parametrize("make", MAKERS)
@settings(max_examples=3)
@given(seed=st.integers(0, 10**6))
def test_everybody_is_served_though_one_request_fills_the_cache(make, seed) -> None:
    """A request that every rule would refuse for ever runs when nobody else does."""
    traffic = crowd(seed, 10)
    longest = int((traffic.prompt_tokens + traffic.output_tokens).max())
    run = simulated(make(), traffic, blocks=longest)
    assert (run.requests.generated == traffic.output_tokens).all()


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_run(make) -> None:
    first, second = (simulated(make(**STUDY), crowd(5, 100)) for _ in range(2))
    assert first.steps.end_s.tobytes() == second.steps.end_s.tobytes()
    assert first.requests.preemptions.tobytes() == second.requests.preemptions.tobytes()


def test_other_samples_give_another_run() -> None:
    runs = [simulated(PastFuture(seed=seed, **STUDY), crowd(5, 100)) for seed in range(2)]
    assert len({run.steps.used_blocks.tobytes() for run in runs}) == 2


def test_a_prior_of_the_longest_answer_is_more_careful_than_a_short_one() -> None:
    careful, rash = (
        simulated(PastFuture(prior=prior, window=200, **STUDY), crowd(2, 150)).requests
        for prior in (LONGEST, 10)
    )
    assert careful.preemptions.sum() < rash.preemptions.sum()


def test_higher_quantiles_evict_less() -> None:
    evicted = [
        simulated(
            PastFuture(quantile=q, window=50, **STUDY), crowd(2, 200)
        ).requests.preemptions.sum()
        for q in (0.0, 0.1, 0.9)
    ]
    assert evicted[0] > evicted[1] > evicted[2]


class Counting(Policy):
    """First come, first served, and a count of the questions."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def admit(self, view: View) -> np.ndarray:
        self.steps.append(view.n_steps)
        return view.waiting.ids


def test_the_order_is_asked_in_every_so_many_steps_only() -> None:
    order = Counting()
    simulated(Conservative(order=order, every=7), crowd(1, 100))
    assert np.diff(order.steps).min() >= 7


def test_a_round_ends_with_its_budget_of_tokens_the_last_request_over_it() -> None:
    traffic = Workload.of(
        arrival_s=np.zeros(9), prompt_tokens=np.full(9, 40), output_tokens=np.full(9, 3)
    )
    run = simulated(Aggressive(round_tokens=100), traffic)
    assert run.steps.prefill_tokens[:3].tolist() == [120, 120, 120]


def test_orders_may_be_named() -> None:
    traffic = crowd(1, 40).with_priority(np.arange(40)[::-1])
    run = simulated(Conservative(order="PRIORITY"), traffic, blocks=2 * LONGEST)
    assert (np.diff(run.requests.scheduled_s) <= 0).all()
    with pytest.raises(UnknownNameError, match="PRIORITY"):
        Conservative(order="PRIORITIES")


def test_fewest_said_gives_way_to_the_ratio_which_then_rises() -> None:
    """The second request has said as little as the third, and has the longer prompt."""
    traffic = Workload.of(
        arrival_s=[0, 5, 5],
        prompt_tokens=[20, 30, 20],
        output_tokens=[50, 50, 50],
        limit_tokens=[100, 100, 100],
    )
    policy = DecayingRatio(first=0.01, clip=10)
    run = simulated(policy, traffic, blocks=100)
    assert run.requests.preemptions.tolist()[0] == 0
    assert run.requests.preemptions[1] >= run.requests.preemptions[2]
    assert run.requests.preemptions[1] > 0


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (Aggressive, {"watermark": 1}),
        (Conservative, {"every": 0}),
        (Conservative, {"round_tokens": 0}),
        (Conservative, {"max_output": 0}),
        (PastFuture, {"reserve": 1}),
        (PastFuture, {"quantile": 1.0}),
        (PastFuture, {"sets": 0}),
        (DecayingRatio, {"first": 0}),
        (DecayingRatio, {"floor": 2}),
        (DecayingRatio, {"steps": 0}),
        (DecayingRatio, {"ahead": -1}),
    ],
)
def test_settings_without_sense_are_refused(make, setting) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        make(**setting)


def test_only_the_oracle_knows_the_future() -> None:
    names = registry.policies("engine")
    known = [registry.entry("engine", name) for name in names]
    assert {policy.name for policy in known} == set(names)
    assert [policy.name for policy in known if policy.clairvoyant] == ["ORACLE"]


def sharing(arrivals: list[float], outputs: list[int], prompts: list[list[int]]) -> EngineRun:
    """Run requests whose prompts are given by blocks of four tokens, and end with two of their own.

    The cache has 30 blocks, and the policy knows how long answers will be.
    """
    traffic = Workload.of(
        arrival_s=arrivals,
        prompt_tokens=[4 * len(prompt) + 2 for prompt in prompts],
        output_tokens=outputs,
        blocks=Blocks.of(prompts, 4),
    )
    return Engine(traffic, EngineConfig(blocks=30, block_tokens=4), Affine(1.0), Oracle()).run()


def test_a_prefix_that_somebody_holds_is_counted_once() -> None:
    prefix = list(range(20))
    table = sharing([0, 2], [10, 6], [prefix, prefix]).requests
    assert table.scheduled_s.tolist() == [0, 2]
    apart = sharing([0, 2], [10, 6], [prefix, list(range(50, 70))]).requests
    assert apart.scheduled_s.tolist() == [0, 10]


def test_a_prefix_stays_counted_when_the_one_who_brought_it_has_ended() -> None:
    """The second request holds the prefix to its end, which leaves no room for the third."""
    prefix = list(range(20))
    table = sharing([0, 1, 5], [3, 30, 20], [prefix, prefix, list(range(50, 57))]).requests
    assert table.preemptions.sum() == 0
    assert table.scheduled_s[2] == table.last_token_s[1]
