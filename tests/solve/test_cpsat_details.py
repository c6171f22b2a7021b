"""Each line of a conflict says what makes it bite, and a single line is a contradiction."""

import re

import pytest

from headway.model import Model
from headway.solve import cpsat
from headway.solve.cpsat.details import with_details
from headway.solve.cpsat.reasons import reasons
from headway.solve.result import Budget, Status
from tests.problems import random_problem


def conflict(model: Model) -> list[str]:
    result = cpsat.solve(model.problem(), Budget(30.0))
    assert result.status is Status.INFEASIBLE
    return list(result.conflict)


def test_a_task_that_needs_more_than_there_is():
    m = Model()
    crew = m.renewable("crew", capacity=2)
    m.task(name="sweep").mode({crew: 1}, 5)
    m.task(name="lift").mode({crew: 3}, 5).mode({crew: 4}, 2)
    assert conflict(m) == ["the capacity of 'crew' is 2 ('lift' needs 3 or 4)"]


def test_a_capacity_over_time():
    """The capacity of 9 is never in force: the first step comes at the very beginning."""
    m = Model()
    crew = m.renewable("crew", capacity=9, steps=[(0, 2), (10, 1)])
    m.task(name="lift").mode({crew: 3}, 5)
    assert conflict(m) == ["the capacity of 'crew' varies from 1 to 2 ('lift' needs 3)"]


def test_a_budget_adds_up_whoever_is_named():
    m = Model()
    money = m.budget("money", capacity=10)
    for name in "abcde":
        m.task(name=name).mode({money: 4}, 1)
    m.task(name="gift", optional=True).mode({money: 11}, 1)
    assert conflict(m) == [
        (
            "the budget of 'money' is 10"
            " ('a' needs 4, 'b' needs 4, 'c' needs 4, and 2 more, 20 in all)"
        )
    ]


def test_a_stock_that_runs_out():
    m = Model()
    tank = m.reservoir("tank", level=3)
    for name in "abcde":
        m.task(name=name).mode({}, 2, consumes={tank: 1})
    m.task(name="rain").mode({}, 2, produces={tank: 1}).mode({}, 2, consumes={tank: 2})
    assert conflict(m) == [
        (
            "the level of 'tank' never falls below 0 (it starts at 3, 'rain' changes it by -2 or 1,"
            " 'a' takes out 1, 'b' takes out 1, and 3 more, at most -1 in the end)"
        )
    ]


def test_a_stock_that_overflows():
    m = Model()
    tank = m.reservoir("tank", level=3, maximum=5)
    for name in "ab":
        m.task(name=name).mode({}, 2, produces={tank: 2})
    assert conflict(m) == [
        (
            "the level of 'tank' stays between 0 and 5"
            " (it starts at 3, 'a' puts in 2, 'b' puts in 2, 7 in the end)"
        )
    ]


def test_a_chain_against_a_deadline_has_each_duration_once():
    m = Model()
    frame = m.job("frame", deadline=12)
    cut = m.task(frame, "cut").mode({}, 6)
    weld = m.task(frame, "weld").mode({}, 4).mode({}, 3)
    paint = m.task(frame, "paint").mode({}, 4)
    m.task(frame, "label").mode({}, 1)
    cut >> weld >> paint
    assert conflict(m) == [
        "job 'frame' must end by 12 ('frame/paint' takes 4)",
        "'frame/weld' starts no earlier than 'frame/cut' ends ('frame/cut' takes 6)",
        "'frame/paint' starts no earlier than 'frame/weld' ends ('frame/weld' takes 3 or 4)",
    ]


@pytest.mark.parametrize(
    ("window", "line"),
    [
        ({"start": 3, "end": 8}, "task 'a' must end by 8 (it takes 9)"),
        ({"end": (None, 8)}, "task 'a' must end by 8 (it takes 9)"),
    ],
)
def test_a_window_shorter_than_its_task(window, line):
    m = Model()
    m.task(name="a", **window).mode({}, 9)
    assert conflict(m) == [line]


def test_a_release_and_a_deadline_too_close():
    m = Model()
    order = m.job("order", release=5, deadline=8)
    m.task(order, "saw").mode({}, 4)
    m.task(order, "pack").mode({}, 1)
    assert conflict(m) == [
        "job 'order' must end by 8 ('order/saw' takes 4)",
        "job 'order' cannot start before 5",
    ]


def test_a_horizon_shorter_than_one_task():
    m = Model(horizon=5)
    m.task(name="a").mode({}, 8)
    m.task(name="b").mode({}, 2)
    m.task(name="c", optional=True).mode({}, 9)
    assert conflict(m) == ["everything must end by 5, the horizon ('a' takes 8)"]


def test_more_work_than_time_on_a_machine_adds_up():
    m = Model(horizon=10)
    saw = m.machine("saw")
    for k, name in enumerate("abcde"):
        m.task(name=name).mode({saw: 1}, 2 + k)
    assert conflict(m) == [
        "everything must end by 10, the horizon",
        (
            "machine 'saw' does one task at a time"
            " ('e' takes 6, 'd' takes 5, 'c' takes 4, and 2 more, 20 in all)"
        ),
    ]


def test_starts_too_close_for_one_machine():
    """The task that may start at any time is in nobody's way."""
    m = Model()
    saw = m.machine("saw")
    for name in "ab":
        m.task(name=name, start=(None, 1)).mode({saw: 1}, 4)
    m.task(name="later").mode({saw: 1}, 99)
    assert conflict(m) == [
        "task 'a' must start by 1",
        "task 'b' must start by 1",
        "machine 'saw' does one task at a time ('a' takes 4, 'b' takes 4)",
    ]


def test_a_crew_too_small_for_the_time_there_is():
    m = Model()
    crew = m.renewable("crew", capacity=3)
    for name in "ab":
        m.task(m.job(name, deadline=5), "dig").mode({crew: 2}, 3)
    m.task(name="later").mode({crew: 3}, 9)
    assert conflict(m) == [
        "job 'a' must end by 5 ('a/dig' takes 3)",
        "job 'b' must end by 5 ('b/dig' takes 3)",
        "the capacity of 'crew' is 3 ('a/dig' needs 2, 'b/dig' needs 2)",
    ]


def test_a_crew_too_small_before_the_horizon():
    m = Model(horizon=5)
    crew = m.renewable("crew", capacity=3)
    for name in "ab":
        m.task(name=name).mode({crew: 2}, 3)
    assert conflict(m) == [
        "everything must end by 5, the horizon",
        "the capacity of 'crew' is 3 ('a' needs 2 and takes 3, 'b' needs 2 and takes 3)",
    ]


def test_work_that_pauses_in_breaks():
    m = Model(horizon=10)
    saw = m.machine("saw", breaks=[(3, 8)])
    m.task(name="cut", interruptible=True).mode({saw: 1}, 6)
    assert conflict(m) == [
        "everything must end by 10, the horizon ('cut' takes 6 plus breaks)",
        "the breaks of 'saw' (3 to 8)",
    ]


def test_durations_that_play_no_part_are_not_told():
    m = Model()
    a, b = m.task(name="a").mode({}, 4), m.task(name="b").mode({}, 3)
    m.start_before_start(a, b, 1)
    m.start_before_start(b, a, 1)
    assert conflict(m) == [
        "'b' starts at least 1 after 'a' starts",
        "'a' starts at least 1 after 'b' starts",
    ]


def test_modes_that_trade_one_resource_for_another():
    m = Model()
    gold, crew = m.budget("gold", capacity=2), m.renewable("crew", capacity=3)
    m.task(name="a").mode({gold: 3}, 4).mode({crew: 4}, 5)
    assert conflict(m) == [
        "the budget of 'gold' is 2 ('a' needs 0 or 3)",
        "the capacity of 'crew' is 3 ('a' needs 0 or 4)",
    ]


@pytest.mark.parametrize("seed", range(30))
def test_constraints_of_every_kind_keep_their_text_and_tell_each_duration_once(seed):
    problem = random_problem(seed)
    every = reasons(problem)
    lines = with_details(problem, every)
    for reason, line in zip(every, lines, strict=True):
        assert line == reason.text or line.startswith(f"{reason.text} (")
    assert len(re.findall(r"takes \d", " ".join(lines))) <= problem.n_tasks
