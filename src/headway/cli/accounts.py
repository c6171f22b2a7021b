"""Options and readings that the commands on accounts of a gateway share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headway.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from headway.serving.gateway.accounts import AccountsSection
    from headway.serving.gateway.accounts.store import Store

_F = TypeVar("_F", bound=Callable[..., Any])

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def store_options(command: _F) -> _F:
    """Add ``--store`` and ``--fleet``."""
    store = click.option(
        "--store",
        default="headway.db",
        envvar="HEADWAY_STORE",
        show_default=True,
        metavar="PATH|URL",
        help="SQLite file, or postgresql://...; also HEADWAY_STORE in the environment.",
    )
    fleet = click.option(
        "--fleet",
        type=click.Path(),
        metavar="FILE",
        help="A fleet's file, whose serve.accounts says where the store is, instead.",
    )
    return store(fleet(command))


def pepper_option(command: _F) -> _F:
    """Add ``--pepper-env``."""
    option = click.option(
        "--pepper-env",
        metavar="NAME",
        help="Variable of the environment with the secret under which keys are hashed.",
    )
    return option(command)


@contextmanager
def opened(url: str, fleet: str | None) -> Iterator[Store]:
    """Open the store at an address, or that of a fleet, for a while."""
    from headway.serving.gateway.accounts.opening import address
    from headway.serving.gateway.accounts.store import Store

    if fleet is not None:
        url = address(_section(fleet), Path(fleet).parent)
    store = Store.at(url)
    try:
        yield store
    finally:
        store.close()


def pepper(name: str | None, fleet: str | None) -> bytes:
    """Return the secret in a variable of the environment, or that of a fleet; empty without."""
    from headway.serving.gateway.accounts import opening

    if name is None:
        return b"" if fleet is None else opening.pepper(_section(fleet))
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"--pepper-env: the environment has no variable {name!r}")
    return value.encode()


def _section(fleet: str) -> AccountsSection:
    from headway.serving.fleet.document import FleetFile
    from headway.simulate.document import document, record

    try:
        from headway.serving.gateway.document import serve_section
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is missing: pip install 'headway[serve]'") from None
    try:
        found = serve_section(record(document(fleet), FleetFile, "a fleet")).accounts
    except ConfigError as error:
        raise ConfigError(f"{fleet}: {error}") from None
    if found is None:
        raise ConfigError(f"{fleet}: serve: has no section accounts")
    return found


def span_s(text: str) -> int:
    """Return a length of time such as ``90d``, ``12h``, ``30m`` or ``2w`` in seconds."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if found is None:
        raise ConfigError(f"expected a time such as 90d, 12h or 30m, got {text!r}")
    return int(found[1]) * _UNITS[found[2]]


def instant_s(text: str, now_s: float, sign: int) -> float:
    """Return a date (UTC), or a length of time before or after now, in seconds since 1970."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return now_s + sign * span_s(text)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
