"""A search begins and ends its threads, whatever the system makes of them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import headway as hw
from headway.solve import Stop, search


class Waiting:
    """A core that finds nothing until it is stopped."""

    def __init__(self) -> None:
        self.begun = 0

    def run(self, seed, iterations, stop, on_improvement) -> int:
        self.begun += 1
        while not stop.is_set():
            time.sleep(0.01)
        return 1

    def raise_goal(self, goal) -> None:
        pass


class Fruitless(search.Search):
    """A search that needs no schedules."""

    def offer(self, schedule) -> None:
        pass

    def _flag(self) -> search.Halt:
        return search.Halt()

    def _decode(self, *arrays):
        raise AssertionError("nothing was found")


def fruitless() -> tuple[Fruitless, Waiting]:
    core = Waiting()
    return Fruitless(hw.Model("nothing").problem(), core), core


def test_no_threads_begin_when_the_time_is_up(monkeypatch):
    submit = ThreadPoolExecutor.submit

    def slowly(pool, *args):
        time.sleep(0.1)
        return submit(pool, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", slowly)
    found, core = fruitless()
    assert found.run(workers=512, time_limit_s=0.25).schedule is None
    assert 1 <= core.begun < 10
    stop = Stop()
    stop.set()
    found, core = fruitless()
    found.run(workers=512, stop=stop)
    assert core.begun == 1


def test_a_thread_that_cannot_begin_ends_the_others(monkeypatch):
    submit = ThreadPoolExecutor.submit
    begun = []

    def scarce(pool, *args):
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(args)
        return submit(pool, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", scarce)
    with pytest.raises(RuntimeError, match="can't start"):
        fruitless()[0].run(workers=3)
