"""Blocking job shops read aloud: earliest starts by definition, from machine orders."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise


@dataclass
class PlainBlockingShop:
    """Tasks in chains; ``next`` is -1 for the last task of a job."""

    machine: list[int]
    duration: list[int]
    release: list[int]
    next: list[int]
    lag: list[int]
    holds: list[bool]

    def free(self, task: int, start: list[int]) -> int:
        """Return when a task lets go of its machine."""
        return start[self.next[task]] if self.holds[task] else start[task] + self.duration[task]

    def orders(self, start: list[int]) -> dict[int, list[int]]:
        """Return the tasks of each machine in the order of a schedule."""
        tasks = sorted(range(len(start)), key=lambda i: (start[i], self.free(i, start), i))
        return {
            m: [i for i in tasks if self.machine[i] == m] for m in sorted(set(self.machine) - {-1})
        }

    def starts(self, orders: dict[int, list[int]]) -> list[int] | None:
        """Return earliest starts; None if the orders cannot be kept."""
        start = list(self.release)
        for _ in range(len(start) + 1):
            before = list(start)
            for i, other in enumerate(self.next):
                if other >= 0:
                    start[other] = max(start[other], start[i] + self.lag[i])
            for row in orders.values():
                for a, b in pairwise(row):
                    start[b] = max(start[b], self.free(a, start))
            if start == before:
                return start
        return None

    def job(self, task: int) -> int:
        """Return the last task of a task's job."""
        while self.next[task] >= 0:
            task = self.next[task]
        return task


def random_blocking_shop(seed: int) -> PlainBlockingShop:
    """Return a small shop; some tasks do not hold their machine, or need none."""
    rng = random.Random(seed)
    shop = PlainBlockingShop([], [], [], [], [], [])
    for _ in range(rng.randint(2, 5)):
        length = rng.randint(1, 5)
        for k in range(length):
            last = k == length - 1
            shop.machine.append(rng.choice([0, 1, 2, -1]) if seed % 4 == 1 else rng.randrange(3))
            shop.duration.append(rng.randint(0 if seed % 3 == 0 else 1, 9))
            shop.release.append(rng.choice([0, 0, 5]) if seed % 5 == 0 else 0)
            shop.next.append(-1 if last else len(shop.next) + 1)
            shop.lag.append(0 if last else shop.duration[-1] + rng.choice([0, 0, 2]))
            shop.holds.append(not last and rng.random() < 0.8)
    return shop


def one_after_another(shop: PlainBlockingShop, seed: int) -> list[int]:
    """Return the starts of a schedule without two jobs at the same time."""
    rng = random.Random(seed)
    first = [i for i in range(len(shop.next)) if i not in shop.next]
    rng.shuffle(first)
    start, now = [0] * len(shop.next), 0
    for i in first:
        while i >= 0:
            start[i] = now = max(now, shop.release[i])
            now += shop.lag[i] if shop.next[i] >= 0 else shop.duration[i]
            i = shop.next[i]
    return start
