"""How fast shops are played: events per second by size, beside SimPy and JobShopLib.

::

    python benchmarks/throughput.py                 # up to 100,000 operations, a few minutes
    python benchmarks/throughput.py --most 10000

The same job shop, shortest processing time first, in one process: our core, a policy of ours that
is asked in Python, a SimPy model with a priority queue per machine, and JobShopLib's dispatcher
with its rule of the same name. An event is the start or the end of an operation, whoever counts;
processor seconds of a run, what it is made from being ready, best of three runs (of one where a run
takes more than five seconds). The
dispatcher is given shops up to 10,000 operations. Also: a queue of customers at one machine, as
SimPy's tutorials have it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from table import keep, machine

import headway as hw
from headway.instances import generate
from headway.simulate import Decision, Rule
from headway.simulate.scenario import Scenario
from headway.simulate.shop import RULES, Realisation, ShopWorld

SHOPS = ((10, 10), (100, 10), (100, 100), (1000, 10), (1000, 100), (5000, 20))

MOST_FOR_JOB_SHOP_LIB = 10_000


def timed(play: Callable[[], float]) -> tuple[float, float]:
    """Return what a run returns and its processor seconds, the best of up to three runs."""
    best, value = float("inf"), 0.0
    for _ in range(3):
        began = time.process_time()
        value = play()
        best = min(best, time.process_time() - began)
        if best > 5:
            break
    return value, best


class Asked:
    """Shortest processing time, decided in Python each time."""

    name = "SPT"

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def score(self, decision: Decision) -> np.ndarray:
        """Return the rule's scores."""
        return self._rule.score(decision)


def ours(problem: hw.Problem, *, asked: bool = False, rule: str = "SPT") -> Callable[[], float]:
    """Return a run of our shop from the beginning to the makespan."""
    policy = RULES.find(rule)
    assert isinstance(policy, Rule)
    world = ShopWorld(Realisation.of(problem), per_machine=True)

    def play() -> float:
        world.reset()
        world.play(Asked(policy) if asked else policy)
        return world.value

    return play


def routes(problem: hw.Problem) -> list[list[tuple[int, int]]]:
    """Return machine and duration of the operations, job by job."""
    resource, duration = problem.modes.demand_resource.tolist(), problem.modes.duration.tolist()
    return [
        [(resource[i], duration[i]) for i in problem.tasks_of(j).tolist()]
        for j in range(problem.n_jobs)
    ]


def simpy_shop(problem: hw.Problem) -> Callable[[], float]:
    """Return the same shop as processes of SimPy."""
    import simpy

    jobs = routes(problem)

    def play() -> float:
        env = simpy.Environment()
        machines = [simpy.PriorityResource(env) for _ in range(problem.n_resources)]

        def job(route: list[tuple[int, int]]):
            for where, ticks in route:
                with machines[where].request(priority=ticks) as turn:
                    yield turn
                    yield env.timeout(ticks)

        for route in jobs:
            env.process(job(route))
        env.run()
        return float(env.now)

    return play


def dispatcher(problem: hw.Problem) -> Callable[[], float]:
    """Return the same shop in JobShopLib's dispatcher."""
    from job_shop_lib import JobShopInstance, Operation
    from job_shop_lib.dispatching.rules import DispatchingRuleSolver

    jobs = [[Operation(where, ticks) for where, ticks in route] for route in routes(problem)]
    instance = JobShopInstance(jobs)

    def play() -> float:
        solver = DispatchingRuleSolver(dispatching_rule="shortest_processing_time")
        return float(solver.solve(instance).makespan())

    return play


def shop_rows(most: int) -> list[dict[str, object]]:
    """Return one row per shop and contestant."""
    rows = []
    for jobs, machines in SHOPS:
        problem = generate("jobshop", jobs=jobs, machines=machines)
        if problem.n_tasks > most:
            continue
        contestants = {
            "Headway": ours(problem),
            "Headway, 2PT+WINQ+NPT": ours(problem, rule="2PT+WINQ+NPT"),
            "Headway, asked in Python": ours(problem, asked=True),
            "SimPy": simpy_shop(problem),
        }
        if problem.n_tasks <= min(most, MOST_FOR_JOB_SHOP_LIB):
            contestants["JobShopLib"] = dispatcher(problem)
        first = None
        for name, play in contestants.items():
            value, seconds = timed(play)
            first = seconds if first is None else first
            rows.append(
                {
                    "shop": f"{jobs}×{machines}",
                    "operations": problem.n_tasks,
                    "who": name,
                    "seconds": round(seconds, 4),
                    "events per second": round(2 * problem.n_tasks / seconds),
                    "times as long as ours": round(seconds / first, 1),
                    "makespan": int(value),
                }
            )
            print(rows[-1], flush=True)
    return rows


def queue_rows(customers: int) -> list[dict[str, object]]:
    """Return customers per second at one machine with exponential gaps and services."""
    import simpy

    laws = Scenario.parse(
        "{kind: shop, shop: {machines: 1},"
        f" arrivals: {{jobs: {customers}, gap: exponential(1250)}},"
        " jobs: {operations: 1, durations: exponential(1000)}}"
    )
    realisation = laws.draw(1)
    problem = realisation.problem
    release, service = problem.jobs.release.tolist(), problem.modes.duration.tolist()

    def native() -> float:
        world = ShopWorld(realisation)
        world.play(RULES.find("FIFO"))
        return float(world.outcome.flow().mean())

    def theirs() -> float:
        env = simpy.Environment()
        server = simpy.Resource(env)
        flow: list[float] = []

        def customer(ticks: int):
            came = env.now
            with server.request() as turn:
                yield turn
                yield env.timeout(ticks)
            flow.append(env.now - came)

        def source():
            for at, ticks in zip(release, service, strict=True):
                yield env.timeout(at - env.now)
                env.process(customer(ticks))

        env.process(source())
        env.run()
        return float(np.mean(flow))

    rows = []
    for name, play in (("Headway", native), ("SimPy", theirs)):
        mean, seconds = timed(play)
        rows.append(
            {
                "who": name,
                "customers": customers,
                "seconds": round(seconds, 3),
                "customers per second": round(customers / seconds),
                "mean response, in mean services": round(mean / 1000, 3),
            }
        )
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Play all shops and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=100_000, help="operations of the largest shop")
    args = parser.parse_args()
    facts = machine("simpy", "job-shop-lib")
    keep(
        "throughput",
        "Job shops played by shortest processing time (measured)",
        shop_rows(args.most),
        **facts,
    )
    keep(
        "throughput-queue",
        "A queue of 100,000 customers at load 0.8 (measured)",
        queue_rows(min(args.most, 100_000)),
        **facts,
    )


if __name__ == "__main__":
    main()
