"""Loads add up, operators add up to passes, and boundaries are where operators end."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import Load, Operators, QuadraticWork
from tests.serving.prefill.samples import longest_layer_s

seconds = st.floats(1e-4, 1.0)
some = st.lists(seconds, max_size=4).map(tuple)
passes = st.builds(
    Operators, before_s=some, layer_s=some.filter(bool), layers=st.integers(1, 5), after_s=some
)


@given(st.lists(st.tuples(st.integers(1, 10**5), st.integers(0, 10**5)), min_size=1, max_size=5))
def test_a_batch_is_the_sum_of_its_prompts(prompts: list[tuple[int, int]]) -> None:
    batch = Load.of(*prompts[0])
    for prompt in prompts[1:]:
        batch = batch.joined(Load.of(*prompt))
    each = Load.each(*np.array(prompts).T)
    assert batch == pytest.approx([float(np.sum(column)) for column in each])


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(1, 2000))
def test_chunks_have_the_pairs_of_the_whole_prompt(tokens: int, history: int, chunk: int) -> None:
    """Every token meets the same earlier tokens however the prompt is cut."""
    sizes = [min(chunk, tokens - done) for done in range(0, tokens, chunk)]
    pairs = sum(Load.of(size, history + sum(sizes[:k])).pairs for k, size in enumerate(sizes))
    assert pairs == pytest.approx(Load.of(tokens, history).pairs)
    counted = sum(history + position + 1 for position in range(tokens))
    assert Load.of(tokens, history).pairs == counted


@given(passes, st.floats(0, 1))
def test_a_boundary_is_the_first_end_of_an_operator_that_is_not_over(
    one_pass: Operators, share: float
) -> None:
    """Where one ends within rounding, that end will do as well as the next."""
    at = share * one_pass.total_s
    durations = (*one_pass.before_s, *one_pass.layer_s * one_pass.layers, *one_pass.after_s)
    ends = [0.0, *accumulate(durations)]
    found = one_pass.boundary(at, "operator")
    assert found >= at - 1e-9
    assert min(abs(end - found) for end in ends) < 1e-9
    assert not any(at + 1e-9 < end < found - 1e-9 for end in ends)
    assert found - at <= one_pass.longest_s + 1e-9
    layer = one_pass.boundary(at, "layer")
    assert found - 1e-9 <= layer <= at + longest_layer_s(one_pass) + 1e-9


@given(passes, st.floats(0, 1))
def test_a_pass_that_stopped_at_a_boundary_can_stop_there_again(
    one_pass: Operators, share: float
) -> None:
    stop = one_pass.boundary(share * one_pass.total_s, "operator")
    assert one_pass.boundary(stop, "operator") == pytest.approx(stop, abs=1e-9)


@given(st.integers(1, 200_000), st.integers(0, 200_000), st.integers(1, 80))
def test_the_operators_of_the_quadratic_cost_add_up(tokens: int, history: int, layers: int) -> None:
    work = QuadraticWork(layers=layers)
    load = Load.of(tokens, history)
    assert work.operators(load).total_s == pytest.approx(work.seconds(load))


def test_attention_becomes_the_longest_operator_of_a_long_prompt() -> None:
    work = QuadraticWork()
    short, long = (work.operators(Load.of(tokens)) for tokens in (1000, 100_000))
    assert np.argmax(short.layer_s) == 3
    assert np.argmax(long.layer_s) == 1


@pytest.mark.parametrize(
    "setting", [{"base_s": -1}, {"pair_s": -1e-9}, {"layers": 0}, {"token_s": float("nan")}]
)
def test_a_cost_that_cannot_be_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        QuadraticWork(**setting)
