import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from tests.formats.data import DATA


def test_the_matrix_has_jobs_in_rows():
    problem = read(DATA / "gp03-01.txt")
    assert problem.modes.duration.tolist() == [661, 6, 333, 168, 489, 343, 171, 505, 324]
    assert problem.resources.name == (
        "machine 0",
        "machine 1",
        "machine 2",
        "job 0",
        "job 1",
        "job 2",
    )


def test_taillards_machine_matrix_only_labels_the_times():
    problem = read(DATA / "taillard_open.txt")
    assert problem.modes.duration.tolist() == [3, 5, 8, 2, 4, 9]


def test_a_machine_listed_twice_is_refused():
    text = (DATA / "taillard_open.txt").read_text().replace(" 3  1  2", " 3  1  3")
    with pytest.raises(FormatError, match="line 8: machines: expected each of 1 to 3 once"):
        reads(text)
