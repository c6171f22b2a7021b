"""No world lets a policy reach anything that is not revealed."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.simulate import cluster, servers, single
from headway.simulate.scenario import Scenario
from headway.simulate.shop import COLUMNS, Realisation, ShopWorld, run
from headway.simulate.single import Chains
from tests.simulate.peeking import Peeker, reachable

EVERYTHING = """
kind: shop
shop: {machines: 3}
arrivals: {jobs: 60, load: 0.8}
jobs: {operations: "integers(2, 3)", durations: "integers(1, 20)", due_factor: 3}
noise: {factor: "lognormal(1, 0.5)"}
breakdowns: [{up: exponential(100), down: exponential(20)}]
cancellations: {share: 0.1, after: exponential(30)}
due_changes: {share: 0.2, after: exponential(30), factor: 0.5}
machine_changes: {share: 0.3, after: exponential(30)}
duration_changes: {share: 0.3, after: exponential(30), factor: 2}
"""


def test_the_walk_finds_what_is_hidden_badly() -> None:
    """The walker itself: it gets through closures, methods, slots, properties and arrays."""
    secret = Realisation.of(hw.instance("ft06"))

    class Slots:
        __slots__ = ("kept",)

        def __init__(self) -> None:
            self.kept = [{"deep": (secret,)}]

        def method(self) -> None: ...

    for hidden in (lambda: secret, Slots().method, [Slots()], {"a": Slots()}.items()):
        assert any(thing is secret for thing in reachable(hidden)), hidden
    assert any(thing is secret for thing in reachable(ShopWorld(secret)))


def test_a_peeking_policy_finds_nothing_in_a_shop() -> None:
    course = Scenario.parse(EVERYTHING).draw(1)
    peeker = Peeker()
    run(course, peeker)
    assert peeker.decisions > 100
    allowed = {"ShopDecision", "_Columns"}
    assert {name.rpartition(".")[2] for name in peeker.found} == allowed
    # Whatever numbers it found have one entry per candidate at most.
    assert max(map(len, peeker.values), default=0) < 60


def test_a_peeking_policy_finds_nothing_in_a_cluster() -> None:
    n = 50
    workload = cluster.Workload.of(
        capacity=4,
        submit=np.arange(n) * 3,
        run=np.arange(n) % 7 + 5,
        requested=np.full(n, 20),
        amount=np.arange(n) % 4 + 1,
        user=np.zeros(n),
    )
    peeker = Peeker()
    cluster.run(workload, peeker)
    assert peeker.decisions > 10
    assert {name.rpartition(".")[2] for name in peeker.found} <= {"Queue", "_Columns"}
    assert max(map(np.size, peeker.values)) < n


def test_a_peeking_policy_finds_nothing_among_servers() -> None:
    workload = servers.Workload((1.0, 2.0), "poisson(0.7)", "exponential(100)", 50)
    peeker = Peeker()
    servers.run(workload, peeker)
    assert peeker.decisions == 50
    assert {name.rpartition(".")[2] for name in peeker.found} <= {"Candidates"}
    assert max(map(len, peeker.values)) < 50


def test_a_peeking_policy_finds_nothing_at_a_single_machine() -> None:
    peeker = Peeker()

    class Ranker:
        reveal = "none"

        def __call__(self, job: single.JobView) -> tuple[int, None]:
            peeker.look(job)
            return job.release, None

    single.run(Chains.of([(k, [5, 9]) for k in range(30)]), Ranker())
    assert {name.rpartition(".")[2] for name in peeker.found} == {"JobView"}
    assert not peeker.values


@pytest.mark.parametrize("moment", [40, 150, 400])
def test_changes_to_come_cannot_be_told_from_none(moment: int) -> None:
    """Two courses that are the same until a moment look the same until then."""
    text = EVERYTHING.replace("cancellations: {share: 0.1, after: exponential(30)}\n", "")
    course = Scenario.parse(text).draw(2)
    kept = course.changes.time <= moment
    from dataclasses import replace

    from headway.model.tables import ints
    from headway.simulate.shop import Changes

    columns = (course.changes.time, course.changes.kind, course.changes.subject)
    tame = replace(
        course,
        changes=Changes(*(ints(c[kept]) for c in columns), ints(course.changes.value[kept])),
    )

    def views(met: Realisation) -> list[object]:
        seen: list[object] = []
        world = ShopWorld(met)
        while (decision := world.decision(until=moment)) is not None:
            table = {name: decision.columns[name].tolist() for name in COLUMNS}
            seen.append((decision.time, table))
            world.apply(int(np.argmin(decision.columns["p"])))
        return seen

    assert (~kept).sum() > 10
    assert views(tame) == views(course)
