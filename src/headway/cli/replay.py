"""`headway replay`: recorded traffic, sent to an endpoint and measured."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Literal

import click

from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.show.figure import suffix_of

if TYPE_CHECKING:
    from headway.serving.replay import ReplayRun
    from headway.serving.workload import Workload


@click.command(
    name="replay",
    short_help="Send recorded traffic to an LLM endpoint and measure.",
    epilog=epilog("headway replay --trace azure.csv --url http://127.0.0.1:8000 --requests 1000"),
)
@click.option("--url", required=True, metavar="URL", help="Of the server: http://HOST:PORT.")
@click.option("--trace", metavar="FILE|NAME", help="The traffic.")
@click.option(
    "--beside",
    type=click.Path(),
    metavar="FILE",
    help="A fleet.yaml: its traffic, unless --trace says otherwise, is sent, and its first policy"
    " simulated, for a table of both.",
)
@click.option("-p", "--policy", help="Of the file, to simulate; its first one by default.")
@click.option("--model", help="That requests ask for; by default the first that the server lists.")
@click.option(
    "--api", type=click.Choice(["completions", "chat"]), default="completions", show_default=True
)
@click.option(
    "--prompts",
    type=click.Choice(["text", "ids"]),
    default="text",
    show_default=True,
    help="Words, or token ids, whose number is exact.",
)
@click.option("--token-bytes", default=4, show_default=True, help="Bytes of a word, with blank.")
@click.option("--any-length", is_flag=True, help="Let the model end answers (no ignore_eos).")
@click.option("--api-key-env", metavar="NAME", help="Variable that holds the API key.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="To send.")
@click.option("-n", "--requests", type=click.IntRange(1), help="Only so many from the first on.")
@click.option("--speed", default=1.0, show_default=True, help="Times the rate of arrivals.")
@click.option("--most", default=4096, show_default=True, help="Most requests under way.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds for an answer.")
@click.option("--seed", default=0, show_default=True, help="The luck, of drawn traffic.")
@click.option("--plot", type=click.Path(), help="Draw latencies (.png, .svg, .pdf).")
@click.option("-o", "--out", type=click.Path(), help="Write the requests as they were answered.")
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def command(
    url: str,
    trace: str | None,
    beside: str | None,
    policy: str | None,
    model: str | None,
    api: Literal["completions", "chat"],
    prompts: Literal["text", "ids"],
    token_bytes: int,
    any_length: bool,  # noqa: FBT001 - click passes options by name
    api_key_env: str | None,
    headers: tuple[str, ...],
    requests: int | None,
    speed: float,
    most: int,
    timeout: float,
    seed: int,
    plot: str | None,
    out: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Send each request of a trace at its time, whatever became of those before, and measure.

    The loop is open, as with real users: a slow server gets no fewer requests. Prompts have the
    lengths of the trace and share the prefixes that it says they share.
    """
    from headway.serving.replay import Endpoint, replay

    check_outputs(plot, out, source=trace or beside or "")
    if plot is not None:
        suffix_of(plot)
    traffic = _traffic(trace, beside, seed, requests)
    endpoint = Endpoint(
        url=url,
        model=model or _first_model(url, _key(api_key_env)),
        api=api,
        api_key=_key(api_key_env),
        headers=tuple(_header(text) for text in headers),
        exactly=not any_length,
        prompts=prompts,
        token_bytes=token_bytes,
    )
    found = asyncio.run(
        replay(traffic, endpoint, speed=speed, most_in_flight=most, timeout_s=timeout, news=_tell)
    )
    if plot is not None:
        found.latencies().save(plot)
    if out is not None:
        found.save(out)
    click.echo(found.to_json() if as_json else found.text(traffic.name))
    if beside is not None:
        _beside(beside, policy, traffic, speed, seed, found)


def _traffic(trace: str | None, beside: str | None, seed: int, requests: int | None) -> Workload:
    from headway.serving.fleet.experiment import FleetExperiment
    from headway.serving.workload import obtain

    if beside is not None:
        fleet = FleetExperiment.read(beside)
        found = (fleet if trace is None else fleet.replaying(trace)).source.workload(seed)
    elif trace is not None:
        found = obtain(trace)
    else:
        raise ConfigError("expected --trace or --beside, for there must be traffic")
    return found if requests is None else found.select(slice(requests))


def _beside(
    file: str, policy: str | None, traffic: Workload, speed: float, seed: int, found: ReplayRun
) -> None:
    from headway.serving.fleet.experiment import FleetExperiment
    from headway.serving.replay.beside import beside, engine_shares
    from headway.show.table import markdown

    fleet = FleetExperiment.read(file)
    met = traffic if speed == 1 else traffic.scaled(speed)
    chosen = fleet.policies()[0] if policy is None else policy
    run = fleet.simulation(chosen, seed, workload=met).run()
    shares = engine_shares(run, [member.name for member in run.members])
    click.echo(f"\n{chosen}, simulated beside measured:\n")
    click.echo(markdown(beside(run.measures, found, shares)))


def _tell(sent: int, answered: int, now_s: float) -> None:
    click.echo(f"  {now_s:6.0f} s  {sent:,} sent, {answered:,} answered", err=True)


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    if variable not in os.environ:
        raise ConfigError(f"--api-key-env: there is no variable {variable}")
    return os.environ[variable]


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or "\n" in text or "\r" in text:
        raise ConfigError(f"--header: expected NAME:VALUE, got {text!r}")
    return name.strip(), value.strip()


def _first_model(url: str, api_key: str | None) -> str:
    from headway.serving.replay.models import first_model

    return asyncio.run(first_model(url, api_key))
