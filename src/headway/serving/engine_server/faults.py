"""What goes wrong with an engine's server, so that those who call it can be tested."""

from __future__ import annotations

from typing import Any

import msgspec

from headway.errors import ConfigError


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Faults, all absent by default; what is about requests concerns those of inference only."""

    for_s: float | None = None
    """After so long they are gone; for ever by default."""
    share: float = 1.0
    """Of the requests that are hit, drawn by lot."""
    status: int | None = None
    """Requests are refused with this status."""
    headers_s: float = 0.0
    """Answers begin so much later."""
    silent: bool = False
    """Requests, those for health included, are taken and never answered; streams stop."""
    garbage: bool = False
    """Answers are bytes that are no HTTP."""
    reset_after_tokens: int | None = None
    """Connections are reset after so many tokens; without a stream, instead of an answer."""
    pace: float = 1.0
    """Steps take so many times as long."""
    unhealthy: bool = False
    """``/health`` answers 503."""
    flapping_s: float | None = None
    """``/health`` is good for so long, then bad for so long, and so on."""
    refuse: bool = False
    """Nobody listens at the port; answers under way may end meanwhile. Needs `for_s`."""
    crash: bool = False
    """Requests and cache are lost and nobody listens at the port. Needs `for_s`."""

    def __post_init__(self) -> None:
        for name in ("for_s", "flapping_s", "pace"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1e6:
                raise ValueError(f"{name}: must be positive and at most 1e6, got {value}")
        if not 0 <= self.headers_s <= 1e6:
            raise ValueError(f"headers_s: expected seconds from 0 on, got {self.headers_s}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: expected a share, got {self.share}")
        if self.status is not None and not 400 <= self.status < 600:
            raise ValueError(f"status: expected one of an error, got {self.status}")
        if self.reset_after_tokens is not None and self.reset_after_tokens < 0:
            raise ValueError("reset_after_tokens: must not be negative")
        if (self.refuse or self.crash or self.silent) and self.for_s is None:
            raise ValueError("for_s: expected, as nobody could end this fault otherwise")

    def is_healthy(self, since_s: float) -> bool:
        """Return what ``/health`` tells, so long after the fault began."""
        if self.flapping_s is not None and int(since_s / self.flapping_s) % 2:
            return False
        return not self.unhealthy


NONE = Faults()


def faults_from(text: str | bytes | dict[str, Any]) -> Faults:
    """Return the faults in a JSON object.

    Raises
    ------
    ConfigError
        If a key is unknown or cannot have its value.
    """
    try:
        if isinstance(text, dict):
            return msgspec.convert(text, Faults)
        return msgspec.json.decode(text, type=Faults)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(f"faults: {error}".replace("`$.", "`")) from None
    except UnicodeDecodeError:
        raise ConfigError("faults: not JSON") from None
