"""Probability laws of durations and times between events, by name and readable text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.model.tables import LARGEST_TIME

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, tuple[float, ...]], Floats]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One family of laws: names of its parameters, how to draw, its mean, what is refused."""

    parameters: tuple[str, ...]
    draw: Draw
    mean: Callable[[tuple[float, ...]], float]
    sound: Callable[[tuple[float, ...]], bool]


def _lognormal(mean: float, cv: float) -> tuple[float, float]:
    variance = math.log1p(cv * cv)
    return math.log(mean) - variance / 2, math.sqrt(variance)


def _hyperexponential(rng: np.random.Generator, n: int, p: tuple[float, ...]) -> Floats:
    share, first, second = p
    scale = np.where(rng.random(n) < share, first, second)
    return scale * rng.standard_exponential(n)


def _spread(p: tuple[float, ...]) -> bool:
    return p[0] > 0 and 1e-6 <= p[1] <= 1e6


def _positive(p: tuple[float, ...]) -> bool:
    return all(value > 0 for value in p)


_KINDS: dict[str, _Kind] = {
    "constant": _Kind(
        ("value",), lambda _, n, p: np.full(n, p[0]), lambda p: p[0], lambda p: p[0] >= 0
    ),
    "uniform": _Kind(
        ("low", "high"),
        lambda rng, n, p: rng.uniform(p[0], p[1], n),
        lambda p: (p[0] + p[1]) / 2,
        lambda p: 0 <= p[0] <= p[1],
    ),
    "integers": _Kind(
        ("low", "high"),
        lambda rng, n, p: rng.integers(int(p[0]), int(p[1]) + 1, n).astype(np.float64),
        lambda p: (p[0] + p[1]) / 2,
        lambda p: 0 <= p[0] <= p[1] and p[0] == int(p[0]) and p[1] == int(p[1]),
    ),
    "triangular": _Kind(
        ("low", "mode", "high"),
        lambda rng, n, p: rng.triangular(p[0], p[1], p[2], n),
        lambda p: sum(p) / 3,
        lambda p: 0 <= p[0] <= p[1] <= p[2] and p[0] < p[2],
    ),
    "exponential": _Kind(
        ("mean",), lambda rng, n, p: p[0] * rng.standard_exponential(n), lambda p: p[0], _positive
    ),
    "normal": _Kind(
        ("mean", "sd"),
        lambda rng, n, p: np.maximum(rng.normal(p[0], p[1], n), 0.0),
        # The mean of the part above 0, negative draws counting as 0.
        lambda p: _censored_normal_mean(p[0], p[1]),
        lambda p: p[0] >= 0 and p[1] >= 0,
    ),
    "lognormal": _Kind(
        ("mean", "cv"),
        lambda rng, n, p: rng.lognormal(*_lognormal(*p), n),
        lambda p: p[0],
        _spread,
    ),
    "gamma": _Kind(
        ("mean", "cv"),
        lambda rng, n, p: rng.gamma(1 / p[1] ** 2, p[0] * p[1] ** 2, n),
        lambda p: p[0],
        _spread,
    ),
    "weibull": _Kind(
        ("scale", "shape"),
        lambda rng, n, p: p[0] * rng.weibull(p[1], n),
        lambda p: p[0] * math.gamma(1 + 1 / p[1]),
        _positive,
    ),
    "hyperexponential": _Kind(
        ("share", "mean", "other_mean"),
        _hyperexponential,
        lambda p: p[0] * p[1] + (1 - p[0]) * p[2],
        lambda p: _positive(p) and p[0] <= 1,
    ),
    "empirical": _Kind(
        (),
        lambda rng, n, p: rng.choice(np.asarray(p), n),
        lambda p: math.fsum(p) / len(p),
        lambda p: len(p) > 0 and all(value >= 0 for value in p),
    ),
}

LAWS = tuple(_KINDS)
"""The names of the laws there are."""


def _sound(kind: _Kind, parameters: tuple[float, ...]) -> bool:
    """Return whether a law can have these parameters, and its mean can be told."""
    try:
        finite = all(map(math.isfinite, parameters)) and kind.sound(parameters)
        return finite and math.isfinite(kind.mean(parameters))
    except (OverflowError, ZeroDivisionError):
        return False


def _censored_normal_mean(mean: float, sd: float) -> float:
    if sd == 0:
        return mean
    z = mean / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return mean * 0.5 * math.erfc(-z / math.sqrt(2)) + sd * density


@dataclass(frozen=True, slots=True)
class Law:
    """A law on the non-negative numbers.

    Parameters
    ----------
    kind
        One of `LAWS`: ``constant(value)``, ``uniform(low, high)``, ``integers(low, high)`` (both
        ends included), ``triangular(low, mode, high)``, ``exponential(mean)``, ``normal(mean, sd)``
        (negative draws count as 0), ``lognormal(mean, cv)`` and ``gamma(mean, cv)`` (cv is the
        coefficient of variation), ``weibull(scale, shape)``, ``hyperexponential(share, mean,
        other_mean)`` (two exponentials, the first with probability `share`),
        ``empirical(values…)``.
    parameters
        Its parameters, in that order.

    Raises
    ------
    ConfigError
        If there is no such law, or it cannot have these parameters.

    Examples
    --------
    >>> law = Law.parse("lognormal(20, 1.5)")
    >>> print(law, law.mean)
    lognormal(20, 1.5) 20.0
    """

    kind: str
    parameters: tuple[float, ...]

    def __post_init__(self) -> None:
        kind = _KINDS.get(self.kind)
        if kind is None:
            raise ConfigError(f"unknown law {self.kind!r}; known: {', '.join(LAWS)}")
        expected = kind.parameters
        if expected and len(self.parameters) != len(expected):
            raise ConfigError(
                f"law {self.kind}: expected {len(expected)} parameters ({', '.join(expected)}),"
                f" got {len(self.parameters)}"
            )
        if not _sound(kind, self.parameters):
            raise ConfigError(f"law {self}: no such parameters; see headway.simulate.Law")

    @classmethod
    def parse(cls, text: str | float) -> Law:
        """Return the law that a text such as ``exponential(20)`` names; a number is constant.

        Raises
        ------
        ConfigError
            If the text names none.
        """
        if isinstance(text, int | float):
            return cls("constant", (float(text),))
        match = re.fullmatch(r"\s*([a-z]+)\s*\(([^()]*)\)\s*", text)
        try:
            if match is None:
                return cls("constant", (float(text),))
            values = [float(part) for part in match[2].split(",")] if match[2].strip() else []
        except ValueError:
            raise ConfigError(
                f"law: expected a number or a text such as 'exponential(20)', got {text!r}"
            ) from None
        return cls(match[1], tuple(values))

    @classmethod
    def empirical(cls, values: Sequence[float]) -> Law:
        """Return the law that draws one of the values, each with the same probability."""
        return cls("empirical", tuple(float(value) for value in values))

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(_KINDS[self.kind].mean(self.parameters))

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return `n` independent values, shape (n,)."""
        return np.asarray(_KINDS[self.kind].draw(rng, n, self.parameters), dtype=np.float64)

    def ticks(self, rng: np.random.Generator, n: int, least: int = 1) -> NDArray[np.int64]:
        """Return `n` values rounded to whole ticks, none below `least`; shape (n,).

        Raises
        ------
        ConfigError
            If one is larger than any time can be.
        """
        values = np.maximum(np.rint(self.draw(rng, n)), least)
        if not (values <= LARGEST_TIME).all():
            raise ConfigError(f"law {self} gives {values.max():.3g} ticks; choose a coarser tick")
        return values.astype(np.int64)

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{value:g}' for value in self.parameters)})"
