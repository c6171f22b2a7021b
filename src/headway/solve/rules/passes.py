"""The solver ``rules``: every priority rule in both schemes, then random passes if asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count, product

from headway.model.objective import NEEDS_DUE_DATES, Measure
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.solve.bounds import lower_bounds
from headway.solve.result import Budget, Progress, Result, Status, Stop, Values, relative_gap
from headway.solve.rules.facts import Facts
from headway.solve.rules.generation import GenerationError, Generator, Obstacle, Scheme
from headway.solve.rules.priorities import DATED, RULES

_RESCUES = 50
"""Random passes to try if every rule got stuck."""

_ALPHAS = (1.0, 2.0, 4.0)
"""How strongly random passes lean towards their rule, in turn."""


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
    sample: bool = False,
) -> Result:
    """Return the best schedule of one pass per priority rule and scheme.

    Parameters
    ----------
    problem, budget, warm_start, seed, on_progress, stop
        As for every solver. One worker is used. The result does not depend on the time limit
        unless that cuts the passes short.
    sample
        Go on with random passes around the best rules until the budget is used up.

    Returns
    -------
    Result
        ``optimal`` if the best schedule meets a simple bound (`headway.solve.bounds`),
        ``feasible`` if there is one, ``unknown`` with the reason if every pass got stuck.
    """
    run = _Run(problem, budget, seed, on_progress, stop)
    if warm_start is not None:
        run.offer(warm_start, "warm start")
    try:
        generators = [Generator(problem)]
        if problem.objective.uses(Measure.COST):
            generators.append(Generator(problem, cheapest_modes=True))
    except GenerationError as error:
        return run.result(str(error))
    run.deterministic(generators)
    if sample:
        run.random(generators, count())
    elif run.best is None:
        run.random(generators, iter(range(_RESCUES)))
    return run.result()


class _Run:
    """The passes of one call and the best schedule among them."""

    def __init__(
        self,
        problem: Problem,
        budget: Budget,
        seed: int,
        on_progress: Callable[[Progress], None],
        stop: Stop,
    ) -> None:
        self.problem = problem
        self.budget = budget
        self.seed = seed
        self.on_progress = on_progress
        self.stop = stop
        self.began = time.perf_counter()
        self.best: Schedule | None = None
        self.value: Values | None = None
        self.bound = lower_bounds(problem)
        self.trajectory: list[Progress] = []
        self.passes = 0
        self.stuck: GenerationError | None = None
        self.ranking: list[tuple[Values, int, str, Scheme]] = []

    def offer(self, schedule: Schedule, method: str) -> Values:
        """Take note of a schedule; report it if it is the best so far."""
        value = schedule.objective_values
        if self.value is None or value < self.value:
            self.best, self.value = schedule, value
            progress = Progress(self._elapsed(), value, self.bound, method, schedule)
            self.on_progress(progress)
            self.trajectory.append(progress)
        return value

    def deterministic(self, generators: list[Generator]) -> None:
        """Make one pass per generator, rule and scheme."""
        for number, generator in enumerate(generators):
            facts = generator.facts(self.seed)
            # Serial passes come first: they are fast even where thousands of tasks compete.
            for scheme, rule in product(_SCHEMES, rules_for(self.problem)):
                if self._done():
                    return
                self._pass(generator, number, facts, rule, scheme)

    def random(self, generators: list[Generator], rounds: Iterator[int]) -> None:
        """Make random passes around the most successful rules, in turn."""
        ranking = sorted(self.ranking)[:6] or [
            ((), number, rule, scheme)
            for number in range(len(generators))
            for rule, scheme in product(("LST", "LFT", "FIFO"), _SCHEMES)
        ]
        facts = [generator.facts(self.seed) for generator in generators]
        for k in rounds:
            if self._done():
                return
            _, number, rule, scheme = ranking[k % len(ranking)]
            alpha = _ALPHAS[k // len(ranking) % len(_ALPHAS)]
            self._pass(generators[number], number, facts[number], rule, scheme, alpha, k)

    def _pass(
        self,
        generator: Generator,
        number: int,
        facts: Facts,
        rule: str,
        scheme: Scheme,
        alpha: float = 0.0,
        k: int = 0,
    ) -> None:
        self.passes += 1
        seed = ((self.seed << 32) + k) % 2**64
        try:
            schedule = generator.run(
                RULES[rule](facts), scheme, alpha=alpha, seed=seed, interrupted=self._must_stop
            )
        except GenerationError as error:
            if error.obstacle is not Obstacle.INTERRUPTED:
                self.stuck = self.stuck or error
            return
        kind = "random " if alpha else ""
        value = self.offer(schedule, f"{kind}{rule}, {scheme}")
        if not alpha:
            self.ranking.append((value, number, rule, scheme))

    def _elapsed(self) -> float:
        return time.perf_counter() - self.began

    def _must_stop(self) -> bool:
        return self.stop.is_set() or self._elapsed() > self.budget.time_limit_s

    def _done(self) -> bool:
        gap = relative_gap(self.value, self.bound)
        return self._must_stop() or (gap is not None and gap <= self.budget.gap)

    def result(self, reason: str = "") -> Result:
        """Return what was found."""
        gap = relative_gap(self.value, self.bound)
        if self.best is None:
            status = Status.UNKNOWN
            reason = reason or (str(self.stuck) if self.stuck else "no time for a single pass")
        else:
            optimal = gap is not None and gap <= self.budget.gap
            status = Status.OPTIMAL if optimal else Status.FEASIBLE
            reason = reason or f"best of {self.passes} passes"
        return Result(
            problem=self.problem,
            schedule=self.best,
            status=status,
            bound=self.bound,
            trajectory=tuple(self.trajectory),
            method="rules",
            reason=reason,
            time_s=self._elapsed(),
            seed=self.seed,
        )


_SCHEMES: tuple[Scheme, ...] = ("serial", "parallel")


def rules_for(problem: Problem) -> list[str]:
    """Return the names of the rules worth a pass, the most promising first."""
    dated = any(term.measure in NEEDS_DUE_DATES for term in problem.objective.terms)
    flow = problem.objective.uses(Measure.COMPLETION, Measure.FLOW_TIME)
    if dated:
        first = ["ATC", "MDD", "COVERT", "EDD", "SLACK", "CR", "S/OPN", "WSPT", "SPT"]
    elif flow:
        first = ["WSPT", "SPT", "LWKR", "FOPNR", "SPT/TWKR"]
    else:
        first = ["MWKR", "LRPT", "LFT", "MOPNR", "LST", "MTS", "GRPW", "FIFO"]
    has_due_dates = problem.n_jobs > 0 and bool((problem.jobs.due < 2**60).any())
    rest = [name for name in RULES if name not in first]
    return [name for name in first + rest if has_due_dates or name not in DATED]
