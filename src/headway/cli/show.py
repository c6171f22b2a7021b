"""`headway show`: a problem in words, a schedule as a picture."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from headway.cli.source import check_outputs, epilog, load, problem_source, read_schedule
from headway.errors import ConfigError
from headway.model import Problem, verify
from headway.solve import shape


@click.command(
    name="show",
    short_help="Describe a problem, or draw a schedule of it.",
    epilog=epilog("headway show ft10 plan.json --out plan.html"),
)
@problem_source
@click.argument("schedule", type=click.Path(), required=False)
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="Picture (.png, .svg, .pdf), report (.html), trace (.json).",
)
@click.option(
    "--by", type=click.Choice(["machine", "job"]), default="machine", help="Rows of the chart."
)
@click.option("--profile", is_flag=True, help="Draw resource profiles instead of a Gantt chart.")
def command(
    source: str,
    format_name: str | None,
    objective: str | None,
    schedule: str | None,
    out: str | None,
    by: str,
    profile: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Describe a problem; with a SCHEDULE (JSON, CSV or Excel), print or draw it."""
    check_outputs(out, source=source)
    problem = load(source, format=format_name, objective=objective)
    if schedule is None:
        if out is not None:
            raise ConfigError("--out draws a schedule: give one after the problem")
        click.echo(describe(problem))
        return
    plan = read_schedule(problem, schedule)
    report = verify(problem, plan)
    if not report.ok:
        click.echo(f"headway: the schedule does not hold: {report[0].message}", err=True)
    if out is None:
        click.echo(describe(problem))
        for name, value in plan.measures().items():
            click.echo(f"  {name:<22} {value}")
        path = " → ".join(problem.task_label(task) for task in plan.critical_path)
        click.echo(f"  critical path          {path}")
        return
    from headway import show

    if profile:
        show.profile(plan).save(out)
    elif Path(out).suffix.lower() in (".html", ".json"):
        show.save(plan, out)
    else:
        title = None if report.ok else f"{problem.name} (does not hold)"
        show.gantt(plan, by=by, title=title).save(out)  # type: ignore[arg-type]


def describe(problem: Problem) -> str:
    """Return a few lines on what a problem contains."""
    modes = problem.modes
    durations = modes.duration if len(modes) else np.zeros(1, dtype=np.int64)
    shortest, longest, mean = durations.min(), durations.max(), durations.mean()
    lines = [
        problem.summary(),
        f"  family                 {shape(problem)}",
        f"  relations              {len(problem.relations)}",
        f"  durations              {shortest} to {longest}, mean {mean:.1f}",
        f"  fingerprint            {problem.fingerprint[:16]}",
    ]
    return "\n".join(lines)
