"""Prefills timed by models of steps: operators add up to the step, and can be cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.prefill import Load, PrefillRequests, StepWork, find, simulate
from headway.serving.step_time import Affine, Roofline, Shape, StepTime
from tests.serving.prefill.samples import audit, batch_loads

GPUS = {"llama-3.1-8b": 1, "qwen3-30b-a3b": 1, "deepseek-v3": 16}
"""Models, and on how many GPUs."""


def on_h100(name: str) -> StepWork:
    model = LanguageModel.named(name)
    return StepWork(Roofline(Deployment(model, Gpu.named("h100"), tp=GPUS[name])))


@pytest.mark.parametrize("name", GPUS)
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
    work = on_h100(name)
    assert work.operators(load).total_s == pytest.approx(work.seconds(load), rel=1e-9)


def test_many_passes_are_timed_at_once() -> None:
    work = on_h100("llama-3.1-8b")
    each = work.seconds(Load.each([100, 5000], [0, 2000]))
    assert each.tolist() == pytest.approx(
        [work.seconds(Load.of(100)), work.seconds(Load.of(5000, 2000))]
    )


@pytest.mark.parametrize("name", GPUS)
def test_the_native_form_tells_the_same_times(name: str) -> None:
    work = on_h100(name)
    load = Load.each([1, 700, 40_000], [0, 3000, 10])
    plain = work.step_time.seconds(
        Shape(
            prefill_tokens=load.tokens,
            prefills=load.prefills,
            prefill_context=load.context,
            prefill_pairs=load.pairs,
            sequences=load.prefills,
        )
    )
    np.testing.assert_allclose(work.seconds(load), plain, rtol=1e-12)


def test_a_prefill_is_stopped_between_operators_of_a_real_model() -> None:
    work = on_h100("llama-3.1-8b")
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


def test_a_step_time_of_ones_own_needs_no_native_form() -> None:
    class Slow(StepTime):
        def seconds(self, shape):
            return 0.5 + 0.0 * shape.prefill_tokens

    run = simulate(PrefillRequests.of([0, 0], [10, 20]), StepWork(Slow()), "fcfs whole")
    assert run.first_token_s.tolist() == [0.5, 1.0]
