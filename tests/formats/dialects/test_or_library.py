import pytest

from headway.errors import FormatError, UnknownNameError
from headway.formats import read, read_all, reads
from tests.formats.data import DATA

FILE = DATA / "jobshop_few.txt"


def test_instances_keep_their_names():
    assert [problem.name for problem in read_all(FILE)] == ["ft02", "small", "flow"]


def test_an_instance_is_found_by_name_or_number():
    assert read(f"{FILE}#small") == read(FILE, instance=2) == read(FILE, instance="small")
    assert read(f"{FILE}#small").modes.duration.tolist() == [8, 1, 9, 3]


def test_a_name_that_is_not_there_suggests_a_near_one():
    with pytest.raises(UnknownNameError, match="did you mean small"):
        read(f"{FILE}#smal")


def test_equal_routes_are_a_flow_shop():
    assert len(read(f"{FILE}#flow").sequences) == 2
    assert len(read(f"{FILE}#ft02").sequences) == 0


def test_a_broken_row_is_not_taken_for_prose():
    text = FILE.read_text().replace("1 3 0 5", "1 3 x 5")
    with pytest.raises(FormatError, match=r"line 12: machine of job 1: .* got 'x'"):
        reads(text)


def test_an_instance_without_numbers_is_refused():
    with pytest.raises(FormatError, match="line 2: expected the numbers of jobs and machines"):
        reads("prose\ninstance ft06\nmore prose\n")
