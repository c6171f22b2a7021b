"""`headway compare`: policies side by side in one scenario, with the same luck."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from headway import files
from headway.cli import table
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.simulate import Run, Runs, compare


@click.command(
    name="compare",
    short_help="Compare policies in a scenario.",
    epilog=epilog("headway compare floor.yaml -p FIFO -p SPT -p ATC --seeds 6"),
)
@click.argument("scenario", type=click.Path())
@click.option("-p", "--policy", "policies", multiple=True, help="May be repeated; all by default.")
@click.option("-s", "--seeds", default=5, show_default=True, help="Runs of each policy.")
@click.option("--baseline", help="Compare the others with this one; the first by default.")
@click.option("-w", "--workers", default="1", show_default=True, help="Processes, or 'ray'.")
@click.option("-m", "--measures", help="Columns, parted by commas, or 'all'.")
@click.option("--json", "as_json", is_flag=True, help="Means and differences as one JSON object.")
@click.option("-o", "--out", type=click.Path(), help="Write every run (.csv) or the table (.md).")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the table.")
def command(
    scenario: str,
    policies: tuple[str, ...],
    seeds: int,
    baseline: str | None,
    workers: str,
    measures: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    out: str | None,
    quiet: bool,  # noqa: FBT001
) -> None:
    """Let several policies meet the scenario in a file, each with the same seeds.

    The table gives means over seeds, the best policy first, and the paired difference to the
    baseline with its 95 % confidence interval.
    """
    check_outputs(out, source=scenario)
    if out is not None and Path(out).suffix.lower() not in (".csv", ".md"):
        raise ConfigError(f"{out}: --out writes .csv or .md")
    runs = compare(
        scenario,
        policies,
        seeds=seeds,
        baseline=baseline,
        workers=_workers(workers),
        on_run=None if quiet else _tell,
    )
    shown = _measures(measures, runs)
    rows = runs.rows(shown)
    if out is not None:
        text = runs.to_csv() if out.lower().endswith(".csv") else runs.to_markdown(shown) + "\n"
        files.write_text(out, text)
    if as_json:
        click.echo(runs.to_json())
        return
    click.echo(f"{runs.name}: {len(runs.runs)} runs\n")
    table.echo(rows)


def _measures(text: str | None, runs: Runs) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text.strip() == "all":
        return runs.measures
    return tuple(name.strip() for name in text.split(","))


def _tell(run: Run, number: int, total: int) -> None:
    figures = ", ".join(f"{name} {value:.5g}" for name, value in list(run.measures.items())[:3])
    line = f"[{number}/{total}] {run.policy} seed {run.seed}: {figures}, {run.time_s:.2f} s"
    click.echo(line, err=True)


def _workers(value: str) -> int | Literal["ray"]:
    if value == "ray":
        return "ray"
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor 'ray'.") from None
