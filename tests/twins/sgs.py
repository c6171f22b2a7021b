"""Schedule generation read aloud: the twin of ``cpp/solve``."""

from __future__ import annotations

import math
from collections.abc import Callable

from headway.model.tables import ABSENT, ResourceKind
from headway.solve.rules import Generator
from tests.twins.fitting import Fit, Fitting, Outcome

Key = Callable[[int, int, int], float]
"""From a task, the time of the decision and the time its predecessors allow."""


class Stuck(Exception):
    """A unit finds no place."""


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


class Sgs(Fitting):
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
        super().__init__(generator)
        self.key, self.alpha, self.dice = key, alpha, Dice(seed)
        self.history: list[tuple[int, list[list[int]], list[set[int]]]] = []
        self.contradictory: set[int] = set()  # units whose bounds cannot hold, by first task
        self.units = self.form_units()
        self.busy_until = 0

    # -- units ---------------------------------------------------------------------------------

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
        self.contradictory.add(min(unit))
        return unit

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
        if min(unit) in self.contradictory:
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
