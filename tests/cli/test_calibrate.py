"""`headway calibrate`: from measured steps to a step time on disk."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Affine, Efficiency, Shape, StepTime, load
from headway.serving.step_time.measure import batches_to_try, write_steps

LIMITS = {"tokens": 256, "context": 1024, "decodes": 16}
EIGHT = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))


def measured_with(time: StepTime, path: Path) -> str:
    """Write steps that took what `time` says, but for one per cent of noise."""
    rng = np.random.default_rng(1)
    batches = batches_to_try(**LIMITS)
    noise = 1 + 0.01 * rng.standard_normal(len(batches))
    steps = [
        (batch, float(time.seconds(batch.shape)) * factor)
        for batch, factor in zip(batches, noise.tolist(), strict=True)
    ]
    write_steps(path, steps)
    return str(path)


def test_a_linear_form_is_fitted_told_and_written(run, tmp_path: Path) -> None:
    truth = Affine(0.004, {"prefill_tokens": 3e-5, "decodes": 2e-5})
    steps = measured_with(truth, tmp_path / "steps.csv")
    done = run("calibrate", steps, "-o", str(tmp_path / "time.json"))
    assert done.status == 0
    for line in ("in sample", "in sample, group decode", "five-fold", "one group left out"):
        assert line in done.out
    found = load(tmp_path / "time.json")
    shape = Shape.of([(200, 0)], [500] * 8)
    assert found.seconds(shape) == pytest.approx(truth.seconds(shape), rel=0.02)


def test_a_roofline_is_fitted_to_the_model_that_ran(run, tmp_path: Path) -> None:
    truth = Efficiency(compute=0.4, memory=0.6, step_s=2e-3).on(EIGHT)
    steps = measured_with(truth, tmp_path / "steps.csv")
    done = run(
        "calibrate", steps, "-f", "roofline", "--model", "llama-3.1-8b", "--gpu", "h100", "--json"
    )
    document = json.loads(done.out)
    assert document["kind"] == "roofline"
    assert document["efficiency"]["memory"] == pytest.approx(0.6, rel=0.05)
    assert document["errors"]["five-fold"]["mape"] < 0.02


def test_corrections_are_told_by_name(run, tmp_path: Path) -> None:
    steps = measured_with(Efficiency().on(EIGHT), tmp_path / "steps.csv")
    done = run("calibrate", steps, "-f", "corrections", "--model", "llama-3.1-8b", "--gpu", "h100")
    assert "decode_cache" in done.out


def test_steps_of_unknown_models_fit_only_what_needs_none(run, tmp_path: Path) -> None:
    steps = measured_with(Affine(0.004), tmp_path / "steps.csv")
    done = run("calibrate", steps, "-f", "roofline")
    assert done.status == 2
    assert "model and GPU" in done.err


def test_malformed_steps_are_refused_with_their_line(run, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("decodes,seconds\n1,0.1\n2,-1\n")
    done = run("calibrate", str(path))
    assert done.status == 2
    assert "steps.csv:3" in done.err


def test_one_of_several_models_must_be_named_to_be_written(run, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    rows = [f"{m},h100,{d},{0.01 + 1e-4 * d}" for m in ("llama-3.1-8b", "qwen3-8b") for d in (1, 9)]
    path.write_text("\n".join(["model,gpu,decodes,seconds", *rows]))
    done = run("calibrate", str(path), "-f", "corrections", "--json")
    assert done.status == 2
    assert "say --model and --gpu" in done.err
    args = ("--model", "qwen3-8b", "--gpu", "h100", "--json")
    document = json.loads(run("calibrate", str(path), "-f", "corrections", *args).out)
    assert document["deployment"]["model"] == "qwen3-8b"
    assert "one model left out" in document["errors"]


def test_measuring_writes_the_steps_that_it_fits(run, tmp_path: Path, monkeypatch) -> None:
    """With a stand-in for the torch model that takes as long as a roofline says."""
    from headway.serving.step_time import torch_model

    class Instant:
        def __init__(self, model, *, device, dtype) -> None:
            assert (model.name, device, dtype) == ("qwen3-8b", "cpu", "bfloat16")

        def run(self, batch) -> float:
            return float(Affine(0.01, {"prefill_tokens": 1e-5}).seconds(batch.shape))

    monkeypatch.setattr(torch_model, "TorchModel", Instant)
    path = tmp_path / "steps.csv"
    limits = [str(part) for name, value in LIMITS.items() for part in (f"--{name}", value)]
    done = run(
        "calibrate", str(path), "--measure", "--model", "qwen3-8b", "--device", "cpu", *limits
    )
    assert done.status == 0
    assert "constant 0.01" in done.out
    assert len(path.read_text().splitlines()) == len(batches_to_try(**LIMITS)) + 1
    assert f"measured {len(batches_to_try(**LIMITS))}" in done.err


def test_measuring_needs_a_model_and_torch(run, tmp_path: Path, monkeypatch) -> None:
    path = str(tmp_path / "steps.csv")
    assert "--model" in run("calibrate", path, "--measure").err
    monkeypatch.setitem(sys.modules, "torch", None)
    done = run("calibrate", path, "--measure", "--model", "qwen3-8b")
    assert done.status == 2
    assert "pip install torch" in done.err
    assert not Path(path).exists()
