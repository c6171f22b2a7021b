"""Job shops read aloud: heads, tails and the value of moves by definition, from machine orders.

Nothing here is shared with the native search, and nothing is clever.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

Arc = tuple[int, int, int]


class PlainShop:
    """A shop as plain lists, with arcs (before, after, ticks from start to start)."""

    def __init__(
        self,
        machine: Sequence[int],
        duration: Sequence[int],
        release: Sequence[int],
        arcs: Sequence[Arc],
    ) -> None:
        self.machine = list(machine)
        self.duration = list(duration)
        self.release = list(release)
        self.arcs = list(arcs)

    def __len__(self) -> int:
        return len(self.machine)

    def machine_orders(self, order: Sequence[int]) -> dict[int, list[int]]:
        """Return the tasks of each machine in the order of all tasks."""
        return {
            m: [task for task in order if self.machine[task] == m]
            for m in sorted(set(self.machine) - {-1})
        }

    def all_arcs(self, orders: dict[int, list[int]]) -> list[Arc]:
        """Return the relations, and an arc between neighbours on each machine."""
        pairs = [pair for row in orders.values() for pair in pairwise(row)]
        return self.arcs + [(a, b, self.duration[a]) for a, b in pairs]

    def heads(self, orders: dict[int, list[int]]) -> list[int]:
        """Return earliest starts; RecursionError if the orders form a cycle."""
        arcs = self.all_arcs(orders)

        @cache
        def head(task: int) -> int:
            bounds = [head(a) + lag for a, b, lag in arcs if b == task]
            return max([self.release[task], *bounds])

        return [head(task) for task in range(len(self))]

    def tails(self, orders: dict[int, list[int]]) -> list[int]:
        """Return longest paths from the start of each task to the end of all work."""
        arcs = self.all_arcs(orders)

        @cache
        def tail(task: int) -> int:
            return max([self.duration[task], *(lag + tail(b) for a, b, lag in arcs if a == task)])

        return [tail(task) for task in range(len(self))]

    def moved(
        self, orders: dict[int, list[int]], task: int, anchor: int, *, forward: bool
    ) -> dict[int, list[int]]:
        """Return the machine orders with a task right behind, or right before, an anchor."""
        row = [x for x in orders[self.machine[task]] if x != task]
        row.insert(row.index(anchor) + forward, task)
        return orders | {self.machine[task]: row}

    def estimate(
        self, orders: dict[int, list[int]], task: int, anchor: int, *, forward: bool
    ) -> int:
        """Return the longest path through the tasks that a move rearranges, by old heads and tails.

        Heads of relations' predecessors and tails of their successors are those before the move
        (Balas and Vazacopoulos 1998).
        """
        head, tail = self.heads(orders), self.tails(orders)
        row = orders[self.machine[task]]
        first, last = sorted((row.index(task), row.index(anchor)))
        row = self.moved(orders, task, anchor, forward=forward)[self.machine[task]]
        part = row[first : last + 1]
        end = 0
        if first > 0:
            end = head[row[first - 1]] + self.duration[row[first - 1]]
        new_head = {}
        for x in part:
            ready = [head[a] + lag for a, b, lag in self.arcs if b == x]
            new_head[x] = max([self.release[x], end, *ready])
            end = new_head[x] + self.duration[x]
        rest = tail[row[last + 1]] if last + 1 < len(row) else 0
        value = 0
        for x in reversed(part):
            after = [lag + tail[b] for a, b, lag in self.arcs if a == x]
            rest = max([self.duration[x] + rest, *after])
            value = max(value, new_head[x] + rest)
        return value


def random_shop(seed: int) -> PlainShop:
    """Return a small shop; some re-enter machines, have gaps, release times or arcs across jobs."""
    rng = random.Random(seed)
    n_machines = rng.randint(1, 4)
    machine, duration, arcs = [], [], []
    for _ in range(rng.randint(1, 5)):
        first = len(machine)
        for k in range(rng.randint(1, 5)):
            nowhere = seed % 4 == 1 and rng.random() < 0.2
            machine.append(-1 if nowhere else rng.randrange(n_machines))
            duration.append(rng.randint(0 if seed % 3 == 0 else 1, 9))
            if k:
                wait = rng.choice([0, 0, 0, 2]) if seed % 2 else 0
                arcs.append((first + k - 1, first + k, duration[-2] + wait))
    if seed % 5 == 0:
        for _ in range(rng.randint(1, 4)):
            a, b = sorted(rng.sample(range(len(machine)), 2)) if len(machine) > 1 else (0, 0)
            if a < b:
                arcs.append((a, b, rng.randint(0, 12)))
    release = [rng.choice([0, 0, 5]) if seed % 7 == 0 else 0 for _ in machine]
    return PlainShop(machine, duration, release, arcs)


def random_order(shop: PlainShop, seed: int) -> list[int]:
    """Return all tasks in random order, each behind those it waits for."""
    rng = random.Random(seed)
    left, order = set(range(len(shop))), []
    while left:
        blocked = {b for a, b, _ in shop.arcs if a in left}
        order.append(rng.choice(sorted(left - blocked)))
        left.remove(order[-1])
    return order
