"""Predictors: what they believe, and what it costs to believe wrongly."""

from dataclasses import replace

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.prefill import (
    PREDICTORS,
    Exact,
    Load,
    Noisy,
    NoisyFitting,
    PrefillRequests,
    QuadraticWork,
    find,
    simulate,
)

WORK = QuadraticWork()


def test_only_the_cost_model_itself_is_clairvoyant() -> None:
    declared = {name: fitting(WORK).clairvoyant for name, fitting in PREDICTORS.items()}
    assert declared == {"exact": True, "linear": False, "buckets": False}
    assert not NoisyFitting()(WORK).clairvoyant
    assert Noisy(Exact(WORK), 0.0).clairvoyant


def test_a_line_fits_a_cost_that_is_one() -> None:
    straight = QuadraticWork(pair_s=0.0)
    believed = PREDICTORS["linear"](straight)
    tokens = np.array([10, 1000, 100_000])
    np.testing.assert_allclose(
        believed.seconds(Load.each(tokens)), straight.seconds(Load.each(tokens)), rtol=1e-6
    )
    assert believed.seconds(Load.of(1000)) == pytest.approx(straight.seconds(Load.of(1000)))


def test_a_line_believes_in_no_negative_time() -> None:
    assert np.all(PREDICTORS["linear"](WORK).seconds(Load.each([1, 5, 20])) > 0)


def test_buckets_know_one_time_each() -> None:
    believed = PREDICTORS["buckets"](WORK)
    times = believed.seconds(Load.each([1, 512, 513, 2048, 2049, 100_000]))
    assert len(set(times.tolist())) == 3
    assert np.all(np.diff(times) >= 0)
    assert believed.seconds(Load.of(600)) == times[2]


def test_noise_is_bounded_and_the_same_for_a_seed() -> None:
    noisy = Noisy(Exact(WORK), 0.3, seed=4)
    errors = noisy.errors(2000)
    assert errors.min() >= 0.7
    assert errors.max() <= 1.3
    assert errors.mean() == pytest.approx(1.0, abs=0.02)
    assert errors.tolist() == Noisy(Exact(WORK), 0.3, seed=4).errors(2000).tolist()
    assert noisy.seconds(Load.of(100)) == WORK.seconds(Load.of(100))
    with pytest.raises(ConfigError, match="spread"):
        Noisy(Exact(WORK), 1.0)


@pytest.mark.parametrize("fitting", [*PREDICTORS.values(), NoisyFitting()])
def test_without_contention_no_belief_does_harm(fitting) -> None:
    drawn = PrefillRequests.of([0, 10, 20], [100, 9000, 600], ttft_s=[5, 5, 5])
    run = simulate(drawn, WORK, replace(find("flowprefill"), fitting=fitting))
    np.testing.assert_allclose(run.ttft_s, WORK.seconds(drawn.loads))


def test_a_belief_that_is_too_high_dooms_who_could_be_served() -> None:
    """The first is believed to take 30 % more than it does, and so to be late."""

    class Pessimist(Exact):
        def errors(self, n: int) -> np.ndarray:
            return np.array([1.3, 1.0])

    drawn = PrefillRequests.of([0, 0], [8000, 8000], ttft_s=[0.65, 2.0])
    believing = replace(find("s-edf operator"), fitting=Pessimist)
    assert simulate(drawn, WORK, "s-edf operator").attainment == 1.0
    assert simulate(drawn, WORK, believing).attainment == 0.5
