"""Prefills timed by models of steps: operators add up to the step, and can be cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.prefill import Load, PrefillRequests, StepWork, find, simulate
from headway.serving.step_time import Affine, Roofline
from tests.serving.prefill.samples import audit, batch_loads

WORKS = {
    name: StepWork(Roofline(Deployment(LanguageModel.named(name), Gpu.named("h100"), tp=tp)))
    for name, tp in (("llama-3.1-8b", 1), ("qwen3-30b-a3b", 1), ("deepseek-v3", 16))
}


@pytest.mark.parametrize("name", WORKS)
@given(
    prompts=st.lists(
        st.tuples(st.integers(1, 50_000), st.integers(0, 50_000)), min_size=1, max_size=4
    )
)
def test_the_operators_of_a_pass_add_up_to_the_step(
    name: str, prompts: list[tuple[int, int]]
) -> None:
    load = Load.of(*prompts[0])
    for prompt in prompts[1:]:
        load = load.joined(Load.of(*prompt))
    work = WORKS[name]
    assert work.operators(load).total_s == pytest.approx(work.seconds(load), rel=1e-9)


def test_many_passes_are_timed_at_once() -> None:
    work = WORKS["llama-3.1-8b"]
    each = work.seconds(Load.each([100, 5000], [0, 2000]))
    assert each.tolist() == pytest.approx(
        [work.seconds(Load.of(100)), work.seconds(Load.of(5000, 2000))]
    )


def test_a_prefill_is_stopped_between_operators_of_a_real_model() -> None:
    work = WORKS["llama-3.1-8b"]
    drawn = PrefillRequests.of([0, 0.3], [30_000, 300], ttft_s=[10, 0.1])
    run = simulate(drawn, work, "s-edf operator")
    audit(run, work, find("s-edf operator"))
    assert run.preemptions.tolist() == [1, 0]
    longest = max(work.operators(load).longest_s for load in batch_loads(run))
    assert 0 <= run.blocking_s[1] <= longest


def test_a_step_without_operators_is_cut_nowhere() -> None:
    work = StepWork(Affine(0.01, {"prefill_tokens": 1e-4}))
    drawn = PrefillRequests.of([0, 0.3], [30_000, 300], ttft_s=[10, 0.1])
    cut, whole = (simulate(drawn, work, f"edf {level}") for level in ("operator", "whole"))
    assert np.array_equal(cut.first_token_s, whole.first_token_s)
    assert cut.preemptions.sum() == 0
