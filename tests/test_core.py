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
