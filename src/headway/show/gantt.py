"""The Gantt chart as a picture."""

from __future__ import annotations

from typing import get_args

from headway.errors import ConfigError
from headway.model.schedule import Schedule
from headway.show.clock import grouped
from headway.show.colours import ThemeName, theme
from headway.show.drawing import Drawing
from headway.show.figure import Figure
from headway.show.labels import Labels, Naming, key_of, place, texts
from headway.show.layout import Layout, View, arrange
from headway.show.legend import LINE, MARGIN, draw_headline, draw_legend, signs_of, wrap
from headway.show.page import TOP, Page, paginate
from headway.show.tell import level_name, tell_level


def gantt(
    schedule: Schedule,
    *,
    by: View = "machine",
    title: str | None = None,
    critical: bool = True,
    labels: Labels = "auto",
    unit: str | None = None,
    colours: ThemeName = "light",
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """Return a Gantt chart.

    Parameters
    ----------
    schedule
        What to show, valid or not; tasks that overlap on a machine are drawn above each other.
    by
        The rows: "machine" (machines and renewable resources; bars are coloured by job), "job"
        (bars are coloured by machine) or "task". Without such rows the next view is taken.
    title
        Headline; by default the name of the problem.
    critical
        Whether to outline the critical path.
    labels
        What bars are labelled with, where there is room: "job", "task", "resource", "none", or by
        default what the rows do not already say.
    unit
        Unit of the time axis, "ticks" or "ns" to "d"; by default the axis shows dates if
        ``problem.origin`` says when tick 0 is, or else a unit that suits ``problem.tick_s``.
    colours
        "light" or "dark".
    width, height
        Inches; by default what the content needs.

    Raises
    ------
    ConfigError
        If an option has a value it cannot have.
    """
    _check("by", by, get_args(View))
    _check("labels", labels, ("auto", "none", *get_args(Naming)))
    for name, inches in (("width", width), ("height", height)):
        if inches is not None and not 1 <= inches <= 200:
            raise ConfigError(f"{name}: expected 1 to 200 inches, got {inches!r}")
    look = theme(colours)
    layout = arrange(schedule, by)
    key = key_of(layout)
    page = paginate(layout, unit=unit, wide=width, high=height, below=0.0)
    written = place(layout, page, texts(layout, labels))
    # Colours that are written on the bars need no explanation.
    said = labels in ("auto", key.what) and len(written) >= 0.6 * len(layout.work)
    entries = signs_of(layout, None if said else key, critical=critical, until=page.high)
    lines = wrap(entries, page.width - 2 * MARGIN)
    below = 0.56 + LINE * len(lines)
    if height is not None:
        page = paginate(layout, unit=unit, wide=width, high=height, below=below)
        written = place(layout, page, texts(layout, labels))

    from matplotlib.figure import Figure as Canvas

    whole = page.body_height + TOP + below
    canvas = Canvas(figsize=(page.width, whole), facecolor=look.paper)
    axes = canvas.add_axes(
        (
            page.left / page.width,
            below / whole,
            page.body_width / page.width,
            page.body_height / whole,
        )
    )
    Drawing(canvas, axes, layout, page, look, critical=critical).draw(written)
    draw_headline(
        canvas, schedule.problem.name if title is None else title, facts(layout, page), look
    )
    draw_legend(canvas, lines, look, base=0.18)
    return Figure(canvas)


def _check(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{option}: expected one of {', '.join(known)}, got {value!r}")


def facts(layout: Layout, page: Page) -> str:
    """Return size and value of what is shown, in one line."""
    schedule = layout.schedule
    problem = schedule.problem
    parts = []
    if problem.n_jobs:
        parts.append(f"{grouped(str(problem.n_jobs))} jobs")
    parts.append(f"{grouped(str(problem.n_tasks))} tasks")
    left_out = problem.n_tasks - int(schedule.present.sum())
    if left_out:
        parts.append(f"{grouped(str(left_out))} left out")
    for level, value in zip(problem.objective.levels, schedule.objective_values, strict=True):
        parts.append(f"{level_name(level)} {tell_level(level, value, page.clock)}")
    return "  ·  ".join(parts)
