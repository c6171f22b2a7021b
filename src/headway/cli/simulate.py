"""`headway simulate`: one policy in one scenario, as a story, a table and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from headway import files
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError, UnknownNameError
from headway.show.figure import suffix_of
from headway.simulate import Outcome, open_experiment, replaying
from headway.simulate.outcome import Reporting


@click.command(
    name="simulate",
    short_help="Let a policy meet a scenario.",
    epilog=epilog("headway simulate floor.yaml -p ATC --plot floor.png"),
)
@click.argument("scenario", type=click.Path())
@click.option("-p", "--policy", help="Who decides; see --list-policies. The first one by default.")
@click.option("--seed", default=0, show_default=True, help="The luck.")
@click.option(
    "--trace",
    metavar="FILE|NAME",
    help="Recorded traffic to meet instead of the scenario's own, where it has any.",
)
@click.option(
    "--plot",
    "plots",
    multiple=True,
    metavar="[PICTURE=]FILE",
    help="Draw what happened: .png, .svg or .pdf. May be repeated; PICTURE is one of those that"
    " the scenario has, such as gantt, timeline or latency.",
)
@click.option("--gantt", type=click.Path(), help="The same as --plot gantt=FILE.")
@click.option("--perfetto", type=click.Path(), help="Write a Perfetto trace (.json).")
@click.option("--report", type=click.Path(), help="Write a page (.html), of a fleet.")
@click.option("--events", type=click.Path(), help="Write what happened, one JSON object a line.")
@click.option(
    "-o", "--out", type=click.Path(), help="Write what came about: a schedule, or requests."
)
@click.option("--json", "as_json", is_flag=True, help="The measures as one JSON object.")
@click.option("--list-policies", is_flag=True, help="List the policies of the scenario and stop.")
def command(
    scenario: str,
    policy: str | None,
    seed: int,
    trace: str | None,
    plots: tuple[str, ...],
    gantt: str | None,
    perfetto: str | None,
    report: str | None,
    events: str | None,
    out: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    list_policies: bool,  # noqa: FBT001
) -> None:
    """Simulate the scenario in a file; what kind it is, the file says.

    The same seed gives the same run. Every run is verified before it is shown.
    """
    pictures = _pictures([*plots, *([] if gantt is None else [f"gantt={gantt}"])])
    check_outputs(*pictures, perfetto, report, events, out, source=scenario)
    experiment = open_experiment(scenario)
    if trace is not None:
        experiment = replaying(experiment, trace)
    if list_policies:
        click.echo("\n".join(experiment.policies()))
        return
    if seed < 0:
        raise ConfigError(f"--seed: expected a number from 0 on, got {seed}")
    outcome = experiment.run(experiment.policies()[0] if policy is None else policy, seed)
    _draw(outcome, pictures)
    if perfetto is not None:
        outcome.save_perfetto(perfetto)
    if report is not None:
        _report(outcome, experiment.name, report)
    if events is not None:
        files.write_text(events, outcome.to_jsonl())
    if out is not None:
        outcome.save(out)
    click.echo(outcome.to_json() if as_json else outcome.text(experiment.name))


def _report(outcome: Outcome, name: str, path: str) -> None:
    if not isinstance(outcome, Reporting):
        raise ConfigError(f"{path}: --report: this kind of scenario has no page")
    files.write_text(path, outcome.report(name))


def _pictures(plots: Sequence[str]) -> dict[str, str]:
    """Return what is to be drawn into each file; nothing for whatever is most telling."""
    asked = {}
    for plot in plots:
        name, parted, path = plot.partition("=")
        name, path = (name, path) if parted else ("", plot)
        suffix_of(path)
        if path in asked:
            raise ConfigError(f"{path}: two things are to be written there")
        asked[path] = name
    return asked


def _draw(outcome: Outcome, asked: Mapping[str, str]) -> None:
    known = outcome.pictures
    for path, name in asked.items():
        chosen = name or next(iter(known))
        if chosen not in known:
            raise UnknownNameError("picture", chosen, known)
        known[chosen]().save(path)
