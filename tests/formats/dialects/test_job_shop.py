import numpy as np
import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from tests.formats.data import DATA


def test_ft06_is_read_as_published():
    problem = read(DATA / "ft06.txt")
    assert (problem.n_jobs, problem.n_tasks, problem.n_resources) == (6, 36, 6)
    assert problem.modes.demand_resource[:6].tolist() == [2, 0, 1, 3, 5, 4]
    assert problem.modes.duration[:6].tolist() == [1, 3, 6, 7, 3, 6]
    assert problem.modes.duration.sum() == 197


def test_rows_may_differ_in_length_and_come_back_to_a_machine():
    problem = read(DATA / "reentrant.txt")
    assert [len(problem.tasks_of(job)) for job in range(3)] == [4, 2, 1]
    assert problem.modes.demand_resource.tolist() == [0, 1, 0, 2, 2, 1, 1]


def test_rows_may_end_in_minus_one_twice():
    problem = read(DATA / "tailed.txt")
    assert problem.n_tasks == 8
    assert problem.modes.duration.tolist() == [4, 3, 2, 6, 1, 7, 2, 9]


def test_unused_machines_exist_all_the_same():
    assert reads("1 4\n2 5\n", format="job-shop").n_resources == 4


def test_a_machine_numbered_from_one_is_refused():
    with pytest.raises(FormatError, match=r"line 2: job 0: machine 2 does not exist, .* 0 to 1"):
        reads("2 2\n1 3 2 4\n2 5 1 6\n", format="job-shop")


def test_rows_beyond_the_announced_jobs_are_refused():
    with pytest.raises(FormatError, match="line 3: expected the end of the file after 1 job"):
        reads("1 2\n0 3 1 4\n0 5 1 6\n", format="job-shop")


def test_jobs_are_chains():
    relations = read(DATA / "la01.txt").relations
    assert np.array_equal(relations.after, relations.before + 1)
    assert len(relations) == 10 * 4
