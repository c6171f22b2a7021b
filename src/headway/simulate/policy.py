"""What decides: a policy scores the candidates of a decision, and the best one is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.simulate.expression import Expression, trace

Floats = NDArray[np.float64]


class Decision(Protocol):
    """An instant at which something must be chosen.

    Everything reachable from here is read-only and already known at this instant; what the
    future holds is not part of it.
    """

    @property
    def time(self) -> float:
        """Now, in the unit of the simulation."""
        ...

    @property
    def columns(self) -> Mapping[str, Floats]:
        """Features of the candidates by name, arrays of shape (n_candidates,) or () if shared.

        They are computed when asked for.
        """
        ...

    @property
    def may_wait(self) -> bool:
        """Whether choosing none is allowed."""
        ...

    def __len__(self) -> int:
        """Return the number of candidates; they are listed by job, then by resource."""
        ...


class Candidates:
    """A decision made of columns; see `Decision`.

    Parameters
    ----------
    time
        Now, in the unit of the simulation.
    columns
        Features of the candidates by name.
    size
        Number of candidates.
    may_wait
        Whether choosing none is allowed.
    """

    __slots__ = ("_size", "columns", "may_wait", "time")

    def __init__(
        self, time: float, columns: Mapping[str, Floats], size: int, *, may_wait: bool = False
    ) -> None:
        self.time = float(time)
        self.columns = columns
        self.may_wait = may_wait
        self._size = size

    def __len__(self) -> int:
        return self._size


class Policy(Protocol):
    """An online decision maker; the same object runs in a simulation and live."""

    @property
    def name(self) -> str:
        """What tables and traces call it."""
        ...

    def score(self, decision: Decision) -> Floats:
        """Return how good each candidate is, shape (n_candidates,); the largest one wins.

        Ties go to the first. Where `Decision.may_wait` is true, nothing is chosen unless a score
        is positive, if the policy `waits`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A dispatching rule: one expression over the columns of its world.

    Parameters
    ----------
    name
        Its usual name.
    key
        Which candidate goes first.
    largest
        Whether the largest key goes first, not the smallest.
    """

    name: str
    key: Expression
    largest: bool = False

    @property
    def scores(self) -> Expression:
        """The same, as a score of which the largest wins."""
        return self.key if self.largest else -self.key

    def score(self, decision: Decision) -> Floats:
        """Return the score of each candidate; see `Policy.score`."""
        values = self.scores.evaluate(decision.columns)
        return np.broadcast_to(values, (len(decision),))

    def __str__(self) -> str:
        return f"{self.name}: {'largest' if self.largest else 'smallest'} {self.key}"


@dataclass(frozen=True, eq=False, slots=True)
class Linear:
    """A weighted sum of features.

    Parameters
    ----------
    name
        What tables call it.
    features
        One expression per weight.
    weights
        Shape (n_features,).
    waits
        Whether candidates that may be held back start only if their score is positive.
    """

    name: str
    features: tuple[Expression, ...]
    weights: Floats
    waits: bool = False

    def __post_init__(self) -> None:
        if self.weights.shape != (len(self.features),):
            raise ConfigError(
                f"rule {self.name!r}: expected {len(self.features)} weights, one per feature, got"
                f" an array of shape {self.weights.shape}"
            )

    @property
    def scores(self) -> Expression:
        """The sum as one expression."""
        terms = [float(w) * feature for w, feature in zip(self.weights, self.features, strict=True)]
        total = terms[0] if terms else Expression(0.0)
        for term in terms[1:]:
            total = total + term
        return total

    def score(self, decision: Decision) -> Floats:
        """Return the score of each candidate; see `Policy.score`."""
        total = np.zeros(len(decision))
        for weight, feature in zip(self.weights, self.features, strict=True):
            total += weight * feature.evaluate(decision.columns)
        return total


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of one world by their usual names.

    Parameters
    ----------
    world
        Name of the world, such as ``"shop"``.
    columns
        The columns that its rules may use.
    rules
        By name, in capitals where the field writes them so.
    """

    world: str
    columns: tuple[str, ...]
    rules: Mapping[str, Rule]

    @classmethod
    def of(
        cls,
        world: str,
        columns: Iterable[str],
        smallest: Mapping[str, Callable[[Any], Expression]],
        largest: Mapping[str, Callable[[Any], Expression]] | None = None,
    ) -> RuleBook:
        """Return the book of rules that are given as functions of columns.

        Parameters
        ----------
        world, columns
            As for the class.
        smallest, largest
            Rules by name, of which the smallest or the largest key goes first.
        """
        known = tuple(columns)
        rules = {name: Rule(name, trace(key, known)) for name, key in smallest.items()}
        for name, key in (largest or {}).items():
            rules[name] = Rule(name, trace(key, known), largest=True)
        return cls(world, known, rules)

    def names(self) -> tuple[str, ...]:
        """Return the names of all rules, those of other packages included."""
        from headway.simulate.registry import policies

        return (*self.rules, *(name for name in policies(self.world) if name not in self.rules))

    def find(self, name: str | Policy) -> Policy:
        """Return the rule called `name`, in any case; a policy is returned as it is.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        if not isinstance(name, str):
            return name
        by_lower = {known.lower(): rule for known, rule in self.rules.items()}
        rule = by_lower.get(name.lower())
        if rule is not None:
            return rule
        from headway.simulate.registry import load

        return load(self.world, name, self.names())


def best(scores: Floats | Sequence[float], *, may_wait: bool = False) -> int | None:
    """Return the position of the largest score, the first of equals.

    Parameters
    ----------
    scores
        Shape (n_candidates,), not empty.
    may_wait
        Return None if no score is positive.
    """
    k = int(np.argmax(scores))
    return None if may_wait and not scores[k] > 0 else k
