"""`headway generate`: random instances of any family, from a seed."""

from __future__ import annotations

from functools import partial

import click

from headway.cli.source import check_outputs, epilog
from headway.errors import UnknownNameError
from headway.formats import write
from headway.instances.random import RANDOM_FAMILIES, Parameter, RandomFamily


class _Families(click.Group):
    """One command per random family, its options read off the generator."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(RANDOM_FAMILIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002
        if cmd_name not in RANDOM_FAMILIES:
            raise UnknownNameError("random family", cmd_name, RANDOM_FAMILIES)
        return _command(RANDOM_FAMILIES[cmd_name])


@click.group(
    cls=_Families,
    name="generate",
    short_help="Draw a random instance of a family.",
    no_args_is_help=True,
    epilog=epilog("headway generate jobshop --jobs 20 --machines 5 --seed 1 --out random.json"),
)
def command() -> None:
    """Draw a random instance of a family; the same options give the same instance."""


def _command(family: RandomFamily) -> click.Command:
    options: list[click.Parameter] = [_option(parameter) for parameter in family.parameters]
    options.append(
        click.Option(
            ["-o", "--out"],
            type=click.Path(),
            help="File to write; the suffix tells the format. JSON on the screen if none.",
        )
    )
    options.append(
        click.Option(
            ["--to", "to_format"],
            metavar="NAME",
            help="Format to write, if the suffix does not tell.",
        )
    )
    return click.Command(
        family.name,
        params=options,
        callback=partial(_generate, family),
        help=family.summary,
        short_help=family.summary,
        epilog=epilog(f"headway generate {family.name} --seed 1 --out random.json"),
    )


def _option(parameter: Parameter) -> click.Option:
    flag = parameter.name.replace("_", "-")
    switch = parameter.kind is bool
    return click.Option(
        [f"--{flag}/--no-{flag}" if switch else f"--{flag}", parameter.name],
        type=parameter.kind,
        default=parameter.default,
        show_default=True,
        help=parameter.description,
    )


def _generate(
    family: RandomFamily, *, out: str | None, to_format: str | None, **parameters: object
) -> None:
    check_outputs(out, folders=True)
    problem = family(**parameters)
    if out is None:
        click.echo(problem.to_json(), nl=False)
    else:
        write(problem, out, format=to_format)
        click.echo(problem.summary(), err=True)
