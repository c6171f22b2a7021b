"""Why a problem has no schedule: a small set of its constraints that cannot hold together.

Every constraint that a user can take away is a `Reason`, with words in the user's names and a way
to leave it out of the problem. Which reasons are needed is found by dividing them again and again
and asking whether the problem with only some of them is infeasible already.

References
----------
U. Junker (2004). QuickXplain: preferred explanations and relaxations for over-constrained problems.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from headway.model import Problem
from headway.solve.cpsat.details import with_details
from headway.solve.cpsat.encoding import Encoding
from headway.solve.cpsat.reasons import Reason, reasons, relaxed
from headway.solve.cpsat.search import Answer, Effort, minimise
from headway.solve.result import Stop

_MOST_TIME_S = 30.0
_MOST_TIME_PER_QUESTION_S = 2.0
_MOST_LINES = 40
_REST_SHARE = 0.02


def conflict(
    problem: Problem, left: Callable[[], float], stop: Stop, seed: int = 0
) -> tuple[str, ...]:
    """Return descriptions of constraints that cannot hold together, with what makes them bite.

    Parameters
    ----------
    problem
        A problem without a schedule.
    left
        Returns how many seconds may still be spent. With more time the set becomes smaller, until
        nothing can be left out of it.
    stop
        Ends the search for a smaller set.
    seed
        Seed of the solver.
    """
    until = time.perf_counter() + min(_MOST_TIME_S, left() * (1 - _REST_SHARE))
    question = _Question(problem, until, stop, seed)
    every = reasons(problem)
    given = [reason for reason in every if not reason.removable]
    question.always = given
    needed = _needed([], [reason for reason in every if reason.removable], question)
    for reason in given:
        question.always = [other for other in question.always if other is not reason]
        if not question.is_infeasible(needed):
            question.always.append(reason)
    named = {id(reason) for reason in (*needed, *question.always)}
    lines = with_details(problem, [reason for reason in every if id(reason) in named])
    if not lines:
        lines = ["the durations and demands of the tasks themselves"]
    if len(lines) > _MOST_LINES:
        more = len(lines) - _MOST_LINES
        lines = [*lines[:_MOST_LINES], f"and {more} more constraints (there was no time to choose)"]
    return tuple(lines)


class _Question:
    """Asks whether a problem is infeasible with only some of its constraints."""

    def __init__(self, problem: Problem, until: float, stop: Stop, seed: int) -> None:
        self._problem = problem
        self._until = until
        self._stop = stop
        self._seed = seed
        self.always: list[Reason] = []

    def is_infeasible(self, kept: Sequence[Reason]) -> bool:
        """Return True only if that is proven in the time there is."""
        time_s = min(self._until - time.perf_counter(), _MOST_TIME_PER_QUESTION_S)
        if time_s <= 0 or self._stop.is_set() or math.isnan(time_s):
            return False
        weaker = relaxed(self._problem, [*kept, *self.always])
        effort = Effort(time_s, seed=self._seed)
        found = minimise(Encoding(weaker).proto(), None, effort, stop=self._stop)
        return found.answer is Answer.INFEASIBLE


def _needed(
    background: list[Reason], candidates: list[Reason], question: _Question
) -> list[Reason]:
    """Return those candidates that make the background infeasible; nothing if it is already."""
    if question.is_infeasible(background):
        return []
    return _divide(background, candidates, question)


def _divide(
    background: list[Reason], candidates: list[Reason], question: _Question
) -> list[Reason]:
    """Return needed candidates, knowing that the background alone is not infeasible."""
    if len(candidates) <= 1:
        return candidates
    middle = len(candidates) // 2
    first, second = candidates[:middle], candidates[middle:]
    of_second = _needed([*background, *first], second, question)
    of_first = _needed([*background, *of_second], first, question) if of_second else None
    if of_first is None:
        return _divide(background, first, question)
    return [*of_first, *of_second]
