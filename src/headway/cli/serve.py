"""`headway serve`: the policies of a fleet, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headway.cli.source import epilog
from headway.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
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
    gateway may do is said under `serve` in the file.
    """
    try:
        from headway.serving.gateway.serve import serve
        from headway.serving.gateway.site import Site
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is missing: pip install 'headway[serve]'") from None
    site = Site.read(file)
    addresses = [one for one in site.addresses if one is not None]
    if len(addresses) < len(site.addresses):
        raise ConfigError(f"{file}: serve.engines: some of the fleet's kinds have no addresses")
    serve(site, addresses, lambda host, port: _ready(site, host, port))


def _ready(site: Site, host: str, port: int) -> None:
    scheme = "https" if site.serve.tls else "http"
    told = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{told}:{port}"
    n = len(site.members)
    click.echo(f"{site.file.name}: {n} engine{'s'[: n != 1]}, ready at {url}")
    click.echo(f"  curl {url}/v1/models")
