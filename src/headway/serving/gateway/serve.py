"""The processes that serve: they listen until they are told to stop, then let answers end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from headway.errors import ConfigError
from headway.serving.gateway.accounts import Anonymous, LocalAccounts, open_accounts
from headway.serving.gateway.accounts.ledger_server import LedgerServer
from headway.serving.gateway.accounts.opening import bounds, pepper
from headway.serving.gateway.accounts.remote import RemoteAccounts
from headway.serving.gateway.accounts.ring import KeyRing
from headway.serving.gateway.admin.access import Access
from headway.serving.gateway.admin.bureau import Bureau, LocalBureau, NoBureau, RemoteBureau
from headway.serving.gateway.admin.desk import Desk
from headway.serving.gateway.admin.server import AdminServer
from headway.serving.gateway.board import Board
from headway.serving.gateway.document import Tls
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.sharing.opening import Common, channels
from headway.serving.gateway.site import Site
from headway.serving.gateway.workers import Lifeline, Supervisor
from headway.serving.traffic import key

Ready = Callable[[str, int], None]
"""Hears where the gateway listens."""

_MORE_S = 5.0
"""To end after the grace, before a process is killed."""


def serve(
    site: Site, addresses: Sequence[Address], ready: Ready, access: Access | None = None
) -> None:
    """Serve until SIGTERM or SIGINT comes.

    Parameters
    ----------
    site
        What the gateway stands before.
    addresses
        Of all engines, those of simulated ones included.
    ready
        Called once, as soon as clients may come.
    access
        Who may look after the gateway; as the file says by default, see `admin_access`.

    Raises
    ------
    ConfigError
        If the address is taken, or certificates cannot be read.
    StoreError
        If the store of accounts cannot be used, or another gateway uses it.
    """
    _context(site.serve.tls, site)  # what cannot be read is refused here
    if site.serve.admin is not None:
        access = access or admin_access(site)
    if site.serve.workers == 1:
        _run(_serve(site, addresses, ready, access))
        return
    if not hasattr(socket, "SO_REUSEPORT") or sys.platform == "win32":
        raise ConfigError("serve.workers: more than one needs ports that processes can share")
    with tempfile.TemporaryDirectory(prefix="headway-") as folder:
        _supervise(site, addresses, Path(folder), ready, access)


def admin_access(site: Site) -> Access:
    """Return who may look after a gateway.

    Raises
    ------
    ConfigError
        If a token is missing or too short, or other machines could come and none is configured.
    FormatError
        If the file of tokens cannot be read.
    """
    serve = site.serve
    assert serve.admin is not None
    file = serve.admin_token_file
    access = Access.of(serve.admin_token_env, None if file is None else site.path.parent / file)
    host, _ = host_and_port(serve.admin, "serve.admin")
    if access.made is not None and not _is_loopback(host):
        raise ConfigError(
            f"serve.admin: {serve.admin} can be reached from other machines: "
            "set admin_token_env or admin_token_file"
        )
    return access


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


@dataclass(frozen=True, slots=True)
class _Post:
    """What a worker is given.

    Its number, the board, its socket, what it has in common with others, and where the ledger is.
    """

    number: int
    board: Board
    sock: socket.socket
    common: Common
    ledger: Path | None = None


async def _serve(
    site: Site, addresses: Sequence[Address], ready: Ready, access: Access | None = None
) -> None:
    """Serve in this process alone."""
    sock = _bound(*host_and_port(site.serve.listen, "serve.listen"), shared=False)
    post = _Post(0, _board(site), sock, Common.new())
    await _work(site, addresses, post, lambda: ready(*_place(sock)), access=access)


def _supervise(
    site: Site,
    addresses: Sequence[Address],
    folder: Path,
    ready: Ready,
    access: Access | None,
) -> None:
    """Have several processes serve."""
    board, common = _board(site), Common.new(folder)
    listen = host_and_port(site.serve.listen, "serve.listen")
    # Bound and not listening, it keeps the port for those who come and go.
    with _bound(*listen, shared=True) as kept:
        host, port = _place(kept)
        ledger = folder / "ledger" if site.serve.accounts is not None else None
        supervisor = Supervisor(site.serve.grace_s + _MORE_S)
        if ledger is not None:
            supervisor.add("ledger", lambda life: _run(_keep_ledger(site, ledger, life)))
        for number in range(site.serve.workers):

            def work(life: Lifeline, number: int = number) -> None:
                sock = _bound(host, port, shared=True)
                post = _Post(number, board, sock, common, ledger)
                _run(_work(site, addresses, post, life.is_ready, life.parent))

            supervisor.add(f"worker {number}", work, partial(board.clear, number))
        if access is not None:

            def look_after(life: Lifeline) -> None:
                _run(_keep_admin(site, addresses, board, ledger, access, life))

            supervisor.add("admin", look_after)
        supervisor.run(lambda: ready(host, port))


async def _work(
    site: Site,
    addresses: Sequence[Address],
    post: _Post,
    ready: Callable[[], None],
    parent: int | None = None,
    access: Access | None = None,
) -> None:
    """Be a worker, and with `access` the admin app, too."""
    serve = site.serve
    stop = _told_to_stop(parent)
    accounts = await _accounts(site, post.ledger)
    ways = channels(
        serve.shared,
        post.common,
        post.board,
        post.number,
        [f"{one.name} {place}" for one, place in zip(site.members, addresses, strict=True)],
        time.monotonic,
        lambda seed: gateway.agree(seed),
    )
    gateway = Gateway(
        site,
        addresses,
        board=post.board,
        worker=post.number,
        accounts=accounts,
        channels=ways,
        seed=post.common.seed,
    )
    admin: AdminServer | None = None
    try:
        await gateway.start("", 0, sock=post.sock, tls=_context(serve.tls, site))
        if access is not None:
            bureau: Bureau = NoBureau()
            if isinstance(accounts, LocalAccounts):
                bureau = LocalBureau(accounts, time.monotonic)
            desk = Desk(site, gateway.engines, post.board, bureau, scaling=gateway.scaling)
            admin = await _open_admin(desk, access)
        ready()
        await stop.wait()
    finally:
        await gateway.stop(serve.grace_s)
        if admin is not None:
            await admin.stop()
        if not isinstance(accounts, Anonymous):
            await accounts.close()


def _board(site: Site) -> Board:
    joined = site.serve.shared.redis is not None
    return Board(site.serve.workers, len(site.members), joined=joined)


async def _open_admin(desk: Desk, access: Access) -> AdminServer:
    """Listen for operators; by HTTPS where clients do and other machines can come."""
    serve = desk.site.serve
    assert serve.admin is not None
    host, port = host_and_port(serve.admin, "serve.admin")
    tls = None if _is_loopback(host) else serve.tls
    admin = AdminServer(desk, access, tls, desk.site.path.parent)
    await admin.start(_bound(host, port, shared=False, what="serve.admin"))
    return admin


async def _keep_admin(
    site: Site,
    addresses: Sequence[Address],
    board: Board,
    ledger: Path | None,
    access: Access,
    life: Lifeline,
) -> None:
    """Be the process that operators talk to, beside several workers."""
    stop = _told_to_stop(life.parent)
    engines = site.live(addresses)
    bureau = NoBureau() if ledger is None else RemoteBureau(ledger)
    admin = await _open_admin(Desk(site, engines, board, bureau, asks=True), access)
    life.is_ready()
    await stop.wait()
    await admin.stop()
    for engine in engines:
        engine.pool.close()


async def _accounts(site: Site, ledger: Path | None) -> Anonymous | LocalAccounts | RemoteAccounts:
    section = site.serve.accounts
    if section is None:
        return Anonymous()
    if ledger is None:
        return _opened(site)
    ring = KeyRing(bounds(section, site.file.tenants), pepper(section))
    accounts = RemoteAccounts(ledger, ring, stops=section.on_store_failure == "stop")
    await accounts.start()
    return accounts


async def _keep_ledger(site: Site, path: Path, life: Lifeline) -> None:
    """Be the process that counts for all workers."""
    assert site.serve.accounts is not None
    stop = _told_to_stop(life.parent)
    accounts = _opened(site)
    server = LedgerServer(accounts, counts=site.serve.accounts.open_leases == "count")
    await server.start(path)
    life.is_ready()
    await stop.wait()
    await asyncio.sleep(site.serve.grace_s)
    await server.stop()
    await accounts.close()


def _opened(site: Site) -> LocalAccounts:
    file, section = site.file, site.serve.accounts
    assert section is not None
    with key("serve.accounts"):
        return open_accounts(section, file.tenants, file.prices, home=site.path.parent)


def _told_to_stop(parent: int | None) -> asyncio.Event:
    """Return what is set by a signal, or by the end of the process that has forked this one."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows raises KeyboardInterrupt instead
            loop.add_signal_handler(number, stop.set)
    if parent is not None:
        loop.add_reader(parent, stop.set)
        stop_reading = asyncio.ensure_future(stop.wait())
        stop_reading.add_done_callback(lambda _: loop.remove_reader(parent))
    return stop


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int, *, shared: bool, what: str = "serve.listen") -> socket.socket:
    """Return a socket at an address, which other processes may share."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        told = error.strerror or error
        raise ConfigError(f"{what}: {host}:{port}: {told}") from None
    sock.setblocking(False)  # noqa: FBT003 - there is no other way to say it
    return sock


def _place(sock: socket.socket) -> tuple[str, int]:
    host, port = sock.getsockname()[:2]
    return str(host), int(port)


def _context(tls: Tls | None, site: Site) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate, private = (site.path.parent / name for name in (tls.certificate, tls.key))
    for name, file in (("certificate", certificate), ("key", private)):
        if not file.is_file():
            raise ConfigError(f"serve.tls.{name}: there is no file {file}")
    try:
        context.load_cert_chain(certificate, private)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"serve.tls: {certificate}, {private}: {error}") from None
    return context


def _run(job: Coroutine[None, None, None]) -> None:
    """Run a coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        asyncio.run(job)
    else:
        uvloop.run(job)
