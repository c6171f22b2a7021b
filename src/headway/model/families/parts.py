"""Tables that many families have in common: plain tasks, machines, chains."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Modes,
    RelationKind,
    Relations,
    ResourceKind,
    Resources,
    Tasks,
    bools,
    ints,
)


def machine_count(machine: np.ndarray, given: int | None) -> int:
    """Return how many machines there are, given how many there should be and which are used."""
    needed = int(machine.max()) + 1 if machine.size else 0
    if given is not None and given < needed:
        raise ProblemError(f"machine {needed - 1} is used, but there are only {given} machines")
    if machine.size and machine.min() < 0:
        raise ProblemError(f"machines are numbered from 0, got {int(machine.min())}")
    return needed if given is None else given


def positions(lengths: Sequence[int]) -> list[str]:
    """Return names of tasks: their numbers within runs of the given lengths."""
    longest = [str(k) for k in range(max(lengths, default=0))]
    return list(chain.from_iterable(longest[:length] for length in lengths))


def task_table(
    job: np.ndarray,
    names: list[str],
    modes: np.ndarray | int,
    family: np.ndarray | None = None,
    hold_until: np.ndarray | None = None,
) -> Tasks:
    """Return plain tasks; `modes` counts the modes of each task, or all tasks if one each."""
    count = len(job)
    ptr = np.arange(count + 1) if isinstance(modes, int) else np.r_[0, np.cumsum(modes)]
    zero, forever = ints(np.zeros(count)), ints(np.full(count, FOREVER))
    none, no = ints(np.full(count, ABSENT)), bools(np.zeros(count))
    return Tasks(
        name=tuple(names),
        job=ints(job),
        earliest_start=zero,
        latest_start=forever,
        earliest_end=zero,
        latest_end=forever,
        optional=no,
        interruptible=no,
        hold_until=none if hold_until is None else ints(hold_until),
        family=none if family is None else ints(family),
        mode_ptr=ints(ptr),
    )


def single_demands(task: np.ndarray, duration: np.ndarray, machine: np.ndarray) -> Modes:
    """Return modes that need one machine each; all columns have an entry per mode."""
    count = len(task)
    return Modes(
        task=ints(task),
        duration=ints(duration),
        cost=ints(np.zeros(count)),
        demand_ptr=ints(np.arange(count + 1)),
        demand_resource=ints(machine),
        demand_amount=ints(np.ones(count)),
    )


def machine_table(names: list[str], setup: ArrayLike | None = None) -> Resources:
    """Return machines, with the numbers of their setup matrices if they have any."""
    return resource_table(names, [ResourceKind.MACHINE] * len(names), [1] * len(names), setup)


def resource_table(
    names: list[str],
    kinds: Sequence[int],
    capacities: Sequence[int],
    setup: ArrayLike | None = None,
) -> Resources:
    """Return resources without breaks, steps, costs and levels."""
    count = len(names)
    zero, ptr = ints(np.zeros(count)), ints(np.zeros(count + 1))
    return Resources(
        name=tuple(names),
        kind=ints(kinds),
        capacity=ints(capacities),
        cost=zero,
        level=zero,
        level_min=zero,
        level_max=zero,
        break_ptr=ptr,
        step_ptr=ptr,
        setup=ints(np.full(count, ABSENT) if setup is None else setup),
    )


def chains(lengths: Sequence[int], max_lag: int = FOREVER) -> Relations:
    """Return end-before-start relations between neighbours within runs of the given lengths."""
    total = int(sum(lengths))
    last = np.cumsum(lengths) - 1
    followed = np.ones(total, dtype=np.bool_)
    followed[last[last >= 0]] = False
    before = np.flatnonzero(followed)
    return end_before_start(np.stack([before, before + 1], axis=1), max_lag)


def end_before_start(arcs: ArrayLike, max_lag: int = FOREVER) -> Relations:
    """Return end-before-start relations, one per (before, after) pair."""
    pairs = np.array(arcs, dtype=np.int64).reshape(-1, 2)
    count = len(pairs)
    return Relations(
        kind=ints(np.full(count, RelationKind.END_START)),
        before=ints(pairs[:, 0]),
        after=ints(pairs[:, 1]),
        min_lag=ints(np.zeros(count)),
        max_lag=ints(np.full(count, max_lag)),
        transfer=bools(np.zeros(count)),
    )
