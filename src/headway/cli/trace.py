"""`headway trace`: what is in a trace of LLM requests, and traces in Headway's own format."""

from __future__ import annotations

import click
import msgspec

from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.formats.source import plural
from headway.serving.workload import (
    FORMATS,
    RECORDINGS,
    TRACES,
    Workload,
    WorkloadSummary,
    obtain,
    synthetic,
    write_workload,
)
from headway.show.clock import Clock
from headway.show.figure import suffix_of
from headway.simulate.document import document

_MS = 1000.0
_SHORT_S = 60.0


@click.group(
    name="trace",
    short_help="Tell what is in a trace of LLM requests.",
    epilog=epilog("headway trace info azure-conv --plot azure.png"),
)
def command() -> None:
    """Look at traces of LLM requests: files in the formats of public traces, or traces by name."""


@command.command(
    name="info", epilog=epilog("headway trace info requests.jsonl --plot requests.png")
)
@click.argument("source", metavar="FILE|NAME")
@click.option("--format", "form", metavar="NAME", help=f"One of {', '.join(FORMATS)}.")
@click.option("--spread", "spread_s", type=float, help="Put each request into so many seconds.")
@click.option("--seed", default=0, show_default=True, help="The luck of --spread.")
@click.option("--plot", type=click.Path(), help="Draw it: .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def info_command(
    source: str,
    form: str | None,
    spread_s: float | None,
    seed: int,
    plot: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Tell how fast requests come, how long they are and what they share."""
    check_outputs(plot, source=source)
    if plot is not None:
        suffix_of(plot)
    found = _load(source, form, spread_s, seed)
    if plot is not None:
        found.chart().save(plot)
    told = found.summary()
    click.echo(msgspec.json.encode(told.document()).decode() if as_json else _text(told))


@command.command(
    name="convert", epilog=epilog("headway trace convert conversation_trace.jsonl out.jsonl.gz")
)
@click.argument("source", metavar="FILE|NAME")
@click.argument("target", metavar="OUT", type=click.Path())
@click.option("--format", "form", metavar="NAME", help=f"One of {', '.join(FORMATS)}.")
@click.option("--spread", "spread_s", type=float, help="Put each request into so many seconds.")
@click.option("--seed", default=0, show_default=True, help="The luck of --spread.")
def convert_command(
    source: str, target: str, form: str | None, spread_s: float | None, seed: int
) -> None:
    """Write a trace in Headway's own format: JSON lines, compressed if OUT ends in .gz."""
    check_outputs(target, source=source)
    found = _load(source, form, spread_s, seed)
    write_workload(found, target)
    click.echo(f"{target}: {len(found):,} requests", err=True)


@command.command(name="make", epilog=epilog("headway trace make traffic.yaml out.jsonl.gz"))
@click.argument("description", metavar="FILE", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option("--seed", type=int, help="Replaces the seed in the description.")
def make_command(description: str, target: str, seed: int | None) -> None:
    """Draw traffic from a description in YAML, and write it in Headway's own format."""
    check_outputs(target, source=description)
    content = document(description)
    if isinstance(content, dict) and set(content) == {"synthetic"}:
        content = content["synthetic"]
    if not isinstance(content, dict | list):
        raise ConfigError(f"{description}: expected a description of traffic: keys and values")
    if seed is not None and seed < 0:
        raise ConfigError(f"--seed: expected a number from 0 on, got {seed}")
    try:
        found = synthetic(content, seed=seed)
    except ConfigError as error:
        raise ConfigError(f"{description}: {error}") from None
    write_workload(found, target)
    click.echo(f"{target}: {len(found):,} requests", err=True)


@command.command(name="list", epilog=epilog("headway trace list"))
def list_command() -> None:
    """List the public traces known by name, and the formats that are read."""
    for title, names in (
        ("traces", [(name, path) for name, path in (*TRACES.items(), *RECORDINGS.items())]),
        ("formats", [(name, form.title) for name, form in FORMATS.items()]),
    ):
        width = max(len(name) for name, _ in names)
        click.echo(f"{title}:")
        for name, what in names:
            click.echo(f"  {name:<{width}}  {what}")


def _load(source: str, form: str | None, spread_s: float | None, seed: int) -> Workload:
    """Return the workload in a file, or the public trace of that name."""
    if seed < 0:
        raise ConfigError(f"--seed: expected a number from 0 on, got {seed}")
    found = obtain(source, format=form)
    return found if spread_s is None else found.spread(spread_s, seed)


def _text(told: WorkloadSummary) -> str:
    noun = "request" if told.n == 1 else "requests"
    lines = [f"{told.name}: {told.n:,} {noun}{_span(told)}", ""]
    lines += _lengths(told)
    rows = list(_facts(told))
    width = max((len(label) for label, _ in rows), default=0)
    if rows:
        lines += ["", *(f"{label:<{width}}  {text}" for label, text in rows)]
    return "\n".join(lines)


def _span(told: WorkloadSummary) -> str:
    if told.rate_per_s is None:
        return ", all at once"
    if told.span_s < _SHORT_S:
        return f" in {told.span_s:.3g} s"
    return f" in {Clock.of(1 / _MS, told.span_s * _MS).show(round(told.span_s) * _MS)}"


def _lengths(told: WorkloadSummary) -> list[str]:
    head: tuple[str, ...] = ("tokens", "mean", "p50", "p90", "p99", "max", "total", "per second")
    table = [head]
    for what, lengths in (("prompt", told.prompt), ("output", told.output)):
        if lengths is not None:
            values = (
                lengths.mean, lengths.p50, lengths.p90, lengths.p99, lengths.max, lengths.total,
            )  # fmt: skip
            rate = "–" if lengths.per_s is None else f"{lengths.per_s:,.0f}"
            table.append((what, *(f"{value:,.0f}" for value in values), rate))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]


def _facts(told: WorkloadSummary) -> list[tuple[str, str]]:
    facts = []
    if told.rate_per_s is not None:
        gaps = f", gaps vary {told.gap_cv:.2f} times their mean (1: Poisson)"
        facts.append(("arrivals", f"{told.rate_per_s:.3g} per second{gaps}"))
    if told.limited:
        facts.append(("limits", f"{told.limited:.1%} of the requests ask for at most so much"))
    sessions, requests = told.sessions
    if sessions:
        each = f"{requests / sessions:.3g} requests in the mean"
        facts.append(("sessions", f"{plural(sessions, 'session')}, {each}"))
    for number, kind in enumerate(told.classes):
        lengths = f"prompt {kind.prompt_mean:,.0f}, output {kind.output_mean:,.0f} tokens"
        text = f"{kind.name}: {plural(kind.n, 'request')}, {lengths}"
        facts.append(("" if number else "classes", text))
    if told.adapters:
        used = sum(told.adapters.values())
        facts.append(("adapters", f"{len(told.adapters):,}, used by {plural(used, 'request')}"))
    if told.sharing is not None:
        shared = told.sharing
        counted = f"{shared.blocks:,} blocks of {shared.block_tokens} tokens"
        facts.append(("content", f"{counted}, {shared.distinct:,} of them distinct"))
        found = f"{shared.share:.2%} of the blocks, by {shared.requests:.1%} of the requests"
        facts.append(("sharing", f"a prefix cache that never forgets finds {found}"))
    return facts
