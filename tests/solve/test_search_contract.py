"""What every search keeps, whatever it searches."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache

import pytest

import headway as hw
from headway.errors import UnsupportedError
from headway.model import FOREVER, Model, Problem, Schedule, verify
from headway.solve.result import Budget, Progress, Result, Status, Stop, relative_gap
from headway.solve.search import Found, Search
from headway.solve.searcher import Searcher
from tests.solve.samples import SAMPLES, SEARCHERS, SOLVED, Sample

EVERY = pytest.mark.parametrize("sample", SAMPLES, ids=str)

LOOK = 128
"""Moves between two looks at the clock, at most."""

RESUMING = pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s.method not in ("flow", "hybrid")], ids=str
)
"""Searches that begin with an offer, as it is. The others take no more than an order of jobs from
it: `flow` builds one of its own before, `hybrid` may place the jobs otherwise."""


@dataclass
class Run:
    """A run of a search, and the values and schedules that its core announced."""

    search: Search
    announced: list[tuple[object, Schedule]] = field(default_factory=list)
    found: Found = field(init=False)

    @property
    def best(self) -> Schedule:
        assert self.found.schedule is not None
        return self.found.schedule


def listen(sample: Sample, **options) -> Run:
    """Run a search, and note what its core announces."""
    run = Run(sample.searcher.search(sample.problem))
    take = run.search._take

    def note(value, *arrays) -> None:
        run.announced.append((value, run.search._decode(*arrays)))
        take(value, *arrays)

    run.search._take = note
    run.found = run.search.run(**options)
    return run


@cache
def usual(sample: Sample) -> Run:
    """A run of a few moves with one worker."""
    return listen(sample, moves=sample.moves, seed=1)


def solve(searcher: Searcher, problem: Problem, **options) -> tuple[Result, list[Progress]]:
    """Call a searcher as `headway.solve` does, without a limit on time."""
    seen: list[Progress] = []
    result = searcher(
        problem,
        Budget(math.inf, workers=1, gap=options.pop("gap", 0.0)),
        warm_start=options.pop("warm_start", None),
        seed=1,
        on_progress=seen.append,
        stop=options.pop("stop", Stop()),
        **options,
    )
    return result, seen


def already() -> Stop:
    stop = Stop()
    stop.set()
    return stop


def test_every_search_that_has_a_name_is_held_to_the_contract():
    assert {sample.method for sample in SAMPLES} == set(SOLVED) == set(SEARCHERS)


@cache
def unfit(what: str) -> Problem:
    """A problem with something that keeps searches away."""
    model = Model("unfit")
    job = model.job("chair", deadline=9 if what == "latest time" else None)
    if what != "no task":
        task = model.task(job, "cut", optional=what == "optional")
        task.mode({model.machine("saw"): 1}, duration=3)
    problem = model.problem()
    if what == "no objective":
        return hw.Problem(
            jobs=problem.jobs,
            resources=problem.resources,
            tasks=problem.tasks,
            modes=problem.modes,
            objective=hw.Objective(),
        )
    return problem


@pytest.mark.parametrize("what", ["no task", "no objective", "optional", "latest time"])
@pytest.mark.parametrize("method", SEARCHERS)
def test_what_keeps_a_search_away_is_half_a_sentence(method, what):
    """It follows "because", and stands in every refusal."""
    searcher, problem = SEARCHERS[method], unfit(what)
    reason = searcher.obstacle(problem)
    if method == "lns" and what in ("optional", "latest time"):
        assert reason is None
        return
    assert re.fullmatch(r"['0-9a-z].*[^.\s]", reason)
    with pytest.raises(UnsupportedError, match=f"{method!r} .*because {re.escape(reason)};"):
        solve(searcher, problem)
    with pytest.raises(UnsupportedError, match=f"because {re.escape(reason)}"):
        searcher.search(problem)


@EVERY
def test_schedules_are_valid_and_worth_what_is_announced(sample):
    run = usual(sample)
    assert sample.searcher.applies(sample.problem)
    assert run.announced
    for value, schedule in run.announced:
        assert verify(sample.problem, schedule).ok
        assert schedule.objective_values == (value if isinstance(value, tuple) else (value,))
    values = [schedule.objective_values for _, schedule in run.announced]
    assert values == sorted(set(values), reverse=True)
    assert run.best.objective_values == values[-1]


@EVERY
def test_one_worker_does_the_same_for_the_same_seed_and_number_of_moves(sample):
    run, again = usual(sample), listen(sample, moves=sample.moves, seed=1)
    assert again.announced == run.announced
    assert again.found.moves == run.found.moves
    assert again.best == run.best


@EVERY
def test_other_seeds_take_other_ways(sample):
    ways = [listen(sample, moves=sample.moves, seed=seed).announced for seed in (2, 3)]
    assert usual(sample).announced != ways[0] or ways[0] != ways[1]


@EVERY
def test_a_limit_on_moves_is_kept(sample):
    assert sample.moves <= usual(sample).found.moves <= sample.moves + LOOK
    assert sample.searcher.search(sample.problem).run(moves=1).moves <= LOOK


@EVERY
def test_several_workers_find_valid_schedules_too(sample):
    announced = usual(sample).announced
    goal = announced[len(announced) // 2][1].objective_values[0]
    run = listen(sample, workers=2, goal=goal, time_limit_s=60)
    assert all(verify(sample.problem, schedule).ok for _, schedule in run.announced)
    assert run.best.objective_values == min(s.objective_values for _, s in run.announced)
    assert run.best.objective_values[0] <= goal


@EVERY
def test_a_goal_ends_a_search(sample):
    goal = usual(sample).best.objective_values[0]
    search = sample.searcher.search(sample.problem)
    assert search.run(seed=1, goal=goal).schedule.objective_values[0] <= goal


@EVERY
def test_the_largest_goal_counts_while_a_search_runs(sample):
    search = sample.searcher.search(sample.problem)

    def content(_: Schedule) -> None:
        search.raise_goal(FOREVER)
        search.raise_goal(-FOREVER)

    assert search.run(workers=2, on_improvement=content).schedule is not None


@EVERY
def test_a_stop_ends_a_search_with_the_best_so_far(sample):
    stop, told = Stop(), []

    def enough(schedule: Schedule) -> None:
        told.append(schedule)
        stop.set()

    search = sample.searcher.search(sample.problem)
    found = search.run(workers=2, stop=stop, on_improvement=enough).schedule
    assert verify(sample.problem, found).ok
    assert found.objective_values == told[-1].objective_values
    ended = sample.searcher.search(sample.problem).run(stop=already()).schedule
    assert ended is None or verify(sample.problem, ended).ok


@EVERY
def test_a_listener_that_fails_stops_all_workers(sample):
    def fail(_: Schedule) -> None:
        raise RuntimeError("enough")

    search = sample.searcher.search(sample.problem)
    with pytest.raises(RuntimeError, match="enough"):
        search.run(workers=2, on_improvement=fail)


@RESUMING
def test_a_search_goes_on_from_what_it_is_offered(sample):
    good = usual(sample).best
    search = sample.searcher.search(sample.problem)
    assert search.run(moves=1, seed=2, start=good).schedule.objective <= good.objective
    search = sample.searcher.search(sample.problem)
    search.run(moves=1, seed=3)
    search.offer(good)
    assert search.run(moves=1, seed=4).schedule.objective <= good.objective


@EVERY
def test_a_warm_start_is_never_lost(sample):
    good = usual(sample).best
    for limit in ({"moves": 1}, {"stop": already()}):
        result, seen = solve(sample.searcher, sample.problem, warm_start=good, **limit)
        assert result.objective <= good.objective_values
        assert seen[-1].schedule is result.schedule


@EVERY
def test_a_result_tells_what_was_found(sample):
    result, seen = solve(sample.searcher, sample.problem, moves=sample.moves)
    assert result.trajectory == tuple(seen)
    assert result.schedule is seen[-1].schedule
    assert result.method == sample.method
    assert all(verify(sample.problem, news.schedule).ok for news in seen)
    assert all(news.objective == news.schedule.objective_values for news in seen)
    values = [news.objective for news in seen]
    assert values == sorted(set(values), reverse=True)
    assert sample.searcher.bound(sample.problem) <= result.bound[0] <= result.objective[0]
    assert (result.status is Status.OPTIMAL) == (result.bound == result.objective)


@EVERY
def test_a_gap_that_is_wide_enough_ends_a_search(sample):
    result, _ = solve(sample.searcher, sample.problem, moves=sample.moves)
    gap = relative_gap(result.objective, result.bound) + 1e-9
    again, _ = solve(sample.searcher, sample.problem, gap=gap)
    assert again.status is Status.OPTIMAL
    assert again.gap <= gap


@pytest.mark.parametrize("method", SOLVED)
def test_an_optimum_that_is_met_by_a_bound_is_proven(method):
    make, optimum = SOLVED[method]
    result = hw.solve(make(), method=method, workers=1, time_limit=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (optimum,)
    assert result.verified
