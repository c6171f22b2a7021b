"""What a schedule is judged by: measures, their weighted sums, and sums ranked by importance.

An `Objective` is always minimised. Objectives are built from the functions below, added, scaled
by integers, and ranked with `Objective.then`:

>>> print(2 * makespan() + total_tardiness(weighted=True))
2 makespan + weighted tardiness
>>> print(makespan().then(total_setup()))
makespan, then setup
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from headway.errors import ConfigError


class Measure(StrEnum):
    """One number computed from a schedule; see the function of the same subject for its meaning."""

    MAKESPAN = "makespan"
    COMPLETION = "completion"
    FLOW_TIME = "flow-time"
    TARDINESS = "tardiness"
    EARLINESS = "earliness"
    TARDY_JOBS = "tardy-jobs"
    MAX_LATENESS = "max-lateness"
    MAX_TARDINESS = "max-tardiness"
    SETUP = "setup"
    COST = "cost"
    LEVELLING = "levelling"
    PEAK = "peak"


SUMS_OVER_JOBS = frozenset(
    {
        Measure.COMPLETION,
        Measure.FLOW_TIME,
        Measure.TARDINESS,
        Measure.EARLINESS,
        Measure.TARDY_JOBS,
    }
)
"""Measures that add up over jobs and may be weighted by them."""

NEEDS_DUE_DATES = frozenset(
    {
        Measure.TARDINESS,
        Measure.EARLINESS,
        Measure.TARDY_JOBS,
        Measure.MAX_LATENESS,
        Measure.MAX_TARDINESS,
    }
)
"""Measures that look only at jobs with a due date."""

MAXIMA = frozenset({Measure.MAKESPAN, Measure.MAX_LATENESS, Measure.MAX_TARDINESS})
"""Measures decided by one latest end."""

OVER_RESOURCES = frozenset({Measure.SETUP, Measure.COST, Measure.LEVELLING, Measure.PEAK})
"""Measures that may be restricted to some resources."""


@dataclass(frozen=True, slots=True)
class Term:
    """A measure in a weighted sum.

    Parameters
    ----------
    measure
        What is counted.
    weight
        Positive integer factor.
    weighted
        Whether each job counts with its own weight (sums over jobs only).
    resources
        Positions of the resources counted (resource measures only); empty for all that apply.
    """

    measure: Measure
    weight: int = 1
    weighted: bool = False
    resources: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if type(self.weight) is not int or self.weight < 1:
            raise ConfigError(
                f"weight of {self.measure}: expected a positive integer, got {self.weight!r}"
            )
        if self.weighted and self.measure not in SUMS_OVER_JOBS:
            raise ConfigError(f"{self.measure} cannot be weighted by jobs")
        if self.resources and self.measure not in OVER_RESOURCES:
            raise ConfigError(f"{self.measure} does not count resources")

    def __str__(self) -> str:
        name = f"weighted {self.measure}" if self.weighted else str(self.measure)
        if self.resources:
            name += f" of resource {', '.join(map(str, self.resources))}"
        return name if self.weight == 1 else f"{self.weight} {name}"


@dataclass(frozen=True, slots=True)
class Objective:
    """Weighted sums of measures, the most important first.

    Parameters
    ----------
    levels
        Each level is a sum of terms; a later level only breaks ties of the earlier ones. No level
        at all means that any valid schedule will do.
    """

    levels: tuple[tuple[Term, ...], ...] = ()

    @property
    def is_lexicographic(self) -> bool:
        """Whether there is more than one level."""
        return len(self.levels) > 1

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms of all levels."""
        return tuple(term for level in self.levels for term in level)

    def uses(self, *measures: Measure) -> bool:
        """Return whether any of `measures` occurs in any level."""
        return any(term.measure in measures for term in self.terms)

    def is_only(self, measure: Measure) -> bool:
        """Return whether the objective is exactly one unweighted `measure`, counted once."""
        return self.levels == ((Term(measure),),)

    def then(self, other: Objective) -> Objective:
        """Return an objective that looks at `other` only to break ties of this one."""
        if not isinstance(other, Objective):
            raise ConfigError(f"then: expected an objective, got {other!r}")
        return Objective(self.levels + other.levels)

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        if len(self.levels) != 1 or len(other.levels) != 1:
            raise ConfigError("only single-level objectives can be added; rank them with .then()")
        return Objective((self.levels[0] + other.levels[0],))

    def __mul__(self, factor: int) -> Objective:
        if isinstance(factor, bool) or not isinstance(factor, int):
            return NotImplemented
        return Objective(
            tuple(
                tuple(Term(t.measure, t.weight * factor, t.weighted, t.resources) for t in level)
                for level in self.levels
            )
        )

    __rmul__ = __mul__

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Return the objective that reads like `text`, the inverse of ``str`` (without resources).

        Terms are joined by ``+``, levels by a comma; a term is a measure, with an integer factor
        and the word *weighted* in front if wanted.

        Raises
        ------
        ConfigError
            If a word is not understood; the message lists the measures.

        Examples
        --------
        >>> Objective.parse("2 makespan + weighted tardiness, then setup").levels[1]
        (Term(measure=<Measure.SETUP: 'setup'>, weight=1, weighted=False, resources=()),)
        """
        return cls(tuple(tuple(map(_parse_term, part.split("+"))) for part in text.split(",")))

    def __str__(self) -> str:
        if not self.levels:
            return "any valid schedule"
        return ", then ".join(" + ".join(map(str, level)) for level in self.levels)


def _parse_term(text: str) -> Term:
    words = text.split()
    if words[:1] == ["then"]:
        words = words[1:]
    factor = 1
    if words and words[0].isascii() and words[0].isdecimal() and len(words[0]) < 20:
        factor = int(words.pop(0))
    weighted = words[:1] == ["weighted"]
    name = " ".join(words[weighted:])
    try:
        return Term(Measure(name), factor, weighted)
    except ValueError as error:
        known = ", ".join(Measure)
        reason = error if name in list(Measure) else f"unknown measure {name!r}; known: {known}"
        raise ConfigError(f"objective {text.strip()!r}: {reason}") from None


def _one(
    measure: Measure, *, weighted: bool = False, resources: Iterable[object] = ()
) -> Objective:
    positions = tuple(int(getattr(r, "index", r)) for r in resources)  # type: ignore[call-overload]
    return Objective(((Term(measure, 1, weighted, positions),),))


def makespan() -> Objective:
    """Return the latest end of any task."""
    return _one(Measure.MAKESPAN)


def total_completion(*, weighted: bool = False) -> Objective:
    """Return the sum of job completion times (a job completes when its last task ends)."""
    return _one(Measure.COMPLETION, weighted=weighted)


def total_flow_time(*, weighted: bool = False) -> Objective:
    """Return the sum over jobs of completion minus release."""
    return _one(Measure.FLOW_TIME, weighted=weighted)


def total_tardiness(*, weighted: bool = False) -> Objective:
    """Return the sum over jobs with a due date of ``max(0, completion - due)``."""
    return _one(Measure.TARDINESS, weighted=weighted)


def total_earliness(*, weighted: bool = False) -> Objective:
    """Return the sum over jobs with a due date of ``max(0, due - completion)``."""
    return _one(Measure.EARLINESS, weighted=weighted)


def tardy_jobs(*, weighted: bool = False) -> Objective:
    """Return the number (or total weight) of jobs that complete after their due date."""
    return _one(Measure.TARDY_JOBS, weighted=weighted)


def max_lateness() -> Objective:
    """Return the largest ``completion - due`` over jobs with a due date; may be negative."""
    return _one(Measure.MAX_LATENESS)


def max_tardiness() -> Objective:
    """Return the largest ``max(0, completion - due)`` over jobs with a due date."""
    return _one(Measure.MAX_TARDINESS)


def total_setup(resources: Iterable[object] = ()) -> Objective:
    """Return the total setup time spent on machines (all, or the given ones)."""
    return _one(Measure.SETUP, resources=resources)


def resource_cost(resources: Iterable[object] = ()) -> Objective:
    """Return the price of the chosen modes.

    A mode costs its own price plus, for each of its machines and renewable resources, price x
    amount x duration, and for each of its non-renewable ones price x amount. With `resources`,
    only those resources are counted, and the mode's own price is not.
    """
    return _one(Measure.COST, resources=resources)


def levelling(resources: Iterable[object] = ()) -> Objective:
    """Return the sum over renewable resources and ticks of the squared usage.

    The classical resource levelling measure: even profiles have the smallest sum.
    """
    return _one(Measure.LEVELLING, resources=resources)


def peak_usage(resources: Iterable[object] = ()) -> Objective:
    """Return the sum over renewable resources of price (at least 1) x largest usage.

    The resource investment measure: how much of each resource must be bought.
    """
    return _one(Measure.PEAK, resources=resources)
