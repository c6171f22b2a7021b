"""Step times against measurements that none of them was made from.

::

    pip install 'headway[kernels]'
    python benchmarks/step_time.py
    python benchmarks/step_time.py --profiles FOLDER    # measured layers beside measured kernels

The package aiconfigurator-core brings times per output token of real runs of vLLM, SGLang and
TensorRT-LLM (``silicon_sample.csv``). Of these the dense models that Headway knows by name are
taken, on the GPUs that it knows, one replica without data parallelism, number format told.

In its steady state such a run of B sequences computes B / output whole prompts per step. Unfitted
forms take the mean over steps with and without a prompt; fitted ones see the mean step, and tell
what they make of models, GPUs or engines that were left out. Measured kernels are those of the
engine that ran, and stay as they are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from table import keep, machine

from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import (
    Corrections,
    Errors,
    Kernels,
    KernelTables,
    LayerTables,
    Roofline,
    Samples,
    Shape,
    StepTime,
    cross_predicted,
    fit_efficiency,
    predicted,
)
from headway.serving.step_time.columns import read_columns

MODELS = ("llama-3.1-70b", "llama-3.1-8b", "qwen3-32b")
GPUS = {"h100_sxm": "h100", "h200_sxm": "h200", "b200_sxm": "b200", "gb200": "gb200"}


def real_runs() -> Samples:
    """Return the steady steps of the package's real runs of dense models."""
    spec = find_spec("aiconfigurator_core")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pip install 'headway[kernels]' brings the measurements")
    path = Path(next(iter(spec.submodule_search_locations))) / "systems" / "silicon_sample.csv"
    names = (
        "backend",
        "model_path",
        "system",
        "precision",
        "mode",
        "batch_size",
        "isl",
        "osl",
        "tp_size",
        "pp_size",
        "attention_dp_size",
        "silicon_tpot_ms",
    )
    text = read_columns(path, texts=names, numbers=()).texts
    deployments: dict[tuple[str, str, int, str], int] = {}
    rows, seconds, index, labels = [], [], [], []
    for i, place in enumerate(text["model_path"]):
        model = next((name for name in MODELS if name in place.lower()), None)
        system, precision = text["system"][i], text["precision"][i]
        if model is None or text["mode"][i] != "agg" or not precision or system not in GPUS:
            continue
        if {text["pp_size"][i], text["attention_dp_size"][i]} - {"1", "1.0", ""}:
            continue
        key = (model, GPUS[system], int(float(text["tp_size"][i])), precision)
        index.append(deployments.setdefault(key, len(deployments)))
        batch, prompt, output = (float(text[name][i]) for name in ("batch_size", "isl", "osl"))
        rows.append(steady(batch, prompt, output))
        seconds.append(float(text["silicon_tpot_ms"][i]) * 1e-3)
        labels.append((model, GPUS[system], text["backend"][i]))
    columns = np.array(labels).T
    made = tuple(
        Deployment(LanguageModel.named(model), Gpu.named(gpu), tp, dtype=dtype)
        for model, gpu, tp, dtype in deployments
    )
    groups = dict(zip(("model", "gpu", "engine"), columns, strict=True))
    return Samples(
        Shape.from_rows(np.array(rows)), np.array(seconds), made, np.array(index), groups
    )


def steady(batch: float, prompt: float, output: float) -> list[float]:
    """Return the mean step of `batch` sequences that are replaced as they end."""
    context, fresh = prompt + output / 2, batch / output
    return [
        fresh * prompt,
        fresh,
        0,
        fresh * prompt * (prompt + 1) / 2,
        batch,
        batch * context,
        context,
        batch + fresh,
        0,
        0,
    ]


def between_prompts(time: StepTime, samples: Samples, which: np.ndarray) -> np.ndarray:
    """Return the mean duration of steady steps, of which few compute a prompt beside decodes."""
    rows = samples.shape.rows()[which]
    fresh = rows[:, 1:2]
    alone, beside = rows.copy(), rows / np.where(np.arange(10) < 4, fresh, 1)
    alone[:, :4] = 0
    alone[:, 7], beside[:, 7] = rows[:, 4], rows[:, 4] + 1
    without, along = (np.asarray(time.seconds(Shape.from_rows(own))) for own in (alone, beside))
    return np.asarray(without + fresh[:, 0] * (along - without))


def unfitted(made: Callable[[Deployment, str], StepTime], samples: Samples) -> np.ndarray:
    """Return what a form says of each run, by what ran and under which engine."""
    seconds = np.zeros(len(samples))
    for engine in np.unique(samples.groups["engine"]):
        for deployment, which in samples.by_deployment():
            assert deployment is not None
            own = which[samples.groups["engine"][which] == engine]
            if len(own):
                time = made(deployment, str(engine))
                seconds[own] = between_prompts(time, samples, own)
    return seconds


def against_real_runs() -> None:
    samples = real_runs()
    rows = []

    def line(form: str, seen: str, seconds: np.ndarray) -> None:
        errors = Errors.of(seconds, samples.seconds)
        shares = {"MAPE %": errors.mape, "median %": errors.median, "bias %": errors.bias}
        rank = float(spearmanr(seconds, samples.seconds)[0])
        rows.append(
            {
                "form": form,
                "fitted to": seen,
                "steps": errors.n,
                **{name: round(100 * own, 1) for name, own in shares.items()},
                "Spearman": round(rank, 3),
            }
        )

    line("roofline", "nothing", unfitted(lambda own, _: Roofline(own), samples))
    weights = Corrections.published()
    line("BLIS weights, as published", "nothing", unfitted(lambda own, _: weights.on(own), samples))
    kernels = unfitted(
        lambda own, engine: KernelTables.of(own, Kernels.of(own.gpu.name, engine)), samples
    )
    line("measured kernels", "nothing", kernels)
    for form, fit in (("roofline", fit_efficiency), ("corrections", Corrections.fit)):
        line(form, "all of them (in sample)", predicted(fit(samples), samples))
        for by in samples.groups:
            line(form, f"other {by}s", cross_predicted(fit, samples, by=by))
    keep(
        "step_time",
        "Time per output token of real engines, as step times tell it",
        rows,
        measured=f"{len(samples)} runs of dense models in silicon_sample.csv",
        **machine("aiconfigurator-core"),
    )


def kernels_beside_layers(profiles: Path) -> None:
    """Compare two measurements of one GPU that nobody made for each other."""
    layers = LayerTables.read(
        profiles / "RTXPRO6000" / "profile", 32, step_overhead_s=0.5e-3, sequence_overhead_s=0
    )
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("rtx-pro-6000"))
    kernels, roofline = KernelTables.of(deployment), Roofline(deployment)
    batches = {
        "1 decode after 1,000": Shape.of(decodes=[1000]),
        "64 decodes after 1,000": Shape.of(decodes=[1000] * 64),
        "64 decodes after 8,000": Shape.of(decodes=[8000] * 64),
        "prompt of 512": Shape.of(prefills=[(512, 0)]),
        "prompt of 2,048": Shape.of(prefills=[(2048, 0)]),
        "512 after 8,192": Shape.of(prefills=[(512, 8192)]),
        "2,048 after 16,384": Shape.of(prefills=[(2048, 16384)]),
        "512 beside 64 decodes": Shape.of(prefills=[(512, 0)], decodes=[1000] * 64),
    }
    rows = []
    for name, shape in batches.items():
        row: dict[str, object] = {"batch": name}
        forms = {"layers": layers, "kernels": kernels, "roofline": roofline}
        for form, own in forms.items():
            row[f"{form} ms"] = round(1e3 * float(own.seconds(shape)), 2)
        rows.append(row)
    keep(
        "step_time_tables",
        "Llama-3.1-8B on RTX PRO 6000: measured layers beside measured kernels and a roofline",
        rows,
        layers="measured by LLMServingSim's profiler under vLLM 0.19",
        kernels="measured one by one, aiconfigurator-core",
        **machine("aiconfigurator-core"),
    )


def speed(profiles: Path | None) -> None:
    """Measure evaluations of native forms: the same batch again, and batches at random."""
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    mixture = Deployment(LanguageModel.named("qwen3-30b-a3b"), Gpu.named("h200"))
    forms: dict[str, StepTime] = {
        "roofline, dense": Roofline(deployment),
        "roofline, experts": Roofline(mixture),
        "corrections": Corrections.published().on(deployment),
    }
    if find_spec("aiconfigurator_core") is not None:
        forms["measured kernels"] = KernelTables.of(deployment)
    if profiles is not None:
        forms["measured layers"] = LayerTables.read(profiles / "RTXPRO6000" / "profile", 32)
    rng, n = np.random.default_rng(0), 20_000
    same = np.tile(Shape.of([(512, 0)], [1000] * 60).rows(), (n, 1))
    tokens, decodes = rng.integers(1, 4000, n), rng.integers(1, 256, n)
    contexts = rng.integers(1, 8000, n)
    random = np.zeros((n, 10))
    random[:, :5] = np.stack(
        [tokens, np.ones(n), 0 * n + np.zeros(n), tokens * (tokens + 1) / 2, decodes], axis=1
    )
    random[:, 5:8] = np.stack([decodes * contexts, 2 * contexts, decodes + 1], axis=1)
    rows = []
    for name, own in forms.items():
        native, row = own.native(), {"form": name}
        assert native is not None
        for kind, shapes in (("same batch", same), ("random batches", random)):
            row[f"{kind}, ns"] = round(min(_ns(native, shapes.ravel(), n) for _ in range(15)))
        rows.append(row)
    keep("step_time_speed", "Nanoseconds of one native evaluation, best of 15", rows, **machine())


def _ns(native: object, shapes: np.ndarray, n: int) -> float:
    begin = time.perf_counter()
    native.seconds(shapes)  # type: ignore[attr-defined]
    return (time.perf_counter() - begin) / n * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profiles", type=Path, help="folder of <GPU>/profile with layer tables")
    arguments = parser.parse_args()
    against_real_runs()
    if arguments.profiles is not None:
        kernels_beside_layers(arguments.profiles)
    speed(arguments.profiles)


if __name__ == "__main__":
    main()
