"""The default method picks what suits, says so, and is right."""

import math
from dataclasses import replace

import pytest

import headway as hw
from headway.model.objective import Objective
from headway.solve import Budget, Status, Stop
from headway.solve.portfolio import solver
from headway.solve.portfolio.crew import SearchWorker


def test_auto_proves_ft06() -> None:
    result = hw.solve(hw.instance("ft06"), time_limit=120, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (55,)
    assert "job shop" in result.reason
    assert result.method == "rules+tabu+cpsat"


def test_a_rule_that_meets_the_bound_needs_no_proof_by_search() -> None:
    result = hw.solve(hw.job_shop([[0, 1]], [[3, 2]]), workers=1)
    assert result.status is Status.OPTIMAL
    assert result.method == "rules"
    assert result.gap == 0


def test_a_large_shop_that_tabu_search_closes_needs_no_exact_model() -> None:
    result = hw.solve(hw.instance("ta71"), time_limit=120, workers=1)
    assert (result.status, result.objective) == (Status.OPTIMAL, (5464,))
    assert result.method == "rules+tabu"


@pytest.mark.parametrize(
    ("name", "method"),
    [("ft06", "rules+tabu"), ("mk01", "rules+flexible"), ("j120_1_1", "rules+project")],
)
def test_what_is_too_large_for_an_exact_model_goes_without(name, method, monkeypatch) -> None:
    monkeypatch.setattr(solver, "LARGEST_EXACT_MODEL", 10)
    result = hw.solve(hw.instance(name), time_limit=0.5, workers=1)
    assert result.method == method
    assert result.status is Status.FEASIBLE


def test_a_schedule_survives_that_the_exact_model_cannot_be_written() -> None:
    model = hw.Model("huge")
    crew = model.renewable("crew", capacity=2**31 - 1)
    for _ in range(2):
        model.task().mode({crew: 2**31 - 1}, duration=2**43)
    model.minimise(hw.levelling())
    result = hw.solve(model, time_limit=5, workers=1)
    assert result.status is Status.FEASIBLE
    assert "longer ticks" in result.reason


def test_one_worker_and_one_seed_give_the_same_answer_twice() -> None:
    problem = hw.instance("la01")
    first, second = (hw.solve(problem, workers=1, seed=7, time_limit=120) for _ in range(2))
    assert first.status is Status.OPTIMAL
    assert first.schedule == second.schedule


def test_contradictions_are_explained() -> None:
    model = hw.Model("late")
    saw = model.machine("saw")
    job = model.job("chair", deadline=5)
    model.task(job, "cut").mode({saw: 1}, duration=4)
    model.task(job, "trim").mode({saw: 1}, duration=4)
    result = hw.solve(model, time_limit=120, workers=1)
    assert result.status is Status.INFEASIBLE
    assert any("chair" in line for line in result.conflict)
    with pytest.raises(hw.InfeasibleError, match="chair"):
        result.raise_for_status()


def test_an_empty_problem_is_solved() -> None:
    result = hw.solve(hw.Model("nothing"), time_limit=5, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.objective == (0,)


def test_several_workers_search_and_prove_side_by_side() -> None:
    result = hw.solve(hw.instance("la01"), time_limit=240, workers=2)
    assert (result.status, result.objective) == (Status.OPTIMAL, (666,))
    result = hw.solve(hw.instance("la16"), time_limit=240, workers=2)
    assert (result.status, result.objective) == (Status.OPTIMAL, (945,))
    assert "tabu search beside CP-SAT" in result.reason


def test_a_gap_ends_the_run_early() -> None:
    result = hw.solve(hw.instance("la21"), time_limit=240, workers=1, gap=0.2)
    assert result.status is Status.OPTIMAL
    assert 0 < result.gap <= 0.2
    assert result.time_s < 200


def test_a_warm_start_is_where_everybody_begins() -> None:
    problem = hw.instance("la21")
    good = hw.solve(problem, method="tabu", time_limit=1, workers=1).schedule
    again = hw.solve(problem, time_limit=0.3, workers=2, warm_start=good)
    assert again.objective <= good.objective_values


def test_a_stop_from_outside_ends_all_of_the_crew() -> None:
    stop = Stop()
    seen = []

    def listen(progress) -> None:
        seen.append(progress)
        if progress.method == "tabu":
            stop.set()

    result = solver.solve(
        hw.instance("ta41"),
        Budget(math.inf, 2),
        warm_start=None,
        seed=0,
        on_progress=listen,
        stop=stop,
    )
    assert result.status is Status.FEASIBLE
    assert "stopped from outside" in result.reason
    assert result.time_s < 300
    assert seen[-1].objective >= result.objective


def test_an_error_in_one_of_the_crew_is_not_swallowed(monkeypatch) -> None:
    def fail(*args, **options):
        raise RuntimeError("broken")

    monkeypatch.setattr(SearchWorker, "work", fail)
    with pytest.raises(RuntimeError, match="broken"):
        hw.solve(hw.instance("la21"), time_limit=20, workers=2)


def test_what_no_search_knows_is_improved_by_large_neighbourhoods() -> None:
    levels = hw.makespan().then(hw.total_completion())
    small = replace(hw.instance("la16"), objective=levels)
    result = hw.solve(small, time_limit=8, workers=2)
    assert result.objective[0] >= 945
    assert result.method.startswith("rules+cpsat")
    large = replace(hw.instance("ta21"), objective=levels)
    result = hw.solve(large, time_limit=4, workers=2)
    assert result.objective[0] >= 1642
    assert result.method.startswith("rules+lns")


def test_what_nobody_but_the_rules_can_take_is_left_to_them(monkeypatch) -> None:
    monkeypatch.setattr(solver, "LARGEST_EXACT_MODEL", 10)
    two = replace(hw.instance("la16"), objective=hw.makespan().then(hw.total_completion()))
    result = hw.solve(two, time_limit=0.5, workers=2)
    assert result.method == "rules"
    assert result.status is Status.FEASIBLE


def test_a_shop_of_many_thousand_tasks_is_searched_by_windows(monkeypatch) -> None:
    monkeypatch.setattr(solver, "LEAST_TO_DIVIDE", 300)
    result = hw.solve(hw.instance("ta21"), time_limit=1.5, workers=2)
    assert result.method.startswith("rules+rolling")
    monkeypatch.setattr(solver, "LEAST_TO_DIVIDE", 20_000)
    result = hw.solve(hw.instance("ta21"), time_limit=0.5, workers=2)
    assert result.method.startswith("rules+tabu")


@pytest.mark.parametrize("objective", ["makespan", "weighted tardiness", "max-lateness"])
def test_numbers_too_large_for_a_search_are_no_reason_to_fail(objective) -> None:
    model = hw.Model("far")
    machines = [model.machine(name) for name in "ab"]
    for k, due in enumerate((-(2**43), 2**42)):
        job = model.job(f"job {k}", due=due, weight=10**6)
        first, second = (
            model.task(job).mode({machine: 1}, duration=2 ** (42 - k)) for machine in machines
        )
        first >> second
    model.minimise(Objective.parse(objective))
    result = hw.solve(model, time_limit=0.5, workers=1)
    assert result.schedule is not None
