"""Flexible job shops read aloud: heads, tails and moves by definition, from modes and orders.

Nothing here is shared with the native search, and nothing is clever.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

Mode = tuple[int, int, int]
"""Machine (-1 for none), duration, release."""

Relation = tuple[int, int, int, bool]
"""Before, after, lag, whether the lag counts from the end of the first."""

Rows = dict[int, list[int]]
"""The order of tasks on each machine."""


class PlainShop:
    """A shop as plain lists: modes per task, and relations."""

    def __init__(self, modes: Sequence[Sequence[Mode]], relations: Sequence[Relation]) -> None:
        self.modes = [list(row) for row in modes]
        self.relations = list(relations)
        self.flat = [(task, mode) for task, row in enumerate(self.modes) for mode in row]

    def __len__(self) -> int:
        return len(self.modes)

    def modes_of(self, task: int) -> list[int]:
        """Return the positions of a task's modes among all modes."""
        return [m for m, (owner, _) in enumerate(self.flat) if owner == task]

    def duration(self, mode: int) -> int:
        return self.flat[mode][1][1]

    def machine(self, mode: int) -> int:
        return self.flat[mode][1][0]

    def rows(self, order: Sequence[int], mode: Sequence[int]) -> Rows:
        """Return the tasks of each machine in the order of all tasks."""
        machines = sorted({row[0] for _, row in self.flat} - {-1})
        return {k: [i for i in order if self.machine(mode[i]) == k] for k in machines}

    def arcs(self, rows: Rows, mode: Sequence[int]) -> list[tuple[int, int, int]]:
        """Return all (before, after, ticks from start to start)."""
        arcs = [
            (a, b, lag + self.duration(mode[a]) * from_end)
            for a, b, lag, from_end in self.relations
        ]
        pairs = [pair for row in rows.values() for pair in pairwise(row)]
        return arcs + [(a, b, self.duration(mode[a])) for a, b in pairs]

    def heads(self, rows: Rows, mode: Sequence[int]) -> list[int]:
        """Return earliest starts; RecursionError if the orders form a cycle."""
        arcs = self.arcs(rows, mode)

        @cache
        def head(task: int) -> int:
            release = self.flat[mode[task]][1][2]
            return max([release, *(head(a) + length for a, b, length in arcs if b == task)])

        return [head(task) for task in range(len(self))]

    def tails(self, rows: Rows, mode: Sequence[int]) -> list[int]:
        """Return longest paths from the start of each task to the end of all work."""
        arcs = self.arcs(rows, mode)

        @cache
        def tail(task: int) -> int:
            after = (length + tail(b) for a, b, length in arcs if a == task)
            return max([self.duration(mode[task]), *after])

        return [tail(task) for task in range(len(self))]

    def makespan(self, rows: Rows, mode: Sequence[int]) -> int:
        heads = self.heads(rows, mode)
        return max(head + self.duration(mode[i]) for i, head in enumerate(heads))

    def moved(
        self, rows: Rows, mode: Sequence[int], task: int, new: int, left: int
    ) -> tuple[Rows, list[int]]:
        """Return orders and modes with a task behind another one (-1: first) in some mode."""
        changed = [new if i == task else old for i, old in enumerate(mode)]
        rest = {k: [i for i in row if i != task] for k, row in rows.items()}
        machine = self.machine(new)
        if machine >= 0:
            place = rest[machine].index(left) + 1 if left >= 0 else 0
            rest[machine].insert(place, task)
        return rest, changed

    def ready(self, task: int, new: int, mode: Sequence[int], head: Sequence[int]) -> int:
        """Return the earliest start of a task in some mode, by relations alone."""
        bounds = [
            head[a] + lag + self.duration(mode[a]) * from_end
            for a, b, lag, from_end in self.relations
            if b == task
        ]
        return max([self.flat[new][1][2], *bounds])

    def rest(self, task: int, new: int, tail: Sequence[int]) -> int:
        """Return the longest path from the start of a task in some mode, by relations alone."""
        duration = self.duration(new)
        after = [
            lag + duration * from_end + tail[b]
            for a, b, lag, from_end in self.relations
            if a == task
        ]
        return max([duration, *after])

    def through(
        self, rows: Rows, mode: Sequence[int], task: int, new: int, left: int, right: int
    ) -> int:
        """Return the longest path through a task between two others, by old heads and tails."""
        head, tail = self.heads(rows, mode), self.tails(rows, mode)
        start = self.ready(task, new, mode, head)
        if left >= 0:
            start = max(start, head[left] + self.duration(mode[left]))
        follow = tail[right] if right >= 0 else 0
        return start + max(self.rest(task, new, tail), self.duration(new) + follow)

    def estimate(self, rows: Rows, mode: Sequence[int], task: int, left: int) -> int:
        """Return the longest path through the tasks that a move within a machine rearranges.

        Heads of relations' predecessors and tails of their successors are those before the move
        (Balas and Vazacopoulos 1998).
        """
        head, tail = self.heads(rows, mode), self.tails(rows, mode)
        old = rows[self.machine(mode[task])]
        new = self.moved(rows, mode, task, mode[task], left)[0][self.machine(mode[task])]
        first, last = sorted((old.index(task), new.index(task)))
        part = new[first : last + 1]
        end = head[new[first - 1]] + self.duration(mode[new[first - 1]]) if first else 0
        new_head = {}
        for x in part:
            new_head[x] = max(end, self.ready(x, mode[x], mode, head))
            end = new_head[x] + self.duration(mode[x])
        follow = tail[new[last + 1]] if last + 1 < len(new) else 0
        value = 0
        for x in reversed(part):
            follow = max(self.rest(x, mode[x], tail), self.duration(mode[x]) + follow)
            value = max(value, new_head[x] + follow)
        return value


def random_shop(seed: int) -> PlainShop:
    """Return a small shop; some have release times, gaps, or relations across jobs."""
    rng = random.Random(seed)
    n_machines = rng.randint(1, 4)
    modes: list[list[Mode]] = []
    relations: list[Relation] = []
    for _ in range(rng.randint(1, 4)):
        first = len(modes)
        for k in range(rng.randint(1, 4)):
            row = []
            for _ in range(rng.choice([1, 1, 2, 3])):
                machine = -1 if seed % 4 == 1 and rng.random() < 0.2 else rng.randrange(n_machines)
                release = rng.choice([0, 0, 5]) if seed % 7 == 0 else 0
                row.append((machine, rng.randint(0 if seed % 3 == 0 else 1, 9), release))
            modes.append(row)
            if k:
                lag = rng.choice([0, 0, 2]) if seed % 2 else 0
                relations.append((first + k - 1, first + k, lag, True))
    if seed % 5 == 0 and len(modes) > 1:
        for _ in range(rng.randint(1, 4)):
            a, b = sorted(rng.sample(range(len(modes)), 2))
            least = min(duration for _, duration, _ in modes[a])
            from_end = rng.random() < 0.5
            relations.append((a, b, rng.randint(-least if from_end else 0, 9), from_end))
    return PlainShop(modes, relations)


def random_plan(shop: PlainShop, seed: int) -> tuple[list[int], list[int]]:
    """Return all tasks in random order, each behind those it waits for, and a mode for each."""
    rng = random.Random(seed)
    left, order = set(range(len(shop))), []
    while left:
        blocked = {b for a, b, *_ in shop.relations if a in left}
        order.append(rng.choice(sorted(left - blocked)))
        left.remove(order[-1])
    return order, [rng.choice(shop.modes_of(task)) for task in range(len(shop))]
