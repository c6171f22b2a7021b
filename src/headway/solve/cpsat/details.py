"""What a conflict's reader needs to add it up: durations, demands, breaks.

Which constraints clash is known by now; here each gets what makes it bite, in brackets behind its
text. A duration is told once, at the constraint that says most about the task: at its own window,
else at a relation from or to its end, at the deadline of its job, at what it uses, at the horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from headway.model import Problem
from headway.model.tables import ABSENT, RelationKind, ResourceKind
from headway.solve.cpsat.reasons import Reason, capacities, relaxed
from headway.solve.cpsat.windows import durations

_MOST_NAMED = 3
"""So many tasks (or breaks) of a line are named, the others counted."""

_PARTICULAR_FIRST = ("latest_end", "earliest_end", "relation", "deadline", "capacity", "horizon")


def with_details(problem: Problem, conflict: Sequence[Reason]) -> list[str]:
    """Return one line per reason of a conflict: its text and what it needs to be understood."""
    details = _Details(problem, conflict)
    rank = {subject: k for k, subject in enumerate(_PARTICULAR_FIRST)}
    texts = {}
    for reason in sorted(conflict, key=lambda reason: rank.get(reason.subject, len(rank))):
        facts = details.of(reason)
        texts[id(reason)] = f"{reason.text} ({', '.join(facts)})" if facts else reason.text
    return [texts[id(reason)] for reason in conflict]


class _Details:
    """What is told of the constraints of one conflict, and of which tasks the duration is."""

    def __init__(self, problem: Problem, conflict: Sequence[Reason]) -> None:
        self._problem = problem
        self._weaker = relaxed(problem, conflict)
        self._shortest, self._longest = durations(problem)
        self._kept = {(reason.subject, reason.index) for reason in conflict}
        self._named = set[int]().union(*(_named(problem, reason) for reason in conflict))
        # Nothing can be said about tasks that nobody needs to do.
        self._there = {
            task for task in range(problem.n_tasks) if not problem.tasks.optional[task]
        } | self._named
        self._amounts: dict[int, dict[int, list[int]]] = {}
        self._busy = set[int]().union(
            *(
                self._users(index)
                for subject, index in self._kept
                if subject in ("capacity", "breaks")
            )
        )
        self._told: set[int] = set()

    def of(self, reason: Reason) -> list[str]:
        """Return what belongs behind the text of a reason."""
        index = reason.index
        match reason.subject:
            case "latest_end" | "earliest_end":
                return self._durations([index], "it")
            case "relation":
                return self._durations(sorted(_ends(self._problem, index)))
            case "deadline":
                return self._durations(self._of_deadline(index))
            case "capacity":
                return self._of_resource(index)
            case "breaks":
                return self._breaks(index)
            case "setup":
                return self._setups(index)
            case "horizon":
                return self._durations(self._of_horizon())
            case _:
                return []

    # Durations

    def _durations(self, tasks: Iterable[int], name: str = "") -> list[str]:
        """Tell how long those tasks take of which nobody knows yet, the longest first."""
        new = [task for task in tasks if task not in self._told and self._longest[task]]
        self._told.update(new)
        new.sort(key=lambda task: -int(self._shortest[task]))
        facts = _some(new, lambda task: f"{name or self._name(task)} takes {self._length(task)}")
        if len(new) > _MOST_NAMED:
            least, most = (int(d[new].sum()) for d in (self._shortest, self._longest))
            facts.append(_in_all(least, certain=least == most))
        return facts

    def _length(self, task: int) -> str:
        tasks = self._problem.tasks
        modes = range(tasks.mode_ptr[task], tasks.mode_ptr[task + 1])
        text = _either(self._problem.modes.duration[list(modes)].tolist())
        pausing = tasks.interruptible[task] and len(self._problem.resources.break_start)
        return f"{text} plus breaks" if pausing else text

    def _of_deadline(self, job: int) -> list[int]:
        deadline = int(self._problem.jobs.deadline[job])
        return [
            task
            for task in self._problem.tasks_of(job).tolist()
            if self._matters(task) or self._earliest(task) > deadline
        ]

    def _of_horizon(self) -> list[int]:
        tasks = range(self._problem.n_tasks)
        alone = [task for task in tasks if self._earliest(task) > self._problem.horizon]
        return [task for task in alone if task in self._there] or [
            task for task in tasks if self._matters(task)
        ]

    def _earliest(self, task: int) -> int:
        """Return when a task ends at the earliest if all that counts is when it may start."""
        job = self._weaker.tasks.job[task]
        release = 0 if job == ABSENT else self._weaker.jobs.release[job]
        start = max(release, self._weaker.tasks.earliest_start[task])
        return int(start + self._shortest[task]) if task in self._there else 0

    def _matters(self, task: int) -> bool:
        """Return whether a task is named in the conflict or uses what is scarce in it."""
        return task in self._named or task in self._busy

    # Resources

    def _users(self, resource: int) -> dict[int, list[int]]:
        """Return what the modes of each task that uses a resource need of it."""
        if resource not in self._amounts:
            modes = self._problem.modes
            entries = np.flatnonzero(modes.demand_resource == resource)
            row = np.searchsorted(modes.demand_ptr, entries, side="right") - 1
            needs = np.zeros(len(modes), dtype=np.int64)
            needs[row] = modes.demand_amount[entries]
            ptr = self._problem.tasks.mode_ptr
            self._amounts[resource] = {
                task: needs[ptr[task] : ptr[task + 1]].tolist()
                for task in np.unique(modes.task[row]).tolist()
                if task in self._there
            }
        return self._amounts[resource]

    def _of_resource(self, resource: int) -> list[str]:
        users = self._users(resource)
        match ResourceKind(int(self._problem.resources.kind[resource])):
            case ResourceKind.MACHINE:
                return self._durations(self._bound_in_time(users))
            case ResourceKind.RENEWABLE:
                return self._of_renewable(resource, users)
            case ResourceKind.NONRENEWABLE:
                return self._of_budget(resource, users)
            case _:
                return self._of_reservoir(resource, users)

    def _bound_in_time(self, users: Iterable[int]) -> list[int]:
        """Return those users of a resource that cannot wait for as long as it takes."""
        if ("horizon", 0) in self._kept:
            return list(users)
        job = self._problem.tasks.job
        return [
            task
            for task in users
            if task in self._named or ("deadline", int(job[task])) in self._kept
        ]

    def _of_renewable(self, resource: int, users: dict[int, list[int]]) -> list[str]:
        most = max(capacities(self._problem, resource))
        alone = [task for task, needs in users.items() if min(needs) > most]
        tasks = alone or self._bound_in_time(users) or list(users)
        tasks.sort(key=lambda task: (-min(users[task]), -int(self._shortest[task])))
        untold = set() if alone else set(self._bound_in_time(users)) - self._told

        def needs(task: int) -> str:
            text = self._needs(task, users)
            return f"{text} and takes {self._length(task)}" if task in untold else text

        self._told |= untold
        return _some(tasks, needs)

    def _of_budget(self, resource: int, users: dict[int, list[int]]) -> list[str]:
        tasks = sorted(users, key=lambda task: (-min(users[task]), -max(users[task])))
        facts = _some(tasks, lambda task: self._needs(task, users))
        total = sum(self._range(task, users)[0] for task in tasks)
        if len(tasks) > 1 and total > self._problem.resources.capacity[resource]:
            most = sum(self._range(task, users)[1] for task in tasks)
            facts.append(_in_all(total, certain=total == most))
        return facts

    def _of_reservoir(self, resource: int, users: dict[int, list[int]]) -> list[str]:
        table = self._problem.resources
        level = int(table.level[resource])
        tasks = sorted(users, key=lambda task: -max(map(abs, users[task])))
        facts = [
            f"it starts at {level}",
            *_some(tasks, lambda task: f"{self._name(task)} {_change(users[task])}"),
        ]
        ranges = [self._range(task, users) for task in tasks]
        low, high = (level - sum(needs) for needs in (map(max, ranges), map(min, ranges)))
        if len(tasks) > 1 and high < table.level_min[resource]:
            facts.append(f"{'' if low == high else 'at most '}{high} in the end")
        elif len(tasks) > 1 and low > table.level_max[resource]:
            facts.append(f"{'' if low == high else 'at least '}{low} in the end")
        return facts

    def _needs(self, task: int, users: dict[int, list[int]]) -> str:
        return f"{self._name(task)} needs {_either(users[task])}"

    def _range(self, task: int, users: dict[int, list[int]]) -> tuple[int, int]:
        """Return the least and the most that a task needs, nothing if it is left out."""
        needs = [*users[task], 0] if self._problem.tasks.optional[task] else users[task]
        return min(needs), max(needs)

    def _breaks(self, resource: int) -> list[str]:
        table = self._problem.resources
        first, end = table.break_ptr[resource : resource + 2].tolist()
        return _some(range(first, end), lambda k: f"{table.break_start[k]} to {table.break_end[k]}")

    def _setups(self, resource: int) -> list[str]:
        matrix = self._problem.setups[int(self._problem.resources.setup[resource])]
        family = self._problem.tasks.family[list(self._users(resource))]
        used, counts = np.unique(family[family >= 0], return_counts=True)
        between = matrix[np.ix_(used, used)][(used[:, None] != used) | (counts > 1)]
        return [f"{_either(between.tolist())} from task to task"] if between.any() else []

    def _name(self, task: int) -> str:
        return repr(self._problem.task_label(task))


def _some(things: Sequence[int], tell: Callable[[int], str]) -> list[str]:
    """Tell of the first few things and count the others."""
    told = [tell(thing) for thing in things[:_MOST_NAMED]]
    more = len(things) - len(told)
    return [*told, f"and {more} more"] if more else told


def _in_all(total: int, *, certain: bool) -> str:
    return f"{total} in all" if certain else f"at least {total} in all"


def _either(values: Iterable[int]) -> str:
    """Return numbers of which one applies."""
    one = sorted(set(values))
    if len(one) > 2:
        return f"{one[0]} to {one[-1]}"
    return " or ".join(map(str, one))


def _change(needs: list[int]) -> str:
    """Return what a task does to the level of a reservoir."""
    if min(needs) >= 0:
        return f"takes out {_either(needs)}"
    if max(needs) <= 0:
        return f"puts in {_either(-amount for amount in needs)}"
    return f"changes it by {_either(-amount for amount in needs)}"


def _ends(problem: Problem, row: int) -> set[int]:
    """Return the tasks whose end a relation is about."""
    table = problem.relations
    kind = int(table.kind[row])
    ends = {int(table.before[row])} if kind >= RelationKind.END_START else set()
    return ends | {int(table.after[row])} if kind % 2 else ends


def _named(problem: Problem, reason: Reason) -> set[int]:
    """Return the tasks that the text of a reason is about, if it is about tasks at all."""
    index = reason.index
    relations, pairs, selections = problem.relations, problem.pairs, problem.selections
    dependencies = problem.mode_dependencies
    match reason.subject:
        case "latest_start" | "latest_end" | "earliest_start" | "earliest_end":
            return {index}
        case "relation":
            return {int(relations.before[index]), int(relations.after[index])}
        case "hold":
            return {index, int(problem.tasks.hold_until[index])}
        case "pair":
            return {int(pairs.first[index]), int(pairs.second[index])}
        case "selection":
            first, end = selections.task_ptr[index : index + 2].tolist()
            return set(selections.task[first:end].tolist())
        case "dependency":
            mode = int(dependencies.mode[index])
            return {int(problem.modes.task[mode]), int(dependencies.task[index])}
        case _:
            return set()
