"""Hybrid flow shops read aloud: when operations start and where, from an order of jobs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.twins.flow_shop import LATEST, TARDINESS


@dataclass
class PlainHybridShop:
    """Stages of machines; ``durations[j][s][k]``, None where machine k of stage s cannot do job j.

    Machines are numbered from the first stage on.
    """

    durations: list[list[list[int | None]]]
    release: list[int]
    due: list[int]
    weight: list[int]
    aim: int = LATEST
    floor: int = -(2**62)

    def schedule(self, order: Sequence[int]) -> tuple[list[list[int]], list[list[int]]]:
        """Return starts and machines if jobs enter in an order and go on as they come."""
        n = len(self.durations)
        stages = len(self.durations[0])
        start, machine = ([[0] * stages for _ in range(n)] for _ in range(2))
        queue = [(self.release[job], job) for job in order]
        first = 0
        for s in range(stages):
            count = len(self.durations[0][s])
            free, leaving = [0] * count, []
            for ready, job in queue:
                choices = [
                    (max(ready, free[k]) + p, -free[k], k)
                    for k, p in enumerate(self.durations[job][s])
                    if p is not None
                ]
                end, _, k = min(choices)
                start[job][s] = end - self.durations[job][s][k]
                machine[job][s] = first + k
                free[k] = end
                leaving.append((end, job))
            # Those that leave together keep their order.
            queue = sorted(leaving, key=lambda entry: entry[0])
            first += count
        return start, machine

    def value(self, order: Sequence[int]) -> int:
        """Return what an order of all jobs costs."""
        start, machine = self.schedule(order)
        first = sum(len(row) for row in self.durations[0][:-1])
        late = [
            start[j][-1] + self.durations[j][-1][machine[j][-1] - first] - self.due[j]
            for j in range(len(start))
        ]
        if self.aim == LATEST:
            return max(max(late), self.floor)
        pairs = zip(self.weight, late, strict=True)
        if self.aim == TARDINESS:
            return sum(w * max(0, ticks) for w, ticks in pairs)
        return sum(w for w, ticks in pairs if ticks > 0)


def random_hybrid_shop(seed: int) -> PlainHybridShop:
    """Draw a small hybrid flow shop, with machines alike or not."""
    rng = random.Random(seed)
    n, counts = rng.randint(1, 12), [rng.randint(1, 3) for _ in range(rng.randint(1, 4))]
    durations: list[list[list[int | None]]] = []
    for _ in range(n):
        row: list[list[int | None]] = []
        for count in counts:
            alike = rng.randint(0, 9)
            row.append([alike if seed % 2 else rng.randint(0, 9) for _ in range(count)])
            if seed % 4 == 0 and count > 1:
                row[-1][rng.randrange(count)] = None
        durations.append(row)
    return PlainHybridShop(
        durations,
        release=[rng.choice([0, 0, 7]) for _ in range(n)],
        due=[rng.randint(-5, 40) for _ in range(n)],
        weight=[rng.randint(0, 3) for _ in range(n)],
        aim=seed // 4 % 3,
        floor=0 if seed % 5 == 0 else -(2**62),
    )
