"""dag-bench graphs are read, and what is none is refused with its key."""

import contextlib
import json
import random
from pathlib import Path

import pytest

from headway.errors import FormatError, UnknownNameError
from headway.instances import remote
from headway.simulate.chip import dag_bench, dag_bench_names, read_task_graph
from headway.simulate.chip.dag_bench import parse_task_graph
from tests.formats.mutations import damaged

DATA = Path(__file__).parents[2] / "data" / "dags"
DIAMOND = json.loads((DATA / "synthetic.diamond.json").read_text())


def test_costs_are_cost_over_speed_and_size_over_speed() -> None:
    graph = read_task_graph(DATA / "synthetic.diamond.json")
    assert graph.name == "synthetic.diamond"
    assert graph.tasks == ("A", "B", "C", "D")
    assert graph.elements == ("0", "1", "2", "3")
    # Task A on node 1, and the data from A to C on the link between nodes 0 and 1, in millionths.
    assert graph.duration[0, 1] == round(0.3846418779452241 / 0.8010043745420012 * 1e6)
    edge = [(a, b) for a, b in zip(graph.source, graph.target, strict=True)].index((0, 2))
    assert graph.delay[edge, 0, 1] == round(0.7296448745971286 / 0.7661029211824625 * 1e6)
    assert graph.delay[edge, 1, 0] == graph.delay[edge, 0, 1]
    assert graph.delay[edge].diagonal().tolist() == [0, 0, 0, 0]


def test_the_order_of_records_does_not_matter() -> None:
    turned = json.loads(json.dumps(DIAMOND))
    for part, key in (("task_graph", "tasks"), ("network", "nodes"), ("network", "edges")):
        turned[part][key].reverse()
    graph = parse_task_graph(json.dumps(turned).encode(), "x")
    other = parse_task_graph(json.dumps(DIAMOND).encode(), "x")
    assert graph.tasks == other.tasks
    assert (graph.duration == other.duration).all()
    assert (graph.delay == other.delay).all()


def changed(path: str, value: object) -> bytes:
    document = json.loads(json.dumps(DIAMOND))
    *keys, last = path.split("/")
    place = document
    for key in keys:
        place = place[int(key) if key.isdigit() else key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("task_graph", ..., "expected the key task_graph"),
        ("network/edges", ..., "expected the key network.edges"),
        ("task_graph/tasks", {}, "task_graph.tasks: expected a list"),
        ("task_graph/tasks/1", 7, r"task_graph.tasks\[1\]: expected an object"),
        ("task_graph/tasks/1/name", "A", r"task_graph.tasks\[1\].name: 'A' stands twice"),
        ("task_graph/tasks/1/name", 5, r"task_graph.tasks\[1\].name: expected a text"),
        ("task_graph/tasks/0/cost", "1", "task 'A'.cost: expected a number"),
        ("task_graph/tasks/0/cost", float("nan"), "task 'A'.cost: expected a number"),
        ("task_graph/tasks/0/cost", 1e200, "longer than"),
        ("network/nodes/0/speed", 0, "node '1'.speed: expected a positive number"),
        ("task_graph/dependencies/0/source", "Z", r"dependencies\[0\].source: expected a known"),
        ("task_graph/dependencies/0/size", -1, r"dependencies\[0\].size: expected a number"),
        ("task_graph/dependencies/0/target", "A", "cycle"),
        ("network/edges/3/speed", True, r"network.edges\[3\].speed: expected a positive"),
        ("network/edges/3/source", "3", "no link between nodes '0' and '1'"),
    ],
)
def test_a_malformed_graph_is_refused_with_its_key(path: str, value: object, message: str) -> None:
    with pytest.raises(FormatError, match=message) as refused:
        parse_task_graph(changed(path, value), "x", path=Path("graph.json"))
    assert str(refused.value).startswith("graph.json: ")


def test_what_is_no_json_is_refused_with_its_line() -> None:
    with pytest.raises(FormatError, match="no JSON") as refused:
        parse_task_graph(b'{\n"name": ]', "x")
    assert refused.value.line == 2
    with pytest.raises(FormatError, match="expected JSON in UTF-8"):
        parse_task_graph(b"\xff\xfe\xfd", "x")
    with pytest.raises(FormatError, match="too many digits"):
        parse_task_graph(b"1" * 5000, "x")


@pytest.mark.parametrize("name", ["synthetic.diamond", "classic_benchmarks.gauss_elim_5"])
def test_a_damaged_graph_is_read_or_refused(name: str) -> None:
    rng = random.Random(name)
    data = (DATA / f"{name}.json").read_bytes()
    read = 0
    for _ in range(200):
        with contextlib.suppress(FormatError):
            read += parse_task_graph(damaged(rng, data), "x").n_tasks > 0
    assert 0 < read < 200


def test_public_graphs_are_known_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = dag_bench_names()
    assert len(names) == 84
    assert remote.address("dags/dag_bench/classic_benchmarks.fft_16.json").endswith(
        "/workflows/classic_benchmarks/fft_16/graph.json"
    )
    folder = tmp_path / "dags" / "dag_bench"
    folder.mkdir(parents=True)
    for path in DATA.glob("*.json"):
        assert path.stem in names
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("HEADWAY_DATA", str(tmp_path))
    assert dag_bench("classic_benchmarks.fft_16").n_tasks == 64
    with pytest.raises(UnknownNameError, match="fft_16"):
        dag_bench("classic_benchmarks.fft_17")
