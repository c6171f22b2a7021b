"""Every measure by hand, against the plain twin, and at sizes where 64 bits end."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from headway.model import evaluate
from headway.model.build import Model
from headway.model.families import job_shop, single_machine
from headway.model.objective import (
    Measure,
    Objective,
    Term,
    makespan,
    total_completion,
    total_tardiness,
)
from headway.model.schedule import Schedule
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Brute
from tests.twins.plain import Plain


def three_jobs():
    """Jobs of 4, 2 and 3 ticks in this order: they complete at 4, 6 and 9."""
    problem = single_machine([4, 2, 3], release=[0, 1, 2], due=[6, 5, 2**60], weight=[1, 3, 2])
    return problem.schedule([0, 4, 6])


@pytest.mark.parametrize(
    ("measure", "plain", "weighted"),
    [
        (Measure.COMPLETION, 4 + 6 + 9, 4 + 18 + 18),
        (Measure.FLOW_TIME, 4 + 5 + 7, 4 + 15 + 14),
        (Measure.TARDINESS, 1, 3),
        (Measure.EARLINESS, 2, 2),
        (Measure.TARDY_JOBS, 1, 3),
    ],
)
def test_sums_over_jobs(measure, plain, weighted):
    schedule = three_jobs()
    assert evaluate.measure(schedule, measure) == plain
    assert evaluate.measure(schedule, measure, weighted=True) == weighted


def test_lateness_is_negative_when_every_job_is_early():
    schedule = three_jobs()
    assert evaluate.measure(schedule, Measure.MAKESPAN) == 9
    assert evaluate.measure(schedule, Measure.MAX_LATENESS) == 1
    early = single_machine([4, 2], due=[9, 8]).schedule([0, 4])
    assert evaluate.measure(early, Measure.MAX_LATENESS) == -2
    assert evaluate.measure(early, Measure.MAX_TARDINESS) == 0


def test_a_job_completes_with_its_last_task_that_is_present():
    model = Model("parts")
    job, empty = model.job("job", due=3), model.job("empty", due=0)
    for duration in (4, 9):
        model.task(job, optional=True).mode({}, duration)
    model.task(empty, optional=True).mode({}, 1)
    schedule = model.problem().schedule([0, 0, 0], mode=[0, -1, -1])
    assert evaluate.completion(schedule).tolist() == [4, -1]
    assert evaluate.measure(schedule, Measure.COMPLETION) == 4
    assert evaluate.measure(schedule, Measure.TARDINESS) == 1
    assert evaluate.measure(schedule, Measure.MAX_LATENESS) == 1


def test_an_empty_schedule_measures_zero():
    model = Model("empty")
    model.task(model.job(due=4), optional=True).mode({}, 4)
    schedule = model.problem().schedule([0], mode=[-1])
    assert {evaluate.measure(schedule, m) for m in Measure} == {0}


def test_setups_are_counted_in_the_order_on_each_machine():
    """On one machine b (initial 3), then a (2): 5; on the other a (1), then b (4): 5."""
    model = Model("paint")
    guns = [model.machine(f"gun {k}") for k in range(2)]
    for gun in guns:
        model.setup_times(
            gun, {("a", "b"): 4, ("b", "a"): 2, (None, "a"): 1, (None, "b"): 3 + gun.index}
        )
        for family in "ab":
            model.task(family=family).mode({gun: 1}, 5)
    schedule = model.problem().schedule([10, 3, 1, 10])
    assert evaluate.measure(schedule, Measure.SETUP) == 10
    assert evaluate.measure(schedule, Measure.SETUP, resources=(0,)) == 5
    swapped = model.problem().schedule([10, 3, 11, 4])
    assert evaluate.measure(swapped, Measure.SETUP, resources=(1,)) == 4 + 2


def test_cost_counts_modes_and_resources_by_time_and_amount():
    """Mode 7 + saw 2 x 5 ticks + crew 3 units x 1 x 5 ticks + wood 4 units x 6 = 56."""
    model = Model("cost")
    saw, crew = model.machine("saw", cost=2), model.renewable("crew", capacity=9, cost=1)
    wood = model.budget("wood", capacity=9, cost=6)
    model.task().mode({saw: 1, crew: 3, wood: 4}, 5, cost=7)
    schedule = model.problem().schedule([0])
    assert evaluate.measure(schedule, Measure.COST) == 7 + 10 + 15 + 24
    assert evaluate.measure(schedule, Measure.COST, resources=(1, 2)) == 15 + 24


def levelled():
    """Crew: 2 units in [0, 4), 3 more in [2, 6). Crane: 1 unit in [1, 3), held until 5."""
    model = Model("level")
    crew = model.renewable("crew", capacity=9, cost=4)
    crane = model.renewable("crane", capacity=9)
    model.task().mode({crew: 2}, 4)
    model.task().mode({crew: 3}, 4)
    lift = model.task().mode({crane: 1}, 2)
    model.blocking(lift, model.task().mode({}, 0))
    return model.problem().schedule([0, 2, 1, 5])


def test_levelling_sums_the_squared_usage_of_every_tick():
    schedule = levelled()
    crew, crane = 2 * 4 + 2 * 25 + 2 * 9, 4 * 1
    assert evaluate.measure(schedule, Measure.LEVELLING) == crew + crane
    assert evaluate.measure(schedule, Measure.LEVELLING, resources=(1,)) == crane


def test_peaks_count_with_the_price_of_the_resource():
    schedule = levelled()
    assert evaluate.measure(schedule, Measure.PEAK) == 4 * 5 + 1 * 1
    assert evaluate.measure(schedule, Measure.PEAK, resources=(1,)) == 1


def test_a_task_lets_go_when_the_one_it_waits_for_starts():
    assert evaluate.free_times(levelled()).tolist() == [4, 6, 5, 5]


def test_levels_are_weighted_sums_in_the_order_of_importance():
    problem = single_machine(
        [4, 2],
        due=[3, 3],
        objective=(2 * makespan() + total_tardiness()).then(total_completion()),
    )
    schedule = problem.schedule([0, 4])
    assert evaluate.objective_values(schedule) == (2 * 6 + 1 + 3, 10)
    assert schedule.objective == (16, 10)


def test_measures_lists_what_makes_sense():
    assert evaluate.measures(job_shop([[0]], [[3]]).schedule([0])) == {
        "makespan": 3,
        "completion": 3,
        "flow-time": 3,
    }
    assert evaluate.measures(three_jobs())["weighted tardiness"] == 3
    assert {"levelling", "peak", "cost"} <= set(evaluate.measures(levelled()))


def test_sums_beyond_64_bits_are_exact():
    large = 2**44
    weights = [2**31 - 1] * 1000
    problem = single_machine([large] + [0] * 999, weight=weights)
    schedule = problem.schedule([0] + [large] * 999)
    total = evaluate.measure(schedule, Measure.COMPLETION, weighted=True)
    assert total == 1000 * large * (2**31 - 1)
    model = Model("heavy")
    crew = model.renewable(capacity=2**32)
    for _ in range(2):
        model.task().mode({crew: 2**31 - 1}, large)
    stacked = model.problem().schedule([0, 0])
    assert evaluate.measure(stacked, Measure.LEVELLING) == (2**32 - 2) ** 2 * large


@pytest.mark.parametrize("seed", range(80))
def test_every_measure_agrees_with_the_plain_twin(seed):
    rng = random.Random(seed)
    problem = random_problem(seed)
    plain = Plain(problem)
    steps = itertools.count()
    search = Brute(problem, LIMIT, rng).schedules(lambda *_: next(steps) > 2000)
    for answer in itertools.islice(search, 5):
        schedule = Schedule(problem, *map(np.array, answer[1:]))
        assert evaluate.objective_values(schedule) == answer.values
        for measure in Measure:
            wanted = plain.measure(Term(measure), *answer[1:])
            assert evaluate.measure(schedule, measure) == wanted
        assert evaluate.free_times(schedule).tolist() == plain.free(*answer[1:])
        extra = Objective(((Term(Measure.FLOW_TIME, 3, weighted=True),),))
        wanted = plain.measure(extra.terms[0], *answer[1:])
        assert evaluate.values_of(schedule, extra) == (wanted,)


def test_a_wrong_schedule_is_measured_as_it_stands():
    """Modes that do not exist use nothing and cost nothing; ends count as they are."""
    problem = three_jobs().problem
    schedule = Schedule(problem, np.array([5, -9, 0]), np.array([2, 7, 3]), np.array([0, 99, 50]))
    assert schedule.makespan == 7
    assert evaluate.measure(schedule, Measure.SETUP) == 0
    assert "makespan = 7" in repr(schedule)
