"""Peers solve the very same problems: same optimal values, valid schedules, honest refusals."""

from __future__ import annotations

import itertools
import signal
from dataclasses import replace

import numpy as np
import pytest

import headway as hw
from headway.bench.peers import (
    Annealing,
    ConstraintProgramming,
    DispatchingRules,
    PlainCpSat,
    PyJobShop,
)
from headway.bench.peers.translation import Translation
from headway.errors import MissingExtraError
from headway.model import Problem, verify
from headway.solve import Status
from tests.bench.problems import FEATURES, small_problem
from tests.features import features_of

SEEDS = range(60)
BATCHES = [range(low, low + 10) for low in SEEDS[::10]]
EXACT = (PlainCpSat(), PyJobShop())


def optimum_of(problem: Problem) -> int | None:
    result = hw.solve(problem, method="cpsat", time_limit=60, workers=1)
    assert result.status in (Status.OPTIMAL, Status.INFEASIBLE)
    return result.objective[0] if result.objective else None


def check(peer: PlainCpSat | PyJobShop, problem: Problem, optimum: int | None) -> None:
    """Solve a problem with a peer and compare what comes back with the optimum."""
    try:
        answer = peer.run(problem, time_limit_s=60, workers=1, seed=0)
    except ValueError:
        assert optimum is None, "PyJobShop refuses what is plainly infeasible, and only that"
        return
    if optimum is None:
        assert answer.schedule is None
        return
    assert answer.schedule is not None
    assert verify(problem, answer.schedule).ok
    assert answer.schedule.objective_values == (optimum,)
    assert answer.value == answer.bound == optimum


@pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_peers_find_the_same_optimum_as_our_exact_model(seeds: range) -> None:
    for seed in seeds:
        problem = small_problem(seed)
        takes = [peer for peer in EXACT if peer.obstacle(problem) is None]
        if takes:
            optimum = optimum_of(problem)
            for peer in takes:
                check(peer, problem, optimum)


def test_random_problems_that_peers_take_have_every_feature() -> None:
    found: set[str] = set()
    for seed in SEEDS:
        problem = small_problem(seed)
        if all(peer.obstacle(problem) is None for peer in EXACT):
            found |= set(features_of(problem))
    # Sequences and blocking are rarely plain in random problems; the shops below have them.
    assert set(FEATURES) - found <= {"same sequence", "blocking", "setup time"}


def shops() -> dict[str, Problem]:
    rng = np.random.default_rng(7)
    durations = rng.integers(1, 9, (4, 3))
    due = durations.sum(axis=1) + 5
    setups = rng.integers(0, 6, (3, 4, 4))
    blocking = hw.Model("blocking")
    nowait = hw.Model("no-wait")
    for model in (blocking, nowait):
        machines = [model.machine(f"m{k}") for k in range(3)]
        for j, row in enumerate(durations.tolist()):
            job = model.job(f"j{j}")
            tasks = [
                model.task(job, str(k)).mode({machines[k]: 1}, duration=d)
                for k, d in enumerate(row)
            ]
            for a, b in itertools.pairwise(tasks):
                if model is blocking:
                    a >> b
                    model.blocking(a, until=b)
                else:
                    model.no_wait(a, b)
    return {
        "job shop": hw.instance("ft06"),
        "flexible": hw.instance("kacem1"),
        "open shop": hw.open_shop(durations[:3]),
        "permutation flow shop": hw.flow_shop(durations),
        "with setups": hw.flow_shop(durations, setups=setups),
        "total tardiness": hw.flow_shop(
            durations, due=due, objective=hw.total_tardiness(), weight=[3, 1, 1, 2]
        ),
        "weighted tardiness": hw.flow_shop(
            durations, due=due, objective=hw.total_tardiness(weighted=True), weight=[3, 1, 1, 2]
        ),
        "completion with releases": hw.flow_shop(
            durations,
            release=[5, 0, 0, 3],
            weight=[3, 1, 1, 2],
            objective=hw.total_completion(weighted=True),
        ),
        "blocking": blocking.problem(),
        "no-wait": nowait.problem(),
        "multi-mode": hw.project(
            modes=[[(4, [2, 1]), (2, [3, 4])], [(3, [2, 1]), (1, [1, 5])], [(2, [2, 2])]],
            capacities=[3, 7],
            successors=[[2], [], []],
            renewable=[True, False],
            lags=[(0, 1, 1), (1, 0, -6)],
        ),
    }


@pytest.mark.parametrize("peer", EXACT, ids=lambda peer: peer.name)
@pytest.mark.parametrize("kind", shops())
def test_every_class_of_shops_and_projects_is_taken(kind: str, peer) -> None:
    problem = shops()[kind]
    assert peer.obstacle(problem) is None
    check(peer, problem, optimum_of(problem))


@pytest.mark.parametrize("peer", EXACT, ids=lambda peer: peer.name)
def test_what_peers_do_not_know_is_named(peer) -> None:
    m = hw.Model("rests")
    saw = m.machine("saw", breaks=[(3, 5)])
    m.task(name="cut").mode({saw: 1}, duration=2)
    assert peer.obstacle(m.problem()) == "resources have breaks"
    shop = hw.flow_shop([[1, 2], [2, 1]], initial_setups=[[1, 1], [1, 1]])
    assert peer.obstacle(shop) == "the first task of a machine needs a setup"


def test_a_flow_time_objective_counts_releases_back_in() -> None:
    problem = hw.single_machine([3], release=[4], objective=hw.total_completion())
    assert Translation(problem).offset == 4


@pytest.mark.parametrize("peer", EXACT, ids=lambda peer: peer.name)
def test_trajectories_improve_and_end_at_the_answer(peer) -> None:
    answer = peer.run(hw.instance("ft06"), time_limit_s=20, workers=1, seed=1)
    values = [step.value for step in answer.steps if step.value is not None]
    assert values
    assert min(values) == answer.value == 55
    assert all(step.time_s <= 20 for step in answer.steps)


def test_pyjobshop_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyjobshop", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'headway\[bench\]'"):
        PyJobShop().load()


def test_jobshoplib_takes_classical_job_shops_only() -> None:
    peer = DispatchingRules()
    shop = hw.instance("ft06")
    assert peer.obstacle(shop) is None
    assert peer.obstacle(hw.instance("mk01")) == "task 'job 0/0' has 2 modes"
    assert "not the makespan" in str(peer.obstacle(replace(shop, objective=hw.total_completion())))
    chains = shop.relations
    loose = replace(chains, min_lag=chains.min_lag + 1)
    assert peer.obstacle(replace(shop, relations=loose)) == "jobs are no chains of tasks"
    assert peer.obstacle(hw.job_shop([[0], [0]], [[1], [2]], release=[0, 3])) is not None


@pytest.mark.job_shop_lib
@pytest.mark.parametrize(
    "peer", [DispatchingRules(), Annealing(), ConstraintProgramming()], ids=lambda p: p.name
)
def test_jobshoplib_brings_valid_schedules_in_time(peer) -> None:
    problem = hw.instance("la01")
    assert peer.load()
    answer = peer.run(problem, time_limit_s=0.5, workers=1, seed=3)
    assert verify(problem, answer.schedule).ok
    assert answer.value == answer.schedule.makespan >= 666


@pytest.mark.parametrize("peer", [PlainCpSat(), PyJobShop()], ids=lambda peer: peer.name)
def test_ctrl_c_is_still_heard_after_a_peer_has_run(peer) -> None:
    """Or the next one would end the process, and not only the run."""
    peer.run(hw.instance("ft06"), time_limit_s=2, workers=1, seed=0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
