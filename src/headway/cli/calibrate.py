"""`headway calibrate`: a step time fitted to measured steps, and how far it is from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headway.cli import table
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError

if TYPE_CHECKING:
    from headway.serving.hardware import Deployment
    from headway.serving.models import LanguageModel
    from headway.serving.step_time import Errors, Fitted, Samples

FORMS = ("linear", "roofline", "corrections")
"""Forms that can be fitted: weights of the batch's sums, efficiencies of a roofline, weights of
quantities of first principles."""


@click.command(
    name="calibrate",
    short_help="Fit an LLM engine's step time to measured steps.",
    epilog=epilog("headway calibrate steps.csv -o step_time.json"),
)
@click.argument("samples", metavar="STEPS.csv", type=click.Path())
@click.option("-f", "--form", type=click.Choice(FORMS), default="linear", show_default=True)
@click.option("--model", metavar="NAME|CONFIG", help="What ran: a known model or a config.json.")
@click.option("--gpu", metavar="NAME", help="What it ran on.")
@click.option("--tp", default=1, show_default=True, help="GPUs that shared each layer.")
@click.option("--pp", default=1, show_default=True, help="Stages of a pipeline over layers.")
@click.option("--dtype", help="Number format of weights; as published by default.")
@click.option("--measure", is_flag=True, help="Measure --model with torch; writes STEPS.csv.")
@click.option("--device", help="Of torch; by default a GPU if there is one.")
@click.option("--tokens", default=2048, show_default=True, help="Most tokens of a prefill to try.")
@click.option("--context", default=8192, show_default=True, help="Longest context to try.")
@click.option("--decodes", default=128, show_default=True, help="Most decodes to try.")
@click.option("-o", "--out", type=click.Path(), help="Write the fitted step time (JSON).")
@click.option("--json", "as_json", is_flag=True, help="Step time and errors as one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress while measuring.")
def command(
    samples: str,
    form: str,
    model: str | None,
    gpu: str | None,
    tp: int,
    pp: int,
    dtype: str | None,
    measure: bool,  # noqa: FBT001 - click passes options by name
    device: str | None,
    tokens: int,
    context: int,
    decodes: int,
    out: str | None,
    as_json: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> None:
    """Fit a step time to the steps in a CSV file, and tell its errors.

    Every row of STEPS.csv is a step: its seconds, and its batch, either as segments (columns
    prefills_qc such as "512:0 64:2048", decodes_c such as "100 300") or as sums (prefill_tokens,
    prefills, prefill_context, prefill_pairs, decodes, decode_context, ...). Columns model, gpu, tp,
    pp, dtype say what ran it; group is a label.

    Errors are told in sample, by five-fold cross-validation, and with each model, GPU or group left
    out in turn.
    """
    from headway.serving.step_time import Samples, to_document

    if measure:
        check_outputs(out, samples)
    else:
        check_outputs(out, source=samples)
    if measure:
        limits = {"tokens": tokens, "context": context, "decodes": decodes}
        _measure(samples, model, device, dtype, limits, None if quiet else _tell)
    deployment = _deployment(model, gpu, tp, pp, dtype)
    steps = Samples.read(samples, deployment=deployment)
    fit = _fits()[form]
    fitted = fit(steps)
    errors = _errors(fit, fitted, steps)
    document: dict[str, Any] = {}
    if out is not None or as_json:
        one = fitted.on(deployment or _only(steps, form))
        told = {name: asdict(own) for name, own in errors.items()}
        document = {**to_document(one), "errors": told}
    if out is not None:
        from headway import files

        files.write_text(out, json.dumps(document, indent=2) + "\n")
    if as_json:
        click.echo(json.dumps(document))
        return
    click.echo(f"{_said(fitted)}\n")
    table.echo([{"errors": name, **_row(own)} for name, own in errors.items()])


def _fits() -> dict[str, Callable[[Samples], Fitted]]:
    from headway.serving.step_time import Affine, Corrections, fit_efficiency

    return {"linear": Affine.fit, "roofline": fit_efficiency, "corrections": Corrections.fit}


def _measure(
    path: str,
    model: str | None,
    device: str | None,
    dtype: str | None,
    limits: dict[str, int],
    tell: Callable[[int, int], None] | None,
) -> None:
    from headway.serving.step_time.measure import batches_to_try, measured, write_steps
    from headway.serving.step_time.torch_model import TorchModel

    if model is None:
        raise ConfigError("--measure: say which --model, a name or a config.json")
    batches = batches_to_try(**limits)
    run = TorchModel(_model(model), device=device, dtype=dtype or "bfloat16").run
    steps = []
    for number, step in enumerate(measured(run, batches), start=1):
        steps.append(step)
        if tell is not None:
            tell(number, len(batches))
    write_steps(path, steps)


def _tell(number: int, total: int) -> None:
    if number % 10 == 0 or number == total:
        click.echo(f"measured {number} of {total} batches", err=True)


def _model(text: str) -> LanguageModel:
    from headway.serving.models import LanguageModel

    return LanguageModel.read(text) if Path(text).exists() else LanguageModel.named(text)


def _deployment(
    model: str | None, gpu: str | None, tp: int, pp: int, dtype: str | None
) -> Deployment | None:
    from headway.serving.hardware import Deployment, Gpu

    if model is None or gpu is None:
        return None
    return Deployment(_model(model), Gpu.named(gpu), tp, pp, dtype=dtype)


def _only(samples: Samples, form: str) -> Deployment | None:
    found = [deployment for deployment, _ in samples.by_deployment()]
    if form != "linear" and len(found) > 1:
        raise ConfigError(f"steps of {len(found)} deployments: say --model and --gpu of one")
    return found[0]


def _errors(
    fit: Callable[[Samples], Fitted], fitted: Fitted, samples: Samples
) -> dict[str, Errors]:
    """Return the errors in sample, in each group, and out of sample."""
    from headway.serving.step_time import Errors, Report, cross_predicted, predicted

    report = Report.of(predicted(fitted, samples), samples)
    errors = {"in sample": report.errors}
    several = {name: labels for name, labels in report.groups.items() if len(labels) > 1}
    for name, labels in several.items():
        errors |= {f"in sample, {name} {label}": own for label, own in labels.items()}
    if len(samples) > 1:
        folded = cross_predicted(fit, samples)
        errors["five-fold"] = Errors.of(folded, samples.seconds)
    for name in several:
        left_out = cross_predicted(fit, samples, by=name)
        errors[f"one {name} left out"] = Errors.of(left_out, samples.seconds)
    return errors


def _row(errors: Errors) -> dict[str, int | float]:
    shares = {"MAPE %": errors.mape, "median %": errors.median, "p90 %": errors.p90}
    shares["bias %"] = errors.bias
    return {"steps": errors.n, **{name: round(100 * own, 2) for name, own in shares.items()}}


def _said(fitted: Fitted) -> str:
    """Return what was found, in one line."""
    from headway.serving.step_time import Affine, Corrections
    from headway.serving.step_time.corrections import BASES

    if isinstance(fitted, Affine):
        parts = {"constant": fitted.constant_s, **fitted.per}
        return "seconds: " + ", ".join(f"{name} {value:.4g}" for name, value in parts.items())
    if isinstance(fitted, Corrections):
        pairs = zip(BASES, fitted.weights, strict=True)
        return "weights: " + ", ".join(f"{name} {value:.4g}" for name, value in pairs)
    return "efficiency: " + ", ".join(
        f"{name} {value:.4g}"
        for name, value in asdict(fitted).items()  # type: ignore[call-overload]
    )
