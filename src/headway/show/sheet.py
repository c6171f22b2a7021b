"""One HTML page of facts, pictures and tables that opens anywhere, without a network.

Names come from files and are never trusted: the template escapes them, and the page's own content
security policy runs no script at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headway.show.colours import ThemeName
from headway.show.embed import asset, policy_hash, uri
from headway.show.figure import Figure
from headway.show.typeset import clean


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure at the top of a page.

    Attributes
    ----------
    label, value
        What it is, and how much.
    note
        In small letters below.
    tone
        "good", "bad", or neither.
    """

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title; the first cell of each is its name.

    Attributes
    ----------
    title
        Above it.
    head
        Names of the columns.
    rows
        Cells of each row, as many as there are columns.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sheet(
    title: str,
    summary: str,
    *,
    facts: Sequence[Fact] = (),
    pictures: Mapping[str, Callable[[ThemeName], Figure]] | None = None,
    tables: Sequence[Table] = (),
) -> str:
    """Return a self-contained HTML page, for bright and for dark screens.

    Parameters
    ----------
    title, summary
        Headline, and one line below it.
    facts
        Figures at the top.
    pictures
        By their titles; each is drawn twice.
    tables
        Below the pictures.
    """
    import jinja2
    from markupsafe import Markup

    style = asset("report.css")
    template = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).from_string(asset("sheet.html.j2"))
    drawn = [
        {"title": clean(name), "light": _svg(draw("light")), "dark": _svg(draw("dark"))}
        for name, draw in (pictures or {}).items()
    ]
    return template.render(
        title=clean(title),
        summary=clean(summary),
        facts=facts,
        pictures=drawn,
        tables=tables,
        style=Markup(style),  # noqa: S704 - ours
        style_hash=policy_hash(style),
    )


def _svg(figure: Figure) -> str:
    return uri(figure.to_svg().encode(), "image/svg+xml")
