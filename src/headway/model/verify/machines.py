"""Rules of machines: one task at a time, setups between them, and orders that are prescribed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.arrays import entries, running_argmax
from headway.model.tables import ABSENT, Ints, PairKind
from headway.model.verify.claims import Claims
from headway.model.violation import Findings, ViolationKind


def overlaps(claims: Claims) -> Iterator[Findings]:
    """Yield tasks that start while an earlier one occupies or blocks their machine.

    At most one violation per task and machine: among the tasks before it in the machine's order,
    `tasks` names the one that frees the machine last, then the task itself; `amount` is how many
    ticks later the task would have to start.
    """
    machine, turn = claims.machine, claims.turn
    if len(turn) < 2:
        return
    latest = turn[running_argmax(machine, claims.free[turn])]
    same = machine[1:] == machine[:-1]
    holder, task, machine = latest[:-1][same], turn[1:][same], machine[1:][same]
    amount = claims.free[holder] - claims.start[task]
    wrong = amount > 0
    holder, task, machine, amount = holder[wrong], task[wrong], machine[wrong], amount[wrong]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        first, second, name = int(holder[k]), int(task[k]), claims.resource_name(machine[k])
        held = claims.start[second] >= claims.until[first]
        verb = "blocks" if held else "occupies"
        message = (
            f"{claims.label(second)} starts on {name!r} at {claims.start[second]}, but"
            f" {claims.label(first)} {verb} it until {claims.free[first]}"
        )
        return (first, second), name, message

    yield Findings(ViolationKind.OVERLAP, amount, describe)


def setups(claims: Claims) -> Iterator[Findings]:
    """Yield gaps on machines that are too short for the setup.

    `tasks` are the two neighbours on the machine (only the task itself if it is the first),
    `amount` the missing ticks. Neighbours that overlap are not reported again.
    """
    problem, machine, turn = claims.problem, claims.machine, claims.turn
    if not problem.setups or not len(turn):
        return
    first = np.ones(len(turn), dtype=np.bool_)
    first[1:] = machine[1:] != machine[:-1]
    before = np.where(first, ABSENT, np.roll(turn, 1))
    from_family = np.where(first, ABSENT, problem.tasks.family[before])
    to_family = problem.tasks.family[turn]
    need = np.zeros(len(turn), dtype=np.int64)
    for k, matrix in enumerate(problem.setups):
        here = (problem.resources.setup[machine] == k) & (to_family >= 0)
        here &= first | (from_family >= 0)
        # Row -1 is the last one, the initial state of the machine.
        need[here] = matrix[from_family[here], to_family[here]]
    gap = claims.start[turn] - np.where(first, 0, claims.free[before])
    wrong = (need > 0) & (gap < need) & (first | (gap >= 0))
    before, task, machine = before[wrong], turn[wrong], machine[wrong]
    need, gap = need[wrong], gap[wrong]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        pair = (int(before[k]), int(task[k])) if before[k] != ABSENT else (int(task[k]),)
        name = claims.resource_name(machine[k])
        since = f"after {claims.label(pair[0])}" if len(pair) == 2 else "after time 0"
        message = (
            f"{claims.label(pair[-1])} starts on {name!r} {gap[k]} ticks {since},"
            f" but the setup takes {need[k]}"
        )
        return pair, name, message

    yield Findings(ViolationKind.SETUP, need - gap, describe)


def orders(claims: Claims) -> Iterator[Findings]:
    """Yield broken rules on who follows whom: consecutive tasks and equal sequences."""
    pairs, sequences = claims.problem.pairs, claims.problem.sequences
    if not len(sequences) and not (pairs.kind == PairKind.CONSECUTIVE).any():
        return
    places = _Places(claims)
    yield _consecutive(claims, places)
    yield _same_sequences(claims, places)


class _Places:
    """Places of tasks in the orders of machines."""

    def __init__(self, claims: Claims) -> None:
        self.machines = len(claims.problem.resources)
        key = claims.turn * self.machines + claims.machine
        self.place = np.argsort(key, kind="stable")
        self.key = key[self.place]
        self.ptr = np.searchsorted(
            claims.turn[self.place], np.arange(len(claims.problem.tasks) + 1)
        )

    def of(self, task: Ints, machine: Ints) -> Ints:
        """Return the place of each task in the list of all orders, `ABSENT` if not on it."""
        if not len(self.key):
            return np.full(len(task), ABSENT)
        key = task * self.machines + machine
        found = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[found] == key, self.place[found], ABSENT)


def _consecutive(claims: Claims, places: _Places) -> Findings:
    """Return pairs that do not follow each other directly, once per machine.

    `amount` is how many places the second task is away from the place after the first.
    """
    pairs = claims.problem.pairs
    row = np.flatnonzero(pairs.kind == PairKind.CONSECUTIVE)
    which, index = entries(places.ptr, pairs.first[row])
    place = places.place[index]
    machine, second = claims.machine[place], pairs.second[row[which]]
    other = places.of(second, machine)
    wrong = (other != ABSENT) & (other != place + 1)
    place, other, machine = place[wrong], other[wrong], machine[wrong]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        first, second = int(claims.turn[place[k]]), int(claims.turn[other[k]])
        name = claims.resource_name(machine[k])
        if other[k] < place[k]:
            reason = "it comes before"
        else:
            reason = f"{claims.label(claims.turn[place[k] + 1])} comes between"
        message = (
            f"{claims.label(second)} does not directly follow {claims.label(first)}"
            f" on {name!r}: {reason}"
        )
        return (first, second), name, message

    return Findings(ViolationKind.CONSECUTIVE, np.abs(other - place - 1), describe)


def _same_sequences(claims: Claims, places: _Places) -> Findings:
    """Return neighbours in the first machine's order that come the other way on the second.

    `tasks` are the two tasks on the first machine, then those on the second, each pair in the order
    of the first machine; `amount` is how many places of the row the later one is ahead.
    """
    table = claims.problem.sequences
    row = np.repeat(np.arange(len(table)), np.diff(table.task_ptr))
    first = places.of(table.first_task, table.first_machine[row])
    second = places.of(table.second_task, table.second_machine[row])
    bound = (first != ABSENT) & (second != ABSENT)
    row, first, second = row[bound], first[bound], second[bound]
    order = np.lexsort((first, row))
    row, first, second = row[order], first[order], second[order]
    rank = np.empty(len(row), dtype=np.int64)
    rank[np.lexsort((second, row))] = np.arange(len(row))
    back = (row[1:] == row[:-1]) & (second[1:] < second[:-1]) & (first[1:] != first[:-1])
    k = np.flatnonzero(back)
    row, amount = row[k], rank[k] - rank[k + 1]
    ahead, behind = claims.turn[first[k]], claims.turn[first[k + 1]]
    ahead_there, behind_there = claims.turn[second[k]], claims.turn[second[k + 1]]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        here = claims.resource_name(table.first_machine[row[k]])
        there = claims.resource_name(table.second_machine[row[k]])
        message = (
            f"{claims.label(ahead[k])} is before {claims.label(behind[k])} on {here!r},"
            f" but {claims.label(ahead_there[k])} is after {claims.label(behind_there[k])}"
            f" on {there!r}"
        )
        tasks = (ahead[k], behind[k], ahead_there[k], behind_there[k])
        return tuple(map(int, tasks)), there, message

    return Findings(ViolationKind.SEQUENCE, amount, describe)
