"""The root command: what Headway can do, and what happens when something is wrong."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from headway.errors import HeadwayError, UnknownNameError

COMMANDS = (
    "solve",
    "simulate",
    "compare",
    "fleet",
    "keys",
    "usage",
    "serve",
    "engine",
    "plan-capacity",
    "replay",
    "reschedule",
    "discover",
    "train",
    "verify",
    "show",
    "instances",
    "trace",
    "convert",
    "generate",
    "calibrate",
    "bench",
)
"""Each is a module of this package, with _ for -, holding a ``command``; loaded when used."""

BAD_INPUT = 2
"""Exit status for input that is refused."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells expect."""

HELP = """Decide which work gets which scarce resource, when, and prove that the plan is sound.

\b
headway solve ft10                       a classical instance, to the proven optimum
headway solve plan.xlsx --gantt plan.png your own spreadsheet, drawn
headway compare floor.yaml -p SPT -p ATC dispatching rules in an uncertain shop
headway compare engine.yaml --loads 1,2  batching policies of an LLM engine under load
headway plan-capacity fleet.yaml         the cheapest engines that keep your promises
headway serve fleet.yaml                 the same policies live, before real engines
headway instances list 'ta*'             what is there to try
"""


class _Lazy(click.Group):
    """A group whose commands are imported only when one of them runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            raise UnknownNameError("command", cmd_name, COMMANDS)
        module = importlib.import_module(f"headway.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(
    cls=_Lazy, no_args_is_help=True, help=HELP, context_settings={"max_content_width": 100}
)
@click.version_option(package_name="headway", message="headway %(version)s")
def cli() -> None:
    """Do nothing; the sub-commands do the work."""


def main(args: list[str] | None = None) -> None:
    """Run the command line; every refusal is one line on standard error and exit status 2."""
    try:
        with _ending_politely():
            status = cli.main(args=args, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = 0
    except click.ClickException as error:
        _refuse(error.format_message())
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        status = INTERRUPTED
    except HeadwayError as error:
        _refuse(str(error))
        status = BAD_INPUT
    except OSError as error:
        _refuse(f"cannot write: {error.strerror or error}")
        status = BAD_INPUT
    sys.exit(status)


@contextmanager
def _ending_politely() -> Iterator[None]:
    """Treat a request to end like Ctrl-C, so that the best schedule so far is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen to signals
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse(message: str) -> None:
    click.echo(f"headway: {' '.join(message.split())}", err=True)
