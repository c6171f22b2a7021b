"""The latency model: its boundary by formula, its fit on batches made with known parameters."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import Load
from headway.serving.prefill.laps import LearnedLatency, TurnLatency

TRUE = TurnLatency(alpha=4e-10, beta=2.5e-5, write=2e-6, read=5e-8, weights_s=6e-3, overhead_s=1e-3)

parameters = st.builds(
    TurnLatency,
    alpha=st.floats(1e-11, 1e-8),
    beta=st.floats(1e-6, 1e-4),
    write=st.floats(1e-7, 1e-3),
    read=st.floats(1e-9, 1e-5),
    weights_s=st.sampled_from([0.0, 1e-3, 1e-2]),
    overhead_s=st.sampled_from([0.0, 1e-3]),
)


def batches(n: int, seed: int = 0) -> Load:
    rng = np.random.default_rng(seed)
    tokens = np.exp(rng.uniform(np.log(8), np.log(16_000), n)).round()
    return Load.each(tokens, rng.integers(0, 30_000, n))


@given(model=parameters, history=st.floats(0, 1e5))
def test_at_the_boundary_both_sides_take_equally_long(model, history) -> None:
    length = float(model.boundary(history))
    assume(0 < length < np.inf)
    arithmetic = model.alpha * length * (length + 2 * history) + model.beta * length
    traffic = model.weights_s + model.write * length + model.read * history
    assert arithmetic == pytest.approx(traffic, rel=1e-6)


def test_a_turn_is_counted_with_its_history() -> None:
    """L (L + 2H) α + L β, in the sums of a batch."""
    model = TurnLatency(alpha=1.0, beta=10.0, write=0.0, read=0.0)
    assert model.seconds(Load.of(3, 5)) == 3 * (3 + 2 * 5) + 30
    both = Load.of(3, 5).joined(Load.of(2, 0))
    assert model.seconds(both) == 3 * 13 + 2 * 2 + 50


@given(model=parameters)
def test_a_fresh_prompt_and_a_long_history_have_the_published_boundaries(model) -> None:
    plain = TurnLatency(model.alpha, model.beta, model.write, model.read)
    fresh = max((model.write - model.beta) / model.alpha, 0.0)
    assert float(plain.boundary()) == pytest.approx(fresh, rel=1e-6, abs=1e-6)
    assert float(plain.boundary(1e13)) == pytest.approx(model.read / (2 * model.alpha), rel=1e-3)


def test_boundaries_without_attention() -> None:
    assert TurnLatency(0, 2e-5, 0, 0, weights_s=4e-3).boundary() == pytest.approx(200)
    assert TurnLatency(0, 1e-5, 2e-5, 0).boundary() == np.inf
    assert TurnLatency(0, 2e-5, 1e-5, 0).boundary() == 0
    many = TRUE.boundary(np.array([0.0, 1e4, 1e5]))
    assert many.shape == (3,)
    assert np.all(np.diff(many) < 0)


def test_a_fit_finds_the_parameters_again() -> None:
    loads = batches(400)
    noise = np.random.default_rng(1).normal(1, 0.02, 400)
    fitted = TurnLatency.fit(loads, TRUE.seconds(loads) * noise)
    assert fitted.error(loads, TRUE.seconds(loads)) < 0.02
    assert float(fitted.boundary()) == pytest.approx(float(TRUE.boundary()), rel=0.1)
    assert fitted.beta == pytest.approx(TRUE.beta, rel=0.1)


@settings(max_examples=20)
@given(model=parameters)
def test_a_fit_explains_batches_of_any_such_model(model) -> None:
    loads = batches(200)
    assert TurnLatency.fit(loads, model.seconds(loads)).error(loads, model.seconds(loads)) < 0.05


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ConfigError, match="8 measured"):
        TurnLatency.fit(batches(7), np.ones(7))
    with pytest.raises(ConfigError, match="positive"):
        TurnLatency.fit(batches(8), np.zeros(8))
    with pytest.raises(ConfigError, match="beta"):
        TurnLatency(0, -1, 0, 0)


def test_an_engine_learns_the_boundary_from_its_batches() -> None:
    learned = LearnedLatency(TurnLatency(0, 1e-5, 0, 0, weights_s=1e-2), first=16)
    loads = batches(200)
    for i, seconds in enumerate(TRUE.seconds(loads)):
        learned.observe(Load(*(float(column[i]) for column in loads)), float(seconds))
    assert learned.fits == 3  # after 16, 32 and 64 batches more
    assert float(learned.model.boundary()) == pytest.approx(float(TRUE.boundary()), rel=0.05)


@pytest.mark.parametrize("tokens", [range(4000, 4064), range(8, 72)])
def test_what_was_seen_on_one_side_only_teaches_nothing(tokens) -> None:
    """Long prompts alone say nothing about where memory begins to bind, nor do short ones."""
    prior = TurnLatency(0, 1e-5, 0, 0, weights_s=1e-2)
    learned = LearnedLatency(prior, first=16)
    for q in tokens:
        load = Load.of(q, 100 * (q % 7))
        learned.observe(load, float(TRUE.seconds(load)))
    assert learned.model is prior
    assert learned.fits == 0
    with pytest.raises(ConfigError, match="first"):
        LearnedLatency(prior, first=4)
