"""What was used: by model, tenant, key, day or hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from headway.errors import UnknownNameError
from headway.serving.gateway.accounts.database import Database
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.purse import HOUR_S

_COUNTS = ("requests", "prompt_tokens", "cached_tokens", "output_tokens", "cost")

GROUPS = {
    "model": "model",
    "tenant": "tenant",
    "key": "account",
    "day": "hour / 24",
    "hour": "hour",
}
"""What usage can be summed by, and how a store says it."""


def usage(
    database: Database,
    by: Sequence[str] = ("tenant",),
    *,
    tenant: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
) -> list[dict[str, object]]:
    """Return sums of what was used, and what it cost in the currency of the prices.

    Parameters
    ----------
    database
        Of the store.
    by
        Names from `GROUPS`.
    tenant
        Whose; of all by default.
    since_s, until_s
        In seconds since 1970; whole hours, the first and the last included as far as they begin
        in between.

    Raises
    ------
    UnknownNameError
        If there is no such group.
    """
    for name in by:
        if name not in GROUPS:
            raise UnknownNameError("group", name, GROUPS)
    conditions, values = ["1 = 1"], list[object]()
    for condition, value in (
        ("tenant = ?", tenant),
        ("hour >= ?", None if since_s is None else -int(-since_s // HOUR_S)),
        ("hour < ?", None if until_s is None else -int(-until_s // HOUR_S)),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    groups = ", ".join(GROUPS[name] for name in by)
    sums = ", ".join(f"SUM({name})" for name in _COUNTS)
    tail = f"GROUP BY {groups} ORDER BY {groups}" if by else "HAVING COUNT(*) > 0"
    rows = database.execute(
        f"SELECT {groups + ', ' if by else ''}{sums} FROM headway_usage "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} {tail}",
        values,
    )
    return [_told(by, row) for row in rows]


def _told(by: Sequence[str], row: Sequence[object]) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, value in zip(by, row, strict=False):
        told[name] = _date(name, value) if name in ("day", "hour") else value
    for name, value in zip(_COUNTS, row[len(by) :], strict=True):
        whole = int(value)  # type: ignore[call-overload]
        told[name] = whole / NANO if name == "cost" else whole
    return told


def _date(name: str, value: object) -> str:
    number = int(value)  # type: ignore[call-overload]
    hours = number * 24 if name == "day" else number
    date = datetime.fromtimestamp(hours * HOUR_S, UTC)
    return f"{date:%Y-%m-%d}" if name == "day" else f"{date:%Y-%m-%dT%H:00Z}"
