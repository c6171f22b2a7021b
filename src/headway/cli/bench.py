"""`headway bench`: our methods and other libraries side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from headway import bench
from headway.cli.source import epilog
from headway.errors import ConfigError

INTERRUPTED = 130
"""Exit status after Ctrl-C; the tables of what is done are written all the same."""

DEFAULT = ("auto", "plain-cpsat")
"""Who takes part if nobody is named: what is installed with the package."""


@click.command(
    name="bench",
    short_help="Run methods and other libraries side by side.",
    epilog=epilog("headway bench 'la0?' -m auto -m plain-cpsat -t 5 --out comparison"),
)
@click.argument("sources", nargs=-1, metavar="[FILE|NAME|PATTERN]...")
@click.option("--suite", "suite_name", help="A named suite of instances; see --list.")
@click.option("--only", multiple=True, help="Only this class of the suite; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="Most instances of a class, evenly spread.")
@click.option("-m", "--method", "methods", multiple=True, help="A contestant; may be repeated.")
@click.option("-t", "--time-limit", type=float, help="Seconds per run; 60 if nothing is said.")
@click.option("-w", "--workers", default=1, show_default=True, help="Threads and cores per run.")
@click.option("-s", "--seeds", type=click.IntRange(1), help="Runs with different seeds.")
@click.option("--objective", metavar="TEXT", help="Minimise this instead.")
@click.option("-o", "--out", type=click.Path(), help="Folder of runs and tables; continued.")
@click.option("--plots/--no-plots", default=True, help="Draw gaps over time into --out.")
@click.option(
    "--apart/--together",
    default=True,
    show_default=True,
    help="A process of its own for each run, kept to its cores.",
)
@click.option("--retry", is_flag=True, help="Make runs without a value again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per run, then the tables.")
@click.option("-q", "--quiet", is_flag=True, help="Only the summary.")
@click.option(
    "--list",
    "wanted",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, wanted: _list(ctx) if wanted else None,
    help="List contestants and suites and stop.",
)
def command(
    sources: tuple[str, ...],
    suite_name: str | None,
    only: tuple[str, ...],
    limit: int | None,
    methods: tuple[str, ...],
    time_limit: float | None,
    workers: int,
    seeds: int | None,
    objective: str | None,
    out: str | None,
    plots: bool,  # noqa: FBT001 - click passes options by name
    apart: bool,  # noqa: FBT001
    retry: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> int:
    """Solve instances with several contestants, one after another, under the same limits.

    Every run is kept in --out as soon as it is over: the same command goes on where it stopped,
    and Ctrl-C loses one run only. With a name such as pyjobshop@10 a contestant gets ten times
    the time of the others.
    """
    title, plan = _plan(
        sources, suite_name, only, limit, methods, time_limit, workers, seeds, objective
    )
    folder = None if out is None else Path(out)
    campaign = bench.Campaign(plan, folder, apart=apart, retry=retry)
    status = 0
    try:
        campaign.run(_listener(as_json=as_json, quiet=quiet))
    except KeyboardInterrupt:
        status = INTERRUPTED
    report = bench.Report(campaign.outcome(), title)
    if folder is not None:
        for path in report.write(folder, plots=plots):
            if not quiet:
                click.echo(f"wrote {path}", err=True)
    click.echo(report.json() if as_json else report.summary(), nl=not as_json)
    return status


def _plan(
    sources: tuple[str, ...],
    suite_name: str | None,
    only: tuple[str, ...],
    limit: int | None,
    methods: tuple[str, ...],
    time_limit: float | None,
    workers: int,
    seeds: int | None,
    objective: str | None,
) -> tuple[str, bench.Plan]:
    """Return a title and the plan that the options describe."""
    if bool(sources) == bool(suite_name):
        raise ConfigError("expected instances to solve, or --suite NAME")
    if suite_name is None and (only or limit is not None):
        raise ConfigError("--only and --limit choose from a suite; there is none")
    if suite_name is not None and objective is not None:
        raise ConfigError("--objective: a suite has its own objectives")
    several: dict[str, int] = {}
    if suite_name is None:
        title, usual = "Side by side", 60.0
        found = bench.entries(sources, objective=objective)
    else:
        chosen = bench.suite(suite_name)
        title, usual = chosen.title, chosen.time_limit_s
        found, several = chosen.entries(only=only, limit=limit)
    return title, bench.Plan(
        entries=found,
        contestants=[bench.contestant(name) for name in methods or DEFAULT],
        time_limit_s=usual if time_limit is None else time_limit,
        workers=workers,
        seeds=seeds or 1,
        seeds_of=several if seeds is None else {},
    )


def _line(event: bench.Event) -> None:
    """Print a line for a run that is over."""
    record, best = event.record, event.entry.upper
    known = record.value is not None and best
    gap = f"{100 * (record.value / best - 1):+.2f} %" if known else ""  # type: ignore[operator]
    value, bound = ("-" if v is None else str(v) for v in (record.value, record.bound))
    click.echo(
        f"[{event.number}/{event.total}] {record.instance:<14} {record.contestant:<16}"
        f" seed {record.seed}  value {value:>8} {gap:>9}  bound {bound:>8}  {record.time_s:7.1f} s"
        f"{'' if event.fresh else '  (done before)'}{f'  {record.note}' if record.note else ''}",
        err=True,
    )


def _json_line(event: bench.Event) -> None:
    click.echo(msgspec.json.encode(event.record).decode())


def _listener(*, as_json: bool, quiet: bool) -> Callable[[bench.Event], None] | None:
    if as_json:
        return _json_line
    return None if quiet else _line


def _list(ctx: click.Context) -> None:
    click.echo("contestants:")
    for name in bench.contestants():
        click.echo(f"  {name}")
    click.echo("suites:")
    for name, found in bench.suites().items():
        click.echo(f"  {name:<14} {found.title}: {', '.join(found.classes)}")
    ctx.exit()
