"""Reads the JSON graphs of dag-bench: tasks with costs, data with sizes, nodes with speeds.

The format is that of ANRGUSC/dag-bench (Apache-2.0). A task takes cost / speed on a node; data
takes size / speed on the link between two nodes, and no time within a node. Times are numbers
there; here they are rounded to whole ticks.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from headway.errors import FormatError, ProblemError
from headway.files import read_bytes
from headway.formats.source import got
from headway.instances import remote
from headway.model.tables import LARGEST_TIME
from headway.simulate.chip.graph import Floats, TaskGraph

TICK = 1e-6
"""One tick in the time unit of the file; fine enough for six digits of every makespan."""

_FOLDER = "dags/dag_bench/"
_MOST_NODES = 1000


def dag_bench_names() -> tuple[str, ...]:
    """Return the names of the public dag-bench graphs, such as "classic_benchmarks.fft_16"."""
    return tuple(
        sorted(
            path.removeprefix(_FOLDER).removesuffix(".json")
            for path in remote.checksums()
            if path.startswith(_FOLDER)
        )
    )


def dag_bench(name: str) -> TaskGraph:
    """Return a public dag-bench graph, from ``HEADWAY_DATA`` or else from the network, once.

    Raises
    ------
    UnknownNameError
        If there is no such graph.
    FormatError
        If it is neither there nor can be downloaded.
    """
    return read_task_graph(remote.fetch(f"{_FOLDER}{name}.json"))


def read_task_graph(path: str | PathLike[str]) -> TaskGraph:
    """Return the graph in a dag-bench JSON file.

    Raises
    ------
    FormatError
        If the file cannot be read or is none; the message names file and key.
    """
    return parse_task_graph(read_bytes(path), Path(path).stem, path=Path(path))


def parse_task_graph(data: bytes, name: str, *, path: Path | None = None) -> TaskGraph:
    """Return the graph in the bytes of a JSON file; see `read_task_graph`."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, RecursionError):
        raise FormatError("expected JSON in UTF-8", path=path) from None
    except json.JSONDecodeError as error:
        raise FormatError(f"no JSON: {error.msg}", path=path, line=error.lineno) from None
    except ValueError:
        raise FormatError("a number has too many digits", path=path) from None
    try:
        return _graph(document, name)
    except (FormatError, ProblemError) as error:
        raise FormatError(str(error), path=path) from None


def _graph(document: object, name: str) -> TaskGraph:
    tasks = _by_name(_records(document, ("task_graph", "tasks")), "task_graph.tasks")
    edges = _records(document, ("task_graph", "dependencies"))
    nodes = _by_name(_records(document, ("network", "nodes")), "network.nodes")
    links = _records(document, ("network", "edges"))
    if len(nodes) > _MOST_NODES:
        raise FormatError(f"network.nodes: expected {_MOST_NODES} or fewer, got {len(nodes)}")
    task_place = {task: k for k, task in enumerate(tasks)}
    node_place = {node: k for k, node in enumerate(nodes)}
    cost = np.array([_number(record, "cost", f"task {task!r}") for task, record in tasks.items()])
    speed = np.array(
        [
            _number(record, "speed", f"node {node!r}", positive=True)
            for node, record in nodes.items()
        ]
    )
    size = np.array(
        [_number(edge, "size", f"task_graph.dependencies[{k}]") for k, edge in enumerate(edges)]
    )
    where = "task_graph.dependencies"
    ends = [
        [_place(edge, key, task_place, f"{where}[{k}]") for key in ("source", "target")]
        for k, edge in enumerate(edges)
    ]
    source, target = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    label = document.get("name", name) if isinstance(document, Mapping) else name
    return TaskGraph(
        name=label if isinstance(label, str) else name,
        tasks=tuple(task_place),
        elements=tuple(node_place),
        duration=_ticks(cost[:, None] / speed, "a task's cost over a node's speed"),
        source=source,
        target=target,
        delay=_ticks(
            size[:, None, None] * _slowness(links, node_place), "a size over a link's speed"
        ),
        tick_s=TICK,
    )


def _slowness(links: list[Mapping[str, Any]], place: Mapping[str, int]) -> Floats:
    """Return the time per unit of data between nodes, 0 within one."""
    slowness = np.full((len(place), len(place)), math.nan)
    for k, link in enumerate(links):
        here = f"network.edges[{k}]"
        a, b = (_place(link, key, place, here) for key in ("source", "target"))
        slowness[a, b] = 1 / _number(link, "speed", here, positive=True)
    # A link that is given in one direction leads both ways.
    slowness = np.where(np.isnan(slowness), slowness.T, slowness)
    np.fill_diagonal(slowness, 0.0)
    missing = np.argwhere(np.isnan(slowness))
    if len(missing):
        names = list(place)
        a, b = (names[k] for k in missing[0])
        raise FormatError(f"network.edges: no link between nodes {a!r} and {b!r}")
    return slowness


def _ticks(values: Floats, what: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    with np.errstate(over="ignore"):
        ticks = np.rint(values / TICK)
    if ticks.size and not ticks.max() <= LARGEST_TIME:
        raise FormatError(f"{what} is longer than {LARGEST_TIME * TICK:.0f}")
    return ticks.astype(np.int64)


def _records(document: object, keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    for depth, key in enumerate(keys):
        if not isinstance(document, Mapping) or key not in document:
            raise FormatError(f"expected the key {'.'.join(keys[: depth + 1])}")
        document = document[key]
    where = ".".join(keys)
    if not isinstance(document, list):
        raise FormatError(f"{where}: expected a list")
    for k, record in enumerate(document):
        if not isinstance(record, Mapping):
            raise FormatError(f"{where}[{k}]: expected an object, {got(str(record))}")
    return document


def _by_name(records: list[Mapping[str, Any]], where: str) -> dict[str, Mapping[str, Any]]:
    """Return the records by name, in the order of names.

    The files list them in no particular order, which must not decide ties.
    """
    named: dict[str, Mapping[str, Any]] = {}
    for k, record in enumerate(records):
        name = record.get("name")
        if not isinstance(name, str) or not name:
            raise FormatError(f"{where}[{k}].name: expected a text, {got(str(name))}")
        if name in named:
            raise FormatError(f"{where}[{k}].name: {name!r} stands twice")
        named[name] = record
    return dict(sorted(named.items()))


def _place(record: Mapping[str, Any], key: str, places: Mapping[str, int], where: str) -> int:
    name = record.get(key)
    if not isinstance(name, str) or name not in places:
        raise FormatError(f"{where}.{key}: expected a known name, {got(str(name))}")
    return places[name]


def _number(record: Mapping[str, Any], key: str, where: str, *, positive: bool = False) -> float:
    value = record.get(key)
    least = 1e-300 if positive else 0
    # True and false are numbers to Python.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and number and least <= value < 1e300:
        return float(value)
    kind = "a positive number" if positive else "a number of at least 0"
    raise FormatError(f"{where}.{key}: expected {kind}, {got(str(value))}")
