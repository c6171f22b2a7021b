"""Rows of a problem under construction, for tests that build problems piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from headway.model.objective import Objective
from headway.model.problem import Problem
from headway.model.tables import (
    FOREVER,
    Jobs,
    ModeDependencies,
    Modes,
    Pairs,
    Relations,
    Resources,
    Selections,
    Sequences,
    Tasks,
    bools,
    ints,
)


@dataclass
class Draft:
    """The rows of a problem under construction."""

    jobs: list[list[int]] = field(default_factory=list)
    """Release, due, deadline, weight."""
    resources: list[list[int]] = field(default_factory=list)
    """Kind, capacity, cost, level, smallest and largest level, setup."""
    breaks: list[list[tuple[int, int]]] = field(default_factory=list)
    steps: list[list[tuple[int, int]]] = field(default_factory=list)
    tasks: list[list[int]] = field(default_factory=list)
    """Job, the four windows, optional, interruptible, hold until, family."""
    modes: list[tuple[int, int, int, dict[int, int]]] = field(default_factory=list)
    """Task, duration, cost, demands."""
    relations: list[tuple[int, int, int, int, int, bool]] = field(default_factory=list)
    pairs: list[tuple[int, int, int]] = field(default_factory=list)
    sequences: list[tuple[int, int, list[int], list[int]]] = field(default_factory=list)
    selections: list[tuple[int, int, list[int]]] = field(default_factory=list)
    dependencies: list[tuple[int, int, list[int]]] = field(default_factory=list)
    setups: list[list[list[int]]] = field(default_factory=list)
    transfers: list[list[int]] = field(default_factory=list)
    horizon: int = FOREVER
    objective: Objective = field(default_factory=Objective)

    def modes_of(self, task: int) -> list[int]:
        """Return the positions of the modes of a task."""
        return [m for m, (owner, *_) in enumerate(self.modes) if owner == task]

    def problem(self, name: str) -> Problem:
        """Return the frozen problem."""
        jobs, resources, tasks = (
            _columns(rows, width)
            for rows, width in ((self.jobs, 4), (self.resources, 7), (self.tasks, 9))
        )
        demands = [sorted(demand.items()) for *_, demand in self.modes]
        relations = _columns(self.relations, 6)
        return Problem(
            name=name,
            horizon=self.horizon,
            jobs=Jobs(tuple(f"job {j}" for j in range(len(self.jobs))), *jobs),
            resources=Resources(
                tuple(f"resource {r}" for r in range(len(self.resources))),
                *resources[:6],
                _pointer(self.breaks),
                *_columns(list(chain.from_iterable(self.breaks)), 2),
                _pointer(self.steps),
                *_columns(list(chain.from_iterable(self.steps)), 2),
                resources[6],
            ),
            tasks=Tasks(
                tuple(f"task {i}" for i in range(len(self.tasks))),
                *tasks[:5],
                bools(tasks[5]),
                bools(tasks[6]),
                *tasks[7:],
                _pointer([self.modes_of(i) for i in range(len(self.tasks))]),
            ),
            modes=Modes(
                *_columns([mode[:3] for mode in self.modes], 3),
                _pointer(demands),
                *_columns(list(chain.from_iterable(demands)), 2),
            ),
            relations=Relations(*relations[:5], bools(relations[5])),
            pairs=Pairs(*_columns(self.pairs, 3)),
            sequences=Sequences(
                *_columns([row[:2] for row in self.sequences], 2),
                _pointer([row[2] for row in self.sequences]),
                _flat(row[2] for row in self.sequences),
                _flat(row[3] for row in self.sequences),
            ),
            selections=Selections(
                *_columns([row[:2] for row in self.selections], 2),
                _pointer([row[2] for row in self.selections]),
                _flat(row[2] for row in self.selections),
            ),
            mode_dependencies=ModeDependencies(
                *_columns([row[:2] for row in self.dependencies], 2),
                _pointer([row[2] for row in self.dependencies]),
                _flat(row[2] for row in self.dependencies),
            ),
            setups=tuple(np.array(matrix, dtype=np.int64) for matrix in self.setups),
            transfers=np.array(self.transfers, dtype=np.int64).reshape(
                (len(self.transfers), len(self.transfers))
            ),
            objective=self.objective,
        )


def _flat(rows: Iterable[Iterable[int]]) -> np.ndarray:
    return ints(list(chain.from_iterable(rows)))


def _columns(rows: Collection[Collection[int]], width: int) -> list[np.ndarray]:
    return [ints(column) for column in zip(*rows, strict=True)] or [ints([])] * width


def _pointer(rows: Collection[Collection[object]]) -> np.ndarray:
    return ints([0, *np.cumsum([len(row) for row in rows])])
