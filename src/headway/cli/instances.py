"""`headway instances`: the classical instances and what is known about them."""

from __future__ import annotations

import click
import msgspec

from headway.cli.source import epilog
from headway.instances import InstanceInfo, Instances, citation, find
from headway.instances import instances as catalogue


@click.group(
    name="instances",
    short_help="List the classical instances, or tell about one.",
    epilog=epilog("headway instances list 'ta*' --open"),
)
def command() -> None:
    """Show which classical instances there are and what is known about their optima."""


@command.command(name="list", epilog=epilog("headway instances list 'ta*' 'dmu4?'"))
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option("--kind", help="Only this class, as in 'job shop'.")
@click.option("--open", "only_open", is_flag=True, help="Only those whose optimum is not known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per instance.")
def list_command(
    patterns: tuple[str, ...],
    kind: str | None,
    only_open: bool,  # noqa: FBT001 - click passes options by name
    as_json: bool,  # noqa: FBT001
) -> None:
    """List instances by name or family; PATTERN may contain * and ?."""
    found = catalogue(*patterns, kind=kind, status="open" if only_open else None)
    if as_json:
        for row in found:
            click.echo(msgspec.json.encode(_document(row)).decode())
        return
    if not found:
        click.echo(f"no instance fits {' '.join(patterns) or 'that'}", err=True)
        return
    click.echo(found.table())
    click.echo(_count(found), err=True)


@command.command(name="info", epilog=epilog("headway instances info ft10"))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def info_command(name: str, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Tell size, source, licence and best-known bounds of the instance NAME."""
    row = find(name)
    if as_json:
        click.echo(msgspec.json.encode(_document(row)).decode())
        return
    family, best = row.family, row.best
    lines = [
        ("name", row.name),
        ("kind", str(row.kind)),
        ("size", f"{row.n_jobs} jobs, {row.n_machines} machines, {row.n_tasks} tasks"),
        ("status", row.status),
        ("lower bound", _bound(best.lower, best.lower_source, best.lower_date)),
        ("upper bound", _bound(best.upper, best.upper_source, best.upper_date)),
        ("published by", f"{family.authors} ({family.year}). {family.reference}"),
        ("text from", f"{family.address} ({family.licence})"),
        ("here it is", str(row.access)),
    ]
    for label, text in lines:
        click.echo(f"{label:<13} {text}")


def _bound(value: int | None, source: str, date: str) -> str:
    return "unknown" if value is None else f"{value}, recorded {date}: {citation(source)}"


def _count(found: Instances) -> str:
    solved = sum(row.status == "optimal" for row in found)
    return f"{len(found)} instances, {solved} with a known optimum"


def _document(row: InstanceInfo) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": str(row.kind),
        "family": row.family.name,
        "jobs": row.n_jobs,
        "machines": row.n_machines,
        "tasks": row.n_tasks,
        "lower_bound": row.lower,
        "upper_bound": row.upper,
        "status": row.status,
        "access": str(row.access),
        "reference": row.family.reference,
        "licence": row.family.licence,
    }
