"""Where one task fits into a partial schedule, read aloud.

It is not computed but tried: every start from the earliest one on, until the partial schedule
breaks no rule. The rules themselves are read from `tests.twins.plain`.
"""

from __future__ import annotations

import itertools
from enum import Enum
from typing import NamedTuple

from headway.model.tables import ABSENT, FOREVER, PairKind, RelationKind, ResourceKind
from headway.solve.rules import Generator
from tests.twins.plain import Plain


class Bound(NamedTuple):
    """``point(to) >= point(from) + lag``."""

    before: int
    after: int
    lag: int
    from_end: bool
    to_end: bool
    transfer: bool


class Outcome(Enum):
    """What came of an attempt to place something."""

    PLACED = 0
    IN_THE_WAY = 1
    WAITS = 2
    FAILS = 3
    NO_MODE = 4


class Fit(NamedTuple):
    """Where a task fits, or which tied task has to start at `start` or later for it to fit."""

    outcome: Outcome
    task: int = ABSENT
    mode: int = ABSENT
    start: int = 0
    end: int = 0


class Fitting:
    """A partial schedule, and where the next task fits into it.

    Parameters
    ----------
    generator
        The problem, and what was decided before any time is set.
    """

    def __init__(self, generator: Generator) -> None:
        self.plain = Plain(generator.problem)
        self.present = generator.present.tolist()
        self.penalty = generator.mode_penalty.tolist()
        self.open = generator.conflicts.open.tolist()
        ptr, modes = generator.conflicts.ptr.tolist(), generator.conflicts.mode.tolist()
        self.rivals = [set(modes[a:b]) for a, b in itertools.pairwise(ptr)]
        self.carried = generator.budget_mode.tolist()
        self.owner = generator.problem.modes.task.tolist()
        n = self.plain.n_tasks
        self.start, self.end, self.mode, self.free = ([ABSENT] * n for _ in range(4))
        self.low = [self.earliest(i) for i in range(n)]
        self.low_end = [window[2] for window in self.plain.windows]
        self.bounds = list(self.read_bounds())
        neighbours = {(a, b) for kind, a, b in self.plain.pairs if kind == PairKind.CONSECUTIVE}
        self.tied = sorted((a, b) for a, b in neighbours if self.present[a] and self.present[b])
        self.holds = [
            (i, h)
            for i, h in enumerate(self.plain.hold_until)
            if h != ABSENT and self.present[i] and self.present[h]
        ]
        self.rows = [
            (
                first,
                second,
                [(a, b) for a, b in matches if self.present[a] and self.present[b]],
            )
            for first, second, matches in self.plain.sequences
        ]
        self.order: list[list[int]] = [[] for _ in self.rows]  # items by rank
        self.unbound: list[set[int]] = [set() for _ in self.rows]

    # -- what is known beforehand --------------------------------------------------------------

    def earliest(self, task: int) -> int:
        """Return the earliest start by the task's own window and its job."""
        job = self.plain.job[task]
        return max(self.plain.windows[task][0], 0, 0 if job < 0 else self.plain.release[job])

    def read_bounds(self):
        """Yield the relations among present tasks as lower bounds in both directions."""
        for kind, a, b, low, high, transfer in self.plain.relations:
            from_end = kind in (RelationKind.END_START, RelationKind.END_END)
            to_end = kind in (RelationKind.START_END, RelationKind.END_END)
            if self.present[a] and self.present[b]:
                if low > -FOREVER:
                    yield Bound(a, b, low, from_end, to_end, transfer)
                if high < FOREVER:
                    yield Bound(b, a, -high, to_end, from_end, False)

    @property
    def quiet_from(self) -> int:
        """When the last break, step or window begins or ends."""
        plain = self.plain
        times = [b for breaks in plain.breaks for _, b in breaks]
        times += [t for steps in plain.steps for t, _ in steps]
        times += [max(self.earliest(i), plain.windows[i][2]) for i in self.here()]
        return max(times, default=0)

    def here(self) -> list[int]:
        """Return the tasks that take part."""
        return [i for i, present in enumerate(self.present) if present]

    # -- one task ------------------------------------------------------------------------------

    def point(self, task: int, at_end: bool) -> int:
        """Return the start or the end of a placed task."""
        return (self.end if at_end else self.start)[task]

    def placed(self, task: int) -> bool:
        """Return whether a task has its place."""
        return self.mode[task] != ABSENT

    def lower(self, task: int, mode: int | None) -> tuple[int, int]:
        """Return the least start and end that placed tasks allow; transfers only with a mode."""
        start, end = self.low[task], self.low_end[task]
        for b in self.bounds:
            if b.after == task and b.before != task and self.placed(b.before):
                least = self.point(b.before, b.from_end) + b.lag
                if b.to_end:
                    end = max(end, least)
                else:
                    start = max(start, least)
                if b.transfer and mode is not None:
                    start = max(start, least + self.plain.transfer(self.mode[b.before], mode))
        return start, end

    def machine_holds(self, machine: int) -> bool:
        """Return whether the tasks on a machine follow each other as they must."""
        order = self.plain.order(machine, self.start, self.free, self.mode)
        setups = self.plain.setup_times(machine, order)
        ready = 0
        for i, setup in zip(order, setups, strict=True):
            if self.start[i] < ready + setup:
                return False
            ready = self.free[i]
        return all(
            order.index(b) == order.index(a) + 1 for a, b in self.tied if a in order and b in order
        )

    def mates_hold(self) -> bool:
        """Return whether all common sequences stand in the order of their ranks."""
        for r, row in enumerate(self.rows):
            for side in (0, 1):
                machine = row[side]
                order = self.plain.order(machine, self.start, self.free, self.mode)
                ranked = [row[2][k][side] for k in self.order[r] if k not in self.unbound[r]]
                places = [order.index(i) for i in ranked if i in order]
                if places != sorted(places):
                    return False
        return True

    def put(self, task: int, mode: int, start: int) -> None:
        """Place a task without asking whether it fits."""
        end = self.plain.end_of(task, start, mode)
        self.start[task], self.end[task], self.mode[task] = start, end, mode
        until = self.plain.hold_until[task]
        stays = until != ABSENT and self.placed(until) and until != task
        self.free[task] = max(end, self.start[until]) if stays else end

    def lift(self, task: int) -> None:
        """Take a task off again."""
        self.start[task] = self.end[task] = self.mode[task] = self.free[task] = ABSENT

    def last_tick(self) -> int:
        """Return a start from which on nothing in the world changes any more."""
        setups = [t for matrix in self.plain.setup if matrix for row in matrix for t in row]
        lags = [abs(b.lag) for b in self.bounds if abs(b.lag) < FOREVER]
        return max(
            self.quiet_from + max(setups, default=0) + max(self.plain.duration, default=0),
            max(self.free, default=0) + max(setups, default=0) + 1,
            max(self.low_end) + max(lags, default=0),
            max(self.low),
        )

    def reservoirs_hold(self) -> bool:
        """Return whether the levels stay within their limits."""
        return next(self.plain.broken_reservoirs(self.start, self.end, self.mode), None) is None

    def tries(self, task: int, mode: int, start: int) -> str:
        """Return the first rule that a start breaks, or an empty string."""
        self.put(task, mode, start)
        low_end = self.lower(task, mode)[1]
        broken = list(self.plain.broken_alone(task, start, self.end[task], mode))
        late = start > self.plain.windows[task][1] or {"horizon", "deadline"} & set(broken)
        capacities = self.plain.broken_capacities(self.start, self.free, self.mode)
        verdict = ""
        if late or self.end[task] > self.plain.windows[task][3]:
            verdict = "late"
        elif broken or self.end[task] < low_end or not self.reservoirs_hold():
            verdict = "moment"
        elif any(rule == "capacity" for rule in capacities):
            verdict = "capacity"
        elif not all(map(self.machine_holds, self.plain.machines)) or not self.mates_hold():
            verdict = "machine"
        self.lift(task)
        return verdict

    def in_the_way(self, task: int, mode: int, first: int, last: int) -> Fit | None:
        """Return the neighbour on a machine that leaves no room from `first` on, if one does."""
        for machine in sorted(set(self.plain.machines) & self.plain.occupied[mode]):

            def partners(pairs, machine=machine):
                return [
                    a
                    for a, b in pairs
                    if b == task and self.placed(a) and machine in self.plain.demand[self.mode[a]]
                ]

            before = partners(self.tied)
            after = partners([(b, a) for a, b in self.tied])
            if not before and not after:
                continue

            def fits(start, machine=machine):
                self.put(task, mode, start)
                holds = self.machine_holds(machine)
                self.lift(task)
                return holds

            if any(fits(start) for start in range(first, last + 1)):
                continue
            if len(before) == 1:
                other = before[0]
                order = self.plain.order(machine, self.start, self.free, self.mode)
                later = order[order.index(other) + 1 :]
                wall = self.start[later[0]] if later else 0
                return Fit(Outcome.IN_THE_WAY, other, start=max(self.start[other] + 1, wall))
            if not before and len(after) == 1:
                other, length = after[0], self.plain.duration[mode]
                start = max(self.start[other] + 1, first + length)
                return Fit(Outcome.IN_THE_WAY, other, start=start)
            return Fit(Outcome.FAILS)
        return None

    def fit(self, task: int, mode: int) -> Fit:
        """Return the earliest place of a task in a mode."""
        if not self.reservoirs_serve(task, mode):
            return Fit(Outcome.WAITS)
        (first, ending), last = self.lower(task, mode), self.last_tick()
        last = max(last, first + max(self.plain.duration) + 1, ending)
        for start in range(first, last + 1):
            verdict = self.tries(task, mode, start)
            if not verdict:
                end = self.plain.end_of(task, start, mode)
                return Fit(Outcome.PLACED, task, mode, start, end)
            if verdict == "late":
                return Fit(Outcome.FAILS)
            if verdict == "machine":
                blocked = self.in_the_way(task, mode, start, last)
                if blocked:
                    return blocked
        return Fit(Outcome.FAILS)

    def reservoirs_serve(self, task: int, mode: int) -> bool:
        """Return whether each reservoir alone could serve at the end of time, as things stand."""
        for r, amount in self.plain.demand[mode].items():
            if self.plain.kind[r] == ResourceKind.RESERVOIR:
                level = self.plain.level[r] - amount
                for other in self.mode:
                    level -= self.plain.demand[other].get(r, 0) if other != ABSENT else 0
                if amount > 0 and level < self.plain.level_min[r]:
                    return False
                if amount < 0 and level > self.plain.level_max[r]:
                    return False
        return True

    def is_open(self, mode: int) -> bool:
        """Return whether no chosen mode excludes this one."""
        return self.open[mode] and not any(mode in self.rivals[m] for m in self.mode if m >= 0)

    def leaves_room(self, mode: int) -> bool:
        """Return whether every other task keeps an open mode."""
        rivals = {m for m in self.rivals[mode] if self.is_open(m)}
        return all(
            any(self.is_open(m) and m not in rivals for m in self.plain.modes_of[self.owner[k]])
            for k in rivals
        )

    def affordable(self, mode: int) -> bool:
        """Return whether the complete choice carried along stays within the budgets."""
        if self.carried[self.owner[mode]] == mode:
            return True
        choice = {i: self.carried[i] for i in self.here()} | {self.owner[mode]: mode}
        return all(
            sum(self.plain.demand[m].get(r, 0) for m in choice.values()) <= self.plain.capacity[r]
            for r in self.plain.demand[mode]
            if self.plain.kind[r] == ResourceKind.NONRENEWABLE
        )

    def binds(self, r: int, k: int, task: int, mode: int) -> bool:
        """Return whether an item still binds with one of its tasks in a mode."""
        first, second, items = self.rows[r]
        needed = {m for m, i in zip((first, second), items[k], strict=True) if i == task}
        return k not in self.unbound[r] and needed <= set(self.plain.demand[mode])

    def is_turn(self, task: int, mode: int) -> bool:
        """Return whether all items ranked earlier have their task on the same side placed."""
        for r, row in enumerate(self.rows):
            ranks = list(self.order[r])
            for k, item in enumerate(row[2]):
                for side in (0, 1):
                    if item[side] != task or not self.binds(r, k, task, mode):
                        continue
                    ranks += [] if k in ranks else [k]
                    earlier = [e for e in ranks[: ranks.index(k)] if e not in self.unbound[r]]
                    mates = {row[2][e][side] for e in earlier} - {task}
                    if not all(map(self.placed, mates)):
                        return False
        return True

    def best_fit(self, task: int) -> Fit:
        """Return where a task goes, in its best mode."""
        best = Fit(Outcome.NO_MODE)
        for mode in self.plain.modes_of[task]:
            if not self.is_open(mode) or not self.leaves_room(mode):
                continue
            found = Fit(Outcome.FAILS)
            if not self.is_turn(task, mode):
                found = Fit(Outcome.WAITS)
            elif self.affordable(mode):
                with_row = self.remember()
                self.rank(task, mode)
                found = self.fit(task, mode)
                self.recall(with_row)
            if self.worth(found) < self.worth(best):
                best = found
        return best

    def worth(self, fit: Fit) -> tuple[int, int, int]:
        """Return a key by which fits are compared."""
        if fit.outcome is not Outcome.PLACED:
            return fit.outcome.value, 0, 0
        return 0, fit.end + self.penalty[fit.mode], self.plain.duration[fit.mode]

    # -- common sequences ----------------------------------------------------------------------

    def remember(self) -> tuple[list[list[int]], list[set[int]]]:
        """Return a copy of the orders of all rows."""
        return [list(order) for order in self.order], [set(k) for k in self.unbound]

    def recall(self, memory: tuple[list[list[int]], list[set[int]]]) -> None:
        """Go back to remembered orders."""
        self.order, self.unbound = memory

    def rank(self, task: int, mode: int) -> None:
        """Rank the items of a task, or take them out of the rows that its mode does not touch."""
        for r, row in enumerate(self.rows):
            for k, item in enumerate(row[2]):
                if task in item:
                    if not self.binds(r, k, task, mode):
                        self.unbound[r].add(k)
                    elif k not in self.order[r]:
                        self.order[r].append(k)
