"""A Ray cluster of several nodes on this machine: what one node finds, all of them know."""

import sys
import threading
import time

import pytest

import headway as hw
from headway.errors import ConfigError, MissingExtraError
from headway.solve import Progress, Status, Stop, cluster
from headway.solve.cluster import Entry, Exchange
from headway.solve.portfolio import Board
from headway.solve.result import Budget

# One cluster serves all of them, so they run in one process.
pytestmark = pytest.mark.xdist_group("ray")

SHOP = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
GOOD = SHOP.schedule([0, 3, 0, 3])
SLOW = SHOP.schedule([0, 9, 0, 13])


@pytest.fixture(scope="module")
def nodes():
    """Three nodes of one processor each, and the means to kill one."""
    import ray
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    # A machine busy with other tests must not make a node look dead.
    patient = {"health_check_timeout_ms": 60_000, "health_check_failure_threshold": 10}
    head = {**small, "_system_config": patient}
    local = Cluster(initialize_head=True, head_node_args=head)
    others = [
        local.add_node(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
        for _ in range(2)
    ]
    ray.init(address=local.address, log_to_driver=False, logging_level="ERROR")
    yield local, others
    ray.shutdown()
    local.shutdown()


def test_a_cluster_solves_and_proves(nodes):
    result = hw.solve(hw.instance("la01"), workers="ray", time_limit=60)
    assert (result.status, result.objective, result.bound) == (Status.OPTIMAL, (666,), (666,))
    assert result.verified
    assert result.method.startswith("ray(rules")
    assert "3 Ray nodes" in result.reason


def test_contradictions_are_explained_on_a_cluster_too(nodes):
    model = hw.Model("late")
    saw = model.machine("saw")
    job = model.job("chair", deadline=5)
    model.task(job, "cut").mode({saw: 1}, duration=4)
    model.task(job, "trim").mode({saw: 1}, duration=4)
    result = hw.solve(model, workers="ray", time_limit=60)
    assert result.status is Status.INFEASIBLE
    assert any("chair" in line for line in result.conflict)


def test_a_stop_ends_all_nodes(nodes):
    stop = Stop()
    timer = threading.Timer(4.0, stop.set)
    timer.start()
    began = time.perf_counter()
    result = cluster.solve(
        hw.instance("ta41"),
        Budget(600),
        warm_start=None,
        seed=0,
        on_progress=lambda _: None,
        stop=stop,
    )
    assert time.perf_counter() - began < 60
    assert result.status is Status.FEASIBLE


def test_killing_a_node_loses_no_incumbent(nodes):
    """The last test of the module: afterwards one node is gone."""
    local, others = nodes
    seen: list[Progress] = []
    killed = threading.Event()
    stop = Stop()

    def kill() -> None:
        local.remove_node(others[0], allow_graceful=False)
        threading.Timer(3.0, stop.set).start()

    def listen(progress: Progress) -> None:
        seen.append(progress)
        # Rules run on the driver, before the nodes are asked.
        if progress.schedule is not None and progress.method == "tabu" and not killed.is_set():
            killed.set()
            threading.Thread(target=kill).start()

    result = cluster.solve(
        hw.instance("ta41"),
        Budget(240),
        warm_start=None,
        seed=0,
        on_progress=listen,
        stop=stop,
    )
    assert killed.is_set()
    assert result.status is Status.FEASIBLE
    assert result.objective == min(p.objective for p in seen)
    assert "of them lost" in result.reason


def test_the_exchange_keeps_the_best_of_every_node_and_the_best_bound():
    exchange = Exchange()
    assert exchange.swap("a", Entry.of(SLOW, "x"), (3,)) == ([], (3,), False)
    others, bound, over = exchange.swap("b", Entry.of(GOOD, "y"), (5,))
    assert ([entry.value for entry in others], bound, over) == ([(17,)], (5,), False)
    assert others[0].schedule(SHOP) == SLOW
    exchange.swap("b", Entry.of(SLOW, "y"), (4,))
    exchange.end()
    others, bound, over = exchange.swap("a", None, None)
    assert ([entry.value for entry in others], bound, over) == ([(7,)], (5,), True)


def test_a_board_without_its_exchange_is_asked_to_stop(nodes):
    import ray

    exchange = ray.remote(Exchange).options(num_cpus=0).remote()
    ray.get(exchange.__ray_ready__.remote())  # a busy machine may take its time
    board = Board(SHOP, 0.0, lambda _: None, Stop())
    link = cluster._Link(board, exchange, "a")
    link.swap()
    assert not board.stop.is_set()
    ray.kill(exchange)
    # The news that it is gone takes a moment.
    for _ in range(100):
        link.swap()
        if board.stop.wait(0.1):
            break
    assert board.stop.is_set()


def test_only_the_portfolio_goes_to_a_cluster():
    with pytest.raises(ConfigError, match="'tabu' runs on one machine"):
        hw.solve(SHOP, workers="ray", method="tabu")
    with pytest.raises(ConfigError, match="'ray', got 'rya'"):
        hw.solve(SHOP, workers="rya")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"headway\[ray\]"):
        hw.solve(SHOP, workers="ray")
