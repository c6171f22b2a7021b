"""Objective values in words."""

from __future__ import annotations

from headway.model.objective import Measure, Term
from headway.show.clock import Clock, grouped

_TICKS = frozenset(Measure) - {Measure.TARDY_JOBS, Measure.COST, Measure.LEVELLING, Measure.PEAK}


def level_name(level: tuple[Term, ...]) -> str:
    """Return what a level of an objective counts."""
    return " + ".join(map(str, level))


def tell_level(level: tuple[Term, ...], value: int, clock: Clock) -> str:
    """Return the value of a level: as time if it counts nothing else, or else as a number."""
    is_time = all(
        term.weight == 1 and not term.weighted and term.measure in _TICKS for term in level
    )
    return clock.show(value) if is_time else grouped(str(value))
