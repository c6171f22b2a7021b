"""What a tenant or a key may ask for, as written in files and kept in the store."""

from __future__ import annotations

import math

import msgspec

from headway.errors import ConfigError


class Bounds(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Limits of a tenant or of one of its keys; what is not given is not limited.

    Raises
    ------
    ConfigError
        If a number cannot be; the message begins with its name.
    """

    requests_per_min: float | None = None
    tokens_per_min: float | None = None
    """Prompt and answer; the most a request may use counts when it comes, what it used stays."""
    budget_per_day: float | None = None
    """In the currency of the prices; days and months begin at midnight UTC."""
    budget_per_month: float | None = None
    in_flight: int | None = None
    """Most requests at once."""
    models: tuple[str, ...] = ()
    """Models and adapters that it may ask for; all by default."""
    most_urgent: int | None = None
    least_urgent: int | None = None
    """Of the priorities that its requests may have; smaller is more urgent."""

    def __post_init__(self) -> None:
        for name in ("requests_per_min", "tokens_per_min", "in_flight"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{name}: expected a number above 0, got {value}")
        for name in ("budget_per_day", "budget_per_month"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1e9:
                raise ConfigError(f"{name}: expected an amount from 0 to 1e9, got {value}")
        most, least = self.most_urgent, self.least_urgent
        if most is not None and least is not None and most > least:
            raise ConfigError(f"most_urgent: must not be above least_urgent, got {most}")

    @property
    def is_budgeted(self) -> bool:
        """Whether there is a budget."""
        return self.budget_per_day is not None or self.budget_per_month is not None
