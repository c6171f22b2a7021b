"""A small shop and its plan, worked out by hand."""

from __future__ import annotations

import headway as hw
from headway.model import Model, Problem, Schedule


def bakery() -> Problem:
    """Two ovens, one mixer, three loaves; each is mixed, then baked in either oven."""
    m = Model("bakery")
    mixer, left, right = m.machine("mixer"), m.machine("left"), m.machine("right")
    for name in ("rye", "rolls", "cake"):
        job = m.job(name, due=30)
        mix = m.task(job, "mix").mode({mixer: 1}, duration=4)
        bake = m.task(job, "bake").mode({left: 1}, duration=10).mode({right: 1}, duration=12)
        mix >> bake
    return m.problem()


def plan(problem: Problem) -> Schedule:
    """Mix in order; rye and cake go left, rolls go right; the end is at 24."""
    schedule = problem.schedule([0, 4, 4, 8, 8, 14], [0, 1, 3, 5, 6, 7])
    assert hw.verify(problem, schedule).ok
    assert schedule.makespan == 24
    return schedule
