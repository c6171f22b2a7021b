"""Which tables a plan and its schedule may have, and which columns each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

SHEETS: Mapping[str, tuple[str, ...]] = {
    "tasks": (
        "task",
        "job",
        "duration",
        "resources",
        "predecessors",
        "release",
        "due",
        "deadline",
        "weight",
        "family",
        "interruptible",
        "note",
    ),
    "resources": ("resource", "kind", "capacity", "cost", "breaks", "note"),
    "jobs": ("job", "release", "due", "deadline", "weight", "note"),
    "setups": ("resource", "from", "to", "time", "note"),
    "breaks": ("resource", "start", "end", "every", "until", "note"),
    "settings": ("setting", "value", "note"),
}
"""The tables of a plan, with their columns; only the first one is required."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **SHEETS,
    "schedule": (
        "task",
        "job",
        "resources",
        "mode",
        "start",
        "end",
        "start date",
        "end date",
        "note",
    ),
}
"""The columns of every table there may be, also of a schedule, which is no part of the plan."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "tasks": ("task", "duration"),
    "resources": ("resource",),
    "jobs": ("job",),
    "setups": ("to", "time"),
    "breaks": ("start", "end"),
    "settings": ("setting", "value"),
    "schedule": ("task",),
}
_ALIASES = {
    "resource": "resources",
    "machine": "resources",
    "machines": "resources",
    "predecessor": "predecessors",
    "order": "job",
    "operation": "task",
    "earliest start": "release",
    "latest end": "deadline",
    "due date": "due",
    "setup family": "family",
    "notes": "note",
    "comment": "note",
}


def canonical(table: str, head: str) -> str:
    """Return the full name of a column head, or the head as it is if there is no such column."""
    plain = re.sub(r"[\s_\-]+", " ", head).strip().lower()
    known = COLUMNS[table]
    if plain in known:
        return plain
    if plain == "name":
        return known[0]
    alias = _ALIASES.get(plain, plain)
    if alias == "resources" and alias not in known:
        alias = "resource"
    return alias if alias in known else plain
