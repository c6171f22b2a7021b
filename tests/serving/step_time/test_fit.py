from dataclasses import replace

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import (
    Affine,
    Corrections,
    Efficiency,
    Errors,
    LayerTables,
    Report,
    Samples,
    Shape,
    cross_predicted,
    fit_efficiency,
    predicted,
)
from headway.serving.step_time.corrections import BASES, bases
from headway.serving.step_time.interpolation import Curve, Grid
from tests.serving.shapes import many

PAIRS = [
    Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100")),
    Deployment(LanguageModel.named("qwen3-32b"), Gpu.named("a100-80gb"), tp=2),
    Deployment(LanguageModel.named("qwen3-30b-a3b"), Gpu.named("l40s"), tp=2),
]


def made_by(fitted, seed: int, n: int = 240) -> Samples:
    """Steps of three deployments that took exactly what `fitted` says."""
    shapes = many(seed, n)
    which = np.arange(n) % len(PAIRS)
    groups = {
        "model": np.array([PAIRS[i].model.name for i in which]),
        "gpu": np.array([PAIRS[i].gpu.name for i in which]),
    }
    blank = Samples(shapes, np.ones(n), tuple(PAIRS), which, groups)
    return replace(blank, seconds=predicted(fitted, blank))


def test_an_affine_form_is_found_again() -> None:
    truth = Affine(0.004, {"prefill_tokens": 3e-5, "decodes": 2e-5, "decode_context": 4e-8})
    samples = made_by(truth, 1)
    found = Affine.fit(samples)
    assert found.constant_s == pytest.approx(truth.constant_s)
    for name, value in truth.per.items():
        assert found.per[name] == pytest.approx(value)
    np.testing.assert_allclose(predicted(found, samples), samples.seconds, rtol=1e-9)


def test_weights_are_never_negative() -> None:
    rng = np.random.default_rng(5)
    shapes = many(2)
    falling = 1.0 - 1e-5 * np.minimum(shapes.decodes, 200) + 0.01 * rng.random(300)
    found = Affine.fit(Samples(shapes, falling))
    assert all(weight > 0 for weight in found.per.values())


def test_only_the_chosen_fields_get_weights() -> None:
    samples = made_by(Affine(0.004, {"decodes": 2e-5, "prefill_tokens": 1e-5}), 3)
    assert set(Affine.fit(samples, ["decodes"]).per) <= {"decodes"}
    with pytest.raises(ConfigError, match="no field 'tokens'"):
        Affine.fit(samples, ["tokens"])


def test_the_efficiency_of_an_engine_is_found_again() -> None:
    truth = Efficiency(0.45, 0.72, 0.5, 3e-5, 2e-3, 2e-5)
    found = fit_efficiency(made_by(truth, 4))
    for name in ("compute", "memory", "link", "layer_s", "step_s", "sequence_s"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=0.02)


def test_corrections_are_found_again() -> None:
    truth = Corrections((1.3, 0.9, 1.2, 0.7, 2e-5, 5e-6, 1e-4, 3e-4))
    samples = made_by(truth, 5)
    found = Corrections.fit(samples)
    np.testing.assert_allclose(predicted(found, samples), samples.seconds, rtol=1e-6)


@pytest.mark.parametrize("deployment", PAIRS)
def test_native_form_of_corrections_agrees(deployment: Deployment) -> None:
    time, shapes = Corrections.published().on(deployment), many(6)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)
    np.testing.assert_allclose(sum(time.breakdown(shapes).values()), native, rtol=1e-12)


def test_bases_are_times_at_the_peaks() -> None:
    model, gpu = LanguageModel.named("llama-3.1-8b"), Gpu.named("h100")
    own = dict(zip(BASES, bases(Deployment(model, gpu)), strict=True))
    weights = 2 * (model.parameters - model.embedding_parameters)
    assert own["weights"][0] == pytest.approx(weights / 3.35e12, rel=1e-3)
    cached = own["decode_cache"][6]
    assert cached == pytest.approx(model.kv_bytes_per_token() / 3.35e12)
    assert own["transfers"].sum() == 0
    assert own["layers"][0] == 32


def test_the_host_of_layer_tables_is_found_again() -> None:
    names = ("embedding", "layernorm", "qkv_proj", "o_proj", "gate_up_proj", "act_fn")
    dense = {
        name: Curve.through([1, 64], [1e-5, 3e-5])
        for name in (*names, "down_proj", "final_layernorm")
    }
    axis = np.array([0.0, 1000.0])
    grid = Grid((axis,) * 4, np.arange(16.0).reshape(2, 2, 2, 2) * 1e-6)
    tables = LayerTables(2, dense, {"lm_head": Curve.through([1], [1e-4])}, grid)
    truth = replace(tables, step_overhead_s=7e-4, sequence_overhead_s=2e-5)
    found = tables.fit(made_by(truth, 7))
    assert found.step_overhead_s == pytest.approx(7e-4)
    assert found.sequence_overhead_s == pytest.approx(2e-5)


@pytest.mark.parametrize("fit", [fit_efficiency, Corrections.fit])
def test_forms_that_know_models_refuse_samples_that_do_not(fit) -> None:
    with pytest.raises(ConfigError, match="model and GPU"):
        fit(Samples(many(8, 5), np.ones(5)))


@pytest.mark.parametrize("fitted", [Efficiency(), Corrections.published()])
def test_forms_that_know_models_need_one(fitted) -> None:
    with pytest.raises(ConfigError, match="model and GPU"):
        fitted.on(None)


def test_errors_are_relative() -> None:
    errors = Errors.of(np.array([1.1, 0.8, 1.0, 2.0]), np.ones(4))
    assert errors.mape == pytest.approx((0.1 + 0.2 + 0 + 1) / 4)
    assert errors.median == pytest.approx(0.15)
    assert errors.bias == pytest.approx((0.1 - 0.2 + 1) / 4)


def test_a_report_tells_each_group() -> None:
    samples = made_by(Efficiency(), 9, 30)
    off = np.where(samples.groups["gpu"] == PAIRS[0].gpu.name, 1.5, 1.0)
    report = Report.of(samples.seconds * off, samples)
    assert report.groups["gpu"][PAIRS[0].gpu.name].mape == pytest.approx(0.5)
    assert report.groups["gpu"][PAIRS[1].gpu.name].mape == pytest.approx(0)
    assert report.errors.mape == pytest.approx(0.5 / 3)
    assert report.rows()[0] == ("all", report.errors)


def test_each_prediction_comes_from_a_fit_that_did_not_see_the_step() -> None:
    """A form that only remembers its samples' mean cannot know the group that was left out."""

    class Mean:
        def __init__(self, samples: Samples) -> None:
            self.seen = float(samples.seconds.mean())

        def on(self, deployment):
            return Affine(self.seen)

    labels = np.array(["a"] * 3 + ["b"] * 2)
    samples = Samples(
        Shape(decodes=np.ones(5)), np.array([1.0, 1, 1, 9, 9]), groups={"group": labels}
    )
    np.testing.assert_array_equal(cross_predicted(Mean, samples, by="group"), [9, 9, 9, 1, 1])
    folded = cross_predicted(Mean, samples, folds=5)
    np.testing.assert_allclose(folded, [5, 5, 5, 3, 3])
    again = cross_predicted(Mean, samples, folds=2, seed=3)
    np.testing.assert_array_equal(again, cross_predicted(Mean, samples, folds=2, seed=3))


def test_leaving_out_needs_two_parts() -> None:
    samples = Samples(Shape(decodes=np.ones(2)), np.ones(2), groups={"group": np.array(["a", "a"])})
    with pytest.raises(ConfigError, match="at least two parts"):
        cross_predicted(Affine.fit, samples, by="group")
    with pytest.raises(ConfigError, match="no grouping 'gpu'; known: group"):
        cross_predicted(Affine.fit, samples, by="gpu")


def test_noise_does_not_bias_a_fit() -> None:
    """Errors relative to the measured alone would give a constant of 0.8 here."""
    rng = np.random.default_rng(6)
    seconds = np.exp(0.5 * rng.standard_normal(5000))
    found = Affine.fit(Samples(Shape(decodes=np.zeros(5000)), seconds), [])
    assert found.constant_s == pytest.approx(1.0, abs=0.03)
