import pytest

from headway.errors import FormatError, ProblemError, UnknownNameError
from headway.formats import read, read_all, reads
from tests.formats.data import DATA, PLANS


def test_a_problem_is_named_after_its_file():
    assert read(DATA / "ft06.txt").name == "ft06"
    assert reads((DATA / "ft06.txt").read_text(), name="mine").name == "mine"


def test_a_file_of_several_instances_asks_which_one():
    with pytest.raises(FormatError, match=r"holds 3 instances: choose one with .*#1"):
        read(DATA / "wt40_three.txt")


def test_an_instance_is_chosen_by_number_or_behind_the_path():
    path = DATA / "wt40_three.txt"
    all_three = read_all(path)
    assert [problem.name for problem in all_three] == [f"wt40_three#{k}" for k in (1, 2, 3)]
    assert read(path, instance=3) == all_three[2]
    assert read(f"{path}#2") == all_three[1]
    assert all_three[0] != all_three[1]


@pytest.mark.parametrize("number", [0, 4, -1])
def test_an_instance_that_is_not_there_is_refused(number):
    with pytest.raises(FormatError, match="holds 3 instances, there is no number"):
        read(DATA / "wt40_three.txt", instance=number)


def test_a_file_whose_name_ends_in_a_number_sign_is_read_itself(tmp_path):
    path = tmp_path / "plan#2"
    path.write_bytes((DATA / "ft06.txt").read_bytes())
    assert read(path).n_tasks == 36


def test_read_all_returns_the_only_instance_too():
    assert read_all(DATA / "ft06.txt") == (read(DATA / "ft06.txt"),)


def test_a_missing_file_is_a_format_error_that_names_it(tmp_path):
    with pytest.raises(FormatError, match=r"none\.txt: cannot read: No such file"):
        read(tmp_path / "none.txt")


def test_an_unknown_format_suggests_a_near_one():
    with pytest.raises(UnknownNameError, match="did you mean job-shop"):
        reads("1 1\n0 1\n", format="jobshop")


def test_a_folder_is_only_read_as_planners_tables():
    with pytest.raises(FormatError, match="expected a file in format 'job-shop'"):
        read(PLANS / "planner-csv", format="job-shop")


def test_a_contradiction_in_a_well_formed_file_names_the_file(tmp_path):
    path = tmp_path / "big.rcp"
    path.write_text("1 1\n5\n3 99999999999 0\n")
    with pytest.raises((FormatError, ProblemError), match=r"big\.rcp"):
        read(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b"\n", b"  \t\n"),
        lambda data: b"# a comment\n\n" + data + b"\n\n\n",
    ],
    ids=["byte order mark", "CRLF", "no final newline", "trailing blanks", "comment"],
)
@pytest.mark.parametrize("name", ["ft06.txt", "mk01.fjs", "small.mm", "small.sch", "broken.rcp"])
def test_what_editors_do_to_a_file_changes_nothing(name, change):
    data = (DATA / name).read_bytes()
    assert reads(change(data)) == reads(data)
