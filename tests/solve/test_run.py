"""The door to all solvers keeps its promises whatever the solver behind it does."""

import signal
import threading
import time
from concurrent.futures import Future

import pytest

import headway as hw
from headway.solve import Budget, Progress, Result, Status, Stop

SHOP = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
GOOD = SHOP.schedule([0, 3, 0, 3])
SLOW = SHOP.schedule([0, 9, 0, 13])
BROKEN = SHOP.schedule([0, 3, 0, 1])


def answer(schedule=None, status=Status.FEASIBLE, bound=None, events=(), **kwargs):
    """Return a solver that reports the given events and answers at once."""

    def solver(problem, budget, *, warm_start, seed, on_progress, stop):
        for event in events:
            on_progress(event)
        return Result(problem, schedule, status, bound, (), "fake", "", 0.0, seed=seed, **kwargs)

    return solver


def found(schedule, bound=None) -> Progress:
    return Progress(99.0, schedule.objective_values, bound, "fake", schedule)


def test_a_valid_schedule_comes_back_verified() -> None:
    result = hw.solve(SHOP, method=answer(GOOD))
    assert result.verified
    assert result.objective == (7,)
    assert result.status is Status.FEASIBLE


def test_an_invalid_schedule_is_an_error_of_ours() -> None:
    with pytest.raises(hw.VerificationError, match="fake"):
        hw.solve(SHOP, method=answer(BROKEN))


def test_an_invalid_improvement_is_an_error_of_ours() -> None:
    with pytest.raises(hw.VerificationError):
        hw.solve(SHOP, method=answer(GOOD, events=[found(BROKEN)]))


def test_a_bound_that_is_beaten_is_an_error_of_ours() -> None:
    with pytest.raises(hw.VerificationError, match="bound"):
        hw.solve(SHOP, method=answer(GOOD, status=Status.OPTIMAL, bound=(8,)))


def test_optimal_is_not_believed_without_a_bound() -> None:
    for bound in (None, (6,)):
        with pytest.raises(hw.VerificationError, match="optimal"):
            hw.solve(SHOP, method=answer(GOOD, status=Status.OPTIMAL, bound=bound))
    within = hw.solve(SHOP, method=answer(GOOD, status=Status.OPTIMAL, bound=(6,)), gap=0.2)
    assert within.status is Status.OPTIMAL


def test_notebooks_show_words_and_a_picture() -> None:
    result = hw.solve(SHOP, method=answer(GOOD))
    assert "data:image/png" in result._repr_html_()
    assert "makespan = 7" in repr(result)


def test_infeasible_is_not_believed_when_a_schedule_is_known() -> None:
    with pytest.raises(hw.VerificationError, match="infeasible"):
        hw.solve(SHOP, method=answer(None, status=Status.INFEASIBLE), warm_start=GOOD)


def test_the_result_is_never_worse_than_the_warm_start() -> None:
    result = hw.solve(SHOP, method=answer(SLOW), warm_start=GOOD)
    assert result.objective == (7,)


def test_the_result_is_never_worse_than_an_improvement_on_the_way() -> None:
    result = hw.solve(SHOP, method=answer(SLOW, events=[found(GOOD)]))
    assert result.objective == (7,)
    assert [event.objective for event in result.trajectory] == [(7,)]
    assert result.trajectory[0].time_s < 50, "stamped by our own clock"


def test_what_is_known_is_never_taken_back() -> None:
    """The second method starts without a bound and from a worse schedule."""
    events = [
        found(GOOD, bound=(5,)),
        found(SLOW),
        found(GOOD, bound=(4,)),
        found(GOOD, bound=(6,)),
    ]
    result = hw.solve(SHOP, method=answer(GOOD, bound=(6,), events=events))
    assert [(e.objective, e.bound) for e in result.trajectory] == [((7,), (5,)), ((7,), (6,))]


def test_an_invalid_warm_start_is_refused() -> None:
    with pytest.raises(hw.ConfigError, match="warm_start"):
        hw.solve(SHOP, method=answer(GOOD), warm_start=BROKEN)
    other = hw.job_shop([[0]], [[1]]).schedule([0])
    with pytest.raises(hw.ConfigError, match="not of this problem"):
        hw.solve(SHOP, method=answer(GOOD), warm_start=other)


def test_an_exception_in_the_listener_is_raised() -> None:
    def listener(_: Progress) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        hw.solve(SHOP, method=answer(GOOD, events=[found(GOOD)]), on_improvement=listener)


def test_a_listener_that_failed_is_not_called_again() -> None:
    calls = []

    def listener(event: Progress) -> None:
        calls.append(event)
        raise KeyError("mine")

    events = [found(SLOW), found(GOOD)]
    with pytest.raises(KeyError, match="mine"):
        hw.solve(SHOP, method=answer(GOOD, events=events), on_improvement=listener)
    assert len(calls) == 1


def test_a_bound_reported_on_the_way_is_not_forgotten() -> None:
    result = hw.solve(SHOP, method=answer(GOOD, events=[found(GOOD, bound=(6,))]))
    assert result.bound == (6,)
    with pytest.raises(hw.VerificationError, match="bound"):
        hw.solve(SHOP, method=answer(GOOD, events=[found(SLOW, bound=(8,))]))


@pytest.mark.parametrize("what", ["ft06", None, 6])
def test_what_is_no_problem_is_refused(what: object) -> None:
    with pytest.raises(hw.ConfigError, match="instance"):
        hw.solve(what)  # type: ignore[arg-type]


def test_ctrl_c_at_the_very_end_does_not_lose_the_answer(monkeypatch) -> None:
    """The interrupt arrives when the solver has just returned."""
    wait, interrupts = Future.result, [KeyboardInterrupt()]

    def result(future: Future, timeout: float | None = None) -> object:
        value = wait(future, timeout)
        if interrupts:
            raise interrupts.pop()
        return value

    monkeypatch.setattr(Future, "result", result)
    assert hw.solve(SHOP, method=answer(GOOD)).objective == (7,)


def test_an_exception_in_the_solver_is_raised() -> None:
    def solver(*_: object, **__: object) -> Result:
        raise hw.UnsupportedError("not that")

    with pytest.raises(hw.UnsupportedError, match="not that"):
        hw.solve(SHOP, method=solver)


@pytest.mark.parametrize(
    "options",
    [
        {"time_limit": 0},
        {"time_limit": float("nan")},
        {"time_limit": "soon"},
        {"time_limit": None},
        {"workers": -1},
        {"workers": 0},
        {"workers": 513},
        {"workers": 100_000},
        {"workers": 2.0},
        {"workers": "many"},
        {"seed": -1},
        {"seed": 0.5},
        {"seed": "lucky"},
        {"method": None},
        {"on_improvement": 3},
        {"warm_start": "plan.json"},
        {"gap": -0.1},
        {"gap": float("nan")},
    ],
)
def test_options_out_of_range_are_refused(options: dict) -> None:
    with pytest.raises(hw.ConfigError, match=next(iter(options))):
        hw.solve(SHOP, **{"method": answer(GOOD), **options})


def test_an_unknown_method_is_answered_with_those_there_are() -> None:
    with pytest.raises(hw.UnknownNameError, match="cpsat"):
        hw.solve(SHOP, method="cpsatt")
    assert {"auto", "cpsat", "rules"} <= set(hw.solvers())


def test_ctrl_c_returns_the_best_so_far() -> None:
    ready = threading.Event()

    def patient(problem, budget: Budget, *, warm_start, seed, on_progress, stop: Stop) -> Result:
        on_progress(found(GOOD))
        ready.set()
        assert stop.wait(30), "the stop flag must be set"
        return Result(problem, None, Status.UNKNOWN, None, (), "patient", "", 0.0)

    def interrupt() -> None:
        ready.wait(30)
        time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    sender = threading.Thread(target=interrupt)
    sender.start()
    result = hw.solve(SHOP, method=patient)
    sender.join()
    assert result.objective == (7,)
    assert "interrupted" in result.reason


def test_a_model_is_frozen_on_the_way_in() -> None:
    model = hw.Model("tiny")
    model.task().mode(duration=3)
    assert hw.solve(model, method="rules").objective == (3,)


def test_raise_for_status_names_the_conflict() -> None:
    result = hw.solve(
        SHOP, method=answer(None, status=Status.INFEASIBLE, conflict=("oven is broken",))
    )
    with pytest.raises(hw.InfeasibleError, match="oven is broken"):
        result.raise_for_status()


def test_optimal_within_a_gap_says_which_gap_is_left() -> None:
    method = answer(GOOD, status=Status.OPTIMAL, bound=(6,))
    assert "bound 6 (gap 14.29%)" in str(hw.solve(SHOP, method=method, gap=0.5))
    method = answer(GOOD, status=Status.OPTIMAL, bound=(7,))
    assert "bound" not in str(hw.solve(SHOP, method=method, gap=0.5))


def test_results_read_well() -> None:
    text = str(hw.solve(SHOP, method=answer(GOOD, bound=(6,))))
    assert "makespan = 7" in text
    assert "bound 6" in text
    assert "14.29%" in text
    assert "verified" in text
