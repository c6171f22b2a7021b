"""Static list schedulers: all costs are known, tasks are placed one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from headway.errors import UnknownNameError
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.placement import Placement
from headway.simulate.chip.ranks import by_rank, downward_ranks, optimistic_costs, upward_ranks
from headway.simulate.chip.timetable import Timetable

ListScheduler: TypeAlias = Callable[[TaskGraph], Placement]
"""Places all tasks of a graph."""


def place(graph: TaskGraph, rule: str = "HEFT") -> Placement:
    """Return the placement that a list scheduler makes; ``.schedule`` verifies it.

    Parameters
    ----------
    graph
        What is placed.
    rule
        A name of `LIST_SCHEDULERS`.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    """
    try:
        scheduler = LIST_SCHEDULERS[rule]
    except KeyError:
        raise UnknownNameError("list scheduler", rule, LIST_SCHEDULERS) from None
    return scheduler(graph)


def heft(graph: TaskGraph) -> Placement:
    """Place tasks by falling upward rank, each where it ends first, in a gap if one fits.

    HEFT of Topcuoglu, Hariri and Wu (2002); O(edges × elements) plus the search for gaps.
    """
    table = Timetable(graph)
    for task in by_rank(graph, upward_ranks(graph)):
        _place_first(table, task)
    return table.placement()


def peft(graph: TaskGraph) -> Placement:
    """Place ready tasks by falling mean optimistic cost, where their end plus that cost is least.

    PEFT of Arabnejad and Barbosa (2014): it looks one step further than HEFT at the same order of
    cost.
    """
    cost = optimistic_costs(graph)
    rank = cost.mean(axis=1)
    table = Timetable(graph)
    while table.ready:
        task = max(table.ready, key=lambda task: (rank[task], -task))
        _, start, element = min(
            table.choices(task), key=lambda choice: (choice[0] + cost[task, choice[2]], choice)
        )
        table.place(task, element, start)
    return table.placement()


def cpop(graph: TaskGraph) -> Placement:
    """Place the tasks of a critical path on the one element that does them fastest.

    CPOP of Topcuoglu, Hariri and Wu (2002): priority is upward plus downward rank; ready tasks by
    falling priority; those off the critical path go where they end first.
    """
    upward = upward_ranks(graph)
    priority = upward + downward_ranks(graph)
    path = _critical_path(graph, priority)
    home = _best_element(graph, path)
    table = Timetable(graph)
    while table.ready:
        task = max(table.ready, key=lambda task: (priority[task], -task))
        if task in path and home is not None:
            choices = [choice for choice in table.choices(task) if choice[2] == home]
        else:
            choices = table.choices(task)
        _, start, element = min(choices)
        table.place(task, element, start)
    return table.placement()


def etf(graph: TaskGraph) -> Placement:
    """Place, again and again, the ready task that ends first of all, where it does.

    O(tasks × ready tasks × elements); ties go to the lower task, then to the lower element.
    """
    return _by_pair(graph, lambda choice: choice[0])


def stf(graph: TaskGraph) -> Placement:
    """Place, again and again, the shortest ready task on the element that is fastest for it."""
    return _by_pair(graph, lambda choice: choice[0] - choice[1])


def mct(graph: TaskGraph) -> Placement:
    """Place tasks in the order in which they become ready, each where it ends first."""
    table = Timetable(graph, insertion=False)
    while table.ready:
        _place_first(table, table.ready[0])
    return table.placement()


def eft(graph: TaskGraph) -> Placement:
    """Place tasks in the order of the graph, each where it ends first, in a gap if one fits."""
    table = Timetable(graph)
    for task in graph.order:
        _place_first(table, task)
    return table.placement()


def met(graph: TaskGraph) -> Placement:
    """Place tasks in the order in which they become ready, each on its fastest element."""
    table = Timetable(graph, insertion=False)
    while table.ready:
        task = table.ready[0]
        choices = table.choices(task)
        _, start, element = min(choices, key=lambda choice: (choice[0] - choice[1], choice[2]))
        table.place(task, element, start)
    return table.placement()


def fastest_element(graph: TaskGraph) -> Placement:
    """Place all tasks on the element that does all of them fastest.

    A task that cannot run there goes where it ends first.
    """
    home = _best_element(graph, range(graph.n_tasks))
    table = Timetable(graph, insertion=False)
    while table.ready:
        task = table.ready[0]
        choices = table.choices(task)
        _, start, element = min([c for c in choices if c[2] == home] or choices)
        table.place(task, element, start)
    return table.placement()


def random_elements(graph: TaskGraph, seed: int = 0) -> Placement:
    """Place tasks in the order in which they become ready, each on a random element."""
    rng = np.random.default_rng(seed)
    table = Timetable(graph, insertion=False)
    while table.ready:
        task = table.ready[0]
        choices = table.choices(task)
        _, start, element = choices[int(rng.integers(len(choices)))]
        table.place(task, element, start)
    return table.placement()


def _by_pair(graph: TaskGraph, key: Callable[[tuple[int, int, int]], int]) -> Placement:
    table = Timetable(graph, insertion=False)
    while table.ready:
        choices = [(task, choice) for task in table.ready for choice in table.choices(task)]
        task, (_, start, element) = min(
            choices, key=lambda pair: (key(pair[1]), pair[0], pair[1][2])
        )
        table.place(task, element, start)
    return table.placement()


def _place_first(table: Timetable, task: int) -> None:
    _, start, element = min(table.choices(task), key=lambda choice: (choice[0], choice[2]))
    table.place(task, element, start)


def _critical_path(graph: TaskGraph, priority: np.ndarray) -> set[int]:
    """Return one path along which the priority is highest."""
    task = max((task for task in graph.order if not graph.incoming[task]), key=priority.__getitem__)
    path = {task}
    while graph.outgoing[task]:
        followers = [int(graph.target[edge]) for edge in graph.outgoing[task]]
        task = max(followers, key=lambda follower: (priority[follower], -follower))
        path.add(task)
    return path


def _best_element(graph: TaskGraph, tasks: Iterable[int]) -> int | None:
    """Return the element that does some tasks in the least time, or None if none does all."""
    rows = list(tasks)
    able = graph.supported[rows].all(axis=0)
    if not able.any():
        return None
    total = np.where(able, graph.duration[rows].sum(axis=0), np.iinfo(np.int64).max)
    return int(np.argmin(total))


LIST_SCHEDULERS: Mapping[str, ListScheduler] = MappingProxyType(
    {
        "HEFT": heft,
        "PEFT": peft,
        "CPOP": cpop,
        "ETF": etf,
        "EFT": eft,
        "MCT": mct,
        "MET": met,
        "STF": stf,
        "fastest": fastest_element,
        "random": random_elements,
    }
)
"""The list schedulers by their usual names."""
