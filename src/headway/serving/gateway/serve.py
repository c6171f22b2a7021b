"""The process that serves: it listens until it is told to stop, then lets answers end."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable, Coroutine, Sequence

from headway.errors import ConfigError
from headway.serving.gateway.accounts import open_accounts
from headway.serving.gateway.document import Tls
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.site import Site
from headway.serving.traffic import key

Ready = Callable[[str, int], None]
"""Hears where the gateway listens."""


def serve(site: Site, addresses: Sequence[Address], ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT comes.

    Parameters
    ----------
    site
        What the gateway stands before.
    addresses
        Of all engines, those of simulated ones included.
    ready
        Called once, as soon as clients may come.

    Raises
    ------
    ConfigError
        If the address is taken, or certificates cannot be read.
    StoreError
        If the store of accounts cannot be used, or another gateway uses it.
    """
    run(_serve(site, addresses, ready))


def run(job: Coroutine[None, None, None]) -> None:
    """Run a coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        asyncio.run(job)
    else:
        uvloop.run(job)


async def _serve(site: Site, addresses: Sequence[Address], ready: Ready) -> None:
    if site.serve.accounts is None:
        await _listen(Gateway(site, addresses), ready)
        return
    file, home = site.file, site.path.parent
    with key("serve.accounts"):
        accounts = open_accounts(site.serve.accounts, file.tenants, file.prices, home=home)
    try:
        await _listen(Gateway(site, addresses, accounts=accounts), ready)
    finally:
        await accounts.close()


async def _listen(gateway: Gateway, ready: Ready) -> None:
    serve = gateway.site.serve
    host, port = host_and_port(serve.listen, "serve.listen")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        host, port = await gateway.start(host, port, tls=_context(serve.tls, gateway.site))
    except OSError as error:
        raise ConfigError(f"serve.listen: {serve.listen}: {error.strerror or error}") from None
    ready(host, port)
    await stop.wait()
    await gateway.stop(serve.grace_s)


def host_and_port(address: str, what: str) -> tuple[str, int]:
    """Return the parts of an address such as ``127.0.0.1:8000`` or ``[::1]:8000``.

    Raises
    ------
    ConfigError
        If it is none; the message begins with `what`.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or not 0 <= int(port) < 65_536:
        raise ConfigError(f"{what}: expected host and port, as in 127.0.0.1:8000, got {address!r}")
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104


def _context(tls: Tls | None, site: Site) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    home = site.path.parent
    try:
        context.load_cert_chain(home / tls.certificate, home / tls.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"serve.tls: {error}") from None
    return context
