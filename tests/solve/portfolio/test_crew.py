"""The crew works from the board and heeds what others put there."""

import threading
import time

import pytest

import headway as hw
from headway.solve import Stop, tabu
from headway.solve.portfolio import Board, crew
from headway.solve.portfolio.crew import CpsatWorker, RulesWorker, SearchWorker, Stint


def board(name: str) -> Board:
    return Board(hw.instance(name), 0.0, lambda _: None, Stop())


def test_rules_give_a_first_schedule_and_a_bound():
    known = board("la16")
    assert not RulesWorker().work(known, Stint(1, 5.0, 0), Stop())
    assert known.best is not None
    assert known.bound == (875,)


def test_a_search_starts_from_the_board_and_ends_at_its_bound():
    known = board("la16")
    best = hw.solve(known.problem, time_limit=60, workers=1).schedule
    known.offer(best, "somebody")
    known.raise_bound((945,), "somebody")
    worker = SearchWorker(known, tabu.solve, 0.0)
    began = time.perf_counter()
    assert worker.work(known, Stint(1, 600.0, 0), Stop())
    assert time.perf_counter() - began < 60


def test_a_bound_found_elsewhere_ends_a_running_search():
    known = board("la16")
    worker = SearchWorker(known, tabu.solve, 0.0)
    timer = threading.Timer(0.2, known.raise_bound, [(945,), "somebody"])
    timer.start()
    assert worker.work(known, Stint(1, 600.0, 0), Stop())
    assert known.settled
    assert known.best.objective_values == (945,)


def test_effort_counts_moves_and_not_seconds():
    values = []
    for _ in range(2):
        known = board("ta11")
        worker = SearchWorker(known, tabu.solve, 0.0)
        worker.work(known, Stint(1, 600.0, 3, effort=0.1), Stop())
        worker.work(known, Stint(1, 600.0, 4, effort=0.1), Stop())
        values.append(known.best.start.tobytes())
    assert values[0] == values[1]


def test_cpsat_starts_again_from_a_better_schedule(monkeypatch):
    monkeypatch.setattr(crew, "_LISTEN_AFTER_S", 0.1)
    known = board("ta11")
    RulesWorker().work(known, Stint(1, 5.0, 0), Stop())
    good = tabu.TabuSearch(known.problem).run(moves=200_000).schedule
    starts = []
    stop = Stop()
    from headway.solve import cpsat

    real = cpsat.solve

    def noting(problem, budget, **options):
        starts.append(options["warm_start"])
        if len(starts) > 1:
            stop.set()
        else:
            threading.Timer(0.5, known.offer, [good, "somebody"]).start()
        return real(problem, budget, **options)

    monkeypatch.setattr(cpsat, "solve", noting)
    CpsatWorker(0.0).work(known, Stint(1, 120.0, 0, helped=True), stop)
    assert len(starts) == 2
    assert starts[1] is good or starts[1].objective_values < good.objective_values


def test_a_prover_gives_up_where_its_bound_stands_still(monkeypatch):
    monkeypatch.setattr(crew, "_GIVE_UP_AFTER_S", 1.0)
    known = board("ta41")
    RulesWorker().work(known, Stint(1, 5.0, 0), Stop())
    known.raise_bound((1800,), "somebody")  # far beyond what a second of CP-SAT proves
    began = time.perf_counter()
    assert not CpsatWorker(0.0).work(known, Stint(1, 5.0, 0, helped=True), Stop())
    assert time.perf_counter() - began < 60


@pytest.mark.parametrize("persistent", [True, False])
def test_a_proof_ends_the_work(persistent):
    known = board("ft06")
    stint = Stint(1, 60.0, 0, helped=True, persistent=persistent)
    CpsatWorker(0.0).work(known, stint, Stop())
    assert known.settled
    assert known.bound == (55,)
