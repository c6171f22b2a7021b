"""Puts the page together from its parts."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

_SCRIPTS = ("figures.js", "dom.js", "chart.js", "view.js", "main.js")


def part(name: str) -> str:
    """Return one of the page's own files."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def html() -> str:
    """Return the page; it knows nothing of the gateway until an operator signs in."""
    import jinja2
    from markupsafe import Markup

    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return template.from_string(part("page.html.j2")).render(
        style=Markup(_style()),  # noqa: S704 - ours
        script=Markup(script()),  # noqa: S704 - ours
    )


@cache
def script() -> str:
    """Return what runs on the page."""
    return '(() => {\n"use strict";\n' + "\n".join(map(part, _SCRIPTS)) + "})();"


def _style() -> str:
    return part("page.css")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_hash(script())}",
        f"style-src {_hash(_style())}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content security policy: nothing runs that is not ours, and nothing comes from elsewhere."""
