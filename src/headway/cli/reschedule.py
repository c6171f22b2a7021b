"""`headway reschedule`: events meet a plan, and a new plan comes out."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import msgspec

from headway.chat import Chat
from headway.cli.live import scalar
from headway.cli.source import check_outputs, epilog, load, problem_source, read_schedule
from headway.errors import ConfigError, FormatError
from headway.model import Schedule, verify
from headway.show.figure import suffix_of
from headway.simulate import document
from headway.simulate.events import Event, events_from_builtins, events_to_json
from headway.simulate.reschedule import (
    POLICIES,
    Answer,
    Stability,
    planned_against,
    read_events,
    reschedule,
)

KEY_VARIABLE = "HEADWAY_CHAT_KEY"
"""Environment variable with the key for --chat, if it asks for one."""

_FILES = (".json", ".yaml", ".yml")


@click.command(
    name="reschedule",
    short_help="Plan anew when the world does not follow the plan.",
    epilog=epilog('headway reschedule ft10 plan.json "machine 3 is down for 60" --now 200'),
)
@problem_source
@click.argument("plan", type=click.Path())
@click.argument("events")
@click.option("--now", type=click.IntRange(min=0), help="Current tick; the latest event's.")
@click.option(
    "-p",
    "--policy",
    type=click.Choice([policy for policy in POLICIES if policy != "dual"]),
    default="auto",
    show_default=True,
    help="Milliseconds, the solver, or what the router thinks.",
)
@click.option("-t", "--time-limit", default=5.0, show_default=True, help="Seconds of the solver.")
@click.option("-w", "--workers", type=click.IntRange(min=1), help="Threads; all cores.")
@click.option("--seed", default=0, show_default=True, help="Seed of all random choices.")
@click.option("--calm", default=0.0, show_default=True, help="Price of a tick of mean shift.")
@click.option("--stay", default=0.0, show_default=True, help="Price of each change of machine.")
@click.option("-o", "--out", type=click.Path(), help="Write the new schedule (JSON).")
@click.option("--problem-out", type=click.Path(), help="Write the problem it is for (JSON).")
@click.option("--gantt", type=click.Path(), help="Draw both plans: .png, .svg or .pdf.")
@click.option("--chat", help="Base address of a language model for texts in other words.")
@click.option("--model", help="Name of the model at --chat.")
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
def command(
    source: str,
    format_name: str | None,
    objective: str | None,
    plan: str,
    events: str,
    now: int | None,
    policy: Any,
    time_limit: float,
    workers: int | None,
    seed: int,
    calm: float,
    stay: float,
    out: str | None,
    problem_out: str | None,
    gantt: str | None,
    chat: str | None,
    model: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Meet a PLAN (a schedule of FILE|NAME) with EVENTS, and plan what is left anew.

    EVENTS is a JSON or YAML file, or a few sentences. The new schedule belongs to a problem with
    the events in it: write both to go on from there. A language model at --chat reads what the
    rules do not understand (its key is in HEADWAY_CHAT_KEY); what it says is checked against the
    plan first.
    """
    check_outputs(out, problem_out, gantt, source=source)
    if gantt is not None:
        suffix_of(gantt)
    if (chat is None) != (model is None):
        raise ConfigError("--chat and --model go together")
    problem = load(source, format=format_name, objective=objective)
    before = read_schedule(problem, plan)
    report = verify(problem, before)
    if not report.ok:
        raise ConfigError(f"{plan}: not a valid schedule: {report[0].message}")
    reader = None if chat is None or model is None else Chat(chat, model, _key(), temperature=0.0)
    known = _events(events, before, now, reader)
    answer = reschedule(
        before,
        known,
        now,
        policy=policy,
        time_limit=time_limit,
        workers=workers,
        seed=seed,
        stability=Stability(calm, stay),
    )
    _write(answer, before, out, problem_out, gantt)
    click.echo(_json(answer, known) if as_json else _text(answer, known, before))


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "")


def _events(text: str, before: Schedule, now: int | None, chat: Chat | None) -> tuple[Event, ...]:
    """Return the events in a file, or in a text."""
    if Path(text).suffix.lower() in _FILES:
        try:
            return events_from_builtins(document.document(text))
        except FormatError as error:
            raise error.located(text) from None
    if now is None:
        raise ConfigError("a text does not say when it is now; add for example --now 12")
    return read_events(text, before, now, chat=chat)


def _write(
    answer: Answer,
    before: Schedule,
    out: str | None,
    problem_out: str | None,
    gantt: str | None,
) -> None:
    if out is not None:
        answer.plan.save(out)
    if problem_out is not None:
        answer.plan.problem.save(problem_out)
    if gantt is not None:
        planned_against(before, answer.plan, now=answer.rest.revision.now).save(gantt)


def _json(answer: Answer, events: tuple[Event, ...]) -> str:
    body = {
        "instance": answer.plan.problem.name,
        "now": answer.rest.revision.now,
        "events": msgspec.json.decode(events_to_json(events)),
        "objective": scalar(answer.plan.objective_values),
        "found_by": answer.found_by,
        "seconds": round(answer.seconds, 6),
        "nervousness": asdict(answer.calm),
        "others": {name: scalar(values) for name, values in answer.others.items()},
    }
    return msgspec.json.encode(body).decode()


def _text(answer: Answer, events: tuple[Event, ...], before: Schedule) -> str:
    whole = answer.rest.revision
    done, running = int(whole.finished.sum()), int((whole.started & ~whole.finished).sum())
    to_come = int((~whole.started & answer.plan.present).sum())
    state = f"{done} tasks finished, {running} in progress, {to_come} to come"
    values = f"planned {before.problem.objective} = {before.objective}, now {answer.plan.objective}"
    lines = [
        f"{answer.plan.problem.name} at {whole.now}: {len(events)} events; {state}",
        f"  {values} by {answer.found_by} in {answer.seconds:.3f} s",
        f"  {answer.calm}",
    ]
    return "\n".join(lines)
