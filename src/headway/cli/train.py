"""`headway train`: a linear rule trained by its recipe, and what it achieves."""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import replace
from typing import Self

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

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
    with _listener(recipe.steps * runs, as_json=as_json, quiet=quiet) as listen:
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


class _Listener:
    """Hears of every step; a context manager around the training. This one shows nothing."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __call__(self, step: Step) -> None:
        """Take note of a step."""


class _PlainLines(_Listener):
    """Lines on standard error: every improvement, and a sign of life now and then."""

    _printed_s = 0.0

    def __call__(self, step: Step) -> None:
        """Print the step if there is something to say."""
        now = time.perf_counter()
        if step.improved or now - self._printed_s >= _LINES_EVERY_S:
            self._printed_s = now
            click.echo(_line(step, self.steps), err=True)


class _JsonLines(_Listener):
    """One JSON object per improvement on standard output."""

    def __call__(self, step: Step) -> None:
        """Print the step if validation has improved."""
        if step.improved:
            event = {
                "event": "improvement",
                "step": step.number,
                "cost": step.cost,
                "validation": step.validation,
            }
            click.echo(msgspec.json.encode(event).decode())


class _LiveLine(_Listener):
    """One line on a terminal."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self._last: Step | None = None
        self._live = Live(
            get_renderable=self._render,
            console=Console(stderr=True),
            refresh_per_second=8,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def __call__(self, step: Step) -> None:
        """Remember the step for the next refresh."""
        self._last = step

    def _render(self) -> Text:
        text = "drawing the validation set (Ctrl-C stops)"
        if self._last is not None:
            text = _line(self._last, self.steps)
        return Text(text, no_wrap=True, overflow="ellipsis")


def _listener(steps: int, *, as_json: bool, quiet: bool) -> _Listener:
    if as_json:
        return _JsonLines(steps)
    if quiet:
        return _Listener(steps)
    clever = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return _LiveLine(steps) if clever else _PlainLines(steps)


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
