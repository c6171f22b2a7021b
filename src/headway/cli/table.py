"""Tables on standard output: drawn on a terminal, Markdown in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from headway.show.table import Row, cell, markdown


def echo(rows: Sequence[Row]) -> None:
    """Print rows with the same keys."""
    if not sys.stdout.isatty():
        click.echo(markdown(rows))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for key in rows[0]:
        numbers = all(row[key] is None or isinstance(row[key], int | float) for row in rows)
        drawn.add_column(Text(key), justify="right" if numbers else "left")
    for row in rows:
        drawn.add_row(*(Text(cell(value)) for value in row.values()))
    Console().print(drawn)
