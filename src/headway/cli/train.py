"""`headway train`: a linear rule trained by its recipe, and what it achieves."""

from __future__ import annotations

import math
from dataclasses import replace

import click
import msgspec

from headway.cli import live
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.learn.evolution import Step
from headway.learn.recipe import find, recipes, train
from headway.learn.rule_file import LinearRule
from headway.show.table import markdown

_LINES_EVERY_S = 5.0


@click.command(
    name="train",
    short_help="Train a linear dispatching rule.",
    epilog=epilog("headway train jobshop-makespan --time-limit 120 --out rule.json"),
)
@click.argument("recipe_name", metavar="RECIPE", required=False)
@click.option("-t", "--time-limit", default=0.0, help="Seconds of training; no limit by default.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps in all; as the recipe by default.")
@click.option("--seed", default=0, show_default=True, help="Seed of all random choices.")
@click.option(
    "--runs",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Trainings with seeds from --seed on; validation keeps the best.",
)
@click.option(
    "-w",
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Processes that share the work; the rule does not depend on them.",
)
@click.option("-o", "--out", type=click.Path(), help="Write the rule to a JSON file.")
@click.option("--table/--no-table", default=True, help="Measure the rule on classical instances.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
def command(
    recipe_name: str | None,
    time_limit: float,
    steps: int | None,
    seed: int,
    runs: int,
    workers: int,
    out: str | None,
    table: bool,  # noqa: FBT001 - click passes options by name
    as_json: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> int:
    """Train a linear rule, print its weights and measure it on instances it has never seen.

    Without RECIPE, list the recipes. The same seed and steps give the same rule. Ctrl-C ends the
    training and keeps the best rule so far.
    """
    if recipe_name is None:
        for name in recipes():
            click.echo(f"{name}  {find(name).summary}")
        return 0
    recipe = find(recipe_name)
    if steps is not None:
        recipe = recipe.shortened(steps)
    if not (time_limit >= 0 and seed >= 0):
        raise ConfigError("--time-limit and --seed are from 0 up")
    check_outputs(out)
    with live.listener(_words(recipe.steps * runs), json=as_json, quiet=quiet) as listen:
        rule = train(
            recipe,
            seed=seed,
            runs=runs,
            workers=workers,
            time_limit_s=time_limit or math.inf,
            on_step=listen,
        )
    if out is not None:
        rule.save(out)  # so that it is there even if measuring is cut short
    if table:
        rule = replace(rule, measured=tuple(recipe.measure(rule)))
        if out is not None:
            rule.save(out)
    _tell(rule, as_json=as_json)
    return 0


def _words(steps: int) -> live.Words[Step]:
    """Return how steps are told: improvements, and a sign of life now and then."""
    return live.Words(
        waiting="drawing the validation set",
        line=lambda step, _elapsed_s: _line(step, steps),
        matters=lambda step, quiet_s: step.improved or quiet_s >= _LINES_EVERY_S,
        event=_event,
    )


def _event(step: Step) -> dict[str, object] | None:
    """Return what machines are told of a step, None unless validation has improved."""
    if not step.improved:
        return None
    return {
        "event": "improvement",
        "step": step.number,
        "cost": step.cost,
        "validation": step.validation,
    }


def _line(step: Step, steps: int) -> str:
    return (
        f"step {step.number} of {steps}  cost of trials {step.cost:.4f}"
        f"  least validation cost {step.validation:.4f}"
    )


def _tell(rule: LinearRule, *, as_json: bool) -> None:
    """Print the rule and its table."""
    if as_json:
        result = {"event": "result", **msgspec.json.decode(rule.to_json())}
        click.echo(msgspec.json.encode(result).decode())
        return
    for name, weight in zip(rule.features.names, rule.weights.tolist(), strict=True):
        click.echo(f"{weight:8.3f}  {name}")
    settings = ", ".join(f"{name} {value:.3g}" for name, value in rule.settings.items())
    click.echo(f"\n{settings}; {rule.recipe['steps']} steps")
    if rule.measured:
        click.echo(f"\n{markdown(rule.measured)}")
