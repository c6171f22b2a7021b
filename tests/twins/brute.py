"""Optimum of a tiny problem by trying every start in every mode.

Depth first over tasks. Candidates that break a rule alone or together with one other task are
struck out beforehand; complete schedules are judged by `tests.twins.plain` alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, PairKind
from tests.twins.plain import Plain

Hopeless = Callable[[list[int], list[int], list[int]], bool]

GROWING = {
    Measure.MAKESPAN,
    Measure.COMPLETION,
    Measure.FLOW_TIME,
    Measure.TARDINESS,
    Measure.TARDY_JOBS,
    Measure.MAX_TARDINESS,
    Measure.COST,
    Measure.LEVELLING,
    Measure.PEAK,
}
"""Measures that one more task never makes smaller."""


class Choice(NamedTuple):
    """What a task may do: be left out, or start in a mode."""

    start: int
    end: int
    mode: int


class Answer(NamedTuple):
    """A complete valid schedule and its objective values."""

    values: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    mode: tuple[int, ...]


LEFT_OUT = Choice(ABSENT, ABSENT, ABSENT)


class Brute:
    """Every valid schedule that ends by `limit`.

    Parameters
    ----------
    problem
        A handful of tasks.
    limit
        Latest end of any task that is looked at, in ticks.
    rng
        Tries choices and tasks in random order; by default early ends come first.
    """

    def __init__(self, problem: Problem, limit: int, rng: random.Random | None = None) -> None:
        self.plain = Plain(problem)
        self.limit = min(limit, problem.horizon)
        self.choices = [self._choices_alone(i) for i in range(problem.n_tasks)]
        for choices in self.choices:
            choices.sort(key=lambda c: (c.end, c.start, c.mode))
            if rng is not None:
                rng.shuffle(choices)
        self.tasks = sorted(range(problem.n_tasks), key=lambda i: len(self.choices[i]))

    def _choices_alone(self, task: int) -> list[Choice]:
        plain, found = self.plain, []
        if plain.optional[task]:
            found.append(LEFT_OUT)
        for mode in plain.modes_of[task]:
            for start in range(self.limit + 1):
                end = plain.end_of(task, start, mode)
                alone = plain.broken_alone(task, start, end, mode)
                if end <= self.limit and next(alone, None) is None:
                    found.append(Choice(start, end, mode))
        return found

    def _clash(self, i: int, a: Choice, j: int, b: Choice) -> bool:
        """Return whether two choices break a rule whatever the other tasks do."""
        if ABSENT in (a.mode, b.mode):
            return False
        plain = self.plain
        if a.start < b.end and b.start < a.end:
            shared = plain.occupied[a.mode] & plain.occupied[b.mode]
            if any(r in plain.machines for r in shared):
                return True
        for kind, first, second in plain.pairs:
            if {first, second} == {i, j} and kind != PairKind.CONSECUTIVE:
                one, two = plain.occupied[a.mode], plain.occupied[b.mode]
                if (one != two) if kind == PairKind.IDENTICAL else (one & two):
                    return True
        start, end, mode = ([ABSENT] * plain.n_tasks for _ in range(3))
        (start[i], end[i], mode[i]), (start[j], end[j], mode[j]) = a, b
        return next(plain.broken_relations(start, end, mode), None) is not None

    def _linked(self, i: int, j: int) -> bool:
        plain = self.plain
        used = [
            set().union(*(plain.occupied[m] for m in plain.modes_of[t])) & set(plain.machines)
            for t in (i, j)
        ]
        named = [{before, after} for _, before, after, *_ in plain.relations]
        named += [{first, second} for _, first, second in plain.pairs]
        for mode, task, _ in plain.dependencies:
            owner = next(t for t, modes in enumerate(plain.modes_of) if mode in modes)
            named.append({owner, task})
        return bool(used[0] & used[1]) or any(pair <= {i, j} for pair in named)

    @cached_property
    def _agree(self) -> dict[tuple[int, int], list[int]]:
        """For two linked tasks, the choices of the second that each choice of the first allows."""
        return {
            (i, j): [
                sum(1 << k for k, b in enumerate(self.choices[j]) if not self._clash(i, a, j, b))
                for a in self.choices[i]
            ]
            for place, i in enumerate(self.tasks)
            for j in self.tasks[place + 1 :]
            if self._linked(i, j)
        }

    def _overdrawn(self, start: list[int], end: list[int], mode: list[int]) -> bool:
        """Return whether a partial schedule already uses too much, which more tasks only worsen."""
        free = self.plain.free(start, end, mode)
        return next(self.plain.broken_capacities(start, free, mode), None) is not None

    def schedules(self, hopeless: Hopeless | None = None) -> Iterator[Answer]:
        """Yield every valid schedule, skipping partial ones that `hopeless` gives up.

        Parameters
        ----------
        hopeless
            Called with the starts, ends and modes of the tasks decided so far.
        """
        n, plain = self.plain.n_tasks, self.plain
        start, end, mode = ([ABSENT] * n for _ in range(3))

        def extend(place: int, open_: dict[int, int]) -> Iterator[Answer]:
            if place == n:
                if plain.holds(start, end, mode):
                    values = plain.values(start, end, mode)
                    yield Answer(values, tuple(start), tuple(end), tuple(mode))
                return
            i = self.tasks[place]
            for k, choice in enumerate(self.choices[i]):
                if not open_[i] >> k & 1:
                    continue
                start[i], end[i], mode[i] = choice
                left = {
                    j: open_[j] & self._agree[i, j][k] if (i, j) in self._agree else open_[j]
                    for j in self.tasks[place + 1 :]
                }
                dead = (
                    not all(left.values())
                    or self._overdrawn(start, end, mode)
                    or (hopeless and hopeless(start, end, mode))
                )
                if not dead:
                    yield from extend(place + 1, left)
            start[i], end[i], mode[i] = LEFT_OUT

        yield from extend(0, {i: (1 << len(c)) - 1 for i, c in enumerate(self.choices)})

    def bound(self, start: list[int], end: list[int], mode: list[int]) -> tuple[int, ...]:
        """Return values that no completion of a partial schedule can go below.

        Holds for objectives whose terms have positive factors.
        """
        plain, values = self.plain, []
        for level in plain.objective.levels:
            value = 0
            for term in level:
                if term.measure in GROWING:
                    value += plain.measure(term, start, end, mode)
                elif term.measure == Measure.MAX_LATENESS:
                    dues = [due for due in plain.due if due < FOREVER]
                    known = any(
                        m != ABSENT and plain.job[i] != ABSENT and plain.due[plain.job[i]] < FOREVER
                        for i, m in enumerate(mode)
                    )
                    known_value = plain.measure(term, start, end, mode)
                    value += known_value if known else -term.weight * max(dues, default=0)
            values.append(value)
        return tuple(values)

    def optimum(self) -> Answer | None:
        """Return a best schedule, or None if there is none."""
        if any(term.weight < 0 for term in self.plain.objective.terms):
            return min(self.schedules(), key=lambda answer: answer.values, default=None)
        best: Answer | None = None

        def hopeless(start: list[int], end: list[int], mode: list[int]) -> bool:
            return best is not None and self.bound(start, end, mode) >= best.values

        for answer in self.schedules(hopeless):
            if best is None or answer.values < best.values:
                best = answer
                if not answer.values:
                    break
        return best


def optimum(problem: Problem, limit: int) -> Answer | None:
    """Return a best schedule among those that end by `limit`, or None if there is none."""
    return Brute(problem, limit).optimum()
