"""The board keeps the best of everything and tells everybody."""

import threading

import headway as hw
from headway.solve import Progress, Stop
from headway.solve.portfolio import Board

SHOP = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
GOOD = SHOP.schedule([0, 3, 0, 3])
SLOW = SHOP.schedule([0, 9, 0, 13])


def board(gap: float = 0.0, problem: hw.Problem = SHOP) -> tuple[Board, list[Progress]]:
    seen: list[Progress] = []
    return Board(problem, gap, seen.append, Stop()), seen


def test_only_better_schedules_are_taken():
    known, seen = board()
    assert known.offer(SLOW, "a")
    assert known.offer(GOOD, "b")
    assert not known.offer(SLOW, "c")
    assert not known.offer(GOOD, "d")
    assert (known.best, known.author) == (GOOD, "b")
    assert [(p.objective, p.method) for p in seen] == [((17,), "a"), ((7,), "b")]


def test_only_better_bounds_are_taken_and_longer_ones_are_better():
    known, seen = board()
    for bound in ((5,), (4,), (5, 1), (5,)):
        known.raise_bound(bound, "a")
    assert known.bound == (5, 1)
    assert [p.bound for p in seen] == [(5,), (5, 1)]


def test_it_is_settled_once_value_and_bound_are_within_the_gap():
    exact, _ = board()
    exact.offer(GOOD, "a")
    exact.raise_bound((6,), "a")
    assert not exact.settled
    exact.raise_bound((7,), "a")
    assert exact.settled
    loose, _ = board(gap=0.2)
    loose.offer(GOOD, "a")
    loose.raise_bound((6,), "a")
    assert loose.settled
    assert loose.over


def test_a_proof_of_infeasibility_and_a_stop_end_it_too():
    known, _ = board()
    assert not known.over
    known.close()
    assert known.settled
    other, _ = board()
    other.stop.set()
    assert other.over
    assert not other.settled


def test_what_ends_after_the_horizon_is_not_taken():
    model = hw.Model("short", horizon=10)
    machine = model.machine("m")
    model.task().mode({machine: 1}, duration=4)
    problem = model.problem()
    known, seen = board(problem=problem)
    assert not known.offer(problem.schedule([7]), "a")
    assert known.offer(problem.schedule([6]), "a")
    assert len(seen) == 1


def test_everybody_is_told_who_found_what():
    known, _ = board()
    heard = []
    known.listen(lambda author, schedule: heard.append((author, schedule)))
    known.offer(GOOD, "a")
    known.raise_bound((3,), "b")
    known.hear(Progress(0.0, (17,), (4,), "c", SLOW))
    known.suggest(SLOW, "d")
    assert heard == [("a", GOOD), ("b", None), ("c", None), ("d", SLOW)]
    assert known.best is GOOD


def test_many_threads_leave_the_best_and_a_trajectory_that_only_improves():
    known, _ = board()
    schedules = [SHOP.schedule([0, 3 + k, 0, 3]) for k in range(40)]

    def offer(start: int) -> None:
        for k in range(start, 40, 4):
            known.offer(schedules[39 - k], str(start))

    threads = [threading.Thread(target=offer, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known.best.objective_values == (7,)
    values = [p.objective for p in known.trajectory]
    assert values == sorted(set(values), reverse=True)


def test_a_bound_that_a_known_schedule_refutes_is_not_taken():
    known, seen = board()
    known.offer(GOOD, "a")
    assert not known.raise_bound((8,), "b")
    assert known.bound is None
    assert not known.settled
    assert len(seen) == 1
    assert known.raise_bound((7,), "b")


def test_a_better_schedule_refutes_a_bound():
    known, seen = board()
    known.offer(SLOW, "a")
    known.raise_bound((8,), "b")
    known.offer(GOOD, "a")
    assert known.bound is None
    assert not known.settled
    assert seen[-1].bound is None
