"""Task graphs refuse what does not fit together."""

import numpy as np
import pytest
from hypothesis import given

from headway.errors import ProblemError
from headway.simulate.chip import Element, Platform, TaskGraph
from tests.simulate.chip.graphs import graphs

PAIR = {
    "name": "pair",
    "tasks": ("a", "b"),
    "elements": ("x", "y"),
    "duration": [[1, 2], [3, -1]],
    "source": [0],
    "target": [1],
    "delay": [[[0, 5], [7, 0]]],
}


def test_means_leave_out_what_is_not_there() -> None:
    graph = TaskGraph(**PAIR)
    assert graph.mean_duration.tolist() == [1.5, 3.0]
    assert graph.mean_delay.tolist() == [6.0]
    assert repr(graph) == "<TaskGraph pair: 2 tasks, 1 edges, 2 elements>"
    with pytest.raises(ValueError, match="read-only"):
        graph.duration[0, 0] = 9


EMPTY = {"tasks": (), "duration": np.zeros((0, 2)), "delay": np.zeros((0, 2, 2))}
TWICE = {"source": [0, 0], "target": [1, 1], "delay": np.zeros((2, 2, 2))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": [[1, 2]]}, r"duration: expected shape \(2, 2\), got \(1, 2\)"),
        ({"delay": [[[0, 5]]]}, "delay: expected shape"),
        ({"target": [1, 0]}, "target: expected shape"),
        (EMPTY | {"source": [], "target": []}, "expected a task"),
        ({"duration": [[1, 2], [-1, -1]]}, "'b' runs on none"),
        ({"duration": [[1, 2], [3, -2]]}, "duration: expected values from -1"),
        ({"delay": [[[0, -5], [7, 0]]]}, "delay: expected values from 0"),
        ({"target": [2]}, "edges join tasks from 0 to 1"),
        ({"target": [0]}, "cycle"),
        (TWICE, "two edges lead from 'a' to 'b'"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        TaskGraph(**(PAIR | change))


@given(graphs())
def test_the_order_of_a_graph_leads_along_its_edges(graph: TaskGraph) -> None:
    place = {task: k for k, task in enumerate(graph.order)}
    assert sorted(place) == list(range(graph.n_tasks))
    assert all(place[a] < place[b] for a, b in zip(graph.source, graph.target, strict=True))


def test_a_platform_needs_bandwidth_and_names() -> None:
    core = Element("x", "CPU", {"f": 1})
    with pytest.raises(ProblemError, match="bandwidth"):
        Platform("p", (core,), np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(ProblemError, match="same name"):
        Platform("p", (core, core), np.ones((2, 2), dtype=np.int64))
