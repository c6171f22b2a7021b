"""Exact solving: build the model, search level by level, believe nothing unchecked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headway.errors import UnsupportedError
from headway.model import Problem, Schedule, verify
from headway.model.objective import MAXIMA
from headway.model.tables import FOREVER
from headway.solve.cpsat.confirm import UNCONFIRMED, second_opinion
from headway.solve.cpsat.encoding import Encoding, limit
from headway.solve.cpsat.explain import conflict
from headway.solve.cpsat.loads import load_bound, minimises_makespan
from headway.solve.cpsat.reduce import Reduction
from headway.solve.cpsat.search import (
    Answer,
    Effort,
    Found,
    complete,
    minimise,
    set_hint,
    value_of,
)
from headway.solve.cpsat.windows import windows
from headway.solve.cpsat.writer import Sum
from headway.solve.result import Budget, Progress, Result, Status, Stop, Values, relative_gap

if TYPE_CHECKING:
    from ortools.sat.python.cp_model_helper import CpModelProto

METHOD = "cpsat"

_EARLIER_SHARE = 0.7
"""Share of the remaining time that a level may take while less important ones wait."""

_LAST_SHARE = 0.1
"""Less than this share of the time limit is not worth another round over the levels."""

_LEAST_TIME_S = 0.02
"""A search shorter than this is not worth starting."""

_COMPLETION_SHARE = 0.2
"""Share of the time for working out the variables that a warm start does not name."""


def _ignore(progress: Progress) -> None:
    """Receive progress that nobody wants."""


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None = None,
    seed: int = 0,
    on_progress: Callable[[Progress], None] = _ignore,
    stop: Stop | None = None,
    known_bound: Values | None = None,
    proof: bool = False,
    deterministic_s: float = math.inf,
) -> Result:
    """Solve a problem exactly with OR-Tools CP-SAT.

    Parameters
    ----------
    problem
        What is to be scheduled; every constraint and objective is supported.
    budget
        Time, threads and gap. With one thread the answer depends on the seed alone, unless the
        time limit cuts the search.
    warm_start
        A schedule to start from. It is the first incumbent if it is valid, and ignored otherwise.
    seed
        Seed of the search.
    on_progress
        Called in the calling thread with each better schedule or bound.
    stop
        Ends the search soon after it is set. Ctrl-C in the calling thread does the same.
    known_bound
        A lower bound per level that holds already; levels whose warm start meets it are done.
    proof
        Whether somebody else looks for better schedules, so that the bound is what counts here.
    deterministic_s
        CP-SAT's own measure of effort per level, about a second on a fast machine; ends the
        search at the same point everywhere.

    Returns
    -------
    Result
        ``infeasible`` only if two runs with different settings agree, and with a conflict.

    Raises
    ------
    UnsupportedError
        If the numbers of the problem are too large for CP-SAT.
    """
    effort = Effort(
        budget.time_limit_s,
        budget.workers,
        seed,
        budget.gap,
        deterministic_s=deterministic_s,
        proof=proof,
    )
    return _Run(
        problem, budget, warm_start, effort, on_progress, stop or Stop(), known_bound or ()
    ).result()


class _Run:
    """The state of one call of `solve`."""

    def __init__(
        self,
        problem: Problem,
        budget: Budget,
        warm_start: Schedule | None,
        effort: Effort,
        on_progress: Callable[[Progress], None],
        stop: Stop,
        known: Values,
    ) -> None:
        self._began = time.perf_counter()
        self._problem = problem
        self._budget = budget
        self._effort = effort
        self._seed = effort.seed
        self._known = known
        self._listener = on_progress
        self._stop = stop
        self._interrupted = False
        self._unconfirmed = False
        self._trajectory: list[Progress] = []
        self._best: Schedule | None = None
        self._bound: Values | None = None
        if warm_start is not None and verify(problem, warm_start).ok:
            self._best = warm_start
        self._start = self._best
        self._reduction = Reduction(problem)
        reduced = self._reduction.problem
        least = 0
        if minimises_makespan(problem):
            least = load_bound(reduced, windows(reduced), self._left(), stop, self._seed)
            least = max(least, *known[:1], 0)
        latest = _latest(problem, self._best)
        self._encoding = Encoding(reduced, latest=latest, least_makespan=least)
        self._model = self._encoding.proto()

    # Time and progress

    def _left(self) -> float:
        return self._budget.time_limit_s - (time.perf_counter() - self._began)

    def _over(self) -> bool:
        return self._interrupted or self._stop.is_set() or self._left() < _LEAST_TIME_S

    def _report(self, schedule: Schedule | None) -> None:
        """Pass on that the incumbent (if given) or the bound has improved."""
        progress = Progress(
            time.perf_counter() - self._began,
            None if self._best is None else self._best.objective_values,
            self._bound,
            METHOD,
            schedule,
        )
        # Only the best schedule is kept; thousands of them would not fit into memory.
        self._trajectory.append(replace(progress, schedule=None))
        self._listener(progress)

    def _take(self, values: list[int]) -> None:
        """Note an assignment found by the search."""
        schedule = self._reduction.lift(self._encoding.schedule(values))
        if self._best is None or schedule.objective_values < self._best.objective_values:
            self._best = schedule
            self._report(schedule)

    # Search

    def result(self) -> Result:
        """Search until proven or out of time, and return the outcome."""
        if self._best is not None:
            self._report(self._best)
        if not self._encoding.levels:
            return self._any_schedule()
        values = self._warm_values()
        proven = self._proven_before()
        found = Found(Answer.UNKNOWN, None, None)
        while True:
            for level in range(len(proven)):
                if self._over():
                    break
                if proven[level] is not None:
                    continue
                found = self._search(level, values, proven)
                if found.answer is Answer.INFEASIBLE and values is None:
                    return self._infeasible()
                if found.answer is Answer.INFEASIBLE:
                    return self._contradicted()
                if found.values is not None:
                    if values is None or self._better(level, found.values, values):
                        values = found.values
                        # What was proven of later levels rested on a worse earlier one.
                        proven[level + 1 :] = [None] * (len(proven) - level - 1)
                    if found.answer is Answer.OPTIMAL:
                        proven[level] = found.bound
                if values is None:
                    break
            if None not in proven:
                break
            if not (self._worth_another_round() or (found.refuted and not self._over())):
                break
        return self._finished(proven)

    def _proven_before(self) -> list[int | None]:
        """Return the value of each level that the warm start is known to reach at best."""
        proven: list[int | None] = [None] * len(self._encoding.levels)
        if self._start is not None:
            values = self._start.objective_values
            for level, (value, bound) in enumerate(zip(values, self._known, strict=False)):
                if value != bound:
                    break
                proven[level] = bound
        return proven

    def _worth_another_round(self) -> bool:
        """Return whether enough time is left to go on where an earlier level has no proof yet.

        CP-SAT stops early when the next look at the clock could come too late.
        """
        limit = self._budget.time_limit_s
        limited = limit < math.inf and self._effort.deterministic_s == math.inf
        return limited and not self._over() and self._left() > _LAST_SHARE * limit

    def _better(self, level: int, one: list[int], other: list[int]) -> bool:
        total = self._encoding.levels[level]
        return value_of(total, one) < value_of(total, other)

    def _warm_values(self) -> list[int] | None:
        """Return the warm start as an assignment of all variables, or None."""
        if self._start is None:
            return None
        hint = self._encoding.hint(self._reduction.lower(self._start))
        if hint is None or self._over():
            return None
        objective = Sum()
        for total in self._encoding.levels:
            objective.merge(total)
        effort = Effort(self._left() * _COMPLETION_SHARE, fixed=True, seed=self._seed)
        try:
            return complete(self._model, hint, objective, effort, self._stop)
        except UnsupportedError:  # all levels together may be too large where each one fits
            return None

    def _search(self, level: int, values: list[int] | None, proven: Sequence[int | None]) -> Found:
        """Minimise one level without giving up anything on the earlier ones."""
        levels = self._encoding.levels
        model = self._model
        if level and values is not None:
            model = type(self._model)()
            model.copy_from(self._model)
            for total in levels[:level]:
                limit(model, total, value_of(total, values))
        if values is not None:
            set_hint(model, dict(enumerate(values)))
        floor = [_known(p, self._encoding, k) for k, p in enumerate(proven)]
        waiting = any(p is None for p in proven[level + 1 :])
        share = _EARLIER_SHARE if waiting else 1.0

        def accept(bound: int) -> None:
            floor[level] = max(floor[level], bound)
            news = tuple(floor[: level + 1] + self._encoding.least[level + 1 :])
            if self._bound is None or news > self._bound:
                self._bound = news
                self._report(None)

        def hear(bound: int) -> None:
            if not self._settles(level, bound):
                accept(bound)

        effort = replace(
            self._effort,
            time_s=self._left() * share,
            relaxation=not self._only_maxima(level),
        )
        found = minimise(
            model,
            levels[level],
            effort,
            stop=self._stop,
            on_values=self._take,
            on_bound=hear,
        )
        self._interrupted |= found.interrupted
        if found.values is not None:
            self._take(found.values)
        if found.answer is Answer.OPTIMAL:
            found = self._confirmed(model, level, found, effort)
        if found.bound is not None:
            accept(found.bound)
        return found

    def _settles(self, level: int, bound: int) -> bool:
        """Return whether a bound ends the search on a level, so that it should be confirmed."""
        if self._best is None:
            return False
        gap = relative_gap(self._best.objective_values[level : level + 1], (bound,))
        return gap is not None and gap <= self._budget.gap

    def _confirmed(self, model: CpModelProto, level: int, claim: Found, effort: Effort) -> Found:
        """Return a proof after a second run with other settings, or what refutes it."""
        least = max([self._encoding.least[level], *(self._known[:1] if level == 0 else ())])
        if claim.bound is None or claim.bound <= least:
            return claim
        total = self._encoding.levels[level]
        again = second_opinion(model, total, claim, effort, self._left(), self._stop)
        self._interrupted |= again.interrupted
        if again.values is not None:
            self._take(again.values)
            return replace(again, answer=Answer.FEASIBLE, bound=None, refuted=True)
        self._unconfirmed |= again.answer is not Answer.INFEASIBLE
        return claim

    def _only_maxima(self, level: int) -> bool:
        """Return whether the latest of some ends is all that a level counts."""
        terms = self._problem.objective.levels[level]
        return all(term.measure in MAXIMA for term in terms)

    def _any_schedule(self) -> Result:
        """Answer a problem without an objective."""
        if self._best is None:
            effort = Effort(self._left(), self._budget.workers, self._seed)
            found = minimise(self._model, None, effort, stop=self._stop, on_values=self._take)
            self._interrupted |= found.interrupted
            if found.values is not None and self._best is None:
                self._take(found.values)
            if found.answer is Answer.INFEASIBLE:
                return self._infeasible()
        if self._best is None:
            return self._outcome(Status.UNKNOWN, None, self._why_stopped())
        return self._outcome(Status.OPTIMAL, (), "any valid schedule will do")

    # Outcomes

    def _finished(self, proven: Sequence[int | None]) -> Result:
        if self._best is None:
            return self._outcome(Status.UNKNOWN, self._bound, self._why_stopped())
        value = self._best.objective_values
        bound = self._bound
        if bound is not None and bound > value:
            reason = f"CP-SAT claimed the bound {bound}, which a verified schedule beats"
            return self._outcome(Status.FEASIBLE, None, reason)
        done = None not in proven and (self._budget.gap > 0 or bound == value)
        if done:
            return self._outcome(Status.OPTIMAL, bound, UNCONFIRMED if self._unconfirmed else "")
        return self._outcome(Status.FEASIBLE, bound, self._why_stopped())

    def _infeasible(self) -> Result:
        """Check a claim that no schedule exists, and explain it."""
        if self._start is not None:
            return self._contradicted()
        plain = Encoding(self._problem)
        effort = Effort(self._left(), self._budget.workers, self._seed + 1, presolve=False)
        if not self._over():
            again = minimise(plain.proto(), None, effort, stop=self._stop)
            self._interrupted |= again.interrupted
            if again.answer is Answer.INFEASIBLE:
                lines = conflict(self._problem, self._left, self._stop, self._seed)
                return self._outcome(Status.INFEASIBLE, None, "", lines)
            if again.values is not None:
                self._best = plain.schedule(again.values)
                self._report(self._best)
                return self._contradicted()
        return self._outcome(
            Status.UNKNOWN,
            None,
            "CP-SAT found no schedule to exist, but there was no time to confirm it",
        )

    def _contradicted(self) -> Result:
        """Answer after CP-SAT denied that a schedule exists although one is known."""
        reason = "CP-SAT found no schedule to exist, but one is known"
        return self._outcome(Status.FEASIBLE, None, reason)

    def _why_stopped(self) -> str:
        if self._interrupted or self._stop.is_set():
            return "stopped from outside"
        if self._budget.time_limit_s == math.inf:
            return f"CP-SAT ran out of memory on {self._encoding.n_variables} variables"
        return "time limit reached"

    def _outcome(
        self, status: Status, bound: Values | None, reason: str, lines: Sequence[str] = ()
    ) -> Result:
        return Result(
            problem=self._problem,
            schedule=self._best,
            status=status,
            bound=bound,
            trajectory=tuple(self._trajectory),
            method=METHOD,
            reason=reason,
            time_s=time.perf_counter() - self._began,
            conflict=tuple(lines),
            seed=self._seed,
        )


def _latest(problem: Problem, incumbent: Schedule | None) -> int:
    """Return when every schedule ends that is no worse than the incumbent, if that is known."""
    if incumbent is None or not minimises_makespan(problem):
        return FOREVER
    return incumbent.makespan


def _known(proven: int | None, encoding: Encoding, level: int) -> int:
    return encoding.least[level] if proven is None else proven
