"""Schedule generation: one pass over the tasks, each placed once and for all."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Literal

import numpy as np

from headway import _core
from headway.errors import ConfigError, HeadwayError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ints
from headway.solve.precedence import Precedence
from headway.solve.rules.facts import Facts
from headway.solve.rules.modes import affordable_modes, find_conflicts
from headway.solve.rules.presence import choose_presence
from headway.solve.rules.priorities import Priority, Rule, find

Scheme = Literal["serial", "parallel"]


class Obstacle(IntEnum):
    """What generation can get stuck at."""

    WINDOW = 1
    CAPACITY = 2
    BUDGET = 3
    MODES = 4
    RESERVOIR = 5
    SEQUENCE = 6
    TIED = 7
    CONTRADICTION = 8
    INTERRUPTED = 9
    SELECTION = 10


_EXPLANATIONS = {
    Obstacle.WINDOW: "{task} finds no room before its latest start or end",
    Obstacle.CAPACITY: "{task} needs more of a resource than there ever is again",
    Obstacle.BUDGET: "no mode of {task} stays within the budgets",
    Obstacle.MODES: "no mode of {task} goes with the modes chosen for other tasks",
    Obstacle.RESERVOIR: "a reservoir never has the stock, or the room, that {task} needs",
    Obstacle.SEQUENCE: "the turn of {task} in the common sequence of its machines never comes",
    Obstacle.TIED: "{task} and the tasks tied to it find no place together",
    Obstacle.CONTRADICTION: "the relations of {task} and the tasks tied to it cannot hold together",
    Obstacle.INTERRUPTED: "the pass was stopped",
    Obstacle.SELECTION: "no choice of optional tasks satisfies the selections",
}


class GenerationError(HeadwayError):
    """A pass got stuck: another rule or an exact method may still find a schedule.

    Parameters
    ----------
    obstacle
        What stood in the way.
    problem
        What was scheduled.
    task
        Position of the task that found no place, or `ABSENT`.
    """

    def __init__(self, obstacle: Obstacle, problem: Problem, task: int) -> None:
        self.obstacle = obstacle
        self.task = task
        label = repr(problem.task_label(task))
        super().__init__(_EXPLANATIONS[obstacle].format(task=f"task {label}"))


class Generator:
    """Generates schedules of one problem, pass after pass.

    Which optional tasks are present and which modes exclude each other is settled once, so that
    a pass is nothing but native code.

    Parameters
    ----------
    problem
        What is scheduled.
    cheapest_modes
        Choose the cheapest mode that fits instead of the one that ends first.

    Attributes
    ----------
    present
        Which tasks take part, shape (n_tasks,).
    conflicts
        Which modes exclude each other.
    budget_mode
        A mode per task such that all budgets hold, shape (n_tasks,).
    mode_penalty
        Ticks of lateness that avoiding a mode is worth, shape (n_modes,).

    Raises
    ------
    GenerationError
        If the selections or the budgets cannot be met.
    """

    def __init__(self, problem: Problem, *, cheapest_modes: bool = False) -> None:
        self.problem = problem
        work = Precedence(problem, np.ones(problem.n_tasks, dtype=np.bool_)).shortest
        present = choose_presence(problem, work)
        if present is None:
            raise GenerationError(Obstacle.SELECTION, problem, -1)
        self.present = present
        self.conflicts = find_conflicts(problem, present)
        budget_mode = affordable_modes(problem, present, self.conflicts.open)
        if budget_mode is None:
            raise GenerationError(*_why_not_affordable(problem, present, self.conflicts.open))
        self.budget_mode = budget_mode
        self.mode_penalty = (
            _cost_rank(problem) if cheapest_modes else ints(np.zeros(problem.n_modes))
        )
        self._native = _core.Generator(
            problem,
            present,
            self.conflicts.open,
            self.conflicts.ptr,
            self.conflicts.mode,
            self.budget_mode,
            self.mode_penalty,
        )

    def facts(self, seed: int = 0) -> Facts:
        """Return what priority rules look at."""
        return Facts(self.problem, self.present, seed)

    def run(
        self,
        priority: Priority,
        scheme: Scheme = "serial",
        *,
        alpha: float = 0.0,
        seed: int = 0,
        interrupted: Callable[[], bool] | None = None,
    ) -> Schedule:
        """Return the schedule that one pass builds.

        Parameters
        ----------
        priority
            How urgent tasks are.
        scheme
            ``"serial"``: the most urgent task whose predecessors are placed comes next and goes
            where it fits earliest, gaps included. ``"parallel"``: time moves forward, never back,
            and of the tasks that can start now the most urgent one does.
        alpha
            If positive, choose at random, with chances that grow with regret (how much better a
            key is than the worst one): the best of n candidates is ``n**alpha`` times as likely
            as the worst (after Drexl 1991, "Scheduling of project networks by job assignment").
        seed
            Seed of the random choices, from 0 to ``2**64 - 1``.
        interrupted
            Asked about fifty times a second whether to give up.

        Raises
        ------
        GenerationError
            If a task finds no place without moving those placed before it, or if the pass was
            interrupted.
        """
        start, end, mode, obstacle, task = self._native.run(
            scheme == "parallel",
            int(priority.formula),
            priority.key,
            priority.due,
            priority.left,
            priority.work,
            priority.weight,
            priority.scale,
            alpha,
            seed,
            interrupted,
        )
        if obstacle:
            raise GenerationError(Obstacle(obstacle), self.problem, task)
        return Schedule(self.problem, start, end, mode)


def generate(
    problem: Problem, rule: str | Rule = "LFT", scheme: Scheme = "serial", *, seed: int = 0
) -> Schedule:
    """Return the schedule that a priority rule builds in one pass.

    Parameters
    ----------
    problem
        What is scheduled.
    rule
        A name out of `RULES`, or a function from `Facts` to `Priority`.
    scheme
        ``"serial"`` or ``"parallel"``; see `Generator.run`.
    seed
        Seed of random keys.

    Raises
    ------
    UnknownNameError
        If there is no rule of that name.
    ConfigError
        If there is no such scheme.
    GenerationError
        If a task finds no place without moving those placed before it.

    Examples
    --------
    >>> from headway.model import job_shop
    >>> problem = job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    >>> generate(problem, "SPT").start.tolist()
    [0, 3, 0, 3]
    """
    if scheme not in ("serial", "parallel"):
        raise ConfigError(f"scheme: expected 'serial' or 'parallel', got {scheme!r}")
    chosen = find(rule) if isinstance(rule, str) else rule
    generator = Generator(problem)
    return generator.run(chosen(generator.facts(seed)), scheme)


def _why_not_affordable(
    problem: Problem, present: np.ndarray, is_open: np.ndarray
) -> tuple[Obstacle, Problem, int]:
    shut = present & (np.bincount(problem.modes.task[is_open], minlength=problem.n_tasks) == 0)
    if shut.any():
        return Obstacle.MODES, problem, int(np.argmax(shut))
    return Obstacle.BUDGET, problem, int(np.argmax(present))


def _cost_rank(problem: Problem) -> Ints:
    """Return a penalty per mode that outweighs any completion time: its rank by cost."""
    cost, task = problem.mode_cost, problem.modes.task
    order = np.lexsort((cost, task))
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = task[order[1:]] != task[order[:-1]]
    dearer = np.ones(len(order), dtype=np.int64)
    dearer[1:] = cost[order[1:]] != cost[order[:-1]]
    steps = np.cumsum(dearer)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = steps - np.maximum.accumulate(np.where(fresh, steps, 0))
    return ints(np.minimum(rank, 1023) << 50)
