"""Serial schedule generation of projects, tick by tick: the twin of ``cpp/search/project``."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from headway import _core


@dataclass
class PlainProject:
    """A project in lists.

    Attributes
    ----------
    modes
        Per task: duration, needs by shared resource, spending by budget, of each mode.
    release
        Earliest starts.
    steps
        Per shared resource: (time, capacity), the first at time 0.
    budget
        What may be spent of each.
    arcs
        (before, after, lag, from the end of the first, to the end of the second).
    """

    modes: list[list[tuple[int, dict[int, int], dict[int, int]]]]
    release: list[int]
    steps: list[list[tuple[int, int]]]
    budget: list[int] = field(default_factory=list)
    arcs: list[tuple[int, int, int, bool, bool]] = field(default_factory=list)

    @property
    def n_tasks(self) -> int:
        """How many tasks there are."""
        return len(self.modes)

    def native(self) -> _core.Project:
        """Return what the core works on."""
        rows = [mode for row in self.modes for mode in row]
        arcs = list(zip(*self.arcs, strict=True)) or [[]] * 5
        return _core.Project(
            _pointer(self.modes),
            _ints(length for length, *_ in rows),
            _ints(self.release),
            _pointer([needs for _, needs, _ in rows]),
            _ints(r for _, needs, _ in rows for r in needs),
            _ints(u for _, needs, _ in rows for u in needs.values()),
            _pointer([spends for *_, spends in rows]),
            _ints(b for *_, spends in rows for b in spends),
            _ints(u for *_, spends in rows for u in spends.values()),
            _ints(self.budget),
            _pointer(self.steps),
            _ints(time for row in self.steps for time, _ in row),
            _ints(units for row in self.steps for _, units in row),
            *map(_ints, arcs[:3]),
            np.array(arcs[3], dtype=np.bool_),
            np.array(arcs[4], dtype=np.bool_),
        )

    def generate(
        self, order: list[int], chosen: list[int], *, choose: bool, turn: int | None = None
    ) -> tuple[list[int], list[int]] | None:
        """Return starts and modes of one pass; `chosen` and the result count modes over all."""
        first = np.cumsum([0, *map(len, self.modes)]).tolist()
        mode = [m - first[i] for i, m in enumerate(chosen)]
        span: dict[int, tuple[int, int]] = {}
        for task in order:
            places = []
            for m in range(len(self.modes[task])):
                if m != mode[task] and not (choose and self._affordable(mode, task, m)):
                    continue
                place = self._place(span, mode, task, m, turn)
                if place is not None:
                    end = place[1] if turn is None else turn - place[0]
                    places.append((end, m != mode[task], m, place))
            if not places:
                return None
            *_, mode[task], span[task] = min(places)
        starts = [span[i][0] for i in range(self.n_tasks)]
        return starts, [first[i] + m for i, m in enumerate(mode)]

    def _affordable(self, mode: list[int], task: int, other: int) -> bool:
        changed = [other if i == task else m for i, m in enumerate(mode)]
        for b, limit in enumerate(self.budget):
            now, then = (self._spent(choice, b) for choice in (mode, changed))
            if then > max(now, limit):
                return False
        return True

    def _spent(self, mode: list[int], b: int) -> int:
        return sum(self.modes[i][m][2].get(b, 0) for i, m in enumerate(mode))

    def _place(
        self,
        span: dict[int, tuple[int, int]],
        mode: list[int],
        task: int,
        m: int,
        turn: int | None,
    ) -> tuple[int, int] | None:
        """Return the first place from the release on, or the last one before `turn`."""
        duration, needs, _ = self.modes[task][m]
        if turn is None:
            low = self.release[task]
            for before, after, lag, from_end, to_end in self.arcs:
                if after == task:
                    low = max(low, span[before][from_end] + lag - (duration if to_end else 0))
            candidates = range(low, low + self._far())
        else:
            high = turn - duration
            for before, after, lag, from_end, to_end in self.arcs:
                if before == task:
                    high = min(high, span[after][to_end] - lag - (duration if from_end else 0))
            candidates = range(high, high - self._far(), -1)
        for start in candidates:
            ticks = range(start, start + duration)
            if all(
                self._used(span, mode, r, t) + units <= self._capacity(r, t)
                for r, units in needs.items()
                for t in ticks
            ):
                return start, start + duration
        return None

    def _far(self) -> int:
        longest = sum(max(d for d, *_ in row) for row in self.modes)
        return longest + max((row[-1][0] for row in self.steps), default=0) + 20

    def _used(self, span: dict[int, tuple[int, int]], mode: list[int], r: int, t: int) -> int:
        return sum(
            self.modes[i][mode[i]][1].get(r, 0)
            for i, (start, end) in span.items()
            if start <= t < end
        )

    def _capacity(self, r: int, t: int) -> int:
        """Capacities before time 0 are those at time 0."""
        return [units for time, units in self.steps[r] if time <= max(t, 0)][-1]


def random_project(seed: int) -> PlainProject:
    """Return a small project with a bit of everything."""
    rng = random.Random(seed)
    n, resources, budgets = rng.randint(2, 7), rng.randint(1, 3), rng.choice([0, 0, 1, 2])
    capacity = [rng.randint(1, 5) for _ in range(resources)]
    steps = [[(0, units)] for units in capacity]
    if seed % 3 == 0:
        for r, row in enumerate(steps):
            for time in sorted(rng.sample(range(1, 14), rng.randint(0, 3))):
                row.append((time, rng.choice([0, capacity[r], capacity[r] + 1])))
            row.append((14, capacity[r]))
    modes = []
    for _ in range(n):
        row = []
        for _ in range(rng.choice([1, 1, 2, 3]) if seed % 2 else 1):
            needs = {r: rng.randint(1, capacity[r]) for r in range(resources) if rng.random() < 0.6}
            spends = {b: rng.randint(0, 4) for b in range(budgets)}
            row.append((rng.randint(0, 5), needs, spends))
        modes.append(row)
    arcs = []
    for i in range(n):
        for j in range(i + 1, n):
            if rng.random() < 0.25:
                plain = seed % 4 < 2
                flags = (True, False) if plain else (rng.random() < 0.5, rng.random() < 0.5)
                arcs.append((i, j, 0 if plain else rng.randint(-2, 4), *flags))
    release = [rng.choice([0, 0, 4]) if seed % 5 == 0 else 0 for _ in range(n)]
    return PlainProject(modes, release, steps, [3 * n] * budgets, arcs)


def _ints(values: object) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)  # type: ignore[call-overload]


def _pointer(rows: list) -> np.ndarray:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)
