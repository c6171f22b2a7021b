"""`headway discover`: a rule for one machine, found by trying thousands of programs."""

from __future__ import annotations

import os

import click
import msgspec

from headway import files
from headway.cli import live
from headway.cli.source import check_outputs, epilog
from headway.errors import ConfigError, UnknownNameError
from headway.solve.discover import (
    START,
    ChatProposer,
    HeldOut,
    Limits,
    Settings,
    Step,
    discover,
    held_out,
    source_of,
)
from headway.solve.discover.program import ProgramError, score_of
from headway.solve.discover.report import table
from headway.solve.run import available_cores

KEY_VARIABLE = "HEADWAY_PROPOSER_KEY"
"""Environment variable with the key for --proposer, if it asks for one."""

_LINES_EVERY_S = 5.0


@click.command(
    name="discover",
    short_help="Discover a rule for total tardiness on one machine.",
    epilog=epilog("headway discover --start EDD --time-limit 60 --out rule.py"),
)
@click.option(
    "--start",
    multiple=True,
    default=("EDD", "MDD"),
    show_default=True,
    help=f"Rule to start from: {', '.join(START)}, or a file with a program. May be repeated.",
)
@click.option("-t", "--time-limit", default=60.0, show_default=True, help="Seconds; 0 for none.")
@click.option("--rounds", type=click.IntRange(min=1), help="Stop after so many rounds.")
@click.option(
    "-w", "--workers", type=click.IntRange(min=1), help="Programs tried at once; all cores."
)
@click.option("--seed", default=0, show_default=True, help="Seed of all random choices.")
@click.option("--jobs", default=25, show_default=True, help="Jobs of a training instance.")
@click.option("--instances", default=500, show_default=True, help="Training instances.")
@click.option("--cpu-limit", default=30.0, show_default=True, help="Seconds a program may take.")
@click.option("--proposer", help="Address of an OpenAI-compatible endpoint that proposes programs.")
@click.option("--model", help="Name of the model at --proposer.")
@click.option("-o", "--out", type=click.Path(), help="Write the rule as a Python file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
def command(
    start: tuple[str, ...],
    time_limit: float,
    rounds: int | None,
    workers: int | None,
    seed: int,
    jobs: int,
    instances: int,
    cpu_limit: float,
    proposer: str | None,
    model: str | None,
    out: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    quiet: bool,  # noqa: FBT001
) -> int:
    """Discover a rule that orders jobs on one machine with little total tardiness.

    Programs are bred from those to start from, run in a sandbox on training instances, and kept on
    islands; what is reported in the end are fresh instances. The same seed and number of rounds
    give the same rule. Ctrl-C ends the search and keeps the best rule so far.

    With --proposer and --model a language model writes the programs; a key for it is read from the
    environment variable HEADWAY_PROPOSER_KEY.
    """
    check_outputs(out)
    if (proposer is None) != (model is None):
        raise ConfigError("--proposer and --model go together")
    if not (time_limit >= 0 and cpu_limit > 0 and seed >= 0):
        raise ConfigError("--time-limit and --seed are from 0 up, --cpu-limit above 0")
    settings = Settings(jobs=jobs, instances=instances, limits=Limits(cpu_s=cpu_limit))
    chat = (
        ChatProposer(proposer, model, key=os.environ.get(KEY_VARIABLE, ""))
        if proposer is not None and model is not None
        else None
    )
    with live.listener(_WORDS, json=as_json, quiet=quiet) as listen:
        step = discover(
            start=[_program(name) for name in start],
            rounds=rounds,
            time_limit_s=time_limit or float("inf"),
            seed=seed,
            workers=workers or available_cores(),
            proposer=chat,
            settings=settings,
            on_step=listen,
        )
    try:
        rows = held_out(step.best, seed=seed, jobs=jobs, limits=settings.limits)
    except (KeyboardInterrupt, ProgramError):
        rows = []  # a rule without figures is better than none
    if out is not None:
        files.write_text(out, source_of(step.best, rows))
    _tell(step, rows, as_json=as_json)
    return 0


def _program(name: str) -> str:
    """Return the name of a known rule, or the text of a file."""
    if name.upper() in START:
        return name.upper()
    try:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name may be no path at all
            return file.read()
    except (OSError, ValueError):
        raise UnknownNameError("rule", name, START) from None


def _line(step: Step, elapsed_s: float) -> str:
    """Return one line: elapsed, best value, counts, the rule."""
    return (
        f"{elapsed_s:7.1f} s  mean tardiness {step.best.value:9.2f}"
        f"  {step.proposed} proposed, {step.tried} new, {step.refused} refused  {_rule(step)}"
    )


def _rule(step: Step) -> str:
    score = score_of(step.best.text)
    return str(score) if score is not None else "a program"


def _event(kind: str, step: Step) -> dict[str, object]:
    return {
        "event": kind,
        "time_s": round(step.time_s, 3),
        "round": step.round,
        "proposed": step.proposed,
        "tried": step.tried,
        "refused": step.refused,
        "mean_tardiness": step.best.value,
        "program": step.best.text,
    }


def _tell(step: Step, rows: list[HeldOut], *, as_json: bool) -> None:
    if as_json:
        result = _event("result", step)
        result["held_out"] = [msgspec.to_builtins(row) for row in rows]
        click.echo(msgspec.json.encode(result).decode())
        return
    click.echo(step.best.text.strip())
    if not rows:
        click.echo(f"\n{step.tried} programs tried in {step.time_s:.1f} s; none on fresh instances")
        return
    click.echo(f"\n{step.tried} programs tried in {step.time_s:.1f} s; on fresh instances, mean")
    click.echo("total tardiness and how far it is above the optimum:\n")
    click.echo(table(rows))


_WORDS = live.Words(
    waiting="trying the first programs",
    line=_line,
    matters=lambda step, quiet_s: step.improved or quiet_s >= _LINES_EVERY_S,
    event=lambda step: _event("improvement", step) if step.improved else None,
)
"""How rounds are told: better rules, and a sign of life now and then."""
