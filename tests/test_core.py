"""The native core: its stub, and its longest paths against a plain statement of them."""

from __future__ import annotations

import ast
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway import _core


def ints(values):
    return np.array(values, dtype=np.int64)


def plain_longest_paths(source, target, length, floor):
    """Raise values arc by arc until nothing changes; a value that keeps rising is on a cycle."""
    value = list(floor)
    for _ in range(len(value) + 1):
        before = list(value)
        for a, b, d in zip(source, target, length, strict=True):
            value[b] = max(value[b], value[a] + d)
        if value == before:
            return value
    return None


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 7))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(-6, 4)), max_size=14))
    floor = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    return [list(column) for column in zip(*arcs, strict=True)] or [[], [], []], floor


@given(graphs())
def test_longest_paths_agree_with_the_plain_twin(graph):
    arcs, floor = graph
    found = _core.longest_paths(*map(ints, arcs), ints(floor))
    expected = plain_longest_paths(*arcs, floor)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found.tolist() == expected


def test_longest_paths_refuse_arcs_to_nowhere():
    with pytest.raises(IndexError, match="does not exist"):
        _core.longest_paths(ints([0]), ints([2]), ints([1]), ints([0, 0]))


def test_longest_paths_refuse_columns_of_different_length():
    with pytest.raises(ValueError, match="differ in length"):
        _core.longest_paths(ints([0]), ints([0, 1]), ints([1]), ints([0, 0]))


def test_the_stub_lists_exactly_what_the_core_offers():
    stub = ast.parse(files("headway").joinpath("_core.pyi").read_text())
    typed = {node.name for node in stub.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    offered = {name for name in vars(_core) if not name.startswith("__")}
    assert {name for name in typed if not name.startswith("_")} == offered


@st.composite
def weighted_graphs(draw):
    n = draw(st.integers(1, 90))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node), max_size=2 * n))
    weight = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    forward = [(min(arc), max(arc)) for arc in arcs if arc[0] != arc[1]]
    return forward, weight


def plain_descendant_sums(arcs, weight):
    """Collect what each node leads to, the last ones first."""
    reached = [set() for _ in weight]
    for node in reversed(range(len(weight))):
        for a, b in arcs:
            if a == node:
                reached[a] |= {b} | reached[b]
    return [sum(weight[v] for v in below) for below in reached]


@given(weighted_graphs())
def test_descendant_sums_agree_with_the_plain_twin(graph):
    arcs, weight = graph
    source, target = (ints([arc[k] for arc in arcs]) for k in (0, 1))
    found = _core.descendant_sums(source, target, ints(weight))
    assert found.tolist() == plain_descendant_sums(arcs, weight)


@pytest.mark.parametrize("shape", ["chain", "in-tree"])
def test_descendant_sums_of_trees_take_the_short_cut_to_the_same_result(shape):
    n = 200
    target = [k + 1 if shape == "chain" else min(n - 1, 2 * k + 1) for k in range(n - 1)]
    arcs = list(zip(range(n - 1), target, strict=True))
    weight = list(range(n))
    source = ints([a for a, _ in arcs])
    found = _core.descendant_sums(source, ints(target), ints(weight))
    assert found.tolist() == plain_descendant_sums(arcs, weight)


def test_descendant_sums_ignore_arcs_that_close_a_cycle():
    found = _core.descendant_sums(ints([0, 1, 2]), ints([1, 2, 0]), ints([1, 1, 1]))
    assert sorted(found.tolist()) == [0, 1, 2]
