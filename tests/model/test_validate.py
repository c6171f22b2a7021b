"""Tables that do not fit together are refused before anything is computed from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headway.errors import ProblemError
from headway.model.families import flow_shop, single_machine
from headway.model.tables import SelectionKind, Selections, ints


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
