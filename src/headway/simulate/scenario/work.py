"""The work of a scenario: what is known, and what arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.model import FOREVER, Problem, total_flow_time, total_tardiness
from headway.model.families import flexible_job_shop
from headway.model.tables import LARGEST_TIME, Ints, ints
from headway.simulate.laws import Law
from headway.simulate.scenario.draw import law, whole
from headway.simulate.scenario.orders import Orders
from headway.simulate.scenario.settings import Arrivals, JobLaws, Settings
from headway.simulate.streams import Streams

_UNLIKE = 0.2
"""How much durations differ between the machines that an operation can choose from."""

_MOST_OPERATIONS = 50_000_000
_MOST_FAMILIES = 1000
"""More of either is taken for a slip, not to run out of memory."""

_ENOUGH = 100_000
"""Draws that give the mean work of a job, where there is no formula."""


def arriving(settings: Settings, streams: Streams, orders: Orders | None = None) -> Problem:
    """Return the jobs that arrive, as a problem with release dates.

    Parameters
    ----------
    settings
        With `Settings.shop` and `Settings.arrivals`.
    streams
        Where randomness comes from; jobs do not depend on when they arrive.
    orders
        The jobs of the trace that the settings name.
    """
    arrivals, laws = settings.arrivals, settings.jobs
    assert arrivals is not None
    if orders is not None:
        machines, rows = orders.machines, _as_ordered(orders)
        release = ints([order.arrival for order in orders.orders])
    else:
        assert settings.shop is not None
        machines = settings.shop.names
        n_jobs = len(arrivals.times) if arrivals.times is not None else arrivals.jobs
        if n_jobs < 1:
            raise ConfigError("arrivals.jobs: expected at least 1")
        rows = _jobs(laws, len(machines), n_jobs, streams)
        release = _releases(arrivals, laws, len(machines), n_jobs, streams)
    n_jobs = len(release)
    work = np.array([sum(choices[0][1] for choices in row) for row in rows])
    hurried = _hurried(settings, n_jobs, streams)
    due = _due_dates(settings, release, work, hurried, streams)
    weight = _weights(settings, n_jobs, hurried, streams)
    if orders is not None:
        due = _said(due, [order.due for order in orders.orders])
        weight = _said(weight, [order.weight for order in orders.orders])
    problem = flexible_job_shop(
        rows,
        n_machines=len(machines),
        name=settings.name,
        release=release,
        due=due,
        weight=weight,
        objective=total_flow_time() if (due == FOREVER).all() else total_tardiness(),
    )
    return _with_setups(_named(problem, machines, orders), laws, streams)


def _as_ordered(orders: Orders) -> list[list[list[tuple[int, int]]]]:
    place = {name: k for k, name in enumerate(orders.machines)}
    return [
        [[(place[machine], ticks) for machine, ticks in choices] for choices in order.operations]
        for order in orders.orders
    ]


def _said(drawn: Ints, told: Sequence[int | None]) -> Ints:
    """Return what is told, and what was drawn where nothing is."""
    return ints([d if t is None else t for d, t in zip(drawn.tolist(), told, strict=True)])


def _named(problem: Problem, machines: tuple[str, ...], orders: Orders | None) -> Problem:
    jobs = problem.jobs
    if orders is not None:
        jobs = replace(jobs, name=tuple(order.name for order in orders.orders))
    return replace(problem, jobs=jobs, resources=replace(problem.resources, name=machines))


def _operations(laws: JobLaws, n_machines: int) -> Law:
    text = f"integers({n_machines}, {n_machines})" if laws.operations is None else laws.operations
    return law(text, "jobs.operations")


def _jobs(
    laws: JobLaws, n_machines: int, n_jobs: int, streams: Streams
) -> list[list[list[tuple[int, int]]]]:
    rng = streams.of("jobs")
    counts = _operations(laws, n_machines).ticks(rng, n_jobs)
    if not laws.revisits and counts.max() > n_machines:
        raise ConfigError(
            f"jobs.operations: {counts.max()} operations on {n_machines} machines need"
            " 'revisits: true'"
        )
    if not 1 <= laws.alternatives <= n_machines:
        raise ConfigError(f"jobs.alternatives: expected 1 to {n_machines}")
    if counts.sum() > _MOST_OPERATIONS:
        raise ConfigError(f"jobs.operations: {counts.sum():,} operations in all are too many")
    durations = law(laws.durations, "jobs.durations")
    rows = []
    for count in counts.tolist():
        machines = _route(rng, n_machines, count)
        work = durations.ticks(rng, count).tolist()
        rows.append(
            [
                _choices(rng, machine, ticks, laws.alternatives, n_machines)
                for machine, ticks in zip(machines, work, strict=True)
            ]
        )
    return rows


def _route(rng: np.random.Generator, n_machines: int, count: int) -> list[int]:
    """Return machines in random order, none twice before each has come once."""
    route: list[int] = []
    while len(route) < count:
        route += rng.permutation(n_machines).tolist()
    return route[:count]


def _choices(
    rng: np.random.Generator, machine: int, ticks: int, alternatives: int, n_machines: int
) -> list[tuple[int, int]]:
    if alternatives == 1:
        return [(machine, ticks)]
    others = (machine + 1 + rng.permutation(n_machines - 1)[: alternatives - 1]) % n_machines
    factors = rng.uniform(1 - _UNLIKE, 1 + _UNLIKE, alternatives - 1)
    unlike = np.maximum(np.rint(ticks * factors), 1).astype(int)
    return [(machine, ticks), *zip(others.tolist(), unlike.tolist(), strict=True)]


def _releases(
    arrivals: Arrivals, laws: JobLaws, n_machines: int, n_jobs: int, streams: Streams
) -> Ints:
    if arrivals.times is not None:
        first, last = arrivals.times[0], arrivals.times[-1]
        if sorted(arrivals.times) != arrivals.times or first < 0 or last > LARGEST_TIME:
            raise ConfigError("arrivals.times: expected times from 0 on that do not decrease")
        return ints(arrivals.times)
    rng = streams.of("arrivals")
    together = law(arrivals.together, "arrivals.together")
    groups = np.minimum(together.ticks(rng, n_jobs), n_jobs)
    groups = groups[: int(np.searchsorted(np.cumsum(groups), n_jobs)) + 1]
    gap = _gap(arrivals, laws, n_machines, together)
    # Rounded as sums, not one by one: rounding every gap would change the load.
    time = np.floor(np.cumsum(gap.draw(rng, len(groups))))
    return whole(np.repeat(time, groups)[:n_jobs], "arrivals")


def _gap(arrivals: Arrivals, laws: JobLaws, n_machines: int, together: Law) -> Law:
    if (arrivals.load is None) == (arrivals.gap is None):
        raise ConfigError("arrivals: expected either 'load' or 'gap' (or 'times' or 'trace')")
    if arrivals.gap is not None:
        return law(arrivals.gap, "arrivals.gap")
    assert arrivals.load is not None
    if not arrivals.load > 0:
        raise ConfigError(f"arrivals.load: expected a positive share, got {arrivals.load:g}")
    operations = _mean_ticks(_operations(laws, n_machines))
    work = operations * _mean_ticks(law(laws.durations, "jobs.durations"))
    return Law("exponential", (work * _mean_ticks(together) / (arrivals.load * n_machines),))


def _mean_ticks(of: Law) -> float:
    """Return the mean of what `Law.ticks` draws."""
    if of.kind in ("constant", "integers") and of.mean >= 1 and of.parameters[0] >= 1:
        return of.mean
    return float(of.ticks(np.random.default_rng(0), _ENOUGH).mean())


def _hurried(settings: Settings, n_jobs: int, streams: Streams) -> NDArray[np.bool_]:
    if settings.rush is None:
        return np.zeros(n_jobs, dtype=np.bool_)
    if not 0 <= settings.rush.share <= 1:
        raise ConfigError("rush.share: expected a share between 0 and 1")
    return np.asarray(streams.of("rush").random(n_jobs) < settings.rush.share)


def _due_dates(
    settings: Settings,
    release: Ints,
    work: NDArray[np.int64],
    hurried: NDArray[np.bool_],
    streams: Streams,
) -> Ints:
    rng = streams.of("due dates")
    due = np.full(len(release), FOREVER)
    usual = settings.jobs.due_factor
    rush = None if settings.rush is None else settings.rush.due_factor
    for factor, jobs, key in (
        (usual, ~hurried if rush is not None else np.ones(len(due), bool), "jobs.due_factor"),
        (rush, hurried, "rush.due_factor"),
    ):
        drawn = None if factor is None else law(factor, key).draw(rng, len(due))
        if drawn is not None:
            due = np.where(jobs, release + whole(np.rint(drawn * work), key), due)
    return ints(due)


def _weights(settings: Settings, n_jobs: int, hurried: NDArray[np.bool_], streams: Streams) -> Ints:
    rng = streams.of("weights")
    weight = law(settings.jobs.weight, "jobs.weight").ticks(rng, n_jobs)
    if settings.rush is not None and settings.rush.weight is not None:
        weight = np.where(
            hurried, law(settings.rush.weight, "rush.weight").ticks(rng, n_jobs), weight
        )
    return ints(weight)


def _with_setups(problem: Problem, laws: JobLaws, streams: Streams) -> Problem:
    if not 0 <= laws.families <= _MOST_FAMILIES:
        raise ConfigError(f"jobs.families: expected 0 to {_MOST_FAMILIES}, got {laws.families}")
    if not laws.families:
        return problem
    rng = streams.of("setups")
    n = laws.families
    times = law(laws.setup, "jobs.setup").ticks(rng, n * n, least=0).reshape(n, n)
    np.fill_diagonal(times, 0)
    matrix = np.vstack([times, np.zeros((1, n), dtype=np.int64)])
    return replace(
        problem,
        tasks=replace(problem.tasks, family=ints(rng.integers(n, size=problem.n_tasks))),
        resources=replace(problem.resources, setup=ints(np.zeros(len(problem.resources)))),
        setups=(matrix,),
    )
