"""A smaller problem with the same answer: equal modes and interchangeable machines merged.

Machines are interchangeable if each mode on one of them has a twin on every other. Which of them a
task takes is then settled after the search: as long as no more tasks are in progress at a time
than there are machines, going through them by start and taking any machine that is free gives
each task its own (an interval graph is perfect). So the pool becomes one renewable resource, and
tasks that only chose among its machines have no choice left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from headway.model import Measure, Problem, Schedule
from headway.model.tables import ABSENT, Ints, ModeDependencies, Modes, ResourceKind, ints

Work = tuple[int, int, int, tuple[tuple[int, int], ...]]
"""What a mode is: task, duration, cost, and (resource, amount) demands."""


class Reduction:
    """A problem without needless choices, and the way to and from its schedules.

    Attributes
    ----------
    original, problem
        The problem given, and the smaller one; the same object if there is nothing to merge.
    """

    def __init__(self, original: Problem) -> None:
        self.original = original
        self.problem = original
        self._pools: dict[int, list[int]] = {}
        if original.n_modes == original.n_tasks:
            return
        works = _works(original)
        self._pools, canonical = _pools(original, works)
        named = _named_modes(original)
        first: dict[Work, int] = {}
        self._kept_of = np.arange(original.n_modes)
        for mode, work in enumerate(works):
            merged = _with(work, canonical)
            if mode not in named:
                self._kept_of[mode] = first.setdefault(merged, mode)
        kept = np.flatnonzero(self._kept_of == np.arange(original.n_modes))
        if len(kept) == original.n_modes:
            return
        self._kept = kept
        self._mode_of = {work: mode for mode, work in reversed(list(enumerate(works)))}
        self._works = works
        self.problem = _smaller(original, kept, [_with(works[m], canonical) for m in kept.tolist()])
        capacity, kind = self.problem.resources.capacity.copy(), self.problem.resources.kind.copy()
        for head, machines in self._pools.items():
            capacity[head], kind[head] = len(machines), int(ResourceKind.RENEWABLE)
        self.problem = replace(
            self.problem,
            resources=replace(self.problem.resources, capacity=ints(capacity), kind=ints(kind)),
        )

    def lower(self, schedule: Schedule) -> Schedule:
        """Return a schedule of the original problem as one of the smaller problem."""
        if self.problem is self.original:
            return schedule
        here = schedule.mode >= 0
        mode = np.full(len(here), ABSENT, dtype=np.int64)
        mode[here] = np.searchsorted(self._kept, self._kept_of[schedule.mode[here]])
        return Schedule(self.problem, schedule.start, schedule.end, mode)

    def lift(self, schedule: Schedule) -> Schedule:
        """Return a schedule of the smaller problem as one of the original problem."""
        if self.problem is self.original:
            return schedule
        here = np.flatnonzero(schedule.mode >= 0)
        mode = schedule.mode.copy()
        mode[here] = self._kept[mode[here]]
        if self._pools:
            self._take_machines(schedule, mode)
        return Schedule(self.original, schedule.start, schedule.end, mode)

    def _take_machines(self, schedule: Schedule, mode: Ints) -> None:
        """Give each task in a pool a machine of its own, in place."""
        free_from = {machine: 0 for pool in self._pools.values() for machine in pool}
        head_of = {machine: head for head, pool in self._pools.items() for machine in pool}
        start, free = schedule.start.tolist(), schedule.free.tolist()
        for task in np.lexsort((schedule.free, schedule.start)).tolist():
            if mode[task] < 0:
                continue
            owner, duration, cost, demands = self._works[mode[task]]
            if not any(resource in head_of for resource, _ in demands):
                continue
            taken = []
            for resource, amount in demands:
                pool = self._pools.get(head_of.get(resource, ABSENT), [])
                machine = next((r for r in pool if free_from[r] <= start[task]), resource)
                free_from[machine] = free[task]
                taken.append((machine, amount))
            mode[task] = self._mode_of[owner, duration, cost, tuple(sorted(taken))]


def _works(problem: Problem) -> list[Work]:
    modes = problem.modes
    ptr = modes.demand_ptr.tolist()
    demands = list(zip(modes.demand_resource.tolist(), modes.demand_amount.tolist(), strict=True))
    return [
        (task, duration, cost, tuple(demands[ptr[mode] : ptr[mode + 1]]))
        for mode, (task, duration, cost) in enumerate(
            zip(modes.task.tolist(), modes.duration.tolist(), modes.cost.tolist(), strict=True)
        )
    ]


def _with(work: Work, canonical: dict[int, int]) -> Work:
    """Return a work with machines replaced by the heads of their pools."""
    task, duration, cost, demands = work
    replaced = sorted((canonical.get(resource, resource), amount) for resource, amount in demands)
    return task, duration, cost, tuple(replaced)


def _named_modes(problem: Problem) -> set[int]:
    """Return the modes that constraints name, which therefore stay as they are."""
    table = problem.mode_dependencies
    return {*table.mode.tolist(), *table.allowed.tolist()}


def _pools(problem: Problem, works: list[Work]) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Return interchangeable machines by the first of them, and the head of each machine."""
    candidates = _candidates(problem, works)
    canonical: dict[int, int] = {}
    pools: dict[int, list[int]] = {}
    while True:
        uses: dict[int, set[Work]] = defaultdict(set)
        for work in {_with(work, canonical) for work in works}:
            task, duration, cost, demands = work
            for resource, amount in demands:
                if resource in candidates:
                    others = tuple(d for d in demands if d != (resource, amount))
                    uses[resource].add((task, duration, cost, others))
        groups: dict[object, list[int]] = defaultdict(list)
        for machine in sorted(candidates - canonical.keys()):
            if uses[machine]:
                key = (_calendar(problem, machine), frozenset(uses[machine]))
                groups[key].append(machine)
        found = next((group for group in groups.values() if len(group) > 1), None)
        if found is None:
            return pools, canonical
        pools[found[0]] = found
        for machine in found:
            canonical[machine] = found[0]


def _calendar(problem: Problem, machine: int) -> tuple[object, ...]:
    table = problem.resources
    span = slice(int(table.break_ptr[machine]), int(table.break_ptr[machine + 1]))
    breaks = (table.break_start[span].tobytes(), table.break_end[span].tobytes())
    return (*breaks, int(table.cost[machine]))


def _candidates(problem: Problem, works: list[Work]) -> set[int]:
    """Return the machines that nothing but their capacity, breaks and cost tells apart."""
    objective, sequences = problem.objective, problem.sequences
    if objective.uses(Measure.LEVELLING, Measure.PEAK) or problem.transfers.any():
        return set()
    table = problem.resources
    found = set(np.flatnonzero((table.kind == ResourceKind.MACHINE) & (table.setup < 0)).tolist())
    found -= {*sequences.first_machine.tolist(), *sequences.second_machine.tolist()}
    found -= {resource for term in objective.terms for resource in term.resources}
    paired = {*problem.pairs.first.tolist(), *problem.pairs.second.tolist()}
    named = _named_modes(problem)
    for mode, (task, duration, _, demands) in enumerate(works):
        # A task without length must not lie inside another, which a shared capacity does not see.
        if task in paired or mode in named or duration == 0:
            found -= {resource for resource, _ in demands}
    return found


def _smaller(problem: Problem, kept: Ints, works: list[Work]) -> Problem:
    """Return the problem with only some of its modes, and new demands for them."""
    counts = np.bincount(problem.modes.task[kept], minlength=problem.n_tasks)
    demands = [demand for work in works for demand in work[3]]
    table = problem.mode_dependencies
    return replace(
        problem,
        tasks=replace(problem.tasks, mode_ptr=ints(np.concatenate(([0], np.cumsum(counts))))),
        modes=Modes(
            task=ints(problem.modes.task[kept]),
            duration=ints(problem.modes.duration[kept]),
            cost=ints(problem.modes.cost[kept]),
            demand_ptr=ints(np.concatenate(([0], np.cumsum([len(w[3]) for w in works])))),
            demand_resource=ints([resource for resource, _ in demands]),
            demand_amount=ints([amount for _, amount in demands]),
        ),
        mode_dependencies=ModeDependencies(
            mode=ints(np.searchsorted(kept, table.mode)),
            task=table.task,
            allowed_ptr=table.allowed_ptr,
            allowed=ints(np.searchsorted(kept, table.allowed)),
        ),
    )
