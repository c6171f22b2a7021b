"""`headway engine`: a simulated LLM engine behind the OpenAI API."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from headway.cli.source import epilog
from headway.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from headway.serving.engine_server import Place, Settings


@click.command(
    name="engine",
    short_help="Serve the OpenAI API from a simulated LLM engine.",
    epilog=epilog("headway engine --model llama-3.1-8b --gpu l40s --port 8000"),
)
@click.argument("file", required=False, type=click.Path())
@click.option("-k", "--kind", metavar="NAME", help="Of the engines in a fleet's file; the first.")
@click.option("--model", metavar="NAME|CONFIG", help="Without FILE: a known one or a config.json.")
@click.option("--gpu", metavar="NAME", help="Without FILE: what it runs on.")
@click.option("--tp", default=1, show_default=True, help="Without FILE: GPUs of each layer.")
@click.option("--served-model-name", metavar="NAME", help="What clients ask for.")
@click.option("--lora", "adapters", metavar="NAME", multiple=True, help="An adapter more.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0: a free one.")
@click.option("--count", default=1, show_default=True, help="So many engines, port after port.")
@click.option("--speed", default=1.0, show_default=True, help="Simulated seconds in a second.")
@click.option("--seed", default=0, show_default=True, help="Of the lengths of answers.")
@click.option("--output", metavar="LAW", help="Tokens of answers, such as 'lognormal(200, 1)'.")
@click.option("--max-queued", default=0, help="More waiting requests are refused with 503.")
@click.option("--kv-events", metavar="ADDRESS", help="Publish cache events, as tcp://*:5557.")
@click.option("--kv-replay", metavar="ADDRESS", help="Tell past events again, as tcp://*:5558.")
@click.option("--kv-topic", default="", help="First frame of the events.")
@click.option("--lifeline", is_flag=True, hidden=True, help="End with the standard input.")
@click.option("--faults", metavar="JSON", help="What goes wrong, such as '{\"pace\": 3}'.")
def command(
    file: str | None,
    kind: str | None,
    model: str | None,
    gpu: str | None,
    tp: int,
    served_model_name: str | None,
    adapters: tuple[str, ...],
    host: str,
    port: int,
    count: int,
    speed: float,
    seed: int,
    output: str | None,
    max_queued: int,
    kv_events: str | None,
    kv_replay: str | None,
    kv_topic: str,
    faults: str | None,
    *,
    lifeline: bool,
) -> None:
    """Serve what an engine would serve, at its pace, without a GPU.

    FILE is an engine's or a fleet's. Answers are words without sense; when each of them comes is
    what the simulator's own engine says. Completions, chats and their streams, models and adapters,
    metrics, cache events and more are those of vLLM. PUT a JSON object to /faults, and something
    goes wrong.
    """
    try:
        from headway.serving.engine_server import serve
        from headway.serving.engine_server.faults import NONE, faults_from
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is missing: pip install 'headway[serve]'") from None
    from headway.simulate import Law

    if not 1 <= count <= 1000:
        raise ConfigError(f"--count: expected 1 to 1000, got {count}")
    if not 0 <= port <= 65536 - count:
        raise ConfigError(f"--port: expected 0 to {65536 - count}, got {port}")
    settings = _settings(file, kind, model, gpu, tp)
    settings = replace(
        settings,
        model=served_model_name or settings.model,
        adapters=(*settings.adapters, *adapters),
        speed=speed,
        seed=seed,
        output=None if output is None else Law.parse(output),
        max_queued=max_queued,
        kv_events=kv_events,
        kv_replay=kv_replay,
        kv_topic=kv_topic,
        faults=NONE if faults is None else faults_from(faults),
    )
    serve(
        settings,
        host=host,
        port=port,
        count=count,
        tell=lambda places: _tell(settings, places),
        lifeline=sys.stdin.fileno() if lifeline else None,
    )


def _settings(
    file: str | None, kind: str | None, model: str | None, gpu: str | None, tp: int
) -> Settings:
    from headway.serving.engine_server import described, flagged

    if file is not None:
        if model is not None or gpu is not None or tp != 1:
            raise ConfigError("--model, --gpu and --tp: of no use where a file says it")
        return described(file, kind)
    if model is None or gpu is None:
        raise ConfigError("expected a file, or --model and --gpu")
    if kind is not None:
        raise ConfigError("--kind: of no use without a file")
    return flagged(model, gpu, tp=tp)


def _tell(settings: Settings, places: Sequence[Place]) -> None:
    for place in places:
        click.echo(f"{settings.model} at http://{place.host}:{place.port}")
