"""Every violation of a schedule, found tick by tick and pair by pair.

The clearest statement of what `headway.model.verify` reports; nothing is shared with it. Times must
be small, because every tick of the schedule is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)
from tests.twins.plain import Plain

Finding = tuple[str, tuple[int, ...], int]
"""Kind, tasks and amount of a violation."""

SHARED = (ResourceKind.MACHINE, ResourceKind.RENEWABLE)


def naive_verify(
    problem: Problem, start: list[int], end: list[int], mode: list[int]
) -> Counter[Finding]:
    """Return every violation and how often it is reported."""
    return Counter(_Naive(problem, start, end, mode).findings())


class _Naive:
    def __init__(self, problem: Problem, start: list[int], end: list[int], mode: list[int]) -> None:
        self.plain = Plain(problem)
        self.start, self.end, self.mode = list(start), list(end), list(mode)
        self.tasks = range(self.plain.n_tasks)
        self.present = [m >= 0 for m in mode]
        self.placed = [m in self.plain.modes_of[i] for i, m in enumerate(mode)]
        self.until = [max(a, b) for a, b in zip(start, end, strict=True)]
        self.free = list(self.until)
        for i, hold in enumerate(self.plain.hold_until):
            if hold != ABSENT and self.present[i] and self.present[hold]:
                self.free[i] = max(self.until[i], start[hold])
        present = [i for i in self.tasks if self.present[i]]
        times = [t for i in present for t in (start[i], self.free[i])]
        self.ticks = range(min(times, default=0) - 1, max(times, default=0) + 1)

    def findings(self) -> Iterator[Finding]:
        for task in self.tasks:
            yield from self.presence(task)
            if self.present[task]:
                yield from self.windows(task)
            if self.placed[task]:
                yield from self.duration(task)
                yield from self.breaks(task)
        for resource, kind in enumerate(self.plain.kind):
            if kind == ResourceKind.MACHINE:
                yield from self.machine(resource)
            elif kind == ResourceKind.RENEWABLE:
                yield from self.capacity(resource)
            elif kind == ResourceKind.NONRENEWABLE:
                yield from self.budget(resource)
            else:
                yield from self.reservoir(resource)
        yield from self.relations()
        yield from self.pairs()
        yield from self.sequences()
        yield from self.choices()

    # -- single tasks --------------------------------------------------------------------------

    def presence(self, i: int) -> Iterator[Finding]:
        if self.mode[i] == ABSENT:
            if not self.plain.optional[i]:
                yield "missing", (i,), 1
            if self.start[i] != ABSENT or self.end[i] != ABSENT:
                yield "stray", (i,), 1
        elif not self.placed[i]:
            yield "mode", (i,), 1

    def windows(self, i: int) -> Iterator[Finding]:
        start, end = self.start[i], self.end[i]
        earliest_start, latest_start, earliest_end, latest_end = self.plain.windows[i]
        if start < max(0, earliest_start):
            yield "window", (i,), max(0, earliest_start) - start
        if start > latest_start:
            yield "window", (i,), start - latest_start
        if end < earliest_end and earliest_end > 0:
            yield "window", (i,), earliest_end - end
        if end > latest_end:
            yield "window", (i,), end - latest_end
        if end > self.plain.horizon:
            yield "horizon", (i,), end - self.plain.horizon
        job = self.plain.job[i]
        if job != ABSENT:
            if start < self.plain.release[job] and self.plain.release[job] > 0:
                yield "release", (i,), self.plain.release[job] - start
            if end > self.plain.deadline[job]:
                yield "deadline", (i,), end - self.plain.deadline[job]

    def pauses(self, i: int) -> bool:
        return self.plain.interruptible[i] and self.plain.duration[self.mode[i]] > 0

    def duration(self, i: int) -> Iterator[Finding]:
        work = self.end[i] - self.start[i]
        if self.pauses(i):
            rest = self.plain.resting
            work -= sum(rest(self.mode[i], t) for t in range(self.start[i], self.end[i]))
        wanted = self.plain.duration[self.mode[i]]
        if work != wanted:
            yield "duration", (i,), abs(work - wanted)

    def breaks(self, i: int) -> Iterator[Finding]:
        start, end, mode = self.start[i], self.until[i], self.mode[i]
        if self.pauses(i):
            resting = self.plain.resting
            if resting(mode, start):
                back = start
                while resting(mode, back):
                    back += 1
                yield "break", (i,), back - start
            if end > start and resting(mode, end - 1):
                idle = 0
                while end - idle > start and resting(mode, end - idle - 1):
                    idle += 1
                yield "break", (i,), idle
        for r, amount in self.plain.demand[mode].items():
            if self.plain.kind[r] in SHARED:
                if self.pauses(i):
                    continue
                hit = [(a, b) for a, b in self.plain.breaks[r] if start < b and end > a]
                if hit and start == end:
                    [(a, b)] = hit
                    yield "break", (i,), min(start - a, b - start)
                elif hit:
                    inside = sum(a <= t < b for t in range(start, end) for a, b in hit)
                    yield "break", (i,), inside
            else:
                instant = start if amount > 0 else end
                for a, b in self.plain.breaks[r]:
                    if a <= instant < b:
                        yield "break", (i,), b - instant

    # -- resources -----------------------------------------------------------------------------

    def users(self, resource: int) -> list[int]:
        return [
            i for i in self.tasks if self.placed[i] and resource in self.plain.demand[self.mode[i]]
        ]

    def order(self, machine: int) -> list[int]:
        return sorted(self.users(machine), key=lambda i: (self.start[i], self.free[i], i))

    def machine(self, r: int) -> Iterator[Finding]:
        order = self.order(r)
        matrix = self.plain.setup[r]
        for place, j in enumerate(order):
            earlier = order[:place]
            if earlier:
                late = max(self.free[i] for i in earlier)
                holder = [i for i in earlier if self.free[i] == late][-1]
                if late > self.start[j]:
                    yield "overlap", (holder, j), late - self.start[j]
            if matrix is None or self.plain.family[j] == ABSENT:
                continue
            if not earlier:
                need = matrix[-1][self.plain.family[j]]
                if need > 0 and self.start[j] < need:
                    yield "setup", (j,), need - self.start[j]
            elif self.plain.family[earlier[-1]] != ABSENT:
                i = earlier[-1]
                need = matrix[self.plain.family[i]][self.plain.family[j]]
                if 0 <= self.start[j] - self.free[i] < need:
                    yield "setup", (i, j), need - (self.start[j] - self.free[i])

    def stretches(self, excess: dict[int, int]) -> Iterator[list[int]]:
        """Yield the unbroken runs of ticks with positive excess."""
        run: list[int] = []
        for tick in sorted(excess):
            if excess[tick] > 0:
                run.append(tick)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def capacity(self, r: int) -> Iterator[Finding]:
        def busy(tick: int) -> list[int]:
            return [i for i in self.users(r) if self.start[i] <= tick < self.free[i]]

        def available(tick: int) -> int:
            steps = [capacity for time, capacity in self.plain.steps[r] if time <= tick]
            return steps[-1] if steps else self.plain.capacity[r]

        def used(tick: int) -> int:
            return sum(self.plain.demand[self.mode[i]][r] for i in busy(tick))

        excess = {t: used(t) - available(t) for t in self.ticks}
        for run in self.stretches(excess):
            most = max(excess[t] for t in run)
            worst = next(t for t in run if excess[t] == most)
            yield "capacity", tuple(busy(worst)), most

    def budget(self, r: int) -> Iterator[Finding]:
        users = self.users(r)
        spent = sum(self.plain.demand[self.mode[i]][r] for i in users)
        if spent > self.plain.capacity[r]:
            yield "budget", tuple(users), spent - self.plain.capacity[r]

    def reservoir(self, r: int) -> Iterator[Finding]:
        users = self.users(r)
        amount = {i: self.plain.demand[self.mode[i]][r] for i in users}
        moment = {i: max(0, self.start[i] if amount[i] > 0 else self.until[i]) for i in users}
        ticks = range(max(moment.values(), default=0) + 1)
        level = {
            t: self.plain.level[r] - sum(amount[i] for i in users if moment[i] <= t) for t in ticks
        }
        for missed in (
            {t: self.plain.level_min[r] - level[t] for t in ticks},
            {t: level[t] - self.plain.level_max[r] for t in ticks},
        ):
            for run in self.stretches(missed):
                culprits = tuple(i for i in users if moment[i] == run[0])
                yield "reservoir", culprits, max(missed[t] for t in run)

    # -- several tasks -------------------------------------------------------------------------

    def relations(self) -> Iterator[Finding]:
        for kind, before, after, min_lag, max_lag, transfer in self.plain.relations:
            if not (self.present[before] and self.present[after]):
                continue
            from_start = kind in (RelationKind.START_START, RelationKind.START_END)
            to_start = kind in (RelationKind.START_START, RelationKind.END_START)
            first = self.start[before] if from_start else self.end[before]
            second = self.start[after] if to_start else self.end[after]
            lag = second - first
            travel = 0
            if transfer and self.placed[before] and self.placed[after]:
                travel = self.plain.transfer(self.mode[before], self.mode[after])
            if min_lag > -FOREVER and lag < min_lag:
                yield "min-lag", (before, after), min_lag + travel - lag
            elif min_lag > -FOREVER and lag < min_lag + travel:
                yield "transfer", (before, after), min_lag + travel - lag
            if lag > max_lag:
                yield "max-lag", (before, after), lag - max_lag

    def pairs(self) -> Iterator[Finding]:
        for kind, a, b in self.plain.pairs:
            if not (self.placed[a] and self.placed[b]):
                continue
            one, two = self.plain.occupied[self.mode[a]], self.plain.occupied[self.mode[b]]
            one, two = set(one), set(two)
            if kind == PairKind.IDENTICAL and one != two:
                yield "identical", (a, b), len(one ^ two)
            elif kind == PairKind.DIFFERENT and one & two:
                yield "different", (a, b), len(one & two)
            elif kind == PairKind.CONSECUTIVE:
                for r in one & two:
                    if self.plain.kind[r] == ResourceKind.MACHINE:
                        order = self.order(r)
                        off = order.index(b) - order.index(a) - 1
                        if off != 0:
                            yield "consecutive", (a, b), abs(off)

    def sequences(self) -> Iterator[Finding]:
        for first, second, matches in self.plain.sequences:
            one, two = self.order(first), self.order(second)
            bound = [(a, b) for a, b in matches if a in one and b in two]
            bound.sort(key=lambda match: one.index(match[0]))
            places = sorted(two.index(b) for _, b in bound)
            rank = [places.index(two.index(b)) for _, b in bound]
            for k in range(1, len(bound)):
                (a, b), (c, d) = bound[k - 1], bound[k]
                if rank[k] < rank[k - 1]:
                    yield "sequence", (a, c, b, d), rank[k - 1] - rank[k]

    def choices(self) -> Iterator[Finding]:
        for kind, condition, group in self.plain.selections:
            if condition != ABSENT and not self.present[condition]:
                continue
            count = sum(self.present[i] for i in group)
            if kind == SelectionKind.EXACTLY_ONE:
                amount = abs(count - 1)
            elif kind == SelectionKind.AT_LEAST_ONE:
                amount = 1 if count == 0 else 0
            else:
                amount = min(count, len(group) - count)
            if amount:
                yield "selection", tuple(group), amount
        for chosen, task, allowed in self.plain.dependencies:
            cause = next(i for i in self.tasks if chosen in self.plain.modes_of[i])
            binds = self.mode[cause] == chosen and self.placed[task]
            if binds and self.mode[task] not in allowed:
                yield "mode-dependency", (cause, task), 1
