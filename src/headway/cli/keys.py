"""`headway keys`: who may use a gateway."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import click

from headway.cli import table
from headway.cli.accounts import instant_s, opened, pepper, pepper_option, span_s, store_options
from headway.cli.source import epilog


@click.group(
    name="keys",
    short_help="Make, list, replace and revoke API keys of a gateway.",
    no_args_is_help=True,
    epilog=epilog("headway keys create --tenant acme --budget-per-month 500"),
)
def command() -> None:
    """Decide who may use a gateway; one that runs hears of it within seconds."""


@command.command(name="create", epilog=epilog("headway keys create --tenant acme --expires 90d"))
@click.option("--tenant", required=True, help="Whose it is.")
@click.option("--label", default="", help="For people.")
@click.option("--expires", metavar="TIME", help="A date (UTC), or from now as in 90d.")
@click.option("--requests-per-min", type=float)
@click.option("--tokens-per-min", type=float, help="Prompts and answers.")
@click.option("--budget-per-day", type=float, help="In the currency of the prices.")
@click.option("--budget-per-month", type=float)
@click.option("--in-flight", type=int, help="Most requests at once.")
@click.option("--model", "models", multiple=True, help="The only ones allowed; may be repeated.")
@click.option("--most-urgent", type=int, help="Priority; smaller is more urgent.")
@click.option("--least-urgent", type=int)
@pepper_option
@store_options
def create(
    tenant: str,
    label: str,
    expires: str | None,
    store: str,
    fleet: str | None,
    pepper_env: str | None,
    **bounds: Any,
) -> None:
    """Make a key, and print it: it is not kept, and cannot be shown again.

    Limits are those of the key, within those of its tenant.
    """
    from headway.serving.gateway.accounts import administration
    from headway.serving.gateway.accounts.bounds import Bounds

    now_s = int(time.time())
    with opened(store, fleet) as place:
        key = administration.create(
            place,
            tenant,
            now_s=now_s,
            bounds=Bounds(**bounds),
            label=label,
            expires_s=None if expires is None else int(instant_s(expires, now_s, 1)),
            pepper=pepper(pepper_env, fleet),
        )
    click.echo(key)


@command.command(name="list", epilog=epilog("headway keys list --tenant acme"))
@click.option("--tenant", help="Whose; all by default.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@store_options
def list_(tenant: str | None, store: str, fleet: str | None, *, as_json: bool) -> None:
    """Show what is known of keys: not the keys themselves."""
    import msgspec

    with opened(store, fleet) as place:
        keys = [one for one in place.key_records() if tenant in (None, one.tenant)]
    now_s = time.time()
    rows = [
        {
            "id": one.id,
            "tenant": one.tenant,
            "label": one.label,
            "state": "works" if one.ends_s() > now_s else "revoked" if one.revoked_s else "expired",
            "created": _date(one.created_s),
            "expires": _date(one.expires_s),
            "limits": msgspec.to_builtins(one.bounds),
        }
        for one in keys
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
    elif not rows:
        click.echo("no keys")
    else:
        table.echo([{**row, "limits": _limits(row["limits"])} for row in rows])


@command.command(name="rotate", epilog=epilog("headway keys rotate 0aZ81bcD2e --grace 24h"))
@click.argument("id")
@click.option("--grace", metavar="TIME", help="For how long the old one still works, as in 24h.")
@pepper_option
@store_options
def rotate(
    id: str,  # noqa: A002
    grace: str | None,
    store: str,
    fleet: str | None,
    pepper_env: str | None,
) -> None:
    """Make a key in place of the one with this ID, with its limits and what is left of them."""
    from headway.serving.gateway.accounts import administration

    with opened(store, fleet) as place:
        key = administration.rotate(
            place,
            id,
            now_s=int(time.time()),
            grace_s=0 if grace is None else span_s(grace),
            pepper=pepper(pepper_env, fleet),
        )
    click.echo(key)


@command.command(name="revoke", epilog=epilog("headway keys revoke 0aZ81bcD2e"))
@click.argument("id")
@store_options
def revoke(id: str, store: str, fleet: str | None) -> None:  # noqa: A002
    """Have the key with this ID refused from now on."""
    from headway.serving.gateway.accounts import administration

    with opened(store, fleet) as place:
        administration.revoke(place, id, now_s=int(time.time()))
    click.echo(f"{id} is refused from now on")


def _date(at_s: int | None) -> str | None:
    return None if at_s is None else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M}"


def _limits(limits: dict[str, object]) -> str | None:
    return ", ".join(f"{key}={value}" for key, value in limits.items()) or None
