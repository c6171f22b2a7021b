"""`headway fleet`: descriptions of fleets, explained."""

from __future__ import annotations

import click

from headway.cli.source import epilog


@click.group(
    name="fleet",
    short_help="Check and explain fleets of LLM engines.",
    no_args_is_help=True,
    epilog=epilog("headway fleet check fleet.yaml"),
)
def command() -> None:
    """Look at the description of a fleet; `headway simulate` and `compare` run it."""


@command.command(name="check", epilog=epilog("headway fleet check fleet.yaml"))
@click.argument("file", type=click.Path())
def check(file: str) -> None:
    """Explain a fleet: its engines, their memory, what it costs and who decides.

    What is wrong is refused with the path of the key, and exit status 2.
    """
    from headway.serving.fleet.experiment import FleetExperiment
    from headway.serving.fleet.explain import explain

    click.echo(explain(FleetExperiment.read(file)))
