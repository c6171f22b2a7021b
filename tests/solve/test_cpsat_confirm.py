"""Proofs of the exact solver are confirmed by a second run with other settings."""

import json
from pathlib import Path

import pytest

import headway as hw
from headway.model import verify
from headway.solve import cpsat
from headway.solve.cpsat import run, search
from headway.solve.cpsat.confirm import UNCONFIRMED, second_opinion
from headway.solve.cpsat.encoding import Encoding
from headway.solve.cpsat.search import Answer, Effort, Found, minimise
from headway.solve.result import Budget, Status, Stop

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def misleading():
    """Return a shop and a schedule from which OR-Tools 9.15 claims 903, though 902 is possible."""
    problem = hw.instance("setb4xyz")
    kept = json.loads((DATA / "setb4xyz_903.json").read_text())
    schedule = problem.schedule(kept["start"], kept["mode"])
    assert verify(problem, schedule).ok
    assert schedule.makespan == 903
    return problem, schedule


def proven(problem, start, seed=3_000_009):
    """Return what CP-SAT makes of a good schedule, called as the portfolio calls it."""
    budget = Budget(300.0, 1, 0)
    return cpsat.solve(problem, budget, warm_start=start, proof=True, known_bound=(872,), seed=seed)


def test_a_shop_with_a_known_false_proof_is_solved(misleading):
    result = proven(*misleading)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (902,)


def test_a_false_proof_of_cpsat_itself_is_refuted(misleading, monkeypatch):
    """With the usual conflict resolution OR-Tools 9.15 claims 903; the second run finds 902."""
    real = search._parameters

    def usual(helper, effort):
        parameters = real(helper, effort)
        parameters.use_new_integer_conflict_resolution = False
        return parameters

    monkeypatch.setattr(search, "_parameters", usual)
    result = proven(*misleading)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (902,)


def one_after_another(problem):
    """Return a valid but poor schedule of a job shop: all tasks in a row."""
    duration = problem.modes.duration
    return problem.schedule(duration.cumsum() - duration)


@pytest.mark.parametrize("deterministic_s", [float("inf"), 10.0])
def test_a_false_claim_is_never_told_and_the_search_goes_on(monkeypatch, deterministic_s):
    problem = hw.instance("ft06")
    start = one_after_another(problem)
    lies = []

    def lying(model, objective, effort, **options):
        if lies:
            return minimise(model, objective, effort, **options)
        values = list(model.solution_hint.values)
        value = search.value_of(objective, values)
        lies.append(value)
        options["on_bound"](value)
        return Found(Answer.OPTIMAL, values, value, deterministic_s=10.0)

    monkeypatch.setattr(run, "minimise", lying)
    told = []
    result = cpsat.solve(
        problem,
        Budget(120.0),
        warm_start=start,
        deterministic_s=deterministic_s,
        on_progress=lambda progress: told.append(progress.bound),
    )
    assert lies == [start.makespan]
    assert (start.makespan,) not in told
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (55,)


@pytest.mark.parametrize("method", ["cpsat", "auto"])
def test_the_reason_says_that_a_proof_is_not_confirmed(monkeypatch, method):
    monkeypatch.setattr(run, "second_opinion", lambda *_: Found(Answer.UNKNOWN, None, None))
    result = hw.solve(hw.instance("ft06"), method=method, workers=1, time_limit=120)
    assert result.status is Status.OPTIMAL
    assert UNCONFIRMED in result.reason


def test_a_confirmed_proof_needs_no_words():
    result = hw.solve(hw.instance("ft06"), method="cpsat", workers=1, time_limit=120)
    assert result.status is Status.OPTIMAL
    assert result.reason == ""


@pytest.mark.parametrize(
    ("claimed", "answer"), [(55, Answer.INFEASIBLE), (56, Answer.OPTIMAL), (60, Answer.OPTIMAL)]
)
@pytest.mark.parametrize("proof", [True, False])
def test_a_second_opinion_is_right_and_leaves_the_model_alone(claimed, answer, proof):
    encoding = Encoding(hw.instance("ft06"))
    model = encoding.proto()
    before = str(model)
    claim = Found(Answer.OPTIMAL, None, claimed, deterministic_s=10.0)
    effort = Effort(60.0, relaxation=False, proof=proof)
    total = encoding.levels[0]
    found = second_opinion(model, total, claim, effort, 60.0, Stop())
    assert found.answer is answer
    assert str(model) == before
    if found.values is not None:
        assert search.value_of(total, found.values) < claimed


def test_no_second_opinion_without_time_or_after_a_stop():
    encoding = Encoding(hw.instance("ft06"))
    claim = Found(Answer.OPTIMAL, None, 55)
    stop = Stop()
    for left_s in (0.0, 60.0):
        found = second_opinion(
            encoding.proto(), encoding.levels[0], claim, Effort(60.0), left_s, stop
        )
        assert found.answer is Answer.UNKNOWN
        stop.set()
