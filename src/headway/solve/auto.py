"""The default method: an instant answer by rules, search where it applies, then exact proof."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headway.errors import UnsupportedError
from headway.model import Problem, Schedule
from headway.solve import rules, tabu
from headway.solve.result import Budget, Progress, Result, Solver, Status, Stop
from headway.solve.shape import shape

LARGEST_EXACT_MODEL = 60_000
"""Up to this many modes a CP-SAT model is built; beyond, it would eat the time and the memory."""

LARGEST_SETUP_ARCS = 2_000_000
"""Up to this many pairs of tasks with setups between them, likewise."""

LARGEST_PROVABLE_SHOP = 250
"""Up to this many operations CP-SAT often proves the optimum of a job shop."""

_MOVES_BEFORE_PROOF = 500_000
"""Moves of tabu search per worker on such a shop, a second or two. A number of moves, not of
seconds, so that one worker and one seed give the same answer twice."""

_SHARE_OF_RULES = 0.1
_SHARE_OF_SEARCH = 0.25
_SHARE_OF_LARGE_SEARCH = 0.75
_LEAST_TIME_S = 0.01

_SETTLED = (Status.OPTIMAL, Status.INFEASIBLE)
_STEPS = {"rules": "priority rules", "tabu": "tabu search", "cpsat": "CP-SAT"}


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Result:
    """Solve with what suits the problem; see `headway.solve.solve` for the parameters.

    Priority rules give the first schedule within milliseconds. On job shops tabu search improves
    it: briefly where CP-SAT can be expected to prove the optimum, for most of the time on larger
    ones. Then CP-SAT goes on from the best schedule so far, unless the problem is so large that
    its model would not fit. Whoever meets a lower bound ends the run.
    """
    relay = _Relay(problem, budget, warm_start, seed, on_progress, stop)
    fits = _fits_exact_model(problem)
    searchable = tabu.solve.applies(problem)
    alone = not fits and not searchable
    relay.run("rules", rules.solve, share=1.0 if alone else _SHARE_OF_RULES, sample=alone)
    if searchable and not relay.over:
        if not fits:
            relay.run("tabu", tabu.solve)
        elif problem.n_tasks <= LARGEST_PROVABLE_SHOP:
            relay.run("tabu", tabu.solve, share=_SHARE_OF_SEARCH, moves=_MOVES_BEFORE_PROOF)
        else:
            relay.run("tabu", tabu.solve, share=_SHARE_OF_LARGE_SEARCH)
    if fits and not relay.over:
        from headway.solve import cpsat  # takes its time, which counts

        relay.run("cpsat", cpsat.solve)
    return relay.result()


class _Relay:
    """Solvers one after another, each starting from what the ones before it know."""

    def __init__(
        self,
        problem: Problem,
        budget: Budget,
        warm_start: Schedule | None,
        seed: int,
        on_progress: Callable[[Progress], None],
        stop: Stop,
    ) -> None:
        self._began = time.perf_counter()
        self._problem = problem
        self._budget = budget
        self._best = warm_start
        self._seed = seed
        self._on_progress = on_progress
        self._stop = stop
        self._names: list[str] = []
        self._results: list[Result] = []

    @property
    def over(self) -> bool:
        """Whether nothing is left to do or no time to do it."""
        settled = bool(self._results) and self._results[-1].status in _SETTLED
        return settled or self._stop.is_set() or self._left() <= 0

    def run(self, name: str, solver: Solver, *, share: float = 1.0, **options: object) -> None:
        """Let a solver work for a share of the time that is left.

        Raises
        ------
        UnsupportedError
            If the solver cannot take the problem and no schedule is known yet.
        """
        try:
            result = solver(
                self._problem,
                replace(self._budget, time_limit_s=max(share * self._left(), _LEAST_TIME_S)),
                warm_start=self._best,
                seed=self._seed,
                on_progress=self._on_progress,
                stop=self._stop,
                **options,
            )
        except UnsupportedError as error:
            if self._best is None:
                raise
            self._results[-1] = replace(self._results[-1], reason=str(error))
            return
        if result.schedule is not None and (
            self._best is None or result.schedule.objective_values < self._best.objective_values
        ):
            self._best = result.schedule
        self._names.append(name)
        self._results.append(result)

    def result(self) -> Result:
        """Return what all of them found and proved together."""
        last = self._results[-1]
        bounds = [result.bound for result in self._results if result.bound is not None]
        steps = ", then ".join(_STEPS[name] for name in self._names)
        why = f"{shape(self._problem)}: {steps}"
        return replace(
            last,
            schedule=self._best,
            # A longer bound settles more levels and is the larger tuple.
            bound=max(bounds, default=None),
            method="+".join(self._names),
            reason=f"{why}; {last.reason}" if last.reason else why,
        )

    def _left(self) -> float:
        return self._budget.time_limit_s - (time.perf_counter() - self._began)


def _fits_exact_model(problem: Problem) -> bool:
    if problem.n_modes > LARGEST_EXACT_MODEL:
        return False
    machine = problem.resources.setup >= 0
    _, resource, _ = problem.occupied
    users = np.bincount(resource, minlength=problem.n_resources)[machine]
    return int((users.astype(np.int64) ** 2).sum()) <= LARGEST_SETUP_ARCS
