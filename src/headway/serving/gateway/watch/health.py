"""Whether an engine answers: out after failures in a row, back after successes in a row."""

from __future__ import annotations

from dataclasses import dataclass

from headway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRules:
    """How an engine is asked whether it is well.

    Parameters
    ----------
    period_s
        Between two questions.
    timeout_s
        For an answer.
    failures
        In a row, that take it out.
    successes
        In a row, that take it back.
    """

    period_s: float = 2.0
    timeout_s: float = 2.0
    failures: int = 3
    successes: int = 2

    def __post_init__(self) -> None:
        for name in ("period_s", "timeout_s", "failures", "successes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"health.{name}: must be positive, got {getattr(self, name)}")


class Health:
    """Counts answers in a row, so that one that is lost or lucky changes nothing.

    An engine counts as not well until it has answered once: who has just been started is not sent
    requests before it is there, and need not prove itself twice.

    Parameters
    ----------
    rules
        How many are enough.
    """

    def __init__(self, rules: HealthRules) -> None:
        self._rules = rules
        self._row = 0
        self._asked = False
        self.well = False

    def heard(self, *, well: bool) -> bool:
        """Note an answer; return whether that changes anything."""
        first, self._asked = not self._asked, True
        if well == self.well:
            self._row = 0
            return False
        self._row += 1
        enough = self._rules.successes if well else self._rules.failures
        if self._row < (1 if first else enough):
            return False
        self.well, self._row = well, 0
        return True
