"""Schedule generation read aloud: the twin of ``cpp/solve``, tick by tick.

Where a task fits is not computed but tried: every start from the earliest one on, until the
partial schedule breaks no rule. The rules themselves are read from `tests.twins.plain`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from headway.model.tables import ABSENT, FOREVER, PairKind, RelationKind, ResourceKind
from headway.solve.rules import Generator
from tests.twins.plain import Plain

Key = Callable[[int, int, int], float]
"""From a task, the time of the decision and the time its predecessors allow."""


class Stuck(Exception):
    """A unit finds no place."""


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


class Dice:
    """The random numbers of the core (splitmix64)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        """Return a number in [0, 1)."""
        mask = 2**64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) / 2**53


class Sgs:
    """One pass of schedule generation.

    Parameters
    ----------
    generator
        The problem, and what was decided before any time is set.
    key
        How urgent a task is; smaller keys go first.
    alpha, seed
        Random choices, as for `Generator.run`.
    """

    def __init__(self, generator: Generator, key: Key, alpha: float = 0.0, seed: int = 0) -> None:
        self.plain = Plain(generator.problem)
        self.key, self.alpha, self.dice = key, alpha, Dice(seed)
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
        self.history: list[tuple[int, list[list[int]], list[set[int]]]] = []
        self.unbound: list[set[int]] = [set() for _ in self.rows]
        self.units = self.form_units()
        self.busy_until = 0

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

    def form_units(self) -> list[list[int]]:
        """Return the tasks that must be placed together, each unit in the order of placing."""
        n = self.plain.n_tasks
        both_ways = self.tied + self.holds
        arcs = {(b.before, b.after) for b in self.bounds}
        arcs |= set(both_ways) | {(b, a) for a, b in both_ways}
        reaches = [{i} for i in range(n)]
        for _ in range(n):
            for a, b in arcs:
                reaches[a] |= reaches[b]
        units = []
        for i in range(n):
            unit = [j for j in range(n) if j in reaches[i] and i in reaches[j]]
            if self.present[i] and min(unit) == i:
                units.append(self.in_order(unit))
        return units

    def in_order(self, unit: list[int]) -> list[int]:
        """Return a unit by the starts that the bounds inside allow."""
        times = {i: [self.plain.duration[m] for m in self.plain.modes_of[i]] for i in unit}
        arcs = [
            (
                b.before,
                b.after,
                b.lag
                + (min(times[b.before]) if b.from_end else 0)
                - (max(times[b.after]) if b.to_end else 0),
            )
            for b in self.bounds
            if b.before in unit and b.after in unit and b.before != b.after
            if not (b.to_end and self.plain.interruptible[b.after])
        ]
        neighbours = [(a, b, max(1, min(times[a]))) for a, b in self.tied if a in unit]
        for chosen in (arcs + neighbours, arcs):
            head = dict.fromkeys(unit, 0)
            for _ in range(len(unit) + 1):
                before = dict(head)
                for a, b, length in chosen:
                    head[b] = max(head[b], head[a] + length)
                if head == before:
                    return sorted(unit, key=lambda i: (head[i], i))
        self.contradictory = getattr(self, "contradictory", set()) | {min(unit)}
        return unit

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

    # -- units ---------------------------------------------------------------------------------

    def commit(self, fit: Fit) -> None:
        """Place a task where it fits."""
        self.history.append((fit.task, *self.remember()))
        self.put(fit.task, fit.mode, fit.start)
        self.carried[fit.task] = fit.mode
        self.rank(fit.task, fit.mode)

    def uncommit(self) -> None:
        """Take back the task placed last."""
        task, order, unbound = self.history.pop()
        self.recall((order, unbound))
        self.lift(task)
        for holder, until in self.holds:
            if until == task and self.placed(holder):
                self.free[holder] = self.end[holder]

    def clash_if_staying(self, task: int, until: int) -> int | None:
        """Return the start a task needs if it cannot keep its resources until `until`."""
        needed = []
        for r, amount in self.plain.demand[self.mode[task]].items():
            if self.plain.kind[r] == ResourceKind.MACHINE:
                order = self.plain.order(r, self.start, self.free, self.mode)
                later = order[order.index(task) + 1 :][:1]
                setup = self.plain.setup_times(r, [task, *later])[-1]
                needed += [self.start[i] for i in later if self.start[i] < until + setup]
            elif self.plain.kind[r] == ResourceKind.RENEWABLE:
                used = self.plain.usage(r, self.start, self.free, self.mode)
                for tick in range(self.free[task], until):
                    busy = used[tick] if tick < len(used) else 0
                    steps = [c for at, c in self.plain.steps[r] if at <= tick]
                    if busy + amount > (steps[-1] if steps else self.plain.capacity[r]):
                        needed.append(tick + 1)
                        break
        return max(*needed, self.start[task] + 1) if needed else None

    def pushed_by(self, task: int) -> list[tuple[int, int, int]]:
        """Return (task, start, end) for the tied tasks that must start or end later."""
        pushed = []
        for b in self.bounds:
            if b.before != task or not self.placed(b.after):
                continue
            least = self.point(task, b.from_end) + b.lag
            if b.transfer:
                least += self.plain.transfer(self.mode[task], self.mode[b.after])
            if self.point(b.after, b.to_end) < least:
                pushed.append((b.after, ABSENT if b.to_end else least, least if b.to_end else -1))
        for holder, until in self.holds:
            if until == task and self.placed(holder) and self.start[task] > self.end[holder]:
                needed = self.clash_if_staying(holder, self.start[task])
                if needed is None:
                    self.free[holder] = self.start[task]
                else:
                    pushed.append((holder, needed, ABSENT))
        return pushed

    def place(self, unit: list[int], earliest: int) -> Outcome:
        """Place a unit from `earliest` on, or leave everything as it was."""
        if min(unit) in getattr(self, "contradictory", set()):
            return Outcome.FAILS
        for i in unit:
            self.low[i] = max(self.earliest(i), earliest)
            self.low_end[i] = self.plain.windows[i][2]
        base, in_vain = len(self.history), 0
        while len(self.history) < base + len(unit):
            task = unit[len(self.history) - base]
            fit = self.best_fit(task)
            if fit.outcome is Outcome.PLACED:
                self.commit(fit)
                pushed = self.pushed_by(task)
            elif fit.outcome is Outcome.IN_THE_WAY:
                pushed = [(fit.task, fit.start, ABSENT)]
            else:
                self.back_to(base)
                return Outcome.WAITS if fit.outcome is Outcome.WAITS else Outcome.FAILS
            if not pushed:
                continue
            for other, start, end in pushed:
                self.low[other] = max(self.low[other], start)
                self.low_end[other] = max(self.low_end[other], end)
            latest = max(max(start, end) for _, start, end in pushed)
            in_vain += latest > max(self.busy_until, self.quiet_from)
            if in_vain > len(unit) ** 2 + 10:
                self.back_to(base)
                return Outcome.FAILS
            self.back_to(base + min(unit.index(other) for other, _, _ in pushed))
        return Outcome.PLACED

    def back_to(self, size: int) -> None:
        """Take back the latest tasks until `size` are left."""
        while len(self.history) > size:
            self.uncommit()

    # -- the two schemes -----------------------------------------------------------------------

    def serial(self) -> None:
        """Place the most urgent unit next, wherever it fits."""
        ready = {u: self.ready(u) for u in self.eligible(set())}
        done: set[int] = set()
        agenda, delayed = set(ready), set()
        while agenda:
            unit = self.choose(agenda, ready, ready)
            agenda.remove(unit)
            outcome = self.place(self.units[unit], 0)
            if outcome is Outcome.FAILS:
                raise Stuck
            if outcome is Outcome.WAITS:
                delayed.add(unit)
                continue
            self.keep(unit, done)
            ready |= {u: self.ready(u) for u in self.eligible(done) if u not in ready}
            agenda = set(ready) - done
            delayed = set()
        if delayed:
            raise Stuck

    def parallel(self) -> None:
        """Let time pass, and start the most urgent unit that can start now."""
        ready = {u: self.ready(u) for u in self.eligible(set())}
        later = dict(ready)
        done: set[int] = set()
        agenda: set[int] = set()
        delayed: set[int] = set()
        asked: dict[int, int] = {}  # when each unit was put on the agenda
        now = 0
        while agenda or later:
            if not agenda:
                now = min(later.values())
                agenda = {u for u, t in later.items() if t <= now}
                asked |= dict.fromkeys(agenda, now)
                later = {u: t for u, t in later.items() if u not in agenda}
            unit = self.choose(agenda, asked, ready)
            agenda.remove(unit)
            outcome = self.place(self.units[unit], now)
            if outcome is Outcome.FAILS:
                raise Stuck
            if outcome is Outcome.WAITS:
                delayed.add(unit)
                continue
            start = min(self.start[i] for i in self.units[unit])
            if start > now:
                self.back_to(len(self.history) - len(self.units[unit]))
                later[unit] = start
                continue
            self.keep(unit, done)
            fresh = {u: self.ready(u) for u in self.eligible(done) if u not in ready}
            ready |= fresh
            later |= {u: t for u, t in fresh.items() if t > now}
            awake = {u for u, t in fresh.items() if t <= now} | delayed
            agenda |= awake
            asked |= dict.fromkeys(awake, now)
            delayed = set()
        if delayed:
            raise Stuck

    def keep(self, unit: int, done: set[int]) -> None:
        """Take note that a unit stays."""
        done.add(unit)
        self.busy_until = max([self.busy_until, *(self.free[i] for i in self.units[unit])])

    def eligible(self, done: set[int]) -> list[int]:
        """Return the units all of whose predecessors are placed."""
        unit_of = {i: u for u, unit in enumerate(self.units) for i in unit}
        waiting = {
            unit_of[b.after]
            for b in self.bounds
            if unit_of[b.before] != unit_of[b.after] and unit_of[b.before] not in done
        }
        return [u for u in range(len(self.units)) if u not in waiting]

    def ready(self, unit: int) -> int:
        """Return the earliest start of the first task of a unit."""
        return self.lower(self.units[unit][0], None)[0]

    def choose(self, agenda: set[int], now: dict[int, int], ready: dict[int, int]) -> int:
        """Return the most urgent unit, or a random one that is likely to be urgent."""
        keyed = sorted((self.key(self.units[u][0], now[u], ready[u]), u) for u in agenda)
        if self.alpha == 0:
            return keyed[0][1]
        best = keyed[0][0]
        worst = max([best, *(key for key, _ in keyed if math.isfinite(key))])
        spread = worst - best if math.isfinite(worst - best) else 0.0
        totals, total = [], 0.0
        for key, _ in keyed:
            regret = (worst - key) / spread if spread > 0 and math.isfinite(key) else 0.0
            total += (1.0 + (len(keyed) - 1) * regret) ** self.alpha
            totals.append(total)
        draw = self.dice.next() * total
        return next((u for t, (_, u) in zip(totals, keyed, strict=True) if t > draw), keyed[-1][1])
