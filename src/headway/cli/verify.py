"""`headway verify`: whether a schedule holds, and how good it is."""

from __future__ import annotations

import click
import msgspec

from headway.cli.live import scalar
from headway.cli.source import epilog, load, problem_source, read_schedule
from headway.model import verify
from headway.solve.result import show

VIOLATED = 1
"""Exit status for a schedule that does not hold."""


@click.command(
    name="verify",
    short_help="Check a schedule against its problem.",
    epilog=epilog("headway verify ft10 plan.json"),
)
@problem_source
@click.argument("schedule", type=click.Path())
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Violations to print.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all violations.")
def command(
    source: str,
    format_name: str | None,
    objective: str | None,
    schedule: str,
    limit: int,
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> int:
    """Check a SCHEDULE (JSON, CSV or Excel) of a problem, independently of whatever made it.

    Exit status: 0 if it holds, 1 if it does not, 2 for bad input.
    """
    problem = load(source, format=format_name, objective=objective)
    plan = read_schedule(problem, schedule)
    report = verify(problem, plan)
    if as_json:
        document = {
            "instance": problem.name,
            "valid": report.ok,
            "objective": scalar(plan.objective_values),
            "violations": [
                {
                    "kind": str(violation.kind),
                    "tasks": [problem.task_label(task) for task in violation.tasks],
                    "where": violation.where,
                    "amount": violation.amount,
                    "message": violation.message,
                }
                for violation in report
            ],
        }
        click.echo(msgspec.json.encode(document).decode())
    elif report.ok:
        click.echo(f"{problem.name}: valid, {problem.objective} = {show(plan.objective_values)}")
    else:
        click.echo(f"{problem.name}: {len(report)} violations")
        for violation in report[:limit]:
            click.echo(f"  {violation.kind}: {violation.message}")
        if len(report) > limit:
            click.echo(f"  and {len(report) - limit} more")
    return 0 if report.ok else VIOLATED
