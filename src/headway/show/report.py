"""One HTML page about a schedule or a solver's run that opens anywhere, without a network.

Names come from files and are never trusted: the template escapes them, the data of the chart is
JSON without a single ``<``, the scripts set text and never markup, and the page's own content
security policy runs no other script.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from headway.model.evaluate import measures
from headway.model.schedule import Schedule
from headway.model.verify import verify
from headway.model.violation import Report
from headway.show.clock import Clock, grouped
from headway.show.colours import ThemeName
from headway.show.embed import asset, policy_hash, uri
from headway.show.figure import Figure
from headway.show.gantt import gantt
from headway.show.profile import profile
from headway.show.progress import progress
from headway.show.report_data import page_data
from headway.show.run import Run
from headway.show.tell import level_name, tell_level
from headway.show.typeset import clean

_SCRIPTS = ("format.js", "dates.js", "tip.js", "chart.js", "table.js", "main.js")
_MOST_VIOLATIONS = 50
_MOST_DRAWN = 5000
"""With more tasks, pictures are stored as pixels, and there is none for readers without scripts."""


@dataclass(frozen=True, slots=True)
class _Fact:
    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class _Box:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Picture:
    title: str
    light: str
    dark: str
    alt: str
    narrow: bool = False


def report(subject: Run | Schedule) -> str:
    """Return a self-contained HTML page.

    It holds an interactive Gantt chart, a table of all tasks, resource profiles, the solver's
    progress, and what is known about the schedule, which is verified once more for this page.

    Parameters
    ----------
    subject
        A schedule, or the result of a solver (with or without a schedule).

    Returns
    -------
    str
        The page; the same subject gives the same text.
    """
    import jinja2
    from markupsafe import Markup

    run = None if isinstance(subject, Schedule) else subject
    schedule = subject if isinstance(subject, Schedule) else subject.schedule
    problem = subject.problem
    check = None if schedule is None else verify(problem, schedule)
    style = asset("report.css")
    script = '(() => {\n"use strict";\n' + "\n".join(map(asset, _SCRIPTS)) + "})();"
    still = ""
    if schedule is not None and problem.n_tasks <= _MOST_DRAWN:
        still = uri(gantt(schedule).to_png(dpi=80), "image/png")
    template = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).from_string(asset("report.html.j2"))
    return template.render(
        name=clean(problem.name),
        summary=clean(problem.summary().removeprefix(f"{problem.name}: ")),
        facts=_facts(run, schedule, check),
        boxes=_boxes(run, check),
        pictures=_pictures(run, schedule),
        measures=[] if schedule is None else _measures(schedule),
        data=None if schedule is None else Markup(_json(page_data(schedule))),  # noqa: S704
        still=still,
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
        footer=f"Made by Headway. Problem fingerprint {problem.fingerprint[:16]}.",
    )


def _json(data: object) -> str:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _facts(run: Run | None, schedule: Schedule | None, check: Report | None) -> list[_Fact]:
    facts = []
    if run is not None:
        tone = {"optimal": "good", "infeasible": "bad"}.get(str(run.status), "")
        facts.append(_Fact("Status", str(run.status), tone=tone))
    if schedule is not None:
        problem = schedule.problem
        clock = Clock.of(problem.tick_s, schedule.makespan, origin=problem.origin)
        levels = problem.objective.levels
        for rank, (level, value) in enumerate(zip(levels, schedule.objective_values, strict=True)):
            note = f"priority {rank + 1}" if len(levels) > 1 else "objective"
            facts.append(_Fact(level_name(level), tell_level(level, value, clock), note))
        if not any(level_name(level) == "makespan" for level in levels):
            facts.append(_Fact("makespan", clock.show(schedule.makespan)))
        if clock.origin is not None and schedule.present.any():
            first = int(schedule.start[schedule.present].min())
            facts.append(
                _Fact("End", clock.moment(schedule.makespan), f"start {clock.moment(first)}")
            )
    if run is not None and run.problem.objective.levels:
        facts.append(_Fact("Lower bound", _values(run.bound)))
        facts.append(_Fact("Gap", "unknown" if run.gap is None else f"{run.gap:.2%}"))
    if check is not None:
        count = len(check)
        facts.append(
            _Fact("Verified", "yes", "every constraint holds", "good")
            if check.ok
            else _Fact("Verified", "no", f"{count} violation{'s'[: count > 1]}", "bad")
        )
    if run is not None:
        facts.append(
            _Fact("Method", clean(run.method), clean(run.reason) if run.reason else "", "wide")
        )
        facts.append(_Fact("Time", f"{run.time_s:.2f} s", f"seed {run.seed}"))
    return facts


def _values(values: tuple[int, ...] | None) -> str:
    return " / ".join(grouped(str(value)) for value in values) if values else "none"


def _boxes(run: Run | None, check: Report | None) -> list[_Box]:
    boxes = []
    if run is not None and run.conflict:
        boxes.append(_Box("These constraints cannot hold together", tuple(run.conflict)))
    if check is not None and not check.ok:
        lines = [violation.message for violation in check[:_MOST_VIOLATIONS]]
        if len(check) > len(lines):
            lines.append(f"and {len(check) - len(lines)} more")
        boxes.append(_Box("This schedule breaks constraints", tuple(lines)))
    return [_Box(box.title, tuple(map(clean, box.lines))) for box in boxes]


def _pictures(run: Run | None, schedule: Schedule | None) -> list[_Picture]:
    pictures = []
    if schedule is not None and schedule.problem.n_resources:
        pictures.append(
            _picture(
                "Resources",
                lambda look: profile(schedule, title="", colours=look),
                "Resource usage over time",
                as_pixels=schedule.problem.n_tasks > _MOST_DRAWN,
            )
        )
    if run is not None and len(run.trajectory):
        pictures.append(
            _picture(
                "Search",
                lambda look: progress(run, title="", colours=look),
                "Best schedule and bound over the solver's time",
                narrow=True,
            )
        )
    return pictures


def _picture(
    title: str,
    draw: Callable[[ThemeName], Figure],
    alt: str,
    *,
    narrow: bool = False,
    as_pixels: bool = False,
) -> _Picture:
    def render(look: ThemeName) -> str:
        figure = draw(look)
        if as_pixels:
            return uri(figure.to_png(dpi=110), "image/png")
        return uri(figure.to_svg().encode(), "image/svg+xml")

    return _Picture(title, render("light"), render("dark"), alt, narrow)


def _measures(schedule: Schedule) -> list[tuple[str, str]]:
    return [(name, grouped(str(value))) for name, value in measures(schedule).items()]
