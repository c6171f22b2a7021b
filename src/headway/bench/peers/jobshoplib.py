"""JobShopLib's solvers: dispatching rules, simulated annealing and constraint programming."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from headway.bench.contestant import Answer, Step
from headway.errors import MissingExtraError
from headway.model import Problem, Schedule
from headway.model.objective import Measure
from headway.model.tables import FOREVER, Ints, RelationKind, ResourceKind
from headway.solve.tabu import obstacle as no_job_shop

RULES = (
    "most_work_remaining",
    "most_operations_remaining",
    "shortest_processing_time",
    "largest_processing_time",
    "first_come_first_served",
)
"""Its rules without chance."""

_PROBE = 20
"""Steps of annealing after which their number for the time limit is known."""


def load() -> str:
    """Import the library and return its version.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        # So that no run pays for the imports.
        import job_shop_lib.constraint_programming
        import job_shop_lib.dispatching.rules
        import job_shop_lib.metaheuristics  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "contestants 'jobshoplib-…' need pip install 'headway[bench]', then"
            " pip install --no-deps job-shop-lib (it asks for an older OR-Tools than Headway,"
            f" but works with ours): {error}"
        ) from error
    return version("job-shop-lib")


def obstacle(problem: Problem) -> str | None:
    """Return why a problem is no classical job shop, in words that follow "because"."""
    return next(_obstacles(problem), None)


def _obstacles(problem: Problem) -> Iterator[str]:
    if not problem.objective.is_only(Measure.MAKESPAN):
        yield f"the objective is {problem.objective}, not the makespan"
    reason = no_job_shop(problem)
    if reason is not None:
        yield reason
        return
    if (np.diff(problem.modes.demand_ptr) != 1).any():
        yield "a task needs no machine"
    if (problem.resources.kind != ResourceKind.MACHINE).any():
        yield "a resource is no machine"
    if (problem.tasks.job < 0).any() or any(
        not len(problem.tasks_of(j)) for j in range(problem.n_jobs)
    ):
        yield "tasks have no job, or a job has no tasks"
        return
    if problem.horizon < FOREVER:
        yield "there is a horizon"
    if problem.jobs.release.any() or problem.tasks.earliest_start.any():
        yield "there are release times"
    if not _is_chains(problem):
        yield "jobs are no chains of tasks"


def _is_chains(problem: Problem) -> bool:
    """Return whether the relations say that tasks of a job follow each other, and no more."""
    job, table = problem.tasks.job, problem.relations
    wanted = {(int(a), int(b)) for j in range(len(problem.jobs)) for a, b in _pairs(problem, j)}
    given = set(zip(table.before.tolist(), table.after.tolist(), strict=True))
    simple = (table.kind == RelationKind.END_START) & (table.min_lag == 0)
    return bool(simple.all()) and given == wanted and len(job) > 0


def _pairs(problem: Problem, job: int) -> Iterator[tuple[int, int]]:
    tasks = problem.tasks_of(job)
    yield from zip(tasks[:-1].tolist(), tasks[1:].tolist(), strict=True)


def _instance(problem: Problem) -> Any:
    from job_shop_lib import JobShopInstance, Operation

    machine, duration = problem.modes.demand_resource, problem.modes.duration
    jobs = [
        [Operation(int(machine[i]), int(duration[i])) for i in problem.tasks_of(j)]
        for j in range(problem.n_jobs)
    ]
    return JobShopInstance(jobs, name=problem.name)


def _schedule(problem: Problem, theirs: Any) -> Schedule:
    start = np.zeros(problem.n_tasks, dtype=np.int64)
    tasks: list[Ints] = [problem.tasks_of(j) for j in range(problem.n_jobs)]
    for row in theirs.schedule:
        for placed in row:
            start[tasks[placed.job_id][placed.operation.position_in_job]] = placed.start_time
    return problem.schedule(start)


@dataclass(frozen=True, slots=True)
class _JobShopLib:
    """What its three kinds of solvers share."""

    def load(self) -> str:
        """Import the library and return its version."""
        return load()

    def obstacle(self, problem: Problem) -> str | None:
        """Return why a problem is no classical job shop."""
        return obstacle(problem)


@dataclass(frozen=True, slots=True)
class DispatchingRules(_JobShopLib):
    """The best of its dispatching rules."""

    name: str = "jobshoplib-rules"

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:  # noqa: ARG002 - rules draw nothing and use one core
        """Apply one rule after another while there is time."""
        from job_shop_lib.dispatching.rules import DispatchingRuleSolver

        began = time.perf_counter()
        instance, best = _instance(problem), None
        steps: list[Step] = []
        for rule in RULES:
            if best is not None and time.perf_counter() - began > time_limit_s:
                break
            found = DispatchingRuleSolver(dispatching_rule=rule).solve(instance)
            if best is None or found.makespan() < best.makespan():
                best = found
                steps.append(Step(round(time.perf_counter() - began, 4), found.makespan()))
        assert best is not None
        return Answer(_schedule(problem, best), best.makespan(), steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Annealing(_JobShopLib):
    """Its simulated annealing with default temperatures, cooled over the whole time limit.

    The number of steps that fit into the time is measured on a few of them; if it was too small,
    the rest of the time sees another, shorter cooling. One core is used.
    """

    name: str = "jobshoplib-annealing"

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:  # noqa: ARG002 - it uses one core
        """Anneal until the time is over."""
        from job_shop_lib.metaheuristics import SimulatedAnnealingSolver

        began = time.perf_counter()
        instance, watch = _instance(problem), _Watch(began)

        def anneal(steps: int, most_s: float) -> Any:
            # Another seed each time: it is the number of steps that differs.
            solver = SimulatedAnnealingSolver(
                steps=steps, updates=0, seed=seed * 1_000_003 + steps, objective_function=watch
            )
            solver.setup_annealer(instance)
            annealer: Any = solver.annealer_
            timer = threading.Timer(most_s, lambda: setattr(annealer, "user_exit", True))
            timer.daemon = True
            timer.start()
            try:
                return annealer.anneal()[0]
            finally:
                timer.cancel()

        best, steps, from_s = anneal(_PROBE, time_limit_s), _PROBE, began
        while True:
            now = time.perf_counter()
            left = time_limit_s - (now - began)
            # At the pace of the last cooling, the next one takes what is left.
            steps = int(steps * left / (now - from_s))
            if steps < _PROBE:
                break
            from_s = now
            best = min(best, anneal(steps, left), key=lambda found: found.makespan())
        return Answer(_schedule(problem, best), best.makespan(), steps=tuple(watch.steps))


class _Watch:
    """The library's own objective function, noting when it was smallest."""

    def __init__(self, began: float) -> None:
        from job_shop_lib.metaheuristics import get_makespan_with_penalties_objective

        self._energy = get_makespan_with_penalties_objective()
        self._began = began
        self.steps: list[Step] = []

    def __call__(self, schedule: Any) -> float:
        energy = float(self._energy(schedule))
        if not self.steps or energy < self.steps[-1].value:  # type: ignore[operator]
            self.steps.append(Step(round(time.perf_counter() - self._began, 4), round(energy)))
        return energy


@dataclass(frozen=True, slots=True)
class ConstraintProgramming(_JobShopLib):
    """Its CP-SAT model; the library neither takes a seed nor tells bounds or a trajectory.

    It has no setting for workers, so OR-Tools takes as many as the run has cores.
    """

    name: str = "jobshoplib-cpsat"

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:  # noqa: ARG002 - it has no such settings
        """Build its model and solve it."""
        from job_shop_lib.constraint_programming import ORToolsSolver
        from job_shop_lib.exceptions import NoSolutionFoundError

        try:
            found = ORToolsSolver(max_time_in_seconds=time_limit_s).solve(_instance(problem))
        except NoSolutionFoundError as error:
            return Answer(None, None, note=str(error))
        value = found.makespan()
        proven = found.metadata.get("status") == "optimal"
        return Answer(_schedule(problem, found), value, bound=value if proven else None)
