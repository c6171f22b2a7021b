"""`headway simulate`: one policy in one scenario, as a story, a table and a picture."""

from __future__ import annotations

import click
import msgspec

from headway import files
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError
from headway.show.figure import suffix_of
from headway.simulate import Trace, open_experiment
from headway.simulate.trace import BATCHES

_ENOUGH = 10
"""Values in a batch below which its mean says little."""


@click.command(
    name="simulate",
    short_help="Let a policy meet a scenario.",
    epilog=epilog("headway simulate floor.yaml -p ATC --gantt floor.png"),
)
@click.argument("scenario", type=click.Path())
@click.option("-p", "--policy", help="Who decides; see --list-policies. The first one by default.")
@click.option("--seed", default=0, show_default=True, help="The luck.")
@click.option("--gantt", type=click.Path(), help="Draw what happened: .png, .svg or .pdf.")
@click.option("--trace", type=click.Path(), help="Write a Perfetto trace (.json).")
@click.option("--events", type=click.Path(), help="Write what happened, one JSON object a line.")
@click.option("-o", "--out", type=click.Path(), help="Write the schedule that came about (JSON).")
@click.option("--json", "as_json", is_flag=True, help="The measures as one JSON object.")
@click.option("--list-policies", is_flag=True, help="List the policies of the scenario and stop.")
def command(
    scenario: str,
    policy: str | None,
    seed: int,
    gantt: str | None,
    trace: str | None,
    events: str | None,
    out: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    list_policies: bool,  # noqa: FBT001
) -> None:
    """Simulate the scenario in a file; what kind it is, the file says.

    The same seed gives the same run. Every run is verified as a schedule of what really happened.
    """
    check_outputs(gantt, trace, events, out, source=scenario)
    if gantt is not None:
        suffix_of(gantt)
    experiment = open_experiment(scenario)
    if list_policies:
        click.echo("\n".join(experiment.policies()))
        return
    if seed < 0:
        raise ConfigError(f"--seed: expected a number from 0 on, got {seed}")
    happened = experiment.run(experiment.policies()[0] if policy is None else policy, seed)
    if gantt is not None:
        happened.gantt().save(gantt)
    if trace is not None:
        happened.save_perfetto(trace)
    if events is not None:
        files.write_text(events, happened.to_jsonl())
    if out is not None:
        happened.schedule.save(out)
    click.echo(_json(happened) if as_json else _text(experiment.name, happened))


def _json(happened: Trace) -> str:
    document = {"policy": happened.policy, "seed": happened.seed, **happened.measures}
    widths = _half_widths(happened)
    return msgspec.json.encode(document | ({"half_width": widths} if widths else {})).decode()


def _text(name: str, happened: Trace) -> str:
    width = max(map(len, happened.measures), default=0)
    widths = _half_widths(happened)
    lines = []
    for key, value in happened.measures.items():
        sure = f" ± {float(f'{widths[key]:.2g}'):,g}" if key in widths else ""
        lines.append(f"  {key:<{width}}  {value:,.6g}{sure}")
    if widths:
        lines.append(f"  (± 95 % confidence, by the means of {BATCHES} batches)")
    title = f"{name}: {happened.policy}, seed {happened.seed} (verified)"
    return "\n".join([title, *lines])


def _half_widths(happened: Trace) -> dict[str, float]:
    """Return half the confidence interval of means that one run says enough about."""
    return {
        name: happened.summary(name).half_width
        for name, sample in happened.samples.items()
        if name in happened.measures and len(sample) >= _ENOUGH * BATCHES
    }
