"""The settings of a plan: its name, its clock, its horizon, its objective."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from headway.formats.planner.cells import Clock, seconds
from headway.formats.planner.names import one_of
from headway.formats.planner.tables import Cell, Table

_SETTINGS = ("name", "start", "tick", "horizon", "objective")


def settings_of(table: Table | None) -> dict[str, Cell]:
    """Return the cells that hold a setting, by its name."""
    found: dict[str, Cell] = {}
    for row in table.rows if table is not None else ():
        cell = row["setting"]
        key = cell.text.lower()
        if key not in _SETTINGS:
            raise cell.error(one_of("a setting", _SETTINGS, key))
        if key in found:
            raise cell.complain(f"{key!r} is set twice, before in row {found[key].row}")
        if row["value"].value is not None:
            found[key] = row["value"]
    return found


def clock_of(settings: Mapping[str, Cell]) -> Clock:
    """Return how dates and lengths of time become ticks."""
    tick_s, has_units = 1.0, False
    start = settings.get("start")
    if start is not None:
        tick_s, has_units = 60.0, True
    if "tick" in settings:
        cell = settings["tick"]
        length = seconds(cell.text)
        if length is None or length <= 0:
            raise cell.error("a length of time such as '1 min', '15 min' or '1 h'")
        tick_s, has_units = length, True
    return Clock(tick_s, None if start is None else _start(start), has_units)


def _start(cell: Cell) -> dt.datetime:
    value = cell.value
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise cell.error("a date such as 2026-03-02 08:00") from None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if not isinstance(value, dt.datetime) or value.tzinfo is not None:
        raise cell.error("a local date such as 2026-03-02 08:00")
    return value
