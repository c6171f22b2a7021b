"""The plainest statement of how a pool is run: everything is worked out anew at each event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FOREVER = 2**60

Key = Callable[[int, int, int], float]
"""Who goes first, the smallest: a function of now, of the job, and of the seconds it has run."""


@dataclass
class Pool:
    """Jobs by position, and what is known of them so far.

    `expected` is when the scheduler thinks that a running job ends, `reserved` when one that waits
    is to start.
    """

    submit: Sequence[int]
    run: Sequence[int]
    estimate: Sequence[int]
    amount: Sequence[int]
    capacity: int
    backfill: str
    key: Key
    start: dict[int, int] = field(default_factory=dict)
    expected: dict[int, int] = field(default_factory=dict)
    reserved: dict[int, int] = field(default_factory=dict)
    promised: dict[int, int] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)

    def simulate(self) -> tuple[list[int], list[int]]:
        everybody = range(len(self.submit))
        now = -1
        while len(self.over) < len(self.submit):
            now = self.next_event(now)
            ended_early = False
            for job in self.running():
                if self.start[job] + self.run[job] <= now:
                    self.over.add(job)
                    ended_early |= self.expected[job] > now
            surprised = False
            for job in self.running():
                if self.expected[job] <= now:
                    self.expected[job] = now + (now - self.start[job])
                    surprised = True
            waiting = [j for j in everybody if self.submit[j] <= now and j not in self.start]
            waiting.sort(key=lambda job: (self.key(now, job, 0), job))
            if self.backfill == "conservative":
                self.reserve(now, waiting, ended_early=ended_early, surprised=surprised)
            else:
                self.in_order(now, waiting)
        return (
            [self.start[j] for j in everybody],
            [self.promised.get(j, FOREVER) for j in everybody],
        )

    def next_event(self, now: int) -> int:
        times = [t for job, t in enumerate(self.submit) if t > now]
        for job in self.running():
            times.append(self.start[job] + self.run[job])
            if self.backfill in ("easy", "conservative"):
                times.append(self.expected[job])
        times += [t for job, t in self.reserved.items() if job not in self.start]
        return min(times)

    def running(self) -> list[int]:
        return [job for job in self.start if job not in self.over]

    def free(self) -> int:
        return self.capacity - sum(self.amount[job] for job in self.running())

    def begin(self, job: int, now: int) -> None:
        self.start[job] = now
        self.expected[job] = now + self.estimate[job]

    def in_order(self, now: int, waiting: list[int]) -> None:
        for k, job in enumerate(waiting):
            if self.amount[job] <= self.free():
                self.begin(job, now)
            elif self.backfill == "none":
                return
            elif self.backfill == "easy":
                self.around(now, job, waiting[k + 1 :])
                return

    def around(self, now: int, head: int, others: list[int]) -> None:
        ends = sorted(self.expected[job] for job in self.running())
        for shadow in ends:
            over = [job for job in self.running() if self.expected[job] <= shadow]
            there = self.free() + sum(self.amount[job] for job in over)
            if there >= self.amount[head]:
                break
        self.promised.setdefault(head, shadow)
        extra = there - self.amount[head]
        for job in others:
            if self.amount[job] > self.free():
                continue
            if now + self.estimate[job] <= shadow:
                self.begin(job, now)
            elif self.amount[job] <= extra:
                self.begin(job, now)
                extra -= self.amount[job]

    def reserve(self, now: int, waiting: list[int], *, ended_early: bool, surprised: bool) -> None:
        if surprised:
            known = sorted((job for job in waiting if job in self.reserved), key=self.reserved.get)
            for job in known:
                del self.reserved[job]
            for job in known:
                self.reserved[job] = self.earliest(now, job)
        elif ended_early:
            moved = True
            while moved:
                moved = False
                for job in waiting:
                    if job in self.reserved:
                        before = self.reserved.pop(job)
                        self.reserved[job] = self.earliest(now, job)
                        moved |= self.reserved[job] < before
        for job in waiting:
            if job not in self.reserved:
                self.reserved[job] = self.promised[job] = self.earliest(now, job)
        for job in waiting:
            if self.reserved[job] == now:
                self.begin(job, now)
                del self.reserved[job]

    def earliest(self, now: int, job: int) -> int:
        taken = [(now, self.expected[j], self.amount[j]) for j in self.running()]
        taken += [(t, t + self.estimate[j], self.amount[j]) for j, t in self.reserved.items()]
        for time in sorted({now, *(end for _, end, _ in taken)}):
            moments = {time, *(s for s, _, _ in taken if time < s < time + self.estimate[job])}
            if all(
                self.amount[job] + sum(a for s, e, a in taken if s <= moment < e) <= self.capacity
                for moment in moments
            ):
                return time
        raise AssertionError("in the end everything is free")


def preemptive(
    submit: Sequence[int],
    run: Sequence[int],
    amount: Sequence[int],
    capacity: int,
    key: Key,
    level: Callable[[int], int] | None = None,
) -> list[tuple[int, int]]:
    """Return (second, job) for every second in which a job worked, one second at a time.

    `level` gives the seconds of work after which a job that runs is looked at again.
    """
    worked = []
    done = [0] * len(run)
    on: list[int] = []
    now = 0
    while any(done[job] < run[job] for job in range(len(run))):
        event = now in submit or any(done[job] == run[job] for job in on)
        event |= level is not None and any(done[job] == level(job) for job in on)
        if event:
            active = [j for j in range(len(run)) if submit[j] <= now and done[j] < run[j]]
            on, free = [], capacity
            for job in sorted(active, key=lambda job: (key(now, job, done[job]), job)):
                if amount[job] <= free:
                    free -= amount[job]
                    on.append(job)
        for job in on:
            worked.append((now, job))
            done[job] += 1
        now += 1
    return worked
