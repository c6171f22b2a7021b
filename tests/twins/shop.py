"""Shops read aloud: heads, tails, values and moves by definition, from modes and machine orders.

Nothing here is shared with the native search, and nothing is clever.
"""

from __future__ import annotations

from functools import cache

from headway.model import Problem
from headway.model.tables import ABSENT, FOREVER, RelationKind, ints
from headway.model.transfers import transfer_times
from headway.solve.shop.costs import costs

NO_PATH = -(2**60)

Orders = dict[int, list[int]]
Arc = tuple[int, int, int]


class PlainShop:
    """A problem with one mode chosen for every task."""

    def __init__(self, problem: Problem, modes: list[int]) -> None:
        self.problem = problem
        self.modes = modes
        self.n = problem.n_tasks
        self.duration = [int(problem.modes.duration[mode]) for mode in modes]
        table = costs(problem)
        self.groups = [
            dict(
                zip(
                    table.member[table.member_ptr[g] : table.member_ptr[g + 1]].tolist(),
                    table.offset[table.member_ptr[g] : table.member_ptr[g + 1]].tolist(),
                    strict=True,
                )
            )
            for g in range(len(table.threshold))
        ]
        self.prices = list(
            zip(table.threshold.tolist(), table.slope.tolist(), table.jump.tolist(), strict=True)
        )
        self.constant = table.constant

    def machines(self, task: int) -> list[int]:
        modes = self.problem.modes
        rows = slice(*modes.demand_ptr[self.modes[task] : self.modes[task] + 2].tolist())
        return modes.demand_resource[rows].tolist()

    def with_mode(self, task: int, mode: int) -> PlainShop:
        return PlainShop(self.problem, [mode if i == task else m for i, m in enumerate(self.modes)])

    def orders(self, order: list[int]) -> Orders:
        """Return the tasks of each machine in the order of all tasks."""
        used = {m for task in range(self.n) for m in self.machines(task)}
        return {m: [task for task in order if m in self.machines(task)] for m in sorted(used)}

    def setup(self, machine: int, before: int, after: int) -> int:
        matrix = self.problem.resources.setup[machine]
        family = self.problem.tasks.family
        if matrix == ABSENT or family[after] == ABSENT:
            return 0
        if before == ABSENT:
            return int(self.problem.setups[matrix][-1, family[after]])
        return (
            0
            if family[before] == ABSENT
            else int(self.problem.setups[matrix][family[before], family[after]])
        )

    def release(self, task: int) -> int:
        tasks, job = self.problem.tasks, self.problem.tasks.job[task]
        release = 0 if job == ABSENT else int(self.problem.jobs.release[job])
        earliest = int(tasks.earliest_end[task]) - self.duration[task]
        return max(release, int(tasks.earliest_start[task]), earliest, 0)

    def relation_arcs(self) -> list[Arc]:
        rel, arcs = self.problem.relations, []
        for kind, a, b, lag, transfer in zip(
            rel.kind, rel.before, rel.after, rel.min_lag, rel.transfer, strict=True
        ):
            if lag > -FOREVER:
                length = int(lag)
                length += self.duration[a] if kind >= RelationKind.END_START else 0
                length -= self.duration[b] if kind % 2 == RelationKind.START_END else 0
                if transfer:
                    pair = ints([self.modes[a]]), ints([self.modes[b]])
                    length += int(transfer_times(self.problem, *pair)[0])
                arcs.append((int(a), int(b), length))
        return arcs

    def machine_arcs(self, orders: Orders) -> list[Arc]:
        return [
            (a, b, (self.duration[a] if a != ABSENT else 0) + self.setup(m, a, b))
            for m, row in orders.items()
            for a, b in zip([ABSENT, *row], row, strict=False)
        ]

    def heads(self, orders: Orders) -> list[int]:
        """Return earliest starts; RecursionError if the orders form a cycle."""
        arcs = self.relation_arcs() + self.machine_arcs(orders)

        @cache
        def head(task: int) -> int:
            bounds = [(0 if a == ABSENT else head(a)) + lag for a, b, lag in arcs if b == task]
            return max([self.release(task), *bounds])

        return [head(task) for task in range(self.n)]

    def tails(self, orders: Orders, group: int) -> list[int]:
        """Return longest paths from starts to the completion of a group."""
        arcs = self.relation_arcs() + self.machine_arcs(orders)

        @cache
        def tail(task: int) -> int:
            own = self.groups[group].get(task)
            paths = [lag + tail(b) for a, b, lag in arcs if a == task]
            return max([NO_PATH if own is None else own + self.duration[task], *paths])

        return [tail(task) for task in range(self.n)]

    def completions(self, heads: list[int]) -> list[int]:
        ends = [head + duration for head, duration in zip(heads, self.duration, strict=True)]
        return [max(ends[i] + offset for i, offset in group.items()) for group in self.groups]

    def price(self, completions: list[int]) -> int:
        """Return the objective value."""
        return self.constant + sum(
            jump + slope * (completion - threshold)
            for completion, (threshold, slope, jump) in zip(completions, self.prices, strict=True)
            if completion > threshold
        )

    def value(self, orders: Orders) -> int:
        return self.price(self.completions(self.heads(orders)))

    def shifted(self, row: list[int], task: int, anchor: int, *, forward: bool) -> list[int]:
        """Return a machine's order with a task right behind, or right before, an anchor."""
        rest = [x for x in row if x != task]
        rest.insert(rest.index(anchor) + forward, task)
        return rest

    def estimate(
        self, orders: Orders, machine: int, task: int, anchor: int, *, forward: bool
    ) -> int:
        """Return the value by longest paths through the part of a machine that is rearranged.

        Heads before and tails behind that part are those of now. A group whose longest path does
        not start at the first task of the part completes no earlier than now.
        """
        row, heads = orders[machine], self.heads(orders)
        i, j = sorted((row.index(task), row.index(anchor)))
        part = self.shifted(row, task, anchor, forward=forward)[i : j + 1]
        fixed = self.relation_arcs() + self.machine_arcs(
            {m: other for m, other in orders.items() if m != machine}
        )
        left, new = (row[i - 1] if i else ABSENT), {}
        for before, x in zip([left, *part], part, strict=False):
            known = {ABSENT: 0} | dict(enumerate(heads)) | new
            free = known[before] + (self.duration[before] if before != ABSENT else 0)
            bounds = [known[a] if a == ABSENT else heads[a] for a, b, _ in fixed if b == x]
            lags = [lag for _, b, lag in fixed if b == x]
            ready = [bound + lag for bound, lag in zip(bounds, lags, strict=True)]
            new[x] = max([self.release(x), free + self.setup(machine, before, x), *ready])
        after = row[j + 1] if j + 1 < len(row) else None
        completions = []
        for g, now in enumerate(self.completions(heads)):
            tail = self._part_tails(machine, part, after, g, fixed, self.tails(orders, g))
            through = max(new[x] + tail[x] for x in part)
            elsewhere = now > heads[row[i]] + self.tails(orders, g)[row[i]]
            completions.append(max(now, through) if elsewhere else through)
        return self.price(completions)

    def _part_tails(
        self,
        machine: int,
        part: list[int],
        after: int | None,
        group: int,
        fixed: list[Arc],
        tails: list[int],
    ) -> dict[int, int]:
        found: dict[int, int] = {}
        following, length = after, NO_PATH if after is None else tails[after]
        for x in reversed(part):
            own = self.groups[group].get(x)
            paths = [lag + tails[b] for a, b, lag in fixed if a == x]
            if following is not None:
                paths.append(self.duration[x] + self.setup(machine, x, following) + length)
            paths.append(NO_PATH if own is None else own + self.duration[x])
            found[x] = length = max(paths)
            following = x
        return found
