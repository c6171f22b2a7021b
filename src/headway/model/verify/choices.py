"""Rules on what is chosen: resources of two tasks, groups of optional tasks, dependent modes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.arrays import entries
from headway.model.tables import PairKind, ResourceKind, SelectionKind
from headway.model.verify.claims import Claims
from headway.model.violation import Findings, ViolationKind, listing


def resources_of_pairs(claims: Claims) -> Iterator[Findings]:
    """Yield pairs whose machines and renewable resources are not identical, or not different.

    `tasks` are the two tasks, `amount` is the number of resources that only one of them uses, or
    that both use.
    """
    pairs = claims.problem.pairs
    row = np.flatnonzero(claims.placed[pairs.first] & claims.placed[pairs.second])
    kind, first, second = pairs.kind[row], pairs.first[row], pairs.second[row]
    if not (kind != PairKind.CONSECUTIVE).any():
        return
    user, resource, _ = claims.demands_on(ResourceKind.MACHINE, ResourceKind.RENEWABLE)
    width = len(claims.problem.resources)
    key = user * width + resource
    # Users come in order, and each lists its resources in order.
    ptr = np.searchsorted(user, np.arange(len(claims.problem.tasks) + 1))
    pair, index = entries(ptr, first)
    shared = np.isin(second[pair] * width + resource[index], key)
    common = np.bincount(pair[shared], minlength=len(row))
    size = np.diff(ptr)
    apart = size[first] + size[second] - 2 * common

    def names(task: int) -> str:
        return listing(claims.resource_name(r) for r in resource[ptr[task] : ptr[task + 1]])

    for rule, amount, rest in (
        (PairKind.IDENTICAL, apart, "but must use identical resources"),
        (PairKind.DIFFERENT, common, "but must not share resources"),
    ):
        hit = np.flatnonzero((kind == rule) & (amount > 0))

        def describe(
            k: int, hit: np.ndarray = hit, rest: str = rest
        ) -> tuple[tuple[int, ...], str, str]:
            a, b = int(first[hit[k]]), int(second[hit[k]])
            message = (
                f"{claims.label(a)} uses {names(a) or 'nothing'} and {claims.label(b)} uses"
                f" {names(b) or 'nothing'}, {rest}"
            )
            return (a, b), f"{claims.label(a)}, {claims.label(b)}", message

        found = ViolationKind.IDENTICAL if rule == PairKind.IDENTICAL else ViolationKind.DIFFERENT
        yield Findings(found, amount[hit], describe)


def selections(claims: Claims) -> Iterator[Findings]:
    """Yield groups of which too few or too many tasks are present.

    `tasks` are those of the group, `amount` is how many of them would have to change.
    """
    table = claims.problem.selections
    if not len(table):
        return
    row = np.repeat(np.arange(len(table)), np.diff(table.task_ptr))
    size = np.diff(table.task_ptr)
    count = np.bincount(row[claims.present[table.task]], minlength=len(table))
    amount = np.where(
        table.kind == SelectionKind.EXACTLY_ONE,
        np.abs(count - 1),
        np.where(
            table.kind == SelectionKind.AT_LEAST_ONE,
            np.maximum(1 - count, 0),
            np.minimum(count, size - count),
        ),
    )
    binds = (table.condition < 0) | claims.present[table.condition]
    hit = np.flatnonzero(binds & (amount > 0))
    words = {
        SelectionKind.EXACTLY_ONE: "exactly one",
        SelectionKind.AT_LEAST_ONE: "at least one",
        SelectionKind.ALL_OR_NONE: "all or none",
    }

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        at = hit[k]
        tasks = tuple(table.task[table.task_ptr[at] : table.task_ptr[at + 1]].tolist())
        wanted = words[SelectionKind(int(table.kind[at]))]
        names = listing(claims.problem.task_label(task) for task in tasks)
        message = f"{count[at]} of {names} are present, expected {wanted}"
        if table.condition[at] >= 0:
            message += f" because {claims.label(table.condition[at])} is"
        return tasks, f"selection {at}", message

    yield Findings(ViolationKind.SELECTION, amount[hit], describe)


def mode_dependencies(claims: Claims) -> Iterator[Findings]:
    """Yield modes that the mode of another task forbids; `tasks` are the other one and the task."""
    problem, table = claims.problem, claims.problem.mode_dependencies
    if not len(table):
        return
    cause = problem.modes.task[table.mode]
    row = np.flatnonzero(
        claims.placed[cause] & claims.placed[table.task] & (claims.mode[cause] == table.mode)
    )
    owner = np.repeat(np.arange(len(table)), np.diff(table.allowed_ptr))
    chosen = claims.mode[table.task[row]]
    good = np.isin(row * problem.n_modes + chosen, owner * problem.n_modes + table.allowed)
    hit = row[~good]

    def describe(k: int) -> tuple[tuple[int, ...], str, str]:
        first, second = int(cause[hit[k]]), int(table.task[hit[k]])
        allowed = table.allowed[table.allowed_ptr[hit[k]] : table.allowed_ptr[hit[k] + 1]]
        wanted = " or ".join(map(str, allowed.tolist())) or "none of its modes"
        message = (
            f"{claims.label(second)} has mode {claims.mode[second]}, but with mode"
            f" {claims.mode[first]} of {claims.label(first)} it needs mode {wanted}"
        )
        return (first, second), problem.task_label(second), message

    yield Findings(ViolationKind.MODE_DEPENDENCY, np.ones(len(hit), dtype=np.int64), describe)
