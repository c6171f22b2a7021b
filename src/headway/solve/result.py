"""What every solver takes and gives: budget, progress, result."""

from __future__ import annotations

import base64
import html
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Protocol

from headway.errors import ConfigError, InfeasibleError

if TYPE_CHECKING:
    from headway.model import Problem, Schedule

MOST_WORKERS = 512
"""More threads than this no method can use; CP-SAT refuses some thousands."""

Values = tuple[int, ...]
"""One number per level of the objective, the most important first."""


class Status(StrEnum):
    """What is known about a problem after solving it."""

    OPTIMAL = "optimal"
    """The schedule is proven to be best (within the gap asked for, if that is positive)."""
    FEASIBLE = "feasible"
    """The schedule is valid; a better one may exist."""
    INFEASIBLE = "infeasible"
    """No schedule exists; `Result.conflict` says why."""
    UNKNOWN = "unknown"
    """No schedule was found, and none was proven impossible."""


def _number(value: object) -> float:
    """Return a number as it is and anything else as NaN, which no limit allows."""
    return float(value) if isinstance(value, Real) else math.nan


@dataclass(frozen=True, slots=True)
class Budget:
    """How much effort a solver may spend.

    Parameters
    ----------
    time_limit_s
        Wall-clock seconds, building the model included; may be ``math.inf``.
    workers
        Threads that may run at once, at most `MOST_WORKERS`.
    gap
        Relative gap ``(objective - bound) / max(1, |objective|)`` at which to stop.
    """

    time_limit_s: float = 60.0
    workers: int = 1
    gap: float = 0.0

    def __post_init__(self) -> None:
        if not _number(self.time_limit_s) > 0:
            raise ConfigError(
                f"time_limit: expected a positive number of seconds, got {self.time_limit_s!r}"
            )
        if not (1 <= _number(self.workers) <= MOST_WORKERS and hasattr(self.workers, "__index__")):
            raise ConfigError(
                f"workers: expected a whole number from 1 to {MOST_WORKERS}, got {self.workers!r}"
            )
        if not 0 <= _number(self.gap) < math.inf:
            raise ConfigError(f"gap: expected a number from 0 up, got {self.gap!r}")


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a solver's run at which the incumbent or the bound improved.

    Attributes
    ----------
    time_s
        Seconds since the solver started.
    objective
        Value of the best schedule so far, or None.
    bound
        Proven lower bound so far, or None.
    method
        Who found the improvement.
    schedule
        The best schedule so far, or None.
    """

    time_s: float
    objective: Values | None
    bound: Values | None
    method: str
    schedule: Schedule | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """The answer of a solver.

    Attributes
    ----------
    problem
        What was solved.
    schedule
        The best schedule found, or None.
    status
        What is proven about it.
    bound
        Proven lower bound per objective level, or None. The bound of a level holds for schedules
        that are as good as the returned one on all earlier levels.
    trajectory
        Improvements in order of time.
    method
        The method that ran, with its parts if it is a combination.
    reason
        Why this method was chosen, or why it stopped without an answer.
    time_s
        Wall-clock seconds.
    conflict
        If infeasible: descriptions of a small set of constraints that cannot hold together.
    seed
        Seed of all random choices.
    verified
        Whether `headway.verify` has passed the schedule. True for every schedule that
        `headway.solve` returns; a bare solver leaves it to its caller.
    """

    problem: Problem
    schedule: Schedule | None
    status: Status
    bound: Values | None
    trajectory: tuple[Progress, ...]
    method: str
    reason: str
    time_s: float
    conflict: tuple[str, ...] = ()
    seed: int = 0
    verified: bool = False

    @property
    def objective(self) -> Values | None:
        """Value of the schedule per objective level, or None without a schedule."""
        return None if self.schedule is None else self.schedule.objective_values

    @property
    def gap(self) -> float | None:
        """Relative gap of the first level whose value and bound differ; None if unknown."""
        return relative_gap(self.objective, self.bound)

    def raise_for_status(self) -> Result:
        """Return the result itself if it holds a schedule.

        Raises
        ------
        InfeasibleError
            If no schedule exists, naming the constraints that clash, or if none was found.
        """
        if self.schedule is not None:
            return self
        if self.status is Status.INFEASIBLE:
            raise InfeasibleError(f"{self.problem.name} has no valid schedule", self.conflict)
        raise InfeasibleError(f"{self.problem.name}: no schedule found ({self.reason})")

    def __repr__(self) -> str:
        return f"<Result {self}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the answer in words, and its Gantt chart."""
        words = html.escape(str(self)).replace("\n", "<br>")
        if self.schedule is None:
            return f"<p>{words}</p>"
        picture = base64.b64encode(self.schedule.gantt().to_png(dpi=110)).decode("ascii")
        return f'<p>{words}</p><img alt="Gantt chart" src="data:image/png;base64,{picture}">'

    def __str__(self) -> str:
        if self.schedule is None:
            text = f"{self.problem.name}: {self.status} after {self.time_s:.1f} s"
            if self.conflict:
                return (
                    text
                    + "; these cannot hold together:"
                    + "".join(f"\n  - {line}" for line in self.conflict)
                )
            return f"{text} ({self.reason})" if self.reason else text
        parts = [
            f"{self.problem.name}: {self.status}, {self.problem.objective} = {show(self.objective)}"
        ]
        # Optimal within a gap asked for is said with the gap that is left.
        if (self.status is not Status.OPTIMAL and self.problem.objective.levels) or self.gap:
            gap = "" if self.gap is None else f" (gap {self.gap:.2%})"
            parts.append(f"bound {show(self.bound)}{gap}")
        parts.append(f"{self.time_s:.1f} s by {self.method}")
        parts.append("verified" if self.verified else "not verified")
        return ", ".join(parts)


def show(values: Values | None) -> str:
    """Return objective values as people read them: ``55``, ``55 / 3`` or ``-`` for none."""
    return "-" if not values else " / ".join(map(str, values))


def relative_gap(objective: Values | None, bound: Values | None) -> float | None:
    """Return the relative gap of the first level on which value and bound differ.

    Returns
    -------
    float or None
        0.0 if they agree on every level, None if either is unknown.
    """
    if objective is None or bound is None:
        return None
    for value, low in zip(objective, bound, strict=False):
        if value != low:
            return abs(value - low) / max(1, abs(value))
    return 0.0 if len(bound) >= len(objective) else None


class Stop:
    """A flag that asks a running solver to return its best answer soon; safe across threads."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask to stop."""
        self._event.set()

    def is_set(self) -> bool:
        """Return whether a stop was asked for."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until a stop is asked for, at most `timeout_s`; return whether it was."""
        return self._event.wait(timeout_s)


class Solver(Protocol):
    """A method that turns a problem into a result.

    It keeps the budget, reports improvements through `on_progress` (the schedule included),
    returns soon after `stop` is set, and draws all randomness from `seed`. Third parties add
    theirs through the entry-point group ``headway.solvers``.
    """

    def __call__(
        self,
        problem: Problem,
        budget: Budget,
        *,
        warm_start: Schedule | None,
        seed: int,
        on_progress: Callable[[Progress], None],
        stop: Stop,
    ) -> Result:
        """Return the best result within the budget."""
        ...
