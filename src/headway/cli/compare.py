"""`headway compare`: policies side by side in one scenario, with the same luck."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import click
import msgspec

from headway import files
from headway.cli import table
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.formats.source import plural
from headway.show.figure import suffix_of
from headway.show.table import rounded
from headway.simulate import (
    Experiment,
    Run,
    Runs,
    Sweep,
    compare,
    open_experiment,
    replaying,
    saturate,
    sweep,
)
from headway.simulate.experiment import Loaded


@click.command(
    name="compare",
    short_help="Compare policies in a scenario.",
    epilog=epilog("headway compare floor.yaml -p FIFO -p SPT -p ATC --seeds 6"),
)
@click.argument("scenario", type=click.Path())
@click.option("-p", "--policy", "policies", multiple=True, help="May be repeated; all by default.")
@click.option("-s", "--seeds", default=5, show_default=True, help="Runs of each policy.")
@click.option(
    "--trace",
    metavar="FILE|NAME",
    help="Recorded traffic to meet instead of the scenario's own, where it has any.",
)
@click.option("--loads", help="How many times as fast work arrives, as in '0.5, 1, 2'.")
@click.option("--baseline", help="Compare the others with this one; the first by default.")
@click.option("-w", "--workers", default="1", show_default=True, help="Processes, or 'ray'.")
@click.option("-m", "--measures", help="Columns, parted by commas, or 'all'.")
@click.option("--json", "as_json", is_flag=True, help="Means and differences as one JSON object.")
@click.option("-o", "--out", type=click.Path(), help="Write every run (.csv) or the table (.md).")
@click.option("--plot", type=click.Path(), help="Draw the first measure over load (.png, .svg).")
@click.option(
    "--max-goodput",
    "saturating",
    is_flag=True,
    help="Instead, how much load each policy takes until a tenth of the work misses its limits.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the table.")
def command(
    scenario: str,
    policies: tuple[str, ...],
    seeds: int,
    trace: str | None,
    loads: str | None,
    baseline: str | None,
    workers: str,
    measures: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    out: str | None,
    plot: str | None,
    saturating: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> None:
    """Let several policies meet the scenario in a file, each with the same seeds.

    The table gives means over seeds, the best policy first, and the paired difference to the
    baseline with its 95 % confidence interval; at several loads, for each of them.
    """
    check_outputs(out, plot, source=scenario)
    if out is not None and Path(out).suffix.lower() not in (".csv", ".md"):
        raise ConfigError(f"{out}: --out writes .csv or .md")
    if plot is not None:
        suffix_of(plot)
    experiment = open_experiment(scenario)
    if trace is not None:
        experiment = replaying(experiment, trace)
    if saturating:
        _saturate(experiment, policies, _workers(workers), as_json=as_json)
        return
    chosen = _loads(loads, experiment)
    if plot is not None and not chosen:
        raise ConfigError(f"{plot}: --plot shows a measure over load; give several by --loads")
    meet: Callable[..., Runs | Sweep] = partial(sweep, loads=chosen) if chosen else compare
    found = meet(
        experiment,
        policies,
        seeds=seeds,
        baseline=baseline,
        workers=_workers(workers),
        on_run=None if quiet else _tell,
    )
    shown = _measures(measures, found)
    rows = found.rows(shown)
    if out is not None:
        text = found.to_csv() if out.lower().endswith(".csv") else found.to_markdown(shown) + "\n"
        files.write_text(out, text)
    if plot is not None:
        assert isinstance(found, Sweep)
        found.plot(None if shown is None else shown[0]).save(plot)
    if as_json:
        click.echo(found.to_json())
        return
    click.echo(f"{found.name}: {plural(len(found.runs), 'run')}\n")
    table.echo(rows)


def _saturate(
    experiment: Experiment,
    policies: tuple[str, ...],
    workers: int | Literal["ray"],
    *,
    as_json: bool,
) -> None:
    """Print how much load each policy takes, the most first."""
    found = saturate(experiment, policies, workers=workers)
    rows = [
        {
            "policy": policy,
            "load": rounded(most.scale, 3),
            "attainment": rounded(most.attainment, 3),
            "runs": len(most.tried),
        }
        for policy, most in sorted(found.items(), key=lambda item: -item[1].scale)
    ]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    click.echo(f"{experiment.name}: the largest load at which 90 % keep their limits\n")
    table.echo(rows)


def _loads(text: str | None, experiment: Experiment) -> tuple[float, ...]:
    """Return the loads asked for, or those of the scenario; none if it is to run as it is."""
    if text is None:
        given = experiment.loads if isinstance(experiment, Loaded) else ()
        return () if given == (1.0,) else given
    try:
        return tuple(float(load) for load in text.split(","))
    except ValueError:
        raise ConfigError(f"--loads: expected numbers parted by commas, got {text!r}") from None


def _measures(text: str | None, found: Runs | Sweep) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text.strip() == "all":
        return found.measures
    return tuple(name.strip() for name in text.split(","))


def _tell(run: Run, number: int, total: int) -> None:
    figures = ", ".join(f"{name} {value:.5g}" for name, value in list(run.measures.items())[:3])
    who = run.policy if run.load is None else f"{run.policy} load {run.load:g}"
    line = f"[{number}/{total}] {who} seed {run.seed}: {figures}, {run.time_s:.2f} s"
    click.echo(line, err=True)


def _workers(value: str) -> int | Literal["ray"]:
    if value == "ray":
        return "ray"
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor 'ray'.") from None
