"""Breaks of resources, alone and together, and the ends of work that pauses in them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from headway.model import calendar
from headway.model.build import Model
from headway.model.tables import bools, ints
from tests.problems import random_problem
from tests.twins.plain import Plain


def three_shifts():
    model = Model("shifts")
    saw = model.machine("saw", breaks=[(4, 6), (10, 12)])
    crew = model.renewable("crew", capacity=2, breaks=[(5, 8), (12, 13)])
    model.machine("drill")
    both = model.task(interruptible=True).mode({saw: 1, crew: 1}, 6)
    alone = model.task(interruptible=True).mode({saw: 1}, 6)
    solid = model.task().mode({saw: 1}, 6)
    return model.problem(), both.index, alone.index, solid.index


def test_the_union_joins_breaks_that_overlap_or_touch():
    problem, *_ = three_shifts()
    starts, ends = calendar.breaks_of(problem, [0, 1])
    assert (starts.tolist(), ends.tolist()) == ([4, 10], [8, 13])


def test_resources_without_breaks_have_none():
    problem, *_ = three_shifts()
    assert [column.tolist() for column in calendar.breaks_of(problem, [2])] == [[], []]
    assert [column.tolist() for column in calendar.breaks_of(problem, [])] == [[], []]


def test_work_ends_after_its_duration_and_the_pauses_of_all_its_resources():
    """From 2, six ticks: with saw and crew [2,4) [8,10) [13,15); with the saw [2,4) [6,10)."""
    problem, both, alone, solid = three_shifts()
    ends = calendar.ends(problem, ints([2, 2, 2]), ints([0, 1, 2]))
    assert [ends[both], ends[alone], ends[solid]] == [15, 10, 8]


def test_work_that_is_done_when_a_break_begins_ends_there():
    problem, *_ = three_shifts()
    ends = calendar.ends(problem, ints([0, 6, 6]), ints([0, 1, 2]))
    assert ends.tolist()[1] == 14
    model = Model("exact")
    saw = model.machine(breaks=[(4, 6)])
    model.task(interruptible=True).mode({saw: 1}, 4)
    assert calendar.ends(model.problem(), ints([0]), ints([0])).tolist() == [4]


def test_work_that_is_started_in_a_break_begins_when_it_is_over():
    problem, *_ = three_shifts()
    assert calendar.ends(problem, ints([5, 5, 5]), ints([0, 1, 2])).tolist() == [17, 14, 11]


def test_a_task_that_is_left_out_has_no_end():
    problem, *_ = three_shifts()
    assert calendar.ends(problem, ints([0, 0, 0]), ints([-1, 1, -1])).tolist() == [-1, 8, -1]


@pytest.mark.parametrize("seed", range(60))
def test_ends_agree_with_a_walk_from_tick_to_tick(seed):
    features = ("machine", "interruptible", "machine break", "renewable break", "several modes")
    problem = random_problem(seed, features=(*features, "zero duration"), n_tasks=6)
    plain, rng = Plain(problem), random.Random(seed)
    for _ in range(10):
        start = [rng.randint(0, 12) for _ in range(problem.n_tasks)]
        mode = [rng.choice(modes) for modes in plain.modes_of]
        walked = [plain.end_of(i, start[i], mode[i]) for i in range(problem.n_tasks)]
        assert calendar.ends(problem, ints(start), ints(mode)).tolist() == walked


def test_a_hundred_thousand_tasks_on_a_thousand_calendars():
    """Machine k rests in [k, k + 10) and again every 2000 ticks; all work is done by definition."""
    rng = np.random.default_rng(0)
    model = Model("large")
    machines = [
        model.machine(breaks=[(k + 2000 * i, k + 2000 * i + 10) for i in range(5)])
        for k in range(1000)
    ]
    for machine in machines:
        model.task(interruptible=True).mode({machine: 1}, 100)
    small = model.problem()
    n = 100_000
    which = rng.integers(0, 1000, n)
    start = rng.integers(0, 9000, n)
    problem = _repeated(small, which)
    ends = calendar.ends(problem, ints(start), ints(np.arange(n)))
    pauses = np.zeros(n, dtype=np.int64)
    for i in range(5):
        off = which + 2000 * i
        pauses += np.maximum(np.minimum(ends, off + 10) - np.maximum(start, off), 0)
    assert np.array_equal(ends - start - pauses, np.full(n, 100))


def _repeated(problem, which):
    """Return the problem with task ``which[i]`` in place i."""
    from dataclasses import replace

    n = len(which)
    full, none = np.full(n, 2**60), np.full(n, -1)
    return replace(
        problem,
        tasks=replace(
            problem.tasks,
            name=("",) * n,
            job=ints(none),
            earliest_start=ints(none * 0),
            latest_start=ints(full),
            earliest_end=ints(none * 0),
            latest_end=ints(full),
            optional=bools(none > 0),
            interruptible=bools(none < 0),
            hold_until=ints(none),
            family=ints(none),
            mode_ptr=ints(np.arange(n + 1)),
        ),
        modes=replace(
            problem.modes,
            task=ints(np.arange(n)),
            duration=problem.modes.duration[which],
            cost=ints(none * 0),
            demand_ptr=ints(np.arange(n + 1)),
            demand_resource=ints(which),
            demand_amount=ints(np.ones(n)),
        ),
    )
