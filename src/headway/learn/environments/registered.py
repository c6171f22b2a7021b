"""Environments by name, each with a small scenario that a keyword argument changes.

Importing this module registers them; `gymnasium.make` can be told to do so itself.

>>> import gymnasium
>>> env = gymnasium.make("headway.learn.environments:headway/JobShop-v0", jobs=3, machines=2)
>>> env.reset(seed=0)[0].shape
(3, 12)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict, TypeVar, Unpack

import gymnasium
import numpy as np

from headway.instances import generate, obtain
from headway.learn.environments.decisions import DecisionEnvironment
from headway.learn.shop.blocking import Course
from headway.model import Problem
from headway.simulate import chip, cluster, servers, single
from headway.simulate.decode import World
from headway.simulate.dispatch import FEATURES, DispatchWorld, JobShop
from headway.simulate.expression import Expression
from headway.simulate.scenario import Scenario
from headway.simulate.shop import BLOCKING, FLOW, ShopWorld

_FLOW_SHOP = """
kind: shop
shop: {{machines: {machines}}}
arrivals: {{jobs: {jobs}, load: {load}}}
jobs: {{durations: "integers(1, 49)"}}
"""

_PLACING = (
    "start / (1 + rank)",
    "finish / (1 + rank)",
    "excess / (1 + duration)",
    "regret / (1 + duration)",
    "follow / (1 + rank)",
    "rank / 100",
    "order / 10",
)

_SENDING = (
    "n / 10",
    "log(1 + backlog / speed)",
    "log(1 + (backlog + size) / speed)",
    "log(speed / measured)",
    "rank / 10",
    "load",
)

_STARTING = (
    "log(requested) / 10",
    "log(1 + wait) / 10",
    "processors / (processors + free)",
    "log(area) / 10",
    "log(1 + queue)",
)

_SERVING = (
    "log(1 + left) / 10",
    "log(1 + attained) / 10",
    "log(1 + known) / 10",
    "log(1 + t - release) / 10",
    "operation / 5",
    "log(jobs)",
)

_World = TypeVar("_World", bound=World)


class View(TypedDict, total=False):
    """What all of them take besides, with other defaults each; see `DecisionEnvironment`."""

    features: Sequence[str | Expression]
    most: int
    scale: float
    render_mode: str | None


def shop(
    scenario: Scenario | str | None = None,
    *,
    jobs: int = 30,
    machines: int = 4,
    load: float = 0.9,
    **view: Unpack[View],
) -> DecisionEnvironment[ShopWorld]:
    """Return a shop in which jobs arrive, ``headway/Shop-v0``.

    Parameters
    ----------
    scenario
        What can happen, or the text that says so; by default job shops without due dates.
    jobs, machines, load
        Size of the default scenario.
    **view
        See `View`; seen by default are the features `headway.simulate.shop.FLOW`.
    """
    if scenario is None:
        scenario = _FLOW_SHOP.format(jobs=jobs, machines=machines, load=load)
    laws = Scenario.parse(scenario) if isinstance(scenario, str) else scenario
    return _environment(
        lambda seed: ShopWorld(laws.draw(seed)),
        {"features": FLOW.expressions, "most": 24, "scale": 1000.0},
        view,
    )


def blocking_shop(
    problem: Problem | str | None = None,
    *,
    jobs: int = 8,
    machines: int = 5,
    chance: float = 0.05,
    **view: Unpack[View],
) -> DecisionEnvironment[ShopWorld]:
    """Return a job shop without buffers and with interruptions, ``headway/BlockingShop-v0``.

    Parameters
    ----------
    problem
        A job shop, or the name of an instance; by default a random one per episode.
    jobs, machines
        Size of random ones.
    chance
        Probability that an operation is interrupted.
    **view
        See `View`; seen by default are the features `headway.simulate.shop.BLOCKING`.
    """
    given = obtain(problem) if isinstance(problem, str) else problem

    def world(seed: int) -> ShopWorld:
        rng = np.random.default_rng(seed)
        if given is None:
            return Course.drawn((jobs, machines), chance, rng).world
        return Course.of(given, chance, rng).world

    return _environment(world, {"features": BLOCKING.expressions, "most": 24, "scale": 100.0}, view)


def job_shop(
    problem: Problem | str | None = None,
    *,
    jobs: int = 6,
    machines: int = 6,
    delta: float = 0.5,
    **view: Unpack[View],
) -> DecisionEnvironment[DispatchWorld]:
    """Return a job shop that is planned ahead, ``headway/JobShop-v0``.

    Parameters
    ----------
    problem
        A job shop, or the name of an instance; by default a random one per episode.
    jobs, machines
        Size of random ones.
    delta
        See `DispatchWorld`.
    **view
        See `View`; seen by default are `headway.simulate.dispatch.FEATURES`, and as many rows as
        there are jobs.
    """
    given = obtain(problem) if isinstance(problem, str) else problem

    def world(seed: int) -> DispatchWorld:
        if given is None:
            drawn = generate("jobshop", jobs=jobs, machines=machines, seed=seed)
            return DispatchWorld(JobShop(drawn), delta)
        return DispatchWorld(JobShop(given), delta)

    most = jobs if given is None else given.n_jobs
    return _environment(world, {"features": FEATURES, "most": most, "scale": 100.0}, view)


def chip_stream(
    workload: chip.Workload | None = None, *, length: int = 2000, **view: Unpack[View]
) -> DecisionEnvironment[chip.ChipWorld]:
    """Return a chip at which jobs arrive, ``headway/Chip-v0``.

    Parameters
    ----------
    workload
        What arrives; by default the ten kinds of jobs of the chip Top.
    length
        Ticks that are simulated of the default workload.
    **view
        See `View`; seen by default are the features `headway.simulate.chip.FEATURES`.
    """
    given = chip.Workload(kinds=chip.top(), length=length) if workload is None else workload
    return _environment(
        lambda seed: chip.ChipWorld(given, given.fate(seed), seed=seed),
        {"features": chip.FEATURES.expressions, "most": 24, "scale": 10.0},
        view,
    )


def graph(
    graphs: Sequence[chip.TaskGraph] = (), **view: Unpack[View]
) -> DecisionEnvironment[chip.PlanWorld]:
    """Return task graphs to be placed on processing elements, ``headway/Graph-v0``.

    Parameters
    ----------
    graphs
        One of them is drawn per episode; by default those of the chip Top.
    **view
        See `View`.
    """
    drawn = tuple(graphs) or chip.top()

    def world(seed: int) -> chip.PlanWorld:
        return chip.PlanWorld(drawn[int(np.random.default_rng(seed).integers(len(drawn)))])

    return _environment(world, {"features": _PLACING, "most": 24, "scale": 10.0}, view)


def farm(
    workload: servers.Workload | None = None, *, tasks: int = 100, **view: Unpack[View]
) -> DecisionEnvironment[servers.ServersWorld]:
    """Return machines of different speeds that tasks are sent to, ``headway/Servers-v0``.

    Parameters
    ----------
    workload
        Machines and what arrives; by default four machines, 80 % busy.
    tasks
        That arrive by default.
    **view
        See `View`; by default there are as many rows as machines.
    """
    given = workload or servers.Workload((1, 1, 2, 4), "poisson(0.8)", "exponential(1000)", tasks)
    return _environment(
        lambda seed: servers.ServersWorld(given, given.draw(seed), seed=seed),
        {"features": _SENDING, "most": given.n_machines, "scale": 1e5},
        view,
    )


def pool(
    workload: Callable[[int], cluster.Workload] | None = None,
    *,
    jobs: int = 60,
    processors: int = 64,
    load: float = 0.9,
    **view: Unpack[View],
) -> DecisionEnvironment[cluster.ClusterWorld]:
    """Return a cluster whose jobs wait for processors, ``headway/Cluster-v0``.

    Parameters
    ----------
    workload
        From a seed to the jobs; by default those of the Lublin model.
    jobs, processors, load
        Size of the default.
    **view
        See `View`.
    """
    draw = workload or partial(_lublin, jobs, processors, load)
    return _environment(
        lambda seed: cluster.ClusterWorld(draw(seed)),
        {"features": _STARTING, "most": 32, "scale": 1e5},
        view,
    )


def machine(
    jobs: Callable[[int], single.Chains] | int = 40,
    *,
    longest: int = 4,
    load: float = 0.9,
    quantum: int | None = None,
    **view: Unpack[View],
) -> DecisionEnvironment[single.SingleWorld]:
    """Return a machine whose jobs reveal themselves by operation, ``headway/Single-v0``.

    Parameters
    ----------
    jobs
        From a seed to the jobs, or how many `headway.simulate.single.random_chains` draws.
    longest, load
        Operations per job at most, and the load, of these.
    quantum
        See `SingleWorld`.
    **view
        See `View`.
    """
    draw = partial(_chains, jobs, longest, load) if isinstance(jobs, int) else jobs
    return _environment(
        lambda seed: single.SingleWorld(draw(seed), quantum=quantum),
        {"features": _SERVING, "most": 24, "scale": 1e5},
        view,
    )


ENVIRONMENTS: dict[str, Callable[..., DecisionEnvironment[Any]]] = {
    "headway/Shop-v0": shop,
    "headway/BlockingShop-v0": blocking_shop,
    "headway/JobShop-v0": job_shop,
    "headway/Chip-v0": chip_stream,
    "headway/Graph-v0": graph,
    "headway/Servers-v0": farm,
    "headway/Cluster-v0": pool,
    "headway/Single-v0": machine,
}
"""What `gymnasium.make` finds, by name."""

for _name, _make in ENVIRONMENTS.items():
    gymnasium.register(_name, f"{__name__}:{_make.__name__}")


def _environment(
    make: Callable[[int], _World], usual: View, chosen: View
) -> DecisionEnvironment[_World]:
    settings = usual.copy()
    settings.update(chosen)
    return DecisionEnvironment(
        make,
        settings["features"],
        most=settings["most"],
        scale=settings["scale"],
        render_mode=settings.get("render_mode"),
    )


def _lublin(jobs: int, processors: int, load: float, seed: int) -> cluster.Workload:
    return cluster.lublin(jobs, processors, load=load, seed=seed)


def _chains(jobs: int, longest: int, load: float, seed: int) -> single.Chains:
    return single.random_chains(jobs, longest, load=load, seed=seed)
