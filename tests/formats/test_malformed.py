import pytest

from headway.errors import FormatError
from headway.formats import read
from tests.formats.data import DATA

REFUSALS = {
    "cut_off.json": (1, "not valid JSON"),
    "cut_off.sm": (25, "expected a section 'REQUESTS/DURATIONS'"),
    "duration-tasks.csv": (3, "expected a whole number of ticks.*got 'two'"),
    "letter_in_number.txt": (3, "duration in job 1: expected a whole number.*got 'l1'"),
    "machine_too_high.txt": (3, "job 1: machine 3 does not exist, machines are numbered 0 to 2"),
    "machine_zero.fjs": (3, "machine of operation 0: expected a whole number from 1 to 3, got '0'"),
    "missing_job.txt": (2, "4 jobs announced, which take 4 rows; found 3"),
    "missing_lag.sch": (2, r"expected 3 lags in brackets"),
    "nothing_known.txt": (1, "4 jobs announced"),
    "odd_pair.txt": (3, "job 1: expected pairs of machine and duration, got 5 numbers"),
    "predecessor-tasks.csv": (3, r"no task 'cutt' in job 'desk'; did you mean 'cut'\?"),
    "ragged_matrix.txt": (3, "expected 3 numbers, got 2"),
    "short_operation.fjs": (3, "expected 1 pair of machine and duration, found 1 number"),
    "unknown_successor.rcp": (5, "successor of activity 3: .* from 1 to 4, got '9'"),
}


@pytest.mark.parametrize(("name", "line", "message"), [(k, *v) for k, v in REFUSALS.items()])
def test_a_malformed_file_is_refused_with_file_line_and_expectation(name, line, message):
    path = DATA / "malformed" / name
    with pytest.raises(FormatError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_every_malformed_file_is_tested():
    assert {path.name for path in (DATA / "malformed").iterdir()} == set(REFUSALS)
