"""`headway convert`: from one file format to another."""

from __future__ import annotations

import click

from headway.cli.source import check_outputs, epilog, load, problem_source
from headway.formats import find_format, formats, write


@click.command(
    name="convert",
    short_help="Write a problem in another format.",
    epilog=epilog("headway convert ta01 --out ta01.json"),
)
@problem_source
@click.option(
    "-o", "--out", type=click.Path(), help="File to write; the suffix tells the format if it can."
)
@click.option(
    "--to", "to_format", metavar="NAME", help="Format to write, if the suffix does not tell."
)
@click.option(
    "--list-formats",
    is_flag=True,
    help="List the formats and stop.",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, wanted: _list(ctx) if wanted else None,
)
def command(
    source: str,
    format_name: str | None,
    objective: str | None,
    out: str | None,
    to_format: str | None,
) -> None:
    """Write the problem in FILE, or the instance NAME, in another format.

    A problem that the format cannot express is refused, naming what does not fit.
    """
    if out is None:
        raise click.UsageError("say where to write with --out")
    if to_format is not None:
        find_format(to_format)
    check_outputs(out, source=source, folders=True)
    problem = load(source, format=format_name, objective=objective)
    write(problem, out, format=to_format)


def _list(ctx: click.Context) -> None:
    for name in formats():
        click.echo(f"{name:<20} {find_format(name).description}")
    ctx.exit()
