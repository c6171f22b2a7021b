"""Which engine each program should have lived on, for those who know all that will come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from headway.errors import ConfigError
from headway.serving.agents.programs import Floats, Ints, Programs, Spans
from headway.serving.fleet.decisions import Dispatch, Hold, Routing
from headway.serving.fleet.view import ClusterView, RequestView

MOST_CHOICES = 20_000
"""Assignments that are tried one by one."""

Cost = Callable[[Sequence[int]], float]
"""What an assignment of engines to programs costs."""


class Placed:
    """Sends every step of a program to the engine that it was given beforehand.

    Parameters
    ----------
    homes
        Engines by session.
    retry_s
        When a request is looked at again whose engine takes none.
    """

    name = "placed"

    def __init__(self, homes: Mapping[int, int], retry_s: float = 0.1) -> None:
        self._homes = homes
        self._retry_s = retry_s

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return the engine of the program."""
        home = self._homes[request.session]
        return Dispatch(home) if cluster.ready[home] else Hold(cluster.now_s + self._retry_s)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Remember nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Engines for programs.

    Attributes
    ----------
    homes
        Engine of each program, shape (n,).
    cost
        What the search minimised.
    bound
        No assignment costs less; equal to `cost` if it is optimal.
    """

    homes: Ints
    cost: float
    bound: float


def least_overcommit(
    programs: Programs,
    spans: Spans,
    engines: int,
    capacity_tokens: int,
    *,
    instants: int = 100,
    limit_s: float = 10.0,
) -> Placement:
    """Return where programs should live if nothing ever waited, for contexts to fit into caches.

    Minimised is what contexts of the programs of an engine exceed its cache by, summed over engines
    and over instants that are evenly spaced in the time of all programs: token instants. It is a
    bound for the times given and for programs that never move; the times of a real run are later.

    Parameters
    ----------
    programs, spans
        The programs, and when their steps run.
    engines
        Number of engines, all alike.
    capacity_tokens
        Cache of each.
    instants
        At which contexts are summed up.
    limit_s
        Time for the solver.

    Raises
    ------
    ConfigError
        If a number is below 1, or the solver finds nothing in its time.

    Notes
    -----
    A mixed-integer program of n * engines binary variables and engines * instants continuous ones,
    solved by HiGHS. Engines are alike, so that program k goes to one of the first k + 1.
    """
    if min(engines, capacity_tokens, instants) < 1:
        raise ConfigError("placement: expected engines, a capacity and instants from 1 on")
    held = contexts(programs, spans, instants) / capacity_tokens
    n = len(programs)
    size = engines * (n + instants)
    is_choice = np.arange(size) < n * engines
    highest = np.where(is_choice, 1.0, np.inf)
    for k in range(min(n, engines)):
        highest[k * engines + k + 1 : (k + 1) * engines] = 0
    answer = milp(
        np.where(is_choice, 0.0, 1.0),
        constraints=[
            LinearConstraint(_excess(held, engines), ub=1),
            LinearConstraint(_choices(n, engines, size), 1, 1),
        ],
        integrality=is_choice.astype(np.int64),
        bounds=Bounds(0, highest),
        options={"time_limit": limit_s},
    )
    if answer.x is None:
        raise ConfigError(f"placement: nothing found in {limit_s:g} s")
    chosen = answer.x[: n * engines].reshape(n, engines).argmax(axis=1).astype(np.int64)
    found = float(answer.fun) * capacity_tokens
    bound = max(float(answer.mip_dual_bound), 0.0) * capacity_tokens
    return Placement(chosen, found, min(bound, found))


def _excess(held: Floats, engines: int) -> csr_array:
    """Return rows by engine and instant: contexts there, less the variable for what exceeds 1."""
    n, instants = held.shape
    program, instant = np.nonzero(held)
    slack = np.arange(engines * instants)
    rows, columns, values = [slack], [n * engines + slack], [-np.ones(len(slack))]
    for engine in range(engines):
        rows.append(engine * instants + instant)
        columns.append(program * engines + engine)
        values.append(held[program, instant])
    cells = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return coo_array(cells, shape=(len(slack), engines * (n + instants))).tocsr()


def _choices(n: int, engines: int, size: int) -> csr_array:
    """Return a row for each program: the choices of its engine."""
    cells = np.ones(n * engines), (np.repeat(np.arange(n), engines), np.arange(n * engines))
    return coo_array(cells, shape=(n, size)).tocsr()


def contexts(programs: Programs, spans: Spans, instants: int) -> Floats:
    """Return what each program holds at evenly spaced instants; shape (n, instants).

    From its first step to the end of its last a program holds the context of the step that runs or
    ran last.
    """
    times_s = np.linspace(spans.begin_s.min(), spans.end_s.max(), instants)
    held = np.zeros((len(programs), instants))
    said = programs.prompt_tokens + programs.output_tokens
    for k, (begin, end) in enumerate(
        zip(programs.offsets[:-1].tolist(), programs.offsets[1:].tolist(), strict=True)
    ):
        step = np.searchsorted(spans.begin_s[begin:end], times_s, side="right") - 1
        lives = (step >= 0) & (times_s <= spans.end_s[end - 1])
        held[k, lives] = said[begin:end][step[lives]]
    return held


def best_of_all(programs: int, engines: int, cost: Cost) -> Placement:
    """Return the best assignment of all there are.

    No router under which programs stay where they began does better for the cost given; one that
    moves programs, or holds them at the gateway, may.

    Parameters
    ----------
    programs, engines
        How many; engines are all alike, so that names of engines do not matter.
    cost
        To be minimised, such as the mean completion time of a simulated fleet.

    Raises
    ------
    ConfigError
        If there are more than `MOST_CHOICES` assignments.
    """
    if programs < 1 or engines < 1 or engines ** (programs - 1) > MOST_CHOICES:
        raise ConfigError(
            f"placement: {engines} engines for {programs} programs: more than {MOST_CHOICES:,} ways"
        )
    ways = [way for way in product(range(engines), repeat=programs) if _is_canonical(way)]
    costs = [cost(way) for way in ways]
    best = int(np.argmin(costs))
    return Placement(np.array(ways[best], dtype=np.int64), costs[best], costs[best])


def descend(start: Sequence[int] | Ints, engines: int, cost: Cost, evaluations: int) -> Placement:
    """Return what is left when no move of one program helps any more, or the budget is spent.

    Parameters
    ----------
    start
        Engine of each program at the beginning.
    engines
        Number of engines.
    cost
        To be minimised.
    evaluations
        Most calls of it, at least 1.

    Raises
    ------
    ConfigError
        If `evaluations` is below 1.

    Notes
    -----
    It bounds nothing: the bound returned is minus infinity.
    """
    if evaluations < 1:
        raise ConfigError(f"placement: evaluations: expected at least 1, got {evaluations}")
    homes, left = [int(engine) for engine in start], evaluations - 1
    least = cost(homes)
    improved = True
    while improved and left > 0:
        improved = False
        for program, engine in product(range(len(homes)), range(engines)):
            if engine == homes[program] or left == 0:
                continue
            other = [*homes[:program], engine, *homes[program + 1 :]]
            left -= 1
            if (found := cost(other)) < least:
                homes, least, improved = other, found, True
    return Placement(np.array(homes, dtype=np.int64), least, -np.inf)


def _is_canonical(way: Sequence[int]) -> bool:
    """Return whether engines are named in the order in which they are first used."""
    used = -1
    for engine in way:
        if engine > used + 1:
            return False
        used = max(used, engine)
    return True
