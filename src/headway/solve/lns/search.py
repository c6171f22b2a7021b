"""The search itself: free a neighbourhood, let CP-SAT improve it, keep what is better."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from headway.errors import ConfigError, UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, Bools, Ints
from headway.solve.bounds import makespan_bound
from headway.solve.cpsat.loads import minimises_makespan
from headway.solve.lns.arms import Arm, Arms
from headway.solve.lns.model import Answer, ExactModel, Incumbent, Outcome
from headway.solve.lns.neighbourhoods import Companions, Scene, neighbourhoods
from headway.solve.search import Halt, Search
from headway.solve.window import Window

_PATIENCE = 8
"""After so many trials per neighbourhood without gain, each trial may take longer."""

_HARDENING = 1.5
_EASING = 1.2
"""How much longer, and how much shorter again after a gain."""

_LATER_LEVELS = 0.25
"""Share of trials that look at a less important level while a more important one may improve."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    size
        How many tasks are freed at first.
    effort
        CP-SAT's own seconds per trial at first, about as long as seconds of a fast machine.
    most_effort
        The same, after many trials in vain.
    """

    size: int = 30
    effort: float = 0.08
    most_effort: float = 4.0

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ConfigError(f"size: expected at least 2, got {self.size}")
        if not 0 < self.effort <= self.most_effort:
            raise ConfigError(
                f"effort: expected a positive number up to most_effort, got {self.effort}"
            )


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial frees."""

    arm: Arm
    free: Bools
    reach: int
    level: int
    seed: int
    effort: float


def obstacle(problem: Problem) -> str | None:
    """Return why large-neighbourhood search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("mk01"))
    """
    if not problem.n_tasks:
        return "there is no task"
    if not problem.objective.levels:
        return "any valid schedule will do"
    return None


class LargeNeighbourhoodSearch(Search):
    """Large-neighbourhood search on any problem with an objective.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        What is scheduled.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If there is no task, or nothing to minimise.

    Notes
    -----
    Each trial frees some tasks of the best schedule. All others keep their modes and their order
    on machines and other resources, as a partial-order schedule, so that they can still shift.
    CP-SAT looks for something strictly better on one level of the objective and no worse on the
    earlier ones. Neighbourhoods are drawn by their recent success per effort.

    References
    ----------
    Shaw (1998), "Using constraint programming and local search methods to solve vehicle routing
    problems"; Godard, Laborie, Nuijten (2005), "Randomized large neighborhood search for cumulative
    scheduling"; Laborie, Godard (2007), "Self-adapting large neighborhood search: application to
    single-mode scheduling problems".
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        reason = obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"large-neighbourhood search does not apply to {problem.name!r}, because {reason}"
            )
        self._worker = _Worker(problem, settings or Settings())
        super().__init__(problem, self._worker)

    def offer(self, schedule: Schedule) -> None:
        """Go on from a valid schedule if it is better than the best one so far."""
        self._worker.offer(schedule)

    def _decode(self, *arrays: Ints) -> Schedule:
        return Schedule(self.problem, *arrays)

    def _flag(self) -> Halt:
        return Halt()

    def _proven(self) -> bool:
        return self._worker.proven


class _Worker:
    """What the threads of a search share."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.problem = problem
        self.settings = settings
        self.companions = Companions(problem)
        self.arms = Arms(neighbourhoods(problem), settings.size, problem.n_tasks)
        self.lock = threading.Lock()
        self._setup = threading.Lock()
        self._model: ExactModel | None = None
        self._offered: Schedule | None = None
        self._best: Incumbent | None = None
        self._scene: Scene | None = None
        self._goal = -FOREVER
        self._settled: set[int] = set()
        self._in_vain = 0
        self._effort = settings.effort

    # From outside

    def offer(self, schedule: Schedule) -> None:
        """Note a schedule for the next trial to go on from."""
        with self.lock:
            known = self._offered
            if known is None or schedule.objective_values < known.objective_values:
                self._offered = schedule

    def raise_goal(self, goal: int) -> None:
        """Be content with a value of the first level."""
        with self.lock:
            self._goal = max(self._goal, goal)

    @property
    def proven(self) -> bool:
        """Whether nothing is better: by the goal, or as CP-SAT found with all tasks free."""
        return self._best is not None and not self.open_levels(self._best)

    def run(
        self, seed: int, iterations: int, stop: Halt, on_improvement: Callable[..., None]
    ) -> int:
        """Make trials, in the calling thread, until a limit or until nothing is left to gain."""
        trials = _Trials(self, seed, stop, on_improvement)
        made = 0
        while made < iterations and not stop.is_set():
            incumbent = self._incumbent(seed, stop, on_improvement)
            if incumbent is None or not self.open_levels(incumbent):
                break
            trials.step(incumbent)
            made += 1
        return made

    # Shared by threads

    def model(self, known: Schedule | None = None) -> ExactModel:
        """Return the model, which is written when it is first asked for."""
        if self._model is None:
            latest = least = None
            if minimises_makespan(self.problem):
                least = makespan_bound(self.problem)
                latest = None if known is None else known.makespan
            self._model = ExactModel(
                self.problem,
                latest=FOREVER if latest is None else latest,
                least_makespan=least or 0,
            )
        return self._model

    def _incumbent(
        self, seed: int, halt: Halt, on_improvement: Callable[..., None]
    ) -> Incumbent | None:
        """Return the best schedule there is; None if there was no time to find any."""
        with self._setup:
            with self.lock:
                offered, self._offered = self._offered, None
            if offered is not None and self._would_help(offered):
                taken = self.model(offered).take(offered, halt)
                if taken is not None:
                    self.keep(taken, on_improvement)
            while self._best is None and not halt.is_set():
                answer = self.model().first(seed, math.inf, halt)
                if answer.values is None:
                    return None
                self.keep(self.model().incumbent(answer.values), on_improvement)
            return self._best

    def _would_help(self, schedule: Schedule) -> bool:
        best = self._best
        return best is None or schedule.objective_values < best.schedule.objective_values

    def keep(self, found: Incumbent, on_improvement: Callable[..., None]) -> bool:
        """Make a schedule the best one if it is; return whether it is."""
        values = found.schedule.objective_values
        with self.lock:
            known = None if self._best is None else self._best.schedule.objective_values
            if known is not None and values > known:
                return False
            # As good, but with tighter values of the variables that only objectives bound.
            self._best = found
            if values == known:
                return False
            self._scene = None
            if known is not None:
                level = next(k for k, value in enumerate(values) if value != known[k])
                self._settled = {k for k in self._settled if k < level}
        schedule = found.schedule
        on_improvement(values, schedule.start, schedule.end, schedule.mode)
        return True

    def scene(self, incumbent: Incumbent) -> Scene:
        """Return what neighbourhoods look at, shared while the incumbent stays."""
        with self.lock:
            scene = self._scene
            if scene is None or scene.schedule is not incumbent.schedule:
                scene = self._scene = Scene(incumbent.schedule)
            return scene

    def open_levels(self, incumbent: Incumbent) -> list[int]:
        """Return the levels on which something may be left to gain."""
        values = incumbent.schedule.objective_values
        return [
            level
            for level in range(len(values))
            if level not in self._settled and (level or values[0] > self._goal)
        ]

    def effort(self) -> float:
        """Return what the next trial may cost."""
        return self._effort

    def learn(self, trial: Trial, answer: Answer, incumbent: Incumbent) -> None:
        """Note how a trial ended."""
        better = answer.values is not None
        solved = answer.outcome in (Outcome.BEST, Outcome.NONE)
        with self.lock:
            self.arms.learn(
                trial.arm,
                better=better,
                solved=solved,
                effort=answer.effort,
                allowed=trial.effort,
            )
            if answer.outcome is Outcome.NONE and trial.free.all() and incumbent is self._best:
                self._settled.add(trial.level)
            self._in_vain = 0 if better else self._in_vain + 1
            if better:
                self._effort = max(self._effort / _EASING, self.settings.effort)
            elif self._in_vain >= _PATIENCE * len(self.arms):
                self._in_vain = 0
                self._effort = min(self._effort * _HARDENING, self.settings.most_effort)


class _Trials(Window[Incumbent, Trial, Any, Answer]):
    """The trials of one thread."""

    def __init__(
        self, shared: _Worker, seed: int, halt: Halt, on_improvement: Callable[..., None]
    ) -> None:
        self._shared = shared
        self._halt = halt
        self._on_improvement = on_improvement
        self._random = np.random.default_rng(seed)

    def select(self, state: Incumbent) -> Trial:
        """Return some tasks to free."""
        shared, random = self._shared, self._random
        levels = shared.open_levels(state)
        later = len(levels) > 1 and random.random() < _LATER_LEVELS
        level = int(random.choice(levels[1:])) if later else levels[0]
        scene = shared.scene(state)
        with shared.lock:
            arm = shared.arms.draw(random)
        size = round(arm.size)
        free = np.zeros(shared.problem.n_tasks, dtype=np.bool_)
        free[arm.select(scene, random, size)] = True
        shared.companions.close(free)
        whole = free.all()
        reach = FOREVER if whole else arm.reach_within(state.schedule.makespan)
        return Trial(arm, free, reach, level, int(random.integers(2**31)), shared.effort())

    def freeze(self, state: Incumbent, choice: Trial) -> Any:
        """Return the model in which the other tasks are frozen."""
        return self._shared.model().freeze(state, choice.free, choice.reach)

    def solve(self, state: Incumbent, choice: Trial, part: Any) -> Answer | None:
        """Let CP-SAT search the part, and note how that went."""
        answer = self._shared.model().improve(
            part, state, choice.level, seed=choice.seed, effort=choice.effort, halt=self._halt
        )
        self._shared.learn(choice, answer, state)
        return None if answer.values is None else answer

    def commit(self, answer: Answer) -> bool:
        """Keep what is better."""
        assert answer.values is not None
        found = self._shared.model().incumbent(answer.values)
        return self._shared.keep(found, self._on_improvement)
