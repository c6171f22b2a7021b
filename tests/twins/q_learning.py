"""A table that learns where to send tasks, written plainly for `tests.twins.servers.Farm`."""

from __future__ import annotations

from bisect import bisect_left

from headway.learn.q_learning import QTable
from tests.twins.servers import Farm
from tests.twins.xoshiro import Random


class Learner:
    """Chooses for the farm; `values` and `visits` are dictionaries by row."""

    def __init__(self, table: QTable, seed: int, *, epsilon, learns, window, margin) -> None:
        self.steps = table.settings.steps().tolist()
        self.kept, self.groups, self.mean = table.settings, table.groups, table.mean_size
        self.values, self.visits = table.values.tolist(), table.visits.tolist()
        self.epsilon, self.learns, self.window, self.margin = epsilon, learns, window, margin
        self.random = Random(seed)
        self.rows_of: list[int] = []
        self.trusts, self.distrusted = True, 0
        self.sums = [0.0, 0.0]
        self.free = [[0.0], [0.0]]

    def rows(self, columns) -> list[int]:
        kept, n = self.kept, len(columns)
        levels = [bisect_left(kept.levels, row["backlog"] / self.mean) for row in columns]
        size = bisect_left(kept.sizes, columns[0]["size"] / self.mean)
        load = bisect_left(kept.loads, columns[0]["load"])
        rows = []
        for k in range(n):
            state = self.groups[k] * (len(kept.levels) + 1) + levels[k]
            if kept.joint:
                state = 0
                for level in levels:
                    state = state * (len(kept.levels) + 1) + level
            state = (state * (len(kept.sizes) + 1) + size) * (len(kept.loads) + 1) + load
            rows.append(state * n + k if kept.joint else state)
        return rows

    def credit(self, farm: Farm) -> None:
        if not self.learns:
            return
        for task in farm.ended:
            response = farm.outcomes[task][2] - int(farm.tasks.arrival[task])
            row = self.rows_of[task]
            step = self.steps[min(self.visits[row], len(self.steps) - 1)]
            self.visits[row] += 1
            self.values[row] += step * (-response / self.mean - self.values[row])

    def best(self, columns) -> int:
        rows = self.rows(columns)
        return max(range(len(rows)), key=lambda k: (self.values[rows[k]], -k))

    def guard(self, farm: Farm, task: int, columns) -> None:
        n, now = len(columns), float(farm.now)
        if task % self.window == 0:
            if task:
                self.trusts = self.sums[0] <= (1 + self.margin) * self.sums[1]
            self.sums = [0.0, 0.0]
            self.free = [[now + c["backlog"] / c["measured"] for c in columns] for _ in range(2)]
        ends = [
            [max(free[k], now) + columns[k]["size"] / columns[k]["measured"] for k in range(n)]
            for free in self.free
        ]
        shadow = [
            c | {"backlog": max(free - now, 0.0) * c["measured"]}
            for c, free in zip(columns, self.free[0], strict=True)
        ]
        for which, k in enumerate((self.best(shadow), ends[1].index(min(ends[1])))):
            self.free[which][k] = ends[which][k]
            self.sums[which] += ends[which][k] - now

    def __call__(self, farm: Farm, task: int, columns) -> int:
        self.credit(farm)
        n = len(columns)
        rows = self.rows(columns)
        if self.window:
            self.guard(farm, task, columns)
        first, last = self.epsilon
        share = last
        if task < self.kept.exploring:
            share = first + (last - first) * task / self.kept.exploring
        luck = (self.random.next() >> 11) * 2.0**-53
        other = self.random.below(n)
        chosen = self.best(columns)
        if not self.trusts:
            self.distrusted += 1
            delays = [(c["backlog"] + c["size"]) / c["measured"] for c in columns]
            chosen = delays.index(min(delays))
        if luck < share:
            chosen = other
        self.rows_of.append(rows[chosen])
        return chosen
