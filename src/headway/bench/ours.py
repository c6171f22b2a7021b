"""Headway's own methods as contestants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from headway.bench.contestant import Answer, Step
from headway.model import Problem
from headway.solve import solve
from headway.solve.registry import find


@dataclass(frozen=True, slots=True)
class Ours:
    """One method of `headway.solve`.

    Parameters
    ----------
    name
        As in ``headway.solve(method=name)``.
    """

    name: str

    def load(self) -> str:
        """Import the method and the solver that most of them end in; return our version."""
        import ortools.sat.python.cp_model  # noqa: F401 - so that no run pays for the import

        find(self.name)
        return version("headway")

    def obstacle(self, problem: Problem) -> str | None:
        """Return why the method does not apply, if it says so."""
        says: Callable[[Problem], str | None] | None = getattr(find(self.name), "obstacle", None)
        return None if says is None else says(problem)

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:
        """Return what `headway.solve` returns."""
        result = solve(
            problem, time_limit=time_limit_s, workers=workers, seed=seed, method=self.name
        )
        return Answer(
            schedule=result.schedule,
            value=_first(result.objective),
            bound=_first(result.bound),
            steps=tuple(
                Step(round(step.time_s, 4), _first(step.objective), _first(step.bound))
                for step in result.trajectory
            ),
            note="" if result.schedule is not None else result.reason,
        )


def _first(values: tuple[int, ...] | None) -> int | None:
    return values[0] if values else None
