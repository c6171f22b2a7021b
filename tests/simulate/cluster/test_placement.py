"""Placement against its plain twin, what it may never do, and jobs that wait for a node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError, ProblemError
from headway.model.tables import ints
from headway.simulate.cluster import Demands, Nodes, Placement, Workload, pack, run
from headway.simulate.cluster.placement import Floor, Mix
from tests.twins import nodes as twin

EXACT = [placement for placement in Placement if placement is not Placement.RANDOM]


def nodes_of(draw) -> Nodes:
    n = draw(st.integers(1, 5))
    gpus = [draw(st.integers(0, 4)) for _ in range(n)]
    return Nodes(
        name=tuple(f"n{k}" for k in range(n)),
        cpu_milli=ints([draw(st.integers(1, 16)) * 1000 for _ in range(n)]),
        memory_mib=ints([draw(st.integers(1, 8)) * 1024 for _ in range(n)]),
        gpus=ints(gpus),
        model=tuple(draw(st.sampled_from(["A", "B"])) if k else "" for k in gpus),
    )


def demands_of(draw, n: int) -> Demands:
    asks = [draw(st.sampled_from([(0, 0), (1, 1000), (2, 1000), (1, 300), (1, 500), (1, 700)]))
            for _ in range(n)]  # fmt: skip
    return Demands(
        name=tuple(f"t{k}" for k in range(n)),
        cpu_milli=ints([draw(st.integers(0, 4)) * 500 for _ in range(n)]),
        memory_mib=ints([draw(st.integers(0, 4)) * 256 for _ in range(n)]),
        gpus=ints([gpus for gpus, _ in asks]),
        gpu_milli=ints([share for _, share in asks]),
        models=tuple(draw(st.sampled_from([(), (), ("A",), ("A", "B"), ("C",)])) for _ in range(n)),
    )


def plain(nodes: Nodes, mix: Mix, choice: str) -> twin.Cluster:
    return twin.Cluster(
        [
            twin.Node(int(cpu), int(memory), model, [1000] * int(gpus))
            for cpu, memory, gpus, model in zip(
                nodes.cpu_milli, nodes.memory_mib, nodes.gpus, nodes.model, strict=True
            )
        ],
        [
            twin.Task(*(int(x) for x in row), models)
            for *row, models in zip(
                mix.kinds.cpu_milli,
                mix.kinds.memory_mib,
                mix.kinds.gpus,
                mix.kinds.gpu_milli,
                mix.kinds.models,
                strict=True,
            )
        ],
        mix.weight.tolist(),
        choice,
    )


@pytest.mark.parametrize("placement", EXACT)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_core_and_its_twin_place_and_release_alike(placement: Placement, data) -> None:
    nodes = nodes_of(data.draw)
    mix = Mix.of(demands_of(data.draw, data.draw(st.integers(1, 8))))
    floor, other = Floor(nodes, mix, placement), plain(nodes, mix, placement)
    there: list[tuple[int, int, int]] = []
    for _ in range(data.draw(st.integers(1, 25))):
        if there and data.draw(st.integers(0, 3)) == 0:
            kind, node, gpus = there.pop(data.draw(st.integers(0, len(there) - 1)))
            floor.release(kind, node, gpus)
            other.release(other.kinds[kind], node, [g for g in range(16) if gpus >> g & 1])
        else:
            kind = data.draw(st.integers(0, len(mix.kinds) - 1))
            found, expected = floor.place(kind), other.place(other.kinds[kind])
            if expected is None:
                assert found is None
            else:
                assert found == (expected[0], sum(1 << g for g in expected[1]))
                there.append((kind, *found))
        assert floor.free == sum(sum(node.free) for node in other.nodes)
        total = max(int(mix.weight[mix.kinds.gpus > 0].sum()), 1)
        assert floor.fragments == sum(map(other.fragments, other.nodes)) / total


def small() -> tuple[Nodes, Demands]:
    nodes = Nodes(
        name=("a", "b"),
        cpu_milli=ints([8000, 8000]),
        memory_mib=ints([4096, 4096]),
        gpus=ints([2, 2]),
        model=("A", "B"),
    )
    demands = Demands(
        name=("half", "whole", "pair"),
        cpu_milli=ints([1000, 1000, 2000]),
        memory_mib=ints([256, 256, 512]),
        gpus=ints([1, 1, 2]),
        gpu_milli=ints([500, 1000, 1000]),
        models=((), (), ("B",)),
    )
    return nodes, demands


def test_fragments_are_what_the_mix_cannot_use() -> None:
    """After a half on node a: 500 are too few for the whole, and for the pair neither of node a's
    GPUs is of use (1500), nor was before (2000)."""
    nodes, demands = small()
    floor = Floor(nodes, Mix.of(demands), "first fit")
    assert floor.fragments == pytest.approx(2000 / 3)
    assert floor.place(0) == (0, 1)
    assert floor.free == 3500
    assert floor.fragments == pytest.approx((500 + 1500) / 3)


def test_the_gradient_keeps_whole_gpus_of_the_wanted_type_for_those_who_need_them() -> None:
    nodes, demands = small()
    floor = Floor(nodes, Mix.of(demands), "fragmentation")
    assert floor.place(0) == (0, 1)
    assert floor.place(0) == (0, 1)
    assert floor.place(1) == (0, 2)
    assert floor.place(2) == (1, 3)
    assert floor.free == 0


def test_packing_measures_what_is_used_and_what_is_lost() -> None:
    nodes, demands = small()
    for placement in Placement:
        packing = pack(nodes, demands, placement, load=2.0, share=1.0, seed=4)
        again = pack(nodes, demands, placement, load=2.0, share=1.0, seed=4)
        assert packing.node.tolist() == again.node.tolist()
        assert packing.used[-1] + 0 <= packing.capacity == 4000
        shares = packing.at(2.0)
        assert shares["used"] + shares["unplaced"] == pytest.approx(packing.asked[-1] / 4000)
        assert shares["fragments"] <= 1 - shares["used"] + 1e-9
        assert packing.placed.sum() >= 2


def test_a_random_place_is_a_fitting_one_and_depends_on_the_seed_alone() -> None:
    nodes, demands = small()
    seen = set()
    for seed in range(12):
        first = Floor(nodes, Mix.of(demands), "random", seed=seed)
        second = Floor(nodes, Mix.of(demands), "random", seed=seed)
        places = [first.place(0) for _ in range(8)]
        assert places == [second.place(0) for _ in range(8)]
        assert first.place(0) is None
        seen.add(str(places))
    assert len(seen) > 3


def workload(n: int = 40, seed: int = 0) -> Workload:
    rng = np.random.default_rng(seed)
    _, demands = small()
    kinds = demands.take(rng.integers(0, 3, n))
    return Workload.of(
        capacity=4000,
        submit=np.cumsum(rng.integers(0, 5, n)),
        run=rng.integers(0, 30, n),
        amount=kinds.total_milli,
        per_unit=1000,
        demands=Demands(
            name=tuple(f"j{k}" for k in range(n)),
            cpu_milli=kinds.cpu_milli,
            memory_mib=kinds.memory_mib,
            gpus=kinds.gpus,
            gpu_milli=kinds.gpu_milli,
            models=kinds.models,
        ),
    )


@pytest.mark.parametrize("placement", Placement)
def test_placed_jobs_make_a_schedule_on_nodes(placement: Placement) -> None:
    """That no GPU, processor or memory is overfull is checked by `verify`."""
    nodes, _ = small()
    jobs = workload()
    for policy in ("FCFS", "WFP3"):
        strict = run(jobs, policy, nodes=nodes, placement=placement, seed=3)
        greedy = run(jobs, policy, backfill="greedy", nodes=nodes, placement=placement, seed=3)
        for trace in (strict, greedy):
            assert trace.problem.n_resources == 8
            assert (trace.start >= jobs.submit).all()
            pair = jobs.demands.gpus[trace.pieces.job] == 2
            assert set(trace.pieces.node[pair]) == {1}
    first_come = run(jobs, nodes=nodes, placement=placement).start
    assert (np.diff(first_come) >= 0).all()


def test_what_cannot_be_placed_is_refused() -> None:
    nodes, _ = small()
    jobs = workload()
    with pytest.raises(ProblemError, match=r"job '\d+' fits on none of the nodes"):
        run(jobs, nodes=nodes.take([0]))
    with pytest.raises(ProblemError, match="no job says what it asks of a node"):
        run(Workload.of(capacity=1, submit=[0], run=[1], amount=[1]), nodes=nodes)
    with pytest.raises(ConfigError, match="placement: expected one of first fit, best fit"):
        run(jobs, nodes=nodes, placement="worst fit")
    with pytest.raises(ConfigError, match="easy reserves units of a pool, not places"):
        run(jobs, backfill="easy", nodes=nodes)
    with pytest.raises(ConfigError, match="policy: SRPT takes jobs off, but placed jobs stay"):
        run(jobs, "SRPT", nodes=nodes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cpu": [1, 2]}, "different lengths"),
        ({"gpus": [17]}, "a node out of range"),
        ({"model": [63]}, "a node out of range"),
        ({"kind_share": [0]}, "a kind that asks for no share"),
        ({"kind_gpus": [2], "kind_share": [500]}, "a kind with shares of several"),
        ({"choice": 5}, "no such choice"),
    ],
)
def test_the_core_refuses_tables_that_do_not_fit(change: dict, message: str) -> None:
    tables = {name: [1] for name in ("cpu", "memory", "gpus", "model")}
    tables |= {f"kind_{name}": [1] for name in ("cpu", "memory", "gpus", "share", "accepts")}
    tables |= {"kind_weight": [1], "choice": 0, "seed": 0, **change}
    with pytest.raises(ValueError, match=message):
        _core.ClusterNodes(**{k: ints(v) if isinstance(v, list) else v for k, v in tables.items()})


def test_the_core_refuses_to_release_what_is_not_there() -> None:
    nodes, demands = small()
    floor = Floor(nodes, Mix.of(demands), "first fit")
    for kind, node, gpus in ((9, 0, 1), (0, 5, 1), (0, 0, 4), (0, 0, 3), (0, 0, 1), (2, 0, 1)):
        with pytest.raises(ValueError, match="cluster: "):
            floor.release(kind, node, gpus)
