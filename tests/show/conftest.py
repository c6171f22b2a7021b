"""One schedule with every feature that pictures mark, and one run of a solver."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from headway.model import Model, Problem, Schedule, job_shop, makespan, total_tardiness
from headway.solve.result import Progress, Result, Status


def bakery_problem() -> Problem:
    """Return four products on three machines, shared bakers and a flour bin; ticks are minutes."""
    m = Model("bakery", tick_s=60)
    mixer = m.machine("mixer")
    oven = m.machine("oven", breaks=[(120, 150), (300, 330)])
    bakers = m.renewable("bakers", capacity=3, steps=[(330, 2)], breaks=[(240, 260)])
    line = m.machine("packing line")
    flour = m.reservoir("flour", level=100, minimum=10, maximum=120)
    baking = (50, 50, 60, 55)
    dates = (
        ("loaf", 90, None),
        ("brioche", 260, 330),
        ("rolls", 230, None),
        ("pretzel", 400, None),
    )
    pack = None
    for k, (name, due, deadline) in enumerate(dates):
        job = m.job(name, due=due, deadline=deadline)
        family = ("dark", "light")[k % 2]
        mix = m.task(job, "mix", family=family, blocking=True)
        mix.mode({mixer: 1, bakers: 1}, consumes={flour: 20}, duration=25)
        bake = m.task(job, "bake", family=family, interruptible=True)
        bake.mode({oven: 1, bakers: 1}, duration=baking[k])
        pack = m.task(job, "pack")
        pack.mode({line: 1}, produces={flour: 5}, duration=20)
        _ = mix >> bake >> pack
    m.setup_times(oven, {(None, "dark"): 10, ("dark", "light"): 5, ("light", "dark"): 10})
    m.task(None, "inspection").mode({bakers: 1}, duration=40)
    handover = m.task(None, "handover")
    handover.mode({}, duration=0)
    assert pack is not None
    _ = pack >> handover
    m.minimise(total_tardiness().then(makespan()))
    return m.problem()


@pytest.fixture(scope="session")
def bakery() -> Schedule:
    """A valid schedule: setups, holds, pauses, breaks, a late job, and a task without a length."""
    starts = [0, 25, 75, 75, 170, 220, 25, 75, 165, 170, 220, 295, 0, 315]
    return bakery_problem().schedule(starts)


@pytest.fixture(scope="session")
def dated(bakery: Schedule) -> Schedule:
    """The same schedule, from a Monday evening at ten."""
    problem = replace(bakery.problem, origin=datetime(2026, 3, 2, 22))
    return Schedule(problem, bakery.start, bakery.end, bakery.mode)


def shop(jobs: int, machines: int) -> Schedule:
    """Return a valid job shop schedule of operations of 3 ticks in blocks of Latin squares."""
    rows = [[(j + k) % machines for k in range(machines)] for j in range(jobs)]
    starts = [3 * (k + machines * (j // machines)) for j in range(jobs) for k in range(machines)]
    return job_shop(rows, [[3] * machines] * jobs).schedule(starts)


@pytest.fixture(scope="session")
def run(bakery: Schedule) -> Result:
    """A run in which two methods found better and better schedules."""
    moments = (
        Progress(0.1, (90, 400), None, "rules"),
        Progress(0.5, (40, 380), (0, 100), "cpsat"),
        Progress(2.0, (5, 315), (5, 300), "cpsat"),
    )
    return Result(
        problem=bakery.problem,
        schedule=bakery,
        status=Status.FEASIBLE,
        bound=(5, 300),
        trajectory=moments,
        method="rules+cpsat",
        reason="small, with breaks",
        time_s=3.0,
        verified=True,
    )
