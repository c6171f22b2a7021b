import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from tests.formats.data import DATA


def test_connected_operations_are_a_job():
    problem = read(DATA / "dafjs01.txt")
    assert (problem.n_jobs, problem.n_tasks, len(problem.relations)) == (4, 26, 26)
    assert problem.modes.demand_resource[:4].tolist() == [0, 2, 1, 3]


def test_arcs_may_name_the_job_and_thereby_join_parts():
    apart = "4 2 1\n0 1\n2 3\n1 0 5\n1 0 5\n1 0 5\n1 0 5\n"
    joined = apart.replace("0 1\n2 3\n", "0 1 7\n2 3 7\n").replace("7", "0")
    assert reads(apart).n_jobs == 2
    assert reads(joined).n_jobs == 1


def test_interleaved_jobs_are_put_in_order():
    problem = reads("4 2 2\n0 2\n1 3\n1 0 5\n1 1 6\n1 0 7\n1 1 8\n")
    assert problem.tasks.job.tolist() == [0, 0, 1, 1]
    assert problem.modes.duration.tolist() == [5, 7, 6, 8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 1 1\n0 0\n1 0 5\n1 0 5\n", "line 2: arc: operation 0 cannot precede itself"),
        ("2 1 1\n0 2\n1 0 5\n1 0 5\n", "line 2: operation of an arc: .* from 0 to 1, got '2'"),
        ("2 1 1\n0 1\n1 0 5\n1 1 5\n", "line 4: machine of operation 1: .* from 0 to 0, got '1'"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    with pytest.raises(FormatError, match=message):
        reads(text, format="fjs-graph")
