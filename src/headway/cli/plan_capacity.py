"""`headway plan-capacity`: the cheapest fleet that keeps the promises."""

from __future__ import annotations

from typing import Literal

import click

from headway import files
from headway.cli import table
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.show.figure import suffix_of


@click.command(
    name="plan-capacity",
    short_help="Find the cheapest fleet of LLM engines for an SLO.",
    epilog=epilog("headway plan-capacity fleet.yaml --slo ttft_s=1 --share 0.99"),
)
@click.argument("file", type=click.Path())
@click.option("--trace", metavar="FILE|NAME", help="Recorded traffic instead of the file's own.")
@click.option(
    "--slo",
    "limits",
    multiple=True,
    metavar="LIMIT=SECONDS",
    help="Promise in place of those of the classes: ttft_s, tpot_s, max_gap_s, latency_s. May be"
    " repeated, or parted by commas.",
)
@click.option("--share", default=0.99, show_default=True, help="Of requests that must keep it.")
@click.option("-p", "--policy", "policies", multiple=True, help="Router; all of the file's.")
@click.option("--held-out", default=0.5, show_default=True, help="Share of requests for the test.")
@click.option(
    "--stripes",
    default=10,
    show_default=True,
    help="Pieces of the traffic, of each of which that share is held out; 1: the end of it all.",
)
@click.option("--load", default=1.0, show_default=True, help="Times the traffic.")
@click.option("--seed", default=0, show_default=True, help="The luck.")
@click.option("-w", "--workers", default=1, show_default=True, help="Processes.")
@click.option("--ray", is_flag=True, help="On a Ray cluster instead.")
@click.option("--plot", type=click.Path(), help="Draw attainment over cost (.png, .svg, .pdf).")
@click.option("--report", type=click.Path(), help="Write a page (.html).")
@click.option("--json", "as_json", is_flag=True, help="The plan as one JSON object.")
def command(
    file: str,
    trace: str | None,
    limits: tuple[str, ...],
    share: float,
    policies: tuple[str, ...],
    held_out: float,
    stripes: int,
    load: float,
    seed: int,
    workers: int,
    ray: bool,  # noqa: FBT001 - click passes options by name
    plot: str | None,
    report: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Search for the cheapest counts of engines, and the router, that keep the promises.

    Fleets of each size are simulated with a part of the traffic; what is found then meets the part
    held out, as it is, with one engine down, and with half as much traffic again.
    """
    from headway.serving.fleet.experiment import FleetExperiment
    from headway.serving.fleet.planning import Slo, plan

    check_outputs(plot, report, source=file)
    if plot is not None:
        suffix_of(plot)
    slo = Slo(share, _limits(limits))
    fleet = FleetExperiment.read(file)
    if trace is not None:
        fleet = fleet.replaying(trace)
    many: int | Literal["ray"] = "ray" if ray else workers
    found = plan(
        fleet.at_load(load),
        slo,
        policies=policies,
        seed=seed,
        held_out=held_out,
        stripes=stripes,
        workers=many,
    )
    if plot is not None:
        found.pareto().save(plot)
    if report is not None:
        files.write_text(report, found.report())
    if as_json:
        click.echo(found.to_json())
        return
    click.echo(found.text() + "\n")
    table.echo(found.rows)


def _limits(texts: tuple[str, ...]) -> dict[str, float]:
    limits = {}
    for text in ",".join(texts).split(",") if texts else ():
        name, _, value = text.strip().partition("=")
        try:
            limits[name] = float(value)
        except ValueError:
            raise ConfigError(f"--slo: expected LIMIT=SECONDS, got {text!r}") from None
    return limits
