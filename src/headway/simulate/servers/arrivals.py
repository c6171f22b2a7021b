"""When tasks arrive: steady, switching, Markov-modulated, or as recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.model.tables import Ints, ints
from headway.simulate.laws import Floats

FORMS = {
    "poisson": "poisson(load)",
    "switching": "switching(load, load, …)",
    "modulated": "modulated(load, other load, mean tasks in between)",
}
"""The arrival processes there are, by name, as they are written."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A Poisson process whose load is constant, or changes.

    The load is the work that arrives per tick, as a share of what all machines can do at the speeds
    they begin with.

    Parameters
    ----------
    kind
        ``poisson(load)``. ``switching(load, load, …)``: each load for an equal share of the tasks.
        ``modulated(load, other load, tasks)``: a Markov-modulated process that switches between two
        loads, after that many tasks in the mean.
    parameters
        Its parameters, in that order.

    Raises
    ------
    ConfigError
        If there is no such process, or it cannot have these parameters.

    Examples
    --------
    >>> print(Arrivals.parse("switching(0.7, 0.95)"))
    switching(0.7, 0.95)
    """

    kind: str
    parameters: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.kind not in FORMS:
            raise ConfigError(f"unknown arrivals {self.kind!r}; known: {', '.join(FORMS.values())}")
        n = len(self.parameters)
        fits = {"poisson": n == 1, "switching": n >= 1, "modulated": n == 3}[self.kind]
        if not fits or not all(0 < value < float("inf") for value in self.parameters):
            raise ConfigError(f"arrivals {self}: expected {FORMS[self.kind]}, all above 0")

    @classmethod
    def parse(cls, text: str | Arrivals) -> Arrivals:
        """Return the process that a text such as ``poisson(0.7)`` names.

        Raises
        ------
        ConfigError
            If it names none.
        """
        if isinstance(text, Arrivals):
            return text
        match = re.fullmatch(r"\s*([a-z]+)\s*\(([^()]*)\)\s*", text)
        try:
            if match is None:
                raise ValueError(text)
            return cls(match[1], tuple(float(part) for part in match[2].split(",")))
        except ConfigError:
            raise
        except ValueError:
            known = ", ".join(FORMS.values())
            raise ConfigError(f"expected arrivals such as {known}; got {text!r}") from None

    def times(self, n: int, work_per_tick: float, mean: float, rng: np.random.Generator) -> Ints:
        """Return when `n` tasks arrive, in ticks; shape (n,).

        Parameters
        ----------
        n
            Number of tasks.
        work_per_tick
            What all machines together do in a tick.
        mean
            Mean work of a task.
        rng
            Source of the gaps.
        """
        gaps = rng.standard_exponential(n) * mean / work_per_tick / self._loads(n, rng)
        return ints(np.rint(np.cumsum(gaps)).astype(np.int64))

    def _loads(self, n: int, rng: np.random.Generator) -> Floats:
        """Return the load before each arrival."""
        if self.kind == "modulated":
            low, high, stay = self.parameters
            flips = np.cumsum(rng.random(n) < 1 / max(stay, 1.0))
            return np.where(flips % 2 == 0, low, high)
        phase = np.arange(n) * len(self.parameters) // max(n, 1)
        return np.asarray(self.parameters)[phase]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{value:g}' for value in self.parameters)})"
