"""`headway serve`: the policies of a fleet, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headway.cli.source import epilog
from headway.errors import MissingExtraError

if TYPE_CHECKING:
    from headway.serving.gateway.admin.access import Access
    from headway.serving.gateway.site import Site


@click.command(
    name="serve",
    short_help="Serve the OpenAI API with the engines of a fleet.",
    epilog=epilog("headway serve fleet.yaml"),
)
@click.argument("file", type=click.Path())
def command(file: str) -> None:
    """Stand before the engines of a fleet and answer clients of the OpenAI API.

    The router that `headway simulate` tried is the one that decides. Where engines are and what the
    gateway may do is said under `serve` in the file; engines without an address are simulated.
    """
    try:
        from headway.serving.gateway.serve import admin_access, serve
        from headway.serving.gateway.simulated import SimulatedEngines
        from headway.serving.gateway.site import Site
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is missing: pip install 'headway[serve]'") from None
    site = Site.read(file)
    access = admin_access(site) if site.serve.admin is not None else None
    with SimulatedEngines(site) as engines:
        addresses = engines.start()
        serve(site, addresses, lambda host, port: _ready(site, host, port, access), access)


def _ready(site: Site, host: str, port: int, access: Access | None) -> None:
    scheme = "https" if site.serve.tls else "http"
    told = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{told}:{port}"
    n, simulated = len(site.members), site.addresses.count(None)
    count = f"{n} engine{'s'[: n != 1]}"
    if simulated:
        count += " (simulated)" if simulated == n else f" ({simulated} simulated)"
    click.echo(f"{site.file.name}: {count}, {site.policies[0]}, ready at {url}")
    if access is not None:
        # Behind the hash, a token is sent to nobody.
        token = f"#token={access.made}" if access.made is not None else ""
        click.echo(f"page at http://{site.serve.admin}/ui{token}")
        click.echo(f"metrics at http://{site.serve.admin}/metrics")
    model = next((group.model for group in site.file.engines if group.model), "MODEL")
    click.echo("try:")
    click.echo(f"  curl {url}/v1/chat/completions -H 'content-type: application/json' \\")
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "hello"}}]}}'
    click.echo(f"    -d '{body}'")
