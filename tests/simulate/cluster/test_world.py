"""The pool step by step: the same as whole runs, and free to wait."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.simulate import Linear, best_of, greedy
from headway.simulate.cluster import RULES, ClusterWorld, Workload, run
from headway.simulate.expression import parse
from tests.simulate.cluster.cases import random_workload, workloads
from tests.simulate.peeking import Peeker

WAITING = ("FCFS", "SJF", "LJF", "SAF", "WFP3", "UNICEP", "F1")


@settings(max_examples=12, deadline=None)
@given(workload=workloads())
def test_step_by_step_is_greedy_backfilling(workload: Workload) -> None:
    for name in WAITING:
        world = greedy(ClusterWorld(workload), RULES.find(name))
        trace = run(workload, name, backfill="greedy")
        assert world.trace(name).start.tolist() == trace.start.tolist()
        assert world.value == trace.response.sum()


@pytest.mark.parametrize("name", WAITING)
def test_crowded_pools_step_by_step_too(name: str) -> None:
    workload = random_workload(seed=4)
    world = greedy(ClusterWorld(workload), RULES.find(name))
    assert world.trace(name).start.tolist() == run(workload, name, backfill="greedy").start.tolist()


@settings(max_examples=40, deadline=None)
@given(workload=workloads(), data=st.data())
def test_whoever_decides_the_run_ends_and_the_value_is_what_has_been_spent(
    workload: Workload, data: st.DataObject
) -> None:
    """At any instant: the time that jobs submitted by then have been there, ended or not."""
    world, worth = ClusterWorld(workload), [0.0]
    while (decision := world.decision()) is not None:
        now = decision.time
        there = workload.submit[workload.submit <= now]
        assert world.value <= (now - there).sum()
        assert decision.columns["free"] >= decision.columns["processors"].max()
        assert decision.columns["queue"] >= len(decision)
        worth.append(world.value)
        choices = [*range(len(decision)), *([None] if decision.may_wait else [])]
        world.apply(data.draw(st.sampled_from(choices)))
    assert worth == sorted(worth)
    trace = world.trace("anybody")
    assert world.value == trace.response.sum()


def test_who_waits_is_asked_again_when_something_happens() -> None:
    """Job 1 needs the whole pool once job 0 has ended; job 2 would be in its way."""
    workload = Workload.of(capacity=2, submit=[0, 1, 2], run=[9, 5, 9], amount=[1, 2, 1])
    world = ClusterWorld(workload)
    seen = []
    while (decision := world.decision()) is not None:
        seen.append((decision.time, decision.columns["submit"].tolist(), decision.may_wait))
        world.apply(None if decision.time == 2 else 0)
    assert seen == [(0, [0], False), (2, [2], True), (9, [1, 2], False), (14, [2], False)]
    assert world.value == 9 + 13 + 21


def test_a_copy_goes_on_by_itself() -> None:
    workload = random_workload(seed=9)
    world = ClusterWorld(workload)
    world.decision()
    other = world.clone()
    greedy(world, RULES.find("LJF"))
    greedy(other, RULES.find("SJF"))
    assert other.value < world.value
    assert other.value == greedy(ClusterWorld(workload), RULES.find("SJF")).value
    policy = Linear("short", (parse("-requested / 60"),), np.ones(1))
    assert best_of(ClusterWorld(workload), policy, 4).value <= other.value


def test_what_cannot_be_done_is_refused() -> None:
    world = ClusterWorld(Workload.of(capacity=1, submit=[0], run=[5], amount=[1]))
    with pytest.raises(ConfigError, match="nothing is to be decided"):
        world.apply(0)
    world.decision()
    with pytest.raises(ConfigError, match="not over"):
        world.trace("nobody")
    with pytest.raises(ConfigError, match="nothing runs"):
        world.apply(None)


def test_a_peeking_policy_finds_nothing() -> None:
    n = 50
    workload = Workload.of(
        capacity=4, submit=np.arange(n) * 3, run=np.arange(n) % 7 + 5, amount=np.arange(n) % 4 + 1
    )
    peeker = Peeker()
    greedy(ClusterWorld(workload), peeker)
    assert peeker.decisions == n
    assert {name.rpartition(".")[2] for name in peeker.found} == {"Queue", "_Columns"}
    assert max(map(np.size, peeker.values)) < n


@pytest.mark.parametrize("moment", [90, 250])
def test_nothing_of_the_future_shows(moment: int) -> None:
    """Jobs that are submitted later, and run times beyond now, change nothing before."""
    workload = random_workload(seed=2)
    world = greedy(ClusterWorld(workload), RULES.find("FCFS"))
    end = world.trace("FCFS").end
    early = workload.submit <= moment
    longer = np.where(end > moment, workload.run + 7, workload.run)[early]
    tame = Workload.of(
        capacity=workload.capacity,
        submit=workload.submit[early],
        run=longer,
        requested=workload.requested[early],
        amount=workload.amount[early],
    )

    def views(met: Workload) -> list[object]:
        seen: list[object] = []
        world = ClusterWorld(met)
        while (decision := world.decision()) is not None and decision.time <= moment:
            table = {name: column.tolist() for name, column in decision.columns.items()}
            seen.append((decision.time, decision.may_wait, table))
            world.apply(0)
        return seen

    assert early.sum() < len(workload)
    assert views(tame) == views(workload)
    assert len(views(tame)) > 2
