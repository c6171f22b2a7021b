import pytest

import headway as hw
from headway.errors import FormatError, UnsupportedError
from headway.formats import read, reads, write
from tests.formats.data import DATA


def test_machines_per_stage_make_a_hybrid_flow_shop():
    problem = read(DATA / "hybrid.txt")
    assert (problem.n_jobs, problem.n_tasks, problem.n_resources) == (6, 18, 6)
    assert problem.modes.demand_resource[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert problem.modes.duration[:6].tolist() == [2, 2, 3, 3, 4, 4]


def test_due_dates_make_a_flow_shop_with_tardiness():
    problem = read(DATA / "due_dates.txt")
    assert problem.jobs.due.tolist() == [10, 15, 20, 20, 15, 20]
    assert problem.objective == hw.total_tardiness()
    assert len(problem.sequences) == 2


def test_a_square_matrix_is_told_by_the_size_of_the_numbers():
    assert reads("2 2\n1 2\n5 6\n7 8\n").n_modes == 6
    assert reads("2 2\n9 3\n5 6\n7 8\n").jobs.due.tolist() == [9, 3]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("2 2\n1 0\n1 1\n1 1\n", "hybrid-flow-shop", "machines per stage"),
        ("2 1\n1000000\n1\n1\n", "hybrid-flow-shop", "machines per stage"),
        ("1 2\n60000 60000\n1 1\n", "hybrid-flow-shop", "more than 100000 in all"),
        ("2 2 7\n1 1\n1 1\n1 1\n", "hybrid-flow-shop", "got 3 numbers"),
        ("2 2\n1 1 1\n1 1\n1 1\n", "flow-shop-due-dates", "due dates"),
        ("2 2\n1 1\n1 1\n", "flow-shop-due-dates", "2 jobs announced"),
        ("1 2\n1\n1 1\n1 1\n", "flow-shop-due-dates", "1 job"),
    ],
)
def test_rows_that_do_not_fit_are_refused(text, name, words):
    with pytest.raises(FormatError, match=words):
        reads(text, format=name)


@pytest.mark.parametrize(
    ("problem", "name", "words"),
    [
        (hw.hybrid_flow_shop([[1, 2]], [2]), "hybrid-flow-shop", "the machines of 'job 0'"),
        (hw.instance("ft06"), "flow-shop-due-dates", "the due date of 'job 0'"),
        (
            hw.flow_shop([[1]], due=[3], weight=[2], objective=hw.total_tardiness()),
            "flow-shop-due-dates",
            "the weight of 'job 0'",
        ),
        (
            hw.job_shop([[0], [0, 1]], [[1], [1, 1]], due=[1, 1]),
            "flow-shop-due-dates",
            "different numbers",
        ),
    ],
)
def test_what_there_is_no_room_for_is_refused(problem, name, words, tmp_path):
    with pytest.raises(UnsupportedError, match=words):
        write(problem, tmp_path / "shop.txt", format=name)
