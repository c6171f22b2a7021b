"""`headway usage`: what was used of a gateway, and what it cost."""

from __future__ import annotations

import json
import time

import click

from headway.cli import table
from headway.cli.accounts import instant_s, opened, store_options
from headway.cli.source import epilog


@click.command(
    name="usage",
    short_help="Tell what was used of a gateway, and what it cost.",
    epilog=epilog("headway usage --since 7d --by tenant --by day --format csv"),
)
@click.option("--tenant", help="Whose; all by default.")
@click.option("--since", metavar="TIME", help="A date (UTC), or before now as in 7d.")
@click.option("--until", metavar="TIME", help="A date (UTC), or before now as in 1d.")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(["model", "tenant", "key", "day", "hour"]),
    default=("tenant",),
    show_default=True,
    help="What to sum by; may be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@store_options
def command(
    tenant: str | None,
    since: str | None,
    until: str | None,
    by: tuple[str, ...],
    form: str,
    store: str,
    fleet: str | None,
) -> None:
    """Sum what was used, by hours, and what it cost in the currency of the prices.

    Days begin at midnight UTC. Requests that are under way are not in it.
    """
    from headway.serving.gateway.accounts.usage import usage
    from headway.show.table import comma_separated

    now_s = time.time()
    with opened(store, fleet) as place:
        rows = usage(
            place.database,
            by,
            tenant=tenant,
            since_s=None if since is None else instant_s(since, now_s, -1),
            until_s=None if until is None else instant_s(until, now_s, -1),
        )
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
    elif not rows:
        click.echo("" if form == "csv" else "nothing was used", nl=form != "csv")
    elif form == "csv":
        click.echo(comma_separated(rows), nl=False)
    else:
        table.echo(rows)
