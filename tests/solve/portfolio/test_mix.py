"""The mix gives every thread to somebody, and everybody a turn."""

from itertools import islice

import pytest

import headway as hw
from headway.solve.portfolio.mix import LARGEST_PROVABLE, Crew, stages


class Idle:
    """Somebody who does nothing."""

    def __init__(self, name: str) -> None:
        self.name = self.title = name

    def work(self, board, stint, stop) -> bool:
        return True


SMALL = hw.instance("ft06")
LARGE = hw.instance("ta21")


def crew(searches: int, prover: bool = True, special: bool = True) -> Crew:
    workers = [Idle(f"search {k}") for k in range(searches)]
    return Crew(workers, Idle("prover") if prover else None, special)


def threads(stage) -> dict[str, int]:
    return {part.worker.name: part.threads for part in stage.parts}


@pytest.mark.parametrize("problem", [SMALL, LARGE])
@pytest.mark.parametrize("searches", [0, 1, 2, 3])
@pytest.mark.parametrize("prover", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 16])
def test_every_thread_is_given_to_somebody(problem, searches, prover, count):
    if not searches and not prover:
        return
    for stage in islice(stages(problem, crew(searches, prover), count), 12):
        given = threads(stage)
        assert sum(given.values()) == count
        assert min(given.values()) >= 1


def test_two_threads_search_first_and_then_search_and_prove():
    assert LARGE.n_tasks > LARGEST_PROVABLE
    for problem in (SMALL, LARGE):
        first, second = islice(stages(problem, crew(1), 2), 2)
        assert threads(first) == {"search 0": 2}
        assert threads(second) == {"search 0": 1, "prover": 1}
        assert first.share < 1
        assert (second.share == 1) == (problem is SMALL)
        assert second.helped
        assert second.persistent == (problem is SMALL)


def test_those_who_are_dismissed_leave_their_threads_to_the_others():
    workers = crew(1)
    plan = stages(LARGE, workers, 4)
    next(plan)
    assert threads(next(plan)) == {"search 0": 3, "prover": 1}
    workers.dismiss(workers.prover)
    assert threads(next(plan)) == {"search 0": 4}
    workers.dismiss(workers.improvers[0])
    assert list(plan) == []


def test_one_thread_is_shared_in_turns_of_growing_effort():
    plan = list(islice(stages(LARGE, crew(2), 1), 6))
    assert [stage.parts[0].worker.name for stage in plan] == ["search 0", "search 1", "prover"] * 2
    efforts = [stage.effort for stage in plan]
    assert efforts == sorted(efforts)
    assert efforts[0] < efforts[-1] < float("inf")


def test_one_thread_without_anybody_else_needs_no_turns():
    (stage,) = islice(stages(SMALL, crew(0), 1), 1)
    assert threads(stage) == {"prover": 1}
    assert stage.effort == float("inf")
    assert not stage.helped


def test_a_small_problem_that_no_search_knows_goes_to_the_prover_first():
    first, second = islice(stages(SMALL, crew(1, special=False), 2), 2)
    assert threads(first) == {"prover": 2}
    assert first.share < 1
    assert threads(second) == {"search 0": 1, "prover": 1}
    first, _ = islice(stages(LARGE, crew(1, special=False), 2), 2)
    assert threads(first) == {"search 0": 2}
