"""Small shops that can be seen through by hand: swaps, buffers, outages, batches, setups."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import headway as hw
from headway import _core
from headway.errors import UnsupportedError
from headway.model.tables import ints
from headway.simulate import Expression, Linear
from headway.simulate.shop import (
    RULES,
    ChangeKind,
    Changes,
    OnOutage,
    Outages,
    Realisation,
    ShopWorld,
    run,
    trace_of,
)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
def test_swaps_of_every_length_happen_at_once(length: int) -> None:
    """Job k finishes on machine k at 3 and wants machine k + 1, all around; all move at 3."""
    problem = hw.job_shop([[k, (k + 1) % length] for k in range(length)], [[3, 2]] * length)
    trace = run(Realisation.of(problem, buffer=0), "FIFO")
    assert trace.schedule.makespan == 5


def test_a_long_circle_needs_little_room_on_the_stack() -> None:
    n = 4000
    problem = hw.job_shop([[k, (k + 1) % n] for k in range(n)], [[3, 2]] * n)
    world = ShopWorld(Realisation.of(problem, buffer=0), per_machine=True)
    before = threading.stack_size(256 * 1024)
    player = threading.Thread(target=world.play, args=(RULES.find("FIFO"),))
    player.start()
    threading.stack_size(before)
    player.join()
    assert set(world.outcome.completion.tolist()) == {5}


def test_a_swap_goes_through_a_machine_freed_in_the_same_instant() -> None:
    """Job 2 leaves the shop from machine 1 at 3; jobs 0 and 1 follow through it at once."""
    problem = hw.job_shop([[0, 1], [2, 0], [1]], [[3, 2], [3, 2], [3]])
    trace = run(Realisation.of(problem, buffer=0), "FIFO")
    assert trace.schedule.makespan == 5


def test_stations_with_full_buffers_change_places() -> None:
    """Two machines with room for one more each; four jobs that all want the other side."""
    problem = hw.job_shop([[0, 1], [0, 1], [1, 0], [1, 0]], [[2, 5], [2, 5], [2, 5], [2, 5]])
    trace = run(Realisation.of(problem, buffer=1), "LWKR")
    assert trace.measures["jobs"] == 4
    assert trace.schedule.makespan == 14


def test_a_machine_that_is_down_takes_no_part_in_a_swap() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [3, 2]])
    outages = Outages(ints([0, 1, 1]), ints([2]), ints([9]), ints([0, 0]))
    trace = run(Realisation.of(problem, buffer=0, outages=outages), "FIFO")
    assert trace.schedule.makespan == 12  # job 0 ends its first operation at 10


@pytest.mark.parametrize(
    ("effect", "makespan", "attempts"),
    [(OnOutage.RESUME, 14, 3), (OnOutage.RESTART, 18, 4), (OnOutage.SCRAP, 18, 5)],
)
def test_work_is_resumed_restarted_or_scrapped(
    effect: OnOutage, makespan: int, attempts: int
) -> None:
    """Two ticks on machine 1, then seven on machine 0, of which four are done when it fails.

    The outage lasts from 6 to 9; then three or seven ticks remain, and two for the last operation.
    A scrapped job has its two ticks on machine 1 again meanwhile.
    """
    problem = hw.job_shop([[1, 0, 1]], [[2, 7, 2]])
    outages = Outages(ints([0, 1, 1]), ints([6]), ints([9]), ints([effect, 0]))
    trace = run(Realisation.of(problem, outages=outages), "FIFO")
    assert trace.schedule.makespan == makespan
    assert trace.problem.n_tasks == attempts


def test_a_pause_prolongs_the_work_and_shows_only_as_it_passes() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[4, 1], [2, 5]])
    world = ShopWorld(Realisation.of(problem, pause=[3, 0, 0, 0], buffer=0))
    world.play(RULES.find("FIFO"))
    assert world.outcome.completion.tolist() == [8, 12]


def test_a_batch_starts_together_and_takes_as_long_as_its_longest_part() -> None:
    m = hw.Model()
    oven = m.machine("oven")
    for name, family, ticks in (("a", "x", 3), ("b", "x", 5), ("c", "y", 2), ("d", "x", 4)):
        m.task(m.job(name), "bake", family=family).mode({oven: 1}, duration=ticks)
    m.setup_times(oven, {(a, b): 0 for a in (None, "x", "y") for b in "xy"})
    world = ShopWorld(Realisation.of(m.problem(), batch=2))
    world.play(RULES.find("SPT"))
    # c alone, for nobody shares its family; then a with d; then b.
    assert world.outcome.completion.tolist() == [6, 11, 2, 6]
    trace_of(world, "SPT")


def test_setups_and_transfers_delay_the_start() -> None:
    m = hw.Model()
    saw, drill = m.machine("saw"), m.machine("drill")
    job = m.job("a")
    first = m.task(job, "saw", family="x").mode({saw: 1}, duration=3)
    second = m.task(job, "drill", family="x").mode({drill: 1}, duration=2)
    m.end_before_start(first, second, transfer=True)
    m.transfer_time(saw, drill, 4)
    m.setup_times(drill, {(None, "x"): 5})
    problem = m.problem()
    stored = run(Realisation.of(problem), "FIFO")
    assert stored.schedule.makespan == 3 + 4 + 5 + 2  # set up once the job is there
    bare = run(Realisation.of(problem, buffer=0), "FIFO")
    assert bare.schedule.makespan == 3 + 5 + 2  # set up while the job is on its way


def test_a_job_whose_next_machine_is_ruled_out_waits_beside_its_machine() -> None:
    """Machine 1 is closed to job 0 until 50; meanwhile job 1 has machine 0."""
    problem = hw.job_shop([[0, 1], [0]], [[3, 2], [3]])
    changes = Changes(ints([50]), ints([int(ChangeKind.OPEN)]), ints([1]), ints([0]))
    drawn = Realisation.of(problem, changes=changes, is_open=[True, False, True])
    assert run(drawn, "FIFO").schedule.completion.tolist() == [52, 6]


@pytest.mark.parametrize(("buffer", "completion"), [(1, [10, 15]), (hw.FOREVER, [10, -1])])
def test_a_machine_that_is_ruled_out_takes_what_stands_in_front_of_it(
    buffer: int, completion: list[int]
) -> None:
    """Job 1 waits for machine 1 from 2 on, in its buffer or beside it; ruled out at 5."""
    problem = hw.job_shop([[0, 1], [0, 1]], [[1, 9], [1, 5]])
    changes = Changes(ints([5]), ints([int(ChangeKind.CLOSE)]), ints([3]), ints([0]))
    world = ShopWorld(Realisation.of(problem, changes=changes, buffer=[hw.FOREVER, buffer]))
    world.play(RULES.find("FIFO"))
    assert world.outcome.completion.tolist() == completion


@pytest.mark.parametrize(
    ("news", "makespan"),
    [
        ([], 18),
        ([(4, ChangeKind.DURATION, 3)], 14),
        ([(1, ChangeKind.DURATION, 5), (4, ChangeKind.DURATION, 3)], 14),
        ([(4, ChangeKind.CLOSE, 0), (20, ChangeKind.OPEN, 0)], 29),
        ([(4, ChangeKind.CLOSE, 0), (5, ChangeKind.OPEN, 0)], 18),
    ],
)
def test_news_of_work_in_process_holds_once_it_is_lost(
    news: list[tuple[int, ChangeKind, int]], makespan: int
) -> None:
    """The second operation begins at 2 and is scrapped at 6; it can begin again from 9 on."""
    problem = hw.job_shop([[1, 0, 1]], [[2, 7, 2]])
    outages = Outages(ints([0, 1, 1]), ints([6]), ints([9]), ints([OnOutage.SCRAP, 0]))
    time, kind, value = zip(*news, strict=True) if news else ([], [], [])
    changes = Changes(ints(time), ints(list(map(int, kind))), ints([1] * len(news)), ints(value))
    trace = run(Realisation.of(problem, outages=outages, changes=changes), "FIFO")
    assert trace.schedule.makespan == makespan


def test_a_job_that_is_done_was_due_when_it_was_due() -> None:
    problem = hw.job_shop([[0]], [[5]], due=[9], objective=hw.total_tardiness())
    changes = Changes(ints([99]), ints([int(ChangeKind.DUE)]), ints([0]), ints([1]))
    trace = run(Realisation.of(problem, changes=changes), "FIFO")
    assert trace.measures["mean tardiness"] == 0
    assert trace.schedule.objective == 0


def test_jobs_outside_are_held_back_unless_the_shop_would_stall() -> None:
    never = Linear("never", (Expression(1.0),), np.array([-1.0]), waits=True)
    problem = hw.job_shop([[0, 1], [0, 1]], [[3, 2], [3, 2]])
    world = ShopWorld(Realisation.of(problem))
    world.play(never)
    # The second job begins when the first has left the shop.
    assert world.outcome.completion.tolist() == [5, 10]


def test_the_view_may_not_be_decided_against_its_rules() -> None:
    world = ShopWorld(Realisation.of(hw.job_shop([[0, 1], [1, 0]], [[3, 2], [3, 2]])))
    with pytest.raises(ValueError, match="nothing is to be decided"):
        world.apply(0)
    decision = world.decision()
    assert decision is not None
    assert decision.may_wait
    with pytest.raises(IndexError, match="no candidate 2"):
        world.apply(2)
    world.apply(0)
    world.apply(0) if world.decision() else None
    inside = world.decision()
    assert inside is not None
    assert not inside.may_wait
    with pytest.raises(ValueError, match="only jobs outside"):
        world.apply(None)


def test_a_decision_that_has_been_taken_shows_nothing_more() -> None:
    world = ShopWorld(Realisation.of(hw.instance("ft06")))
    first = world.decision()
    assert first is not None
    seen = first.columns["p"]
    for _ in range(2):  # with nothing to decide, and when the next one is due
        world.apply(0)
        with pytest.raises(ValueError, match="has been taken"):
            first.columns["tail"]
        assert world.decision() is not None
        with pytest.raises(ValueError, match="has been taken"):
            first.columns["tail"]
    assert first.columns["p"] is seen


def test_problems_that_are_no_shops_are_refused() -> None:
    m = hw.Model()
    job, saw = m.job("a"), m.machine("saw")
    m.task(job, "x").mode({saw: 1}, duration=1)
    m.task(job, "y").mode({saw: 1}, duration=1)
    with pytest.raises(UnsupportedError, match="'a/x' and 'a/y' are not linked as in a chain"):
        ShopWorld(Realisation.of(m.problem()))
    m = hw.Model()
    m.task(m.job("a"), "x").mode({m.renewable("crew", capacity=1): 1}, duration=1)
    with pytest.raises(UnsupportedError, match="exactly one machine"):
        ShopWorld(Realisation.of(m.problem()))


def test_a_run_can_be_stopped_and_looked_at_halfway() -> None:
    world = ShopWorld(Realisation.of(hw.instance("ft06")))
    world.play(RULES.find("SPT"), until=20)
    assert world.now <= 20
    assert len(trace_of(world, "SPT").schedule.start) < 36
    stop = _core.StopFlag()
    stop.set()
    many = ShopWorld(Realisation.of(hw.instance("ta01")))
    assert many.play(RULES.find("SPT"), stop=stop) or many.n_decisions >= 225
    assert not ShopWorld(Realisation.of(hw.instance("ta21"))).play(RULES.find("SPT"), stop=stop)
