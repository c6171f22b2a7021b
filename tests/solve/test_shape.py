"""Problems are called by their names."""

import pytest

import headway as hw
from headway.solve import shape


@pytest.mark.parametrize(
    ("problem", "family"),
    [
        (hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]]), "job shop"),
        (hw.flow_shop([[1, 2], [3, 4]], permutation=False), "flow shop"),
        (hw.flow_shop([[1, 2], [3, 4]]), "flow shop with the same sequence on all machines"),
        (hw.flexible_job_shop([[[(0, 1), (1, 2)], [(0, 1)]]]), "flexible job shop"),
        (hw.flexible_job_shop([[[(0, 1), (1, 2)]], [[(0, 1)]]]), "parallel machines"),
        (hw.open_shop([[1, 2], [3, 4]]), "open shop"),
        (hw.single_machine([1, 2], release=[0, 1]), "single machine with release dates"),
        (hw.project([[(1, (1,))], [(2, (1,))]], [2], [[1], []]), "project"),
        (hw.project([[(1, (1,)), (2, (0,))]], [2], [[]]), "multi-mode project"),
    ],
)
def test_families_are_recognised(problem: hw.Problem, family: str) -> None:
    assert str(shape(problem)) == family


def test_no_wait_is_told_from_other_maximum_lags() -> None:
    model = hw.Model()
    a, b = model.task().mode(duration=1), model.task().mode(duration=1)
    model.no_wait(a, b)
    assert shape(model.problem()).features == ("no-wait",)
    model.end_before_start(a, b, max_lag=4)
    assert shape(model.problem()).features == ("no-wait", "maximum lags")
