"""Tables that do not fit together are refused before anything is computed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ProblemError
from headway.model.families import flow_shop, single_machine
from headway.model.problem import Problem
from headway.model.tables import (
    FOREVER,
    Jobs,
    Pairs,
    Relations,
    SelectionKind,
    Selections,
    columns,
    ints,
)
from headway.model.validate.check import TABLES
from tests.problems import random_problem


def test_a_setup_matrix_of_the_wrong_shape_is_refused_by_name():
    problem = single_machine([1, 2], setups=[[0, 1], [1, 0], [0, 0]])
    with pytest.raises(ProblemError, match=r"setup matrix 0: .* got shape \(3,\)"):
        replace(problem, setups=(np.zeros(3, dtype=np.int64),))


@pytest.mark.parametrize("column", ["first_task", "second_task"])
def test_a_sequence_lists_each_task_once(column):
    problem = flow_shop([[1, 2], [3, 4]])
    twice = replace(problem.sequences, **{column: ints([0, 0])})
    with pytest.raises(ProblemError, match="same-sequence row 0 lists task 'job 0/0' twice"):
        replace(problem, sequences=twice)


def test_a_selection_lists_each_task_once():
    problem = flow_shop([[1, 2], [3, 4]])
    group = Selections(
        kind=ints([SelectionKind.ALL_OR_NONE, SelectionKind.ALL_OR_NONE]),
        condition=ints([-1, -1]),
        task_ptr=ints([0, 2, 5]),
        task=ints([1, 2, 2, 1, 2]),
    )
    with pytest.raises(ProblemError, match="selection 1 lists task 'job 1/0' twice"):
        replace(problem, selections=group)


def spoilt(table: Any, data: st.DataObject) -> Any:
    """Return a table without its last row, or with other values in a column."""
    if isinstance(table, Jobs | Relations | Pairs) and len(table) and data.draw(st.booleans()):
        names = {"name": table.name[:-1]} if hasattr(table, "name") else {}
        return replace(table, **names, **{key: col[:-1] for key, col in columns(table).items()})
    key = data.draw(st.sampled_from(sorted(columns(table))))
    column = columns(table)[key]
    if data.draw(st.booleans()) or not len(column):
        other = np.append(column, column[-1:] if len(column) else 0).astype(column.dtype)
    else:
        other = column.copy()
        value = data.draw(st.sampled_from([-(2**50), -2, -1, 0, 1, 2, 3, 2**31, 2**50, FOREVER]))
        other[data.draw(st.integers(0, len(column) - 1))] = value
    return replace(table, **{key: other})


@settings(max_examples=120)
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_an_altered_problem_is_as_good_or_as_bad_as_a_new_one(
    seed: int, data: st.DataObject
) -> None:
    """Whatever changes in whatever column: what is checked once more is what could be wrong."""
    problem = random_problem(seed)
    label = data.draw(st.sampled_from(TABLES))
    changed = {label: spoilt(getattr(problem, label), data)}

    def outcome(make: Callable[..., Problem]) -> Problem | str:
        try:
            return make(**changed)
        except ProblemError as error:
            return str(error)

    assert outcome(problem.altered) == outcome(lambda **tables: replace(problem, **tables))


def test_a_problem_is_not_altered_in_what_it_does_not_have():
    problem = flow_shop([[1, 2], [3, 4]])
    with pytest.raises(TypeError, match="a problem has no colour"):
        problem.altered(colour="green")
