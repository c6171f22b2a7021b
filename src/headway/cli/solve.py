"""`headway solve`: the best schedule of a problem, with proof and picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import click
import msgspec

from headway import files
from headway.cli import live
from headway.cli.source import check_outputs, epilog, load, problem_source, read_schedule
from headway.errors import ConfigError
from headway.model import Schedule
from headway.show.figure import suffix_of
from headway.solve import Result, solve, solvers

SCHEDULE_SUFFIXES = ("", ".json", ".csv", ".xlsx")
"""What --out can write; JSON where nothing is said, as for /dev/stdout."""

NO_SCHEDULE = 1
"""Exit status when the input was fine but no schedule exists or was found."""


@click.command(
    name="solve",
    short_help="Find the best schedule and prove how good it is.",
    epilog=epilog("headway solve ft10 --time-limit 30 --gantt ft10.png"),
)
@problem_source
@click.option(
    "-t", "--time-limit", default=60.0, show_default=True, help="Seconds; 0 for no limit."
)
@click.option(
    "-w",
    "--workers",
    callback=lambda _ctx, _param, value: _workers(value),
    help="Threads, all cores by default; 'ray' for all nodes of a Ray cluster.",
)
@click.option("--gap", default=0.0, show_default=True, help="Relative gap at which to stop.")
@click.option("--seed", default=0, show_default=True, help="Seed of all random choices.")
@click.option(
    "-m", "--method", default="auto", show_default=True, help="Solver; see --list-methods."
)
@click.option("--warm-start", type=click.Path(), help="Schedule (JSON, CSV, Excel) to start from.")
@click.option("-o", "--out", type=click.Path(), help="Write the schedule: .json, .csv or .xlsx.")
@click.option("--gantt", type=click.Path(), help="Draw a Gantt chart: .png, .svg or .pdf.")
@click.option(
    "--by", type=click.Choice(["machine", "job"]), default="machine", help="Rows of --gantt."
)
@click.option("--report", type=click.Path(), help="Write an HTML report.")
@click.option("--perfetto", type=click.Path(), help="Write a Perfetto trace (.json).")
@click.option("--progress", type=click.Path(), help="Draw incumbent and bound over time.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per line; the last is the result."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
@click.option(
    "--list-methods",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, wanted: _list_methods(ctx) if wanted else None,
    help="List the methods and stop.",
)
def command(
    source: str,
    format_name: str | None,
    objective: str | None,
    time_limit: float,
    workers: int | Literal["ray"] | None,
    gap: float,
    seed: int,
    method: str,
    warm_start: str | None,
    out: str | None,
    gantt: str | None,
    by: str,
    report: str | None,
    perfetto: str | None,
    progress: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    quiet: bool,  # noqa: FBT001
) -> int:
    """Find the best schedule of FILE or of the classical instance NAME, and prove how good it is.

    Exit status: 0 with a schedule, 1 without (infeasible, or none found in time), 2 for bad input.
    Ctrl-C ends the search and keeps the best schedule so far.
    """
    check_outputs(out, gantt, report, perfetto, progress, source=source)
    if out is not None and Path(out).suffix.lower() not in SCHEDULE_SUFFIXES:
        raise ConfigError(f"{out}: --out writes .json, .csv or .xlsx; a picture is --gantt")
    for picture in (gantt, progress):
        if picture is not None:
            suffix_of(picture)
    problem = load(source, format=format_name, objective=objective)
    start = None if warm_start is None else read_schedule(problem, warm_start)
    with live.listener(live.SOLVING, json=as_json, quiet=quiet) as listen:
        result = solve(
            problem,
            time_limit=time_limit or math.inf,
            workers=workers,
            gap=gap,
            seed=seed,
            method=method,
            warm_start=start,
            on_improvement=listen,
        )
    try:
        if result.schedule is not None:
            _write_schedule(result.schedule, out)
            _draw(result.schedule, gantt, by, perfetto)
        if report is not None or progress is not None:
            _explain(result, report, progress)
    finally:  # a picture that cannot be drawn does not take the answer with it
        _tell(result, as_json=as_json, quiet=quiet)
    return 0 if result.schedule is not None else NO_SCHEDULE


def _workers(value: str | None) -> int | Literal["ray"] | None:
    if value is None or value == "ray":
        return value  # type: ignore[return-value]
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor 'ray'.") from None


def _list_methods(ctx: click.Context) -> None:
    for name in solvers():
        click.echo(name)
    ctx.exit()


def _write_schedule(schedule: Schedule, path: str | None) -> None:
    if path is None:
        return
    if Path(path).suffix.lower() in (".csv", ".xlsx"):
        from headway.formats import write_schedule

        write_schedule(schedule, path)
    else:
        schedule.save(path)


def _draw(schedule: Schedule, gantt: str | None, by: str, perfetto: str | None) -> None:
    if gantt is not None:
        from headway import show

        show.gantt(schedule, by=by).save(gantt)  # type: ignore[arg-type]
    if perfetto is not None:
        from headway.show import trace_json

        files.write_text(perfetto, trace_json(schedule))


def _explain(result: Result, report: str | None, progress: str | None) -> None:
    from headway import show

    if report is not None:
        files.write_text(report, show.report(result))
    if progress is not None:
        show.progress(result).save(progress)


def _tell(result: Result, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(_summary(result)).decode())
        return
    click.echo(str(result))
    if result.schedule is not None and result.reason and not quiet:
        click.echo(f"  {result.reason}", err=True)


def _summary(result: Result) -> dict[str, object]:
    summary: dict[str, object] = {
        "instance": result.problem.name,
        "status": str(result.status),
        "objective": live.scalar(result.objective),
        "bound": live.scalar(result.bound),
        "gap": result.gap,
        "time_s": round(result.time_s, 3),
        "method": result.method,
        "verified": result.verified,
        "reason": result.reason,
    }
    if result.conflict:
        summary["conflict"] = list(result.conflict)
    return summary
