import fjsplib
import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from tests.formats.data import DATA


@pytest.mark.parametrize("name", ["kacem1.fjs", "mk01.fjs"])
def test_another_library_reads_the_same(name):
    problem, other = read(DATA / name), fjsplib.read(DATA / name)
    pairs = [pair for job in other.jobs for operation in job for pair in operation]
    ours = zip(problem.modes.demand_resource.tolist(), problem.modes.duration.tolist(), strict=True)
    assert list(ours) == pairs
    arcs = zip(problem.relations.before.tolist(), problem.relations.after.tolist(), strict=True)
    assert list(arcs) == other.precedences
    assert problem.n_resources == other.num_machines


def test_the_average_may_be_missing():
    assert reads("1 2\n2 1 1 5 2 1 6 2 7\n").n_modes == 3


def test_a_row_with_numbers_left_over_is_refused():
    with pytest.raises(FormatError, match="line 2: expected the end of the line after 1 operation"):
        reads("1 2 1.0\n1 1 1 5 2\n")


def test_an_operation_without_choice_is_refused():
    with pytest.raises(FormatError, match=r"number of choices of operation 0: .* at least 1"):
        reads("1 2 1.0\n1 0\n")
