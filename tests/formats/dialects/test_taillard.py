import pytest

from headway.errors import FormatError
from headway.formats import find_format, read, read_all, reads
from tests.formats.data import DATA


def test_both_spellings_hold_the_same_instance():
    plain, marked = read(DATA / "taillard_plain.txt"), read(DATA / "taillard_two.txt", instance=1)
    assert plain.modes.duration.tolist() == marked.modes.duration.tolist() == [4, 7, 3, 5, 6, 2]
    assert plain.modes.demand_resource.tolist() == [0, 1, 1, 0, 0, 1]
    assert len(read_all(DATA / "taillard_two.txt")) == 2


@pytest.mark.parametrize("name", ["ft06.txt", "la01.txt"])
def test_a_job_shop_says_the_same_in_both_of_its_forms(name):
    problem = read(DATA / name)
    render = find_format("taillard").render
    assert reads(render(problem), name=problem.name) == problem


def test_a_machine_zero_is_refused():
    with pytest.raises(FormatError, match=r"line 4: machines \(from 1\): .* from 1 to 2, got '0'"):
        reads("2 2\n3 4\n5 6\n0 1\n1 0\n", format="taillard")


def test_a_missing_matrix_is_refused():
    with pytest.raises(FormatError, match="line 2: 3 jobs announced, which take 6 rows; found 3"):
        reads("Nb of jobs, Nb of Machines\n3 1\nTimes\n3\n4\n5\n")
