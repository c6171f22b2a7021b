"""Schedule generation under maximum lags, tick by tick: the twin of ``cpp/search/max_lags``."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from headway import _core

FAR = 10**6


@dataclass
class PlainLags:
    """A project with minimum and maximum lags in lists.

    Attributes
    ----------
    tasks
        Per task: duration, and units needed by resource.
    release
        Earliest starts.
    steps
        Per resource: (time, capacity), the first at time 0.
    arcs
        (before, after, least time between their starts).
    """

    tasks: list[tuple[int, dict[int, int]]]
    release: list[int]
    steps: list[list[tuple[int, int]]]
    arcs: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def n_tasks(self) -> int:
        """How many tasks there are."""
        return len(self.tasks)

    def native(self) -> _core.LagProject:
        """Return what the core works on."""
        arcs = list(zip(*self.arcs, strict=True)) or [[]] * 3
        return _core.LagProject(
            _ints(length for length, _ in self.tasks),
            _ints(self.release),
            _pointer([needs for _, needs in self.tasks]),
            _ints(r for _, needs in self.tasks for r in needs),
            _ints(u for _, needs in self.tasks for u in needs.values()),
            _pointer(self.steps),
            _ints(time for row in self.steps for time, _ in row),
            _ints(units for row in self.steps for _, units in row),
            *map(_ints, arcs),
        )

    def distances(self) -> list[list[int | None]] | None:
        """Return the least times between all starts, None for no such; None if contradictory."""
        n = self.n_tasks
        far: list[list[int | None]] = [[0 if i == j else None for j in range(n)] for i in range(n)]
        for _ in range(n + 1):
            for i, j, lag in self.arcs:
                for k in range(n):
                    if far[k][i] is not None:
                        new = far[k][i] + lag
                        if far[k][j] is None or new > far[k][j]:
                            far[k][j] = new
        return None if any(far[i][i] > 0 for i in range(n)) else far

    def generate(self, order: list[int], turn: int | None = None) -> list[int] | None:
        """Return the starts of one pass, backwards in time from `turn` if it is given.

        Backwards, a task stands for its image in a mirror at `turn`: the end of the image is as
        far behind the turn as the start of the task is ahead of it. Lags bind these ends, in the
        other direction.
        """
        n, far = self.n_tasks, self.distances()
        if turn is not None:
            far = [list(row) for row in zip(*far, strict=True)]
        low = self.release if turn is None else [duration for duration, _ in self.tasks]
        floor = _pushed([*low], far)
        at: dict[int, int] = {}
        delays = 2 * n
        while len(at) < n:
            task = next(i for i in order if i not in at)
            first = _pushed([at.get(i, low) for i, low in enumerate(floor)], far)[task]
            last = min((at[i] - far[task][i] for i in at if far[task][i] is not None), default=FAR)
            reach = range(first, first + 300)
            point = next((t for t in reach if self._fits(at, task, t, turn)), FAR)
            if point == FAR:
                return None
            if point <= last:
                at[task] = point
                continue
            if delays == 0:
                return None
            delays -= 1
            needed = {i: point + far[task][i] for i in at if far[task][i] is not None}
            early = {i for i in needed if at[i] < needed[i]}
            for i in early:
                floor[i] = max(floor[i], needed[i])
            begin = min(at[i] for i in early)
            at = {i: t for i, t in at.items() if t <= begin and i not in early}
        return [at[i] if turn is None else turn - at[i] for i in range(n)]

    def _fits(self, at: dict[int, int], task: int, point: int, turn: int | None) -> bool:
        return all(
            units
            + sum(
                self.tasks[i][1].get(r, 0)
                for i, other in at.items()
                if tick in self._ticks(i, other, turn)
            )
            <= self._capacity(r, tick)
            for r, units in self.tasks[task][1].items()
            for tick in self._ticks(task, point, turn)
        )

    def _ticks(self, task: int, point: int, turn: int | None) -> range:
        start = point if turn is None else turn - point
        return range(start, start + self.tasks[task][0])

    def _capacity(self, r: int, tick: int) -> int:
        """Capacities before time 0 are those at time 0."""
        return [units for time, units in self.steps[r] if time <= max(tick, 0)][-1]


def _pushed(low: list[int], far: list[list[int | None]]) -> list[int]:
    """Return the least points that these and the distances between tasks allow."""
    n = len(low)
    return [max(low[i] + far[i][j] for i in range(n) if far[i][j] is not None) for j in range(n)]


def random_lags(seed: int) -> PlainLags:
    """Return a small project whose lags hold in some order of its tasks, one after another."""
    rng = random.Random(seed)
    n, resources = rng.randint(2, 8), rng.randint(1, 3)
    capacity = [rng.randint(1, 4) for _ in range(resources)]
    steps = [[(0, units)] for units in capacity]
    if seed % 3 == 0:
        for r, row in enumerate(steps):
            for time in sorted(rng.sample(range(1, 14), rng.randint(0, 2))):
                row.append((time, rng.choice([0, capacity[r], capacity[r] + 1])))
            row.append((14, capacity[r]))
    tasks, start, now = [], [], 0
    for _ in range(n):
        needs = {r: rng.randint(1, capacity[r]) for r in range(resources) if rng.random() < 0.7}
        tasks.append((rng.randint(0, 5), needs))
        start.append(now)
        now += rng.randint(0, tasks[-1][0] + 1)
    arcs = []
    for i in range(n):
        for j in range(i + 1, n):
            apart = start[j] - start[i]
            if rng.random() < 0.35:
                arcs.append((i, j, rng.randint(-1, apart)))
            if rng.random() < 0.35:
                arcs.append((j, i, -apart - rng.randint(0, 3)))
    release = [rng.choice([0, 0, 4]) if seed % 5 == 0 else 0 for _ in range(n)]
    return PlainLags(tasks, release, steps, arcs)


def _ints(values: object) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)  # type: ignore[call-overload]


def _pointer(rows: list) -> np.ndarray:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)
