"""The rules of a problem read aloud: a slow, plain checker and objective, tick by tick.

Nothing here is shared with `headway.model.verify`, `headway.model.evaluate` or any solver, and
nothing is clever: problems become Python lists, resources are simulated tick by tick. It is the
reference that the fast implementations are held against on small problems.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from headway.model.objective import Measure, Term
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)

Vector = Sequence[int]


def rows(ptr: Vector, *columns: Vector) -> list[list[tuple[int, ...]]]:
    """Return the entries of each row of compressed columns."""
    return [
        list(zip(*(list(column[a:b]) for column in columns), strict=True))
        for a, b in itertools.pairwise(ptr)
    ]


class Plain:
    """A problem as plain lists, with its rules and measures.

    Parameters
    ----------
    problem
        Small, with small numbers: every tick up to the end of the schedule is looked at.
    """

    def __init__(self, problem: Problem) -> None:
        self.objective = problem.objective
        self.horizon = problem.horizon
        jobs, tasks, modes, resources = (
            problem.jobs,
            problem.tasks,
            problem.modes,
            problem.resources,
        )
        self.release, self.due, self.deadline, self.job_weight = (
            column.tolist() for column in (jobs.release, jobs.due, jobs.deadline, jobs.weight)
        )
        self.job = tasks.job.tolist()
        self.windows = list(
            zip(
                tasks.earliest_start.tolist(),
                tasks.latest_start.tolist(),
                tasks.earliest_end.tolist(),
                tasks.latest_end.tolist(),
                strict=True,
            )
        )
        self.optional = tasks.optional.tolist()
        self.interruptible = tasks.interruptible.tolist()
        self.hold_until = tasks.hold_until.tolist()
        self.family = tasks.family.tolist()
        ptr = tasks.mode_ptr.tolist()
        self.modes_of = [range(a, b) for a, b in itertools.pairwise(ptr)]
        self.duration = modes.duration.tolist()
        self.mode_cost = modes.cost.tolist()
        self.demand: list[dict[int, int]] = [
            dict(pairs)  # type: ignore[arg-type]
            for pairs in rows(
                modes.demand_ptr.tolist(),
                modes.demand_resource.tolist(),
                modes.demand_amount.tolist(),
            )
        ]
        self.kind = resources.kind.tolist()
        self.capacity = resources.capacity.tolist()
        self.price = resources.cost.tolist()
        self.level, self.level_min, self.level_max = (
            column.tolist()
            for column in (resources.level, resources.level_min, resources.level_max)
        )
        self.breaks = rows(
            resources.break_ptr.tolist(),
            resources.break_start.tolist(),
            resources.break_end.tolist(),
        )
        self.steps = rows(
            resources.step_ptr.tolist(),
            resources.step_time.tolist(),
            resources.step_capacity.tolist(),
        )
        matrices = [matrix.tolist() for matrix in problem.setups]
        self.setup = [None if s == ABSENT else matrices[s] for s in resources.setup.tolist()]
        self.occupied = [
            frozenset(r for r in demand if self.kind[r] <= ResourceKind.RENEWABLE)
            for demand in self.demand
        ]
        self.machines = [r for r, kind in enumerate(self.kind) if kind == ResourceKind.MACHINE]
        self.renewables = [r for r, kind in enumerate(self.kind) if kind == ResourceKind.RENEWABLE]
        self.transfers = problem.transfers.tolist()
        table = problem.relations
        self.relations = list(
            zip(
                table.kind.tolist(),
                table.before.tolist(),
                table.after.tolist(),
                table.min_lag.tolist(),
                table.max_lag.tolist(),
                table.transfer.tolist(),
                strict=True,
            )
        )
        self.pairs = list(
            zip(
                problem.pairs.kind.tolist(),
                problem.pairs.first.tolist(),
                problem.pairs.second.tolist(),
                strict=True,
            )
        )
        self.sequences = list(
            zip(
                problem.sequences.first_machine.tolist(),
                problem.sequences.second_machine.tolist(),
                rows(
                    problem.sequences.task_ptr.tolist(),
                    problem.sequences.first_task.tolist(),
                    problem.sequences.second_task.tolist(),
                ),
                strict=True,
            )
        )
        self.selections = list(
            zip(
                problem.selections.kind.tolist(),
                problem.selections.condition.tolist(),
                [
                    [task for (task,) in row]
                    for row in rows(
                        problem.selections.task_ptr.tolist(), problem.selections.task.tolist()
                    )
                ],
                strict=True,
            )
        )
        self.dependencies = list(
            zip(
                problem.mode_dependencies.mode.tolist(),
                problem.mode_dependencies.task.tolist(),
                [
                    {mode for (mode,) in row}
                    for row in rows(
                        problem.mode_dependencies.allowed_ptr.tolist(),
                        problem.mode_dependencies.allowed.tolist(),
                    )
                ],
                strict=True,
            )
        )

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.job)

    # -- one task alone ------------------------------------------------------------------------

    def resting(self, mode: int, tick: int) -> bool:
        """Return whether some machine or renewable resource of a mode has a break at `tick`."""
        return any(a <= tick < b for r in self.occupied[mode] for a, b in self.breaks[r])

    def end_of(self, task: int, start: int, mode: int) -> int:
        """Return when a task ends: right after its last tick of work."""
        work = self.duration[mode]
        if not self.interruptible[task]:
            return start + work
        tick = start
        while work:
            work -= not self.resting(mode, tick)
            tick += 1
        return tick

    def broken_alone(self, task: int, start: int, end: int, mode: int) -> Iterator[str]:
        """Yield the rules that a present task breaks whatever the others do."""
        earliest_start, latest_start, earliest_end, latest_end = self.windows[task]
        if start < max(0, earliest_start) or start > latest_start:
            yield "start window"
        if end < earliest_end or end > latest_end:
            yield "end window"
        if end > self.horizon:
            yield "horizon"
        job = self.job[task]
        if job != ABSENT and start < self.release[job]:
            yield "release"
        if job != ABSENT and end > self.deadline[job]:
            yield "deadline"
        if end != self.end_of(task, start, mode):
            yield "length"
        pauses = self.interruptible[task] and self.duration[mode] > 0
        if pauses and self.resting(mode, start):
            yield "break"
        for r, amount in self.demand[mode].items():
            for a, b in self.breaks[r]:
                if self.kind[r] <= ResourceKind.RENEWABLE:
                    if not pauses and start < b and end > a:
                        yield "break"
                elif self.kind[r] == ResourceKind.NONRENEWABLE or amount > 0:
                    if a <= start < b:
                        yield "break"
                elif a <= end < b:
                    yield "break"

    # -- two tasks -----------------------------------------------------------------------------

    def transfer(self, before: int, after: int) -> int:
        """Return the transfer time between the resources of two modes."""
        return max(
            (
                self.transfers[a][b]
                for a in self.occupied[before]
                for b in self.occupied[after]
                if self.transfers
            ),
            default=0,
        )

    def broken_relations(self, start: Vector, end: Vector, mode: Vector) -> Iterator[str]:
        """Yield the relations and mode dependencies that a schedule breaks."""
        for kind, before, after, min_lag, max_lag, transfer in self.relations:
            if mode[before] == ABSENT or mode[after] == ABSENT:
                continue
            from_start = kind in (RelationKind.START_START, RelationKind.START_END)
            to_start = kind in (RelationKind.START_START, RelationKind.END_START)
            lag = (start if to_start else end)[after] - (start if from_start else end)[before]
            extra = self.transfer(mode[before], mode[after]) if transfer else 0
            if lag < min_lag + extra or lag > max_lag:
                yield "relation"
        for chosen, task, allowed in self.dependencies:
            if chosen in mode and mode[task] != ABSENT and mode[task] not in allowed:
                yield "mode dependency"

    # -- all tasks -----------------------------------------------------------------------------

    def free(self, start: Vector, end: Vector, mode: Vector) -> list[int]:
        """Return when each task lets go of its machines and renewable resources."""
        times = list(end)
        for i, hold in enumerate(self.hold_until):
            if hold != ABSENT and ABSENT not in (mode[i], mode[hold]):
                times[i] = max(end[i], start[hold])
        return times

    def order(self, machine: int, start: Vector, free: Vector, mode: Vector) -> list[int]:
        """Return the tasks on a machine in order."""
        using = [i for i, m in enumerate(mode) if m != ABSENT and machine in self.demand[m]]
        return sorted(using, key=lambda i: (start[i], free[i], i))

    def setup_times(self, machine: int, order: Sequence[int]) -> list[int]:
        """Return the setup time before each task of an order on a machine."""
        matrix = self.setup[machine]
        if matrix is None:
            return [0] * len(order)
        times, last = [], len(matrix) - 1
        for i in order:
            family = self.family[i]
            times.append(0 if ABSENT in (last, family) else matrix[last][family])
            last = family
        return times

    def broken(self, start: Vector, end: Vector, mode: Vector) -> Iterator[str]:
        """Yield the name of a rule for each way in which a schedule breaks it."""
        for i, m in enumerate(mode):
            if m == ABSENT:
                if not self.optional[i]:
                    yield "presence"
            elif m not in self.modes_of[i]:
                yield "mode"
            else:
                yield from self.broken_alone(i, start[i], end[i], m)
        yield from self.broken_relations(start, end, mode)
        yield from self.broken_choices(mode)
        free = self.free(start, end, mode)
        orders = {r: self.order(r, start, free, mode) for r in self.machines}
        for r, order in orders.items():
            setups = self.setup_times(r, order)
            for k, i in enumerate(order):
                ready = free[order[k - 1]] if k else 0
                if start[i] < ready + setups[k]:
                    yield "machine"
        yield from self.broken_orders(orders, mode)
        yield from self.broken_capacities(start, free, mode)
        yield from self.broken_reservoirs(start, end, mode)

    def broken_capacities(self, start: Vector, free: Vector, mode: Vector) -> Iterator[str]:
        """Yield the renewable resources and budgets that a schedule overdraws."""
        for r, kind in enumerate(self.kind):
            if kind == ResourceKind.RENEWABLE:
                for tick, used in enumerate(self.usage(r, start, free, mode)):
                    limit = [c for at, c in self.steps[r] if at <= tick]
                    if used > (limit[-1] if limit else self.capacity[r]):
                        yield "capacity"
            elif kind == ResourceKind.NONRENEWABLE:
                spent = sum(self.demand[m].get(r, 0) for m in mode if m != ABSENT)
                if spent > self.capacity[r]:
                    yield "budget"

    def broken_reservoirs(self, start: Vector, end: Vector, mode: Vector) -> Iterator[str]:
        """Yield a reservoir for each tick in which its level is out of limits."""
        for r, kind in enumerate(self.kind):
            if kind != ResourceKind.RESERVOIR:
                continue
            for tick in range(max(end, default=0) + 1):
                level = self.level[r]
                for i, m in enumerate(mode):
                    amount = 0 if m == ABSENT else self.demand[m].get(r, 0)
                    if (start if amount > 0 else end)[i] <= tick:
                        level -= amount
                if not self.level_min[r] <= level <= self.level_max[r]:
                    yield "reservoir"

    def broken_choices(self, mode: Vector) -> Iterator[str]:
        """Yield the selections and resource pairs that a choice of modes breaks."""
        for kind, condition, group in self.selections:
            if condition != ABSENT and mode[condition] == ABSENT:
                continue
            count = sum(mode[i] != ABSENT for i in group)
            if kind == SelectionKind.EXACTLY_ONE and count != 1:
                yield "exactly one"
            elif kind == SelectionKind.AT_LEAST_ONE and count == 0:
                yield "at least one"
            elif kind == SelectionKind.ALL_OR_NONE and count not in (0, len(group)):
                yield "all or none"
        for kind, a, b in self.pairs:
            if mode[a] == ABSENT or mode[b] == ABSENT:
                continue
            first, second = self.occupied[mode[a]], self.occupied[mode[b]]
            if kind == PairKind.IDENTICAL and first != second:
                yield "identical"
            elif kind == PairKind.DIFFERENT and first & second:
                yield "different"

    def broken_orders(self, orders: dict[int, list[int]], mode: Vector) -> Iterator[str]:
        """Yield the consecutive pairs and same sequences that machine orders break."""
        for kind, a, b in self.pairs:
            if kind == PairKind.CONSECUTIVE:
                for order in orders.values():
                    if a in order and b in order and order.index(b) != order.index(a) + 1:
                        yield "consecutive"
        for first, second, matches in self.sequences:
            for k, (a, b) in enumerate(matches):
                for c, d in matches[:k]:
                    if not ({a, c} <= set(orders[first]) and {b, d} <= set(orders[second])):
                        continue
                    one = orders[first].index(a) < orders[first].index(c)
                    other = orders[second].index(b) < orders[second].index(d)
                    if one != other:
                        yield "same sequence"

    def holds(self, start: Vector, end: Vector, mode: Vector) -> bool:
        """Return whether a schedule breaks no rule."""
        return next(self.broken(start, end, mode), None) is None

    # -- objective -----------------------------------------------------------------------------

    def usage(self, resource: int, start: Vector, free: Vector, mode: Vector) -> list[int]:
        """Return how much of a renewable resource is in use in each tick."""
        used = [0] * max(0, max(free, default=0))
        for i, m in enumerate(mode):
            amount = 0 if m == ABSENT else self.demand[m].get(resource, 0)
            if amount:
                for tick in range(start[i], free[i]):
                    used[tick] += amount
        return used

    def measure(self, term: Term, start: Vector, end: Vector, mode: Vector) -> int:
        """Return the value of one term, its factor included."""
        here = [i for i, m in enumerate(mode) if m != ABSENT]
        completion = {
            job: max(end[i] for i in here if self.job[i] == job)
            for job in {self.job[i] for i in here} - {ABSENT}
        }
        late = {j: c - self.due[j] for j, c in completion.items() if self.due[j] < FOREVER}
        weight = self.job_weight if term.weighted else [1] * len(self.job_weight)
        free = self.free(start, end, mode)
        match term.measure:
            case Measure.MAKESPAN:
                value = max((end[i] for i in here), default=0)
            case Measure.COMPLETION:
                value = sum(weight[j] * c for j, c in completion.items())
            case Measure.FLOW_TIME:
                value = sum(weight[j] * (c - self.release[j]) for j, c in completion.items())
            case Measure.TARDINESS:
                value = sum(weight[j] * max(0, x) for j, x in late.items())
            case Measure.EARLINESS:
                value = sum(weight[j] * max(0, -x) for j, x in late.items())
            case Measure.TARDY_JOBS:
                value = sum(weight[j] for j, x in late.items() if x > 0)
            case Measure.MAX_LATENESS:
                value = max(late.values(), default=0)
            case Measure.MAX_TARDINESS:
                value = max(0, max(late.values(), default=0))
            case Measure.SETUP:
                value = sum(
                    sum(self.setup_times(r, self.order(r, start, free, mode)))
                    for r in term.resources or self.machines
                )
            case Measure.COST:
                value = sum(self.cost(mode[i], term.resources) for i in here)
            case Measure.LEVELLING:
                value = sum(
                    used * used
                    for r in term.resources or self.renewables
                    for used in self.usage(r, start, free, mode)
                )
            case Measure.PEAK:
                value = sum(
                    max(1, self.price[r]) * max(self.usage(r, start, free, mode), default=0)
                    for r in term.resources or self.renewables
                )
        return term.weight * value

    def cost(self, mode: int, resources: Sequence[int]) -> int:
        """Return the price of a mode, or of the given resources in it alone."""
        total = 0 if resources else self.mode_cost[mode]
        for r, amount in self.demand[mode].items():
            if (resources and r not in resources) or self.kind[r] == ResourceKind.RESERVOIR:
                continue
            ticks = self.duration[mode] if self.kind[r] <= ResourceKind.RENEWABLE else 1
            total += self.price[r] * amount * ticks
        return total

    def values(self, start: Vector, end: Vector, mode: Vector) -> tuple[int, ...]:
        """Return the value of each level of the objective."""
        return tuple(
            sum(self.measure(term, start, end, mode) for term in level)
            for level in self.objective.levels
        )
