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


def crew(search: bool = True, prover: bool = True, special: bool = True) -> Crew:
    return Crew(
        Idle("search") if search else None, Idle("prover") if prover else None, special=special
    )


def threads(stage) -> dict[str, int]:
    return {part.worker.name: part.threads for part in stage.parts}


@pytest.mark.parametrize("problem", [SMALL, LARGE])
@pytest.mark.parametrize(("search", "prover"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 16])
def test_every_thread_is_given_to_somebody(problem, search, prover, count):
    for stage in islice(stages(problem, crew(search, prover), count), 12):
        given = threads(stage)
        assert sum(given.values()) == count
        assert min(given.values()) >= 1


def test_two_threads_search_first_and_then_search_and_prove():
    assert LARGE.n_tasks > LARGEST_PROVABLE
    for problem in (SMALL, LARGE):
        first, second = islice(stages(problem, crew(), 2), 2)
        assert threads(first) == {"search": 2}
        assert threads(second) == {"search": 1, "prover": 1}
        assert first.share < 1
        assert (second.share == 1) == (problem is SMALL)
        assert second.helped
        assert second.persistent == (problem is SMALL)


def test_who_is_dismissed_leaves_the_threads_to_the_other():
    workers = crew()
    plan = stages(LARGE, workers, 4)
    next(plan)
    assert threads(next(plan)) == {"search": 3, "prover": 1}
    workers.dismiss(workers.prover)
    assert threads(next(plan)) == {"search": 4}
    workers.dismiss(workers.search)
    assert list(plan) == []


def test_one_thread_is_shared_in_turns_of_growing_effort():
    workers = crew()
    plan = stages(LARGE, workers, 1)
    turns = [next(plan) for _ in range(6)]
    assert [stage.parts[0].worker.name for stage in turns] == ["search", "prover"] * 3
    efforts = [stage.effort for stage in turns]
    assert efforts == sorted(efforts)
    assert efforts[0] < efforts[-1] < float("inf")
    workers.dismiss(workers.search)
    last = list(islice(plan, 2))
    assert [threads(stage) for stage in last] == [{"prover": 1}, {"prover": 1}]
    assert last[-1].effort == float("inf")


def test_one_thread_without_anybody_else_needs_no_turns():
    stage = next(stages(SMALL, crew(search=False), 1))
    assert threads(stage) == {"prover": 1}
    assert stage.effort == float("inf")
    assert not stage.helped


def test_a_small_problem_that_no_search_knows_goes_to_the_prover_first():
    first, second = islice(stages(SMALL, crew(special=False), 2), 2)
    assert threads(first) == {"prover": 2}
    assert first.share < 1
    assert threads(second) == {"search": 1, "prover": 1}
    first, _ = islice(stages(LARGE, crew(special=False), 2), 2)
    assert threads(first) == {"search": 2}
