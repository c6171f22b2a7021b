"""List schedulers reach their published values, and make schedules that hold."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from headway.errors import UnknownNameError, VerificationError
from headway.simulate.chip import (
    LIST_SCHEDULERS,
    Placement,
    TaskGraph,
    downward_ranks,
    optimistic_costs,
    place,
    random_elements,
    read_task_graph,
    top,
    upward_ranks,
)
from headway.simulate.chip.timetable import Timetable
from tests.simulate.chip.graphs import graphs
from tests.simulate.chip.orders import least_makespan

DAGS = Path(__file__).parents[2] / "data" / "dags"


def test_upward_ranks_are_those_of_the_heft_paper() -> None:
    ranks = upward_ranks(top()[0]).round(2).tolist()
    assert ranks == [108, 77, 80, 80, 69, 63.33, 42.67, 35.67, 44.33, 14.67]
    assert downward_ranks(top()[0])[9].round(2) == 93.33


def test_heft_has_its_known_makespans_on_the_ten_applications() -> None:
    assert [place(kind).makespan for kind in top()] == [80, 90, 89, 98, 97, 90, 83, 69, 78, 82]


def test_cpop_has_the_makespan_of_its_paper() -> None:
    """86 on the example that HEFT schedules in 80 (Topcuoglu, Hariri, Wu, 2002)."""
    assert place(top()[0], "CPOP").makespan == 86


@pytest.mark.parametrize(
    ("name", "rule", "makespan"),
    [
        ("gauss_elim_5", "HEFT", 58.1),
        ("gauss_elim_10", "HEFT", 293.58),
        ("fft_16", "HEFT", 24.01),
        ("cholesky_5", "HEFT", 90.0),
        ("cholesky_5", "ETF", 98.04),
    ],
)
def test_dag_bench_graphs_have_known_makespans(name: str, rule: str, makespan: float) -> None:
    graph = read_task_graph(DAGS / f"classic_benchmarks.{name}.json")
    assert place(graph, rule).makespan * graph.tick_s == pytest.approx(makespan, abs=1e-4)


@settings(max_examples=40)
@given(graphs())
def test_every_list_scheduler_makes_schedules_that_hold(graph: TaskGraph) -> None:
    for rule in LIST_SCHEDULERS:
        placement = place(graph, rule)
        assert placement.schedule.makespan == placement.makespan
        assert graph.supported[np.arange(graph.n_tasks), placement.element].all()


@given(graphs(most_tasks=4, most_elements=2))
def test_no_list_scheduler_beats_all_orders_on_all_elements(graph: TaskGraph) -> None:
    best = least_makespan(Timetable(graph))
    assert best <= min(place(graph, rule).makespan for rule in LIST_SCHEDULERS)


@given(graphs(most_tasks=6))
def test_optimistic_costs_are_those_of_the_recursion(graph: TaskGraph) -> None:
    cost = optimistic_costs(graph)

    def slow(task: int, p: int) -> float:
        values = [0.0]
        for edge in graph.outgoing[task]:
            follower = int(graph.target[edge])
            values.append(
                min(
                    slow(follower, q)
                    + graph.duration[follower, q]
                    + (p != q) * graph.mean_delay[edge]
                    for q in range(graph.n_elements)
                    if graph.supported[follower, q]
                )
            )
        return max(values)

    for task, p in product(range(graph.n_tasks), range(graph.n_elements)):
        assert cost[task, p] == pytest.approx(slow(task, p))


def test_an_unknown_rule_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="did you mean HEFT"):
        place(top()[0], "HEFTY")


def test_random_elements_follow_the_seed() -> None:
    graph = top()[0]
    a, b, c = (random_elements(graph, seed).element.tolist() for seed in (1, 1, 2))
    assert a == b != c


def test_a_placement_that_does_not_hold_is_refused() -> None:
    graph = top()[0]
    with pytest.raises(VerificationError, match="Top_1"):
        _ = Placement(graph, np.zeros(10, np.int64), np.zeros(10, np.int64)).schedule
