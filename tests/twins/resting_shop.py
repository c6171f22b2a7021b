"""Job shops whose machines rest at times, read aloud tick by tick.

Nothing here is shared with the native search, and nothing is clever.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from tests.twins.job_shop import PlainShop, random_shop

Orders = dict[int, list[int]]


class RestingShop(PlainShop):
    """A shop with breaks (machine, off, on), and with tasks that pause in them.

    Arcs (before, after, ticks) count from the start of the first task, or from its end if it
    pauses.
    """

    def __init__(
        self,
        plain: PlainShop,
        breaks: Sequence[tuple[int, int, int]],
        pauses: Sequence[bool],
    ) -> None:
        super().__init__(plain.machine, plain.duration, plain.release, plain.arcs)
        self.breaks = list(breaks)
        self.pauses = list(pauses)

    def end(self, task: int, start: int) -> int | None:
        """Return when a task ends that starts at a time, None if it may not start then."""
        machine, duration = self.machine[task], self.duration[task]
        rests = [(off, on) for m, off, on in self.breaks if m == machine]
        if not self.pauses[task]:
            end = start + duration
            return None if any(off < end and start < on for off, on in rests) else end
        time, left = start, duration
        while left:
            resting = any(off <= time < on for off, on in rests)
            if resting and time == start:
                return None
            left -= not resting
            time += 1
        return time

    def first(self, task: int, time: int) -> int:
        """Return the earliest start from a time on."""
        while self.end(task, time) is None:
            time += 1
        return time

    def last(self, task: int, start: int, end: int) -> int:
        """Return the latest start that is no later than a time, with an end likewise."""
        while (done := self.end(task, start)) is None or done > end:
            start -= 1
        return start

    def resting_heads(self, orders: Orders) -> list[int]:
        """Return earliest starts."""
        left = {row[k + 1]: row[k] for row in orders.values() for k in range(len(row) - 1)}

        @cache
        def head(task: int) -> int:
            return self.first(task, max(self.ready(task, head), done(left.get(task))))

        def done(task: int | None) -> int:
            return 0 if task is None else self.end(task, head(task)) or 0

        return [head(task) for task in range(len(self))]

    def ready(self, task: int, head) -> int:
        """Return when relations allow a task to start, by the heads of others."""
        bounds = [
            (self.end(a, head(a)) if self.pauses[a] else head(a)) + lag
            for a, b, lag in self.arcs
            if b == task
        ]
        return max([self.release[task], *bounds])

    def due(self, task: int, latest, makespan: int) -> tuple[int, int]:
        """Return until when relations allow a task to start and to end."""
        start = end = makespan
        for a, b, lag in self.arcs:
            if a == task and self.pauses[a]:
                end = min(end, latest(b) - lag)
            elif a == task:
                start = min(start, latest(b) - lag)
        return start, end

    def latest_starts(self, orders: Orders, makespan: int) -> list[int]:
        """Return the latest starts for a makespan."""
        right = {row[k]: row[k + 1] for row in orders.values() for k in range(len(row) - 1)}

        @cache
        def latest(task: int) -> int:
            start, end = self.due(task, latest, makespan)
            if task in right:
                end = min(end, latest(right[task]))
            return self.last(task, start, end)

        return [latest(task) for task in range(len(self))]

    def resting_estimate(self, orders: Orders, task: int, anchor: int, *, forward: bool) -> int:
        """Return the makespan and the most that any task a move rearranges would be late."""
        head = self.resting_heads(orders)
        makespan = max(self.end(i, s) for i, s in enumerate(head))
        latest = self.latest_starts(orders, makespan)
        row = orders[self.machine[task]]
        first, last = sorted((row.index(task), row.index(anchor)))
        row = self.moved(orders, task, anchor, forward=forward)[self.machine[task]]
        part = row[first : last + 1]
        time = self.end(row[first - 1], head[row[first - 1]]) if first > 0 else 0
        new_head = {}
        for x in part:
            new_head[x] = self.first(x, max(self.ready(x, head.__getitem__), time))
            time = self.end(x, new_head[x])
        until = latest[row[last + 1]] if last + 1 < len(row) else makespan
        worst = -makespan
        for x in reversed(part):
            start, end = self.due(x, latest.__getitem__, makespan)
            until = self.last(x, start, min(end, until))
            worst = max(worst, new_head[x] - until)
        return makespan + worst


def random_resting_shop(seed: int) -> RestingShop:
    """Return a small shop with breaks; some tasks pause in them."""
    rng = random.Random(seed)
    plain = random_shop(seed)
    breaks = []
    for machine in sorted(set(plain.machine) - {-1}):
        time = rng.randint(0, 6)
        for _ in range(rng.randint(seed % 2, 4)):
            length = rng.randint(1, 5)
            breaks.append((machine, time, time + length))
            time += length + rng.randint(0, 9)
    rests = {machine for machine, *_ in breaks}
    pauses = [
        machine in rests and duration > 0 and rng.random() < 0.5
        for machine, duration in zip(plain.machine, plain.duration, strict=True)
    ]
    # From the end of a task that pauses; now and then less than that.
    plain.arcs = [
        (a, b, max(lag - plain.duration[a], -plain.duration[a]) if pauses[a] else lag)
        for a, b, lag in plain.arcs
    ]
    return RestingShop(plain, breaks, pauses)
