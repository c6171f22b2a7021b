"""Flow shops read aloud: when operations start and what that costs, from an order of jobs.

Nothing here is shared with the native search, and nothing is clever.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

LATEST, TARDINESS, TARDY = range(3)

FREELY, ON_THE_MACHINE, NEVER = "freely", "on the machine", "never"


@dataclass
class PlainFlowShop:
    """A flow shop as plain lists; `setups[a][b][k]`, the last row for jobs that come first."""

    durations: list[list[int]]
    release: list[int]
    due: list[int]
    weight: list[int]
    setups: list[list[list[int]]] | None = None
    waits: str = FREELY
    aim: int = LATEST
    floor: int = -(2**62)

    def starts(self, order: Sequence[int]) -> dict[int, list[int]]:
        """Return the starts of each job in an order, as early as can be."""
        m = len(self.durations[0])
        found: dict[int, list[int]] = {}
        free, before = [0] * m, len(self.durations)
        for job in order:
            ready = [
                free[k] + (self.setups[before][job][k] if self.setups is not None else 0)
                for k in range(m)
            ]
            row = self._row(job, ready)
            for k in range(m):
                free[k] = row[k] + self.durations[job][k]
                if self.waits == ON_THE_MACHINE and k + 1 < m:
                    free[k] = row[k + 1]
            found[job], before = row, job
        return found

    def _row(self, job: int, ready: list[int]) -> list[int]:
        """Return the starts of a job from the times at which the machines are ready for it."""
        p = self.durations[job]
        if self.waits == NEVER:
            start = self.release[job]
            while any(start + sum(p[:k]) < ready[k] for k in range(len(p))):
                start += 1
            return [start + sum(p[:k]) for k in range(len(p))]
        row: list[int] = []
        for k in range(len(p)):
            earliest = row[-1] + p[k - 1] if k else self.release[job]
            row.append(max(earliest, ready[k]))
        return row

    def value(self, order: Sequence[int]) -> int:
        """Return what an order of some jobs costs."""
        late = {
            job: row[-1] + self.durations[job][-1] - self.due[job]
            for job, row in self.starts(order).items()
        }
        if self.aim == LATEST:
            return max(max(late.values()), self.floor)
        if self.aim == TARDINESS:
            return sum(self.weight[job] * max(0, ticks) for job, ticks in late.items())
        return sum(self.weight[job] for job, ticks in late.items() if ticks > 0)


def random_flow_shop(seed: int) -> PlainFlowShop:
    """Draw a small flow shop; the seed decides on the kind, so that a few seeds show them all."""
    rng = random.Random(seed)
    n, m = rng.randint(1, 24), rng.randint(1, 5)
    kind = seed % 4
    setups = None
    if kind == 1:
        setups = [
            [[rng.choice([0, 2, 9]) for _ in range(m)] for _ in range(n)] for _ in range(n + 1)
        ]
    return PlainFlowShop(
        durations=[[rng.randint(0, 9) for _ in range(m)] for _ in range(n)],
        release=[rng.choice([0, 0, 12]) for _ in range(n)],
        due=[rng.randint(-5, 60) for _ in range(n)],
        weight=[rng.randint(0, 3) for _ in range(n)],
        setups=setups,
        waits=ON_THE_MACHINE if kind == 2 else FREELY,
        aim=seed // 4 % 3,
        floor=0 if seed % 5 == 0 else -(2**62),
    )
