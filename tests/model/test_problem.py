"""A problem is frozen, comparable, and knows its own content."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import headway as hw


@pytest.fixture
def shop() -> hw.Problem:
    return hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])


def test_equal_content_means_equal_problems(shop: hw.Problem) -> None:
    twin = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    assert twin == shop
    assert hash(twin) == hash(shop)
    assert {shop: "known"}[twin] == "known"


def test_a_tick_is_a_tick_whole_or_not() -> None:
    assert hw.Model(tick_s=60).problem() == hw.Model(tick_s=60.0).problem()


@pytest.mark.parametrize("change", [{"name": "x"}, {"horizon": 99}, {"objective": hw.Objective()}])
def test_any_difference_makes_problems_differ(shop: hw.Problem, change: dict) -> None:
    assert replace(shop, **change) != shop


def test_a_changed_duration_makes_problems_differ(shop: hw.Problem) -> None:
    assert hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 5]]) != shop


def test_a_problem_cannot_be_changed(shop: hw.Problem) -> None:
    with pytest.raises(FrozenInstanceError):
        shop.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        shop.modes.duration[0] = 7


def test_tasks_of_a_job_come_in_order() -> None:
    model = hw.Model()
    jobs = [model.job(), model.job(), model.job()]
    for job in (1, 0, 1):
        model.task(jobs[job]).mode(duration=1)
    model.task().mode(duration=1)
    problem = model.problem()
    assert [problem.tasks_of(j).tolist() for j in range(3)] == [[1], [0, 2], []]


def test_mode_cost_counts_work_on_machines_and_units_of_budgets() -> None:
    """Machine 2 x 3 ticks, renewable 4 units x price 5 x 3 ticks, budget 7 units x 1, own 11."""
    model = hw.Model()
    machine = model.machine(cost=2)
    crew = model.renewable(capacity=9, cost=5)
    money = model.budget(capacity=99, cost=1)
    model.task().mode({machine: 1, crew: 4, money: 7}, duration=3, cost=11)
    problem = model.problem()
    assert problem.mode_cost.tolist() == [6 + 60 + 7 + 11]
    assert problem.resource_price([1]).tolist() == [60]


def test_fractions_are_refused_rather_than_cut_off() -> None:
    with pytest.raises(hw.ProblemError, match="fractions"):
        hw.job_shop([[0]], [[1.5]])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "origin",
    [
        datetime(2026, 10, 25, 2, 30, fold=1),
        datetime(2026, 3, 2, 8, tzinfo=UTC),
        datetime(2026, 3, 2, 8, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
)
def test_origins_survive_as_the_instant_they_are(origin: datetime) -> None:
    problem = hw.Model(origin=origin).problem()
    assert hw.Problem.from_json(problem.to_json()) == problem


def test_ticks_have_dates_if_there_is_an_origin() -> None:
    monday = datetime(2026, 3, 2, 8)
    model = hw.Model("week", tick_s=900, origin=monday)
    model.task().mode(duration=1)
    problem = model.problem()
    assert problem.date(6) == datetime(2026, 3, 2, 9, 30)
    assert hw.Problem.from_json(problem.to_json()).origin == monday
    assert problem.date(2**44) is None
    assert hw.job_shop([[0]], [[1]]).date(6) is None


def test_huge_numbers_are_refused_rather_than_overflowing() -> None:
    with pytest.raises(hw.ProblemError):
        hw.job_shop([[0]], [[2**50]])
    with pytest.raises(hw.ProblemError):
        hw.job_shop([[0]], [[2**70]])


def test_the_summary_names_size_and_objective(shop: hw.Problem) -> None:
    assert shop.summary() == "job shop: 2 jobs, 4 tasks, 2 machines; minimise makespan"


def test_arrays_of_the_wrong_type_are_refused(shop: hw.Problem) -> None:
    modes = replace(shop.modes, duration=np.array([3.0, 2.0, 2.0, 4.0]))
    with pytest.raises(hw.ProblemError, match=r"modes\.duration"):
        replace(shop, modes=modes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": None}, "name of the problem: expected text, got None"),
        ({"tick_s": float("inf")}, "tick_s"),
        ({"tick_s": "minute"}, "tick_s.*'minute'"),
        ({"origin": "2026-01-01"}, "origin: expected a datetime"),
        ({"horizon": 9.5}, "horizon.*9.5"),
    ],
)
def test_a_header_of_the_wrong_kind_is_refused(options: dict, words: str) -> None:
    with pytest.raises(hw.ProblemError, match=words):
        hw.Problem(**options)


def test_names_are_text() -> None:
    model = hw.Model()
    model.task(name=1).mode(duration=1)  # type: ignore[arg-type]
    with pytest.raises(hw.ProblemError, match=r"tasks\.name of 0: expected text, got 1"):
        model.problem()


def test_a_horizon_is_the_same_number_whatever_made_it() -> None:
    assert hw.Problem(horizon=np.int64(9)) == hw.Problem(horizon=9)


def test_a_problem_does_not_share_matrices_with_whoever_made_it() -> None:
    moves, times = np.zeros((2, 2), np.int64), np.zeros((3, 2), np.int64)
    problem = hw.single_machine([1, 2], setups=times)
    problem = replace(problem, setups=(times,), transfers=moves[:1, :1])
    before = problem.fingerprint
    moves += 7
    times += 7
    assert replace(problem).fingerprint == before
    with pytest.raises(ValueError, match="read-only"):
        problem.transfers[0, 0] = 1
