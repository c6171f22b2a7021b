"""Plain CP-SAT: the model of the textbooks, OR-Tools' default parameters, nothing else."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from headway.bench.contestant import Answer, Step
from headway.bench.peers.textbook import Textbook, obstacles
from headway.model import Problem


@dataclass(frozen=True, slots=True)
class PlainCpSat:
    """What a practitioner gets who writes the model down and calls the solver.

    Intervals, no-overlap and cumulative constraints as in OR-Tools' own examples; all parameters
    have their defaults but time and seed. The number of workers is the default too: as many as
    the run has cores.
    """

    name: str = "plain-cpsat"

    def load(self) -> str:
        """Import OR-Tools and return its version."""
        import ortools.sat.python.cp_model  # noqa: F401 - so that no run pays for the import

        return version("ortools")

    def obstacle(self, problem: Problem) -> str | None:
        """Return what the textbook model leaves out."""
        return next(obstacles(problem), None)

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:  # noqa: ARG002 - the default is left
        """Build the model and solve it; `workers` is what the run's cores allow anyway."""
        from ortools.sat.python import cp_model

        began = time.perf_counter()
        model = Textbook(problem)
        solver = cp_model.CpSolver()
        left = time_limit_s - (time.perf_counter() - began)
        solver.parameters.max_time_in_seconds = max(left, 0.01)
        solver.parameters.random_seed = seed % 2**31
        # Else it would leave Ctrl-C to kill the process once it is done.
        solver.parameters.catch_sigint_signal = False
        steps: list[Step] = []
        status = solver.solve(model.model, _listener(began, steps))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(None, None, note=solver.status_name(status).lower())
        return Answer(
            schedule=model.schedule(solver),
            value=round(solver.objective_value),
            bound=rounded_up(solver.best_objective_bound),
            steps=tuple(steps),
        )


def rounded_up(bound: float) -> int | None:
    """Return the least whole number that a lower bound allows."""
    return math.ceil(bound - 1e-6) if math.isfinite(bound) else None


def _listener(began: float, steps: list[Step]) -> Any:
    """Return a callback that notes every better solution, and what is proven by then."""
    from ortools.sat.python.cp_model import CpSolverSolutionCallback

    class Listener(CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            now = round(time.perf_counter() - began, 4)
            bound = rounded_up(self.best_objective_bound)
            steps.append(Step(now, round(self.objective_value), bound))

    return Listener()
