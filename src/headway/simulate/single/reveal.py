"""What a policy learns of the size of a job, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from headway.errors import ConfigError

Kind = Literal["full", "operations", "estimate", "epsilon", "none"]
KINDS: tuple[Kind, ...] = ("full", "operations", "estimate", "epsilon", "none")


@dataclass(frozen=True, slots=True)
class Reveal:
    """A reveal model.

    Parameters
    ----------
    kind
        ``full``: everything at release (clairvoyant). ``operations``: the size of an operation when
        the one before it ends, of the first one at release. ``estimate``: an estimate of the whole
        at release. ``epsilon``: the exact rest of a job as soon as no more than a share of it is
        left. ``none``: nothing before the end of the job.
    value
        For ``estimate``, the largest factor between work and estimate, 1 or more; None if the jobs
        bring estimates of their own. For ``epsilon``, the share, above 0 and up to 1.

    Raises
    ------
    ConfigError
        If there is no such model.

    Examples
    --------
    >>> print(Reveal.parse("epsilon(0.25)"))
    epsilon(1/4)
    """

    kind: Kind
    value: Fraction | None = None

    def __post_init__(self) -> None:
        value = self.value
        if self.kind not in KINDS:
            raise ConfigError(f"unknown reveal model {self.kind!r}; known: {', '.join(KINDS)}")
        sound = {
            "estimate": value is None or value >= 1,
            "epsilon": value is not None and 0 < value <= 1,
        }
        if not sound.get(self.kind, value is None):
            raise ConfigError(f"reveal model {self}: no such value; see headway.simulate.single")

    @classmethod
    def parse(cls, text: str | Reveal) -> Reveal:
        """Return the model that a text such as ``estimate(2)`` names.

        Raises
        ------
        ConfigError
            If it names none.
        """
        if isinstance(text, Reveal):
            return text
        match = re.fullmatch(r"\s*(\w+)\s*(?:\(\s*([\d./]+)\s*\))?\s*", text)
        try:
            if match is None:
                raise ValueError(text)
            value = None if match[2] is None else Fraction(match[2])
        except (ValueError, ZeroDivisionError):
            raise ConfigError(
                f"expected a reveal model such as 'operations' or 'epsilon(0.25)', got {text!r}"
            ) from None
        return cls(match[1], value)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}({self.value})"
