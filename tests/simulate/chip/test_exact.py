"""The exact solver finds the known optima, and messages are modelled as they are."""

import pytest
from hypothesis import given, settings

from headway.simulate.chip import LIST_SCHEDULERS, TaskGraph, optimum, place, problem, top
from headway.simulate.chip.timetable import Timetable
from tests.simulate.chip.graphs import graphs
from tests.simulate.chip.orders import least_makespan


@pytest.mark.parametrize(("kind", "makespan"), [(0, 73), (7, 65)])
def test_optima_of_the_applications_are_proven(kind: int, makespan: int) -> None:
    best = optimum(top()[kind], time_limit=60, workers=1)
    assert best.proven
    assert best.bound == best.placement.makespan == best.placement.schedule.makespan == makespan


def test_without_time_the_best_list_scheduler_stands_in() -> None:
    graph = top()[2]
    best = optimum(graph, time_limit=0.001, workers=1)
    lists = min(place(graph, rule).makespan for rule in LIST_SCHEDULERS if rule != "random")
    assert best.bound <= best.placement.makespan <= lists


def test_messages_are_tasks_with_a_mode_per_pair_of_elements() -> None:
    graph = top()[0]
    exact = problem(graph)
    assert exact.n_tasks == graph.n_tasks + graph.n_edges
    assert exact.n_modes == 3 * graph.n_tasks + 9 * graph.n_edges


@settings(max_examples=15)
@given(graphs(most_tasks=4))
def test_the_optimum_is_that_of_all_orders_on_all_elements(graph: TaskGraph) -> None:
    best = optimum(graph, time_limit=20, workers=1)
    assert best.proven
    assert best.placement.makespan == best.bound == least_makespan(Timetable(graph))
