import pytest

from headway.errors import FormatError
from headway.formats import Source, formats, read, reads
from headway.formats.detect import detect
from tests.formats.data import DATA, FORMATS, PLANS


@pytest.mark.parametrize(("name", "wanted"), FORMATS.items())
def test_every_sample_is_recognised_by_its_content(name, wanted):
    source = Source((DATA / name).read_bytes(), name="x")
    assert detect(source).name == wanted


def test_the_samples_cover_every_format_that_is_a_single_text_file():
    assert set(FORMATS.values()) == set(formats()) - {"json", "planner-csv", "planner-xlsx"}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("planner.xlsx", "planner-xlsx"),
        ("planner-csv", "planner-csv"),
        ("planner-csv/tasks.csv", "planner-csv"),
    ],
)
def test_planners_tables_are_recognised_in_every_wrapping(path, wanted):
    target = PLANS / path
    data = b"" if target.is_dir() else target.read_bytes()
    assert detect(Source(data, name="x", path=target)).name == wanted


def test_a_matrix_that_may_be_a_flow_or_an_open_shop_is_refused_with_both_names():
    """Two jobs on three machines: nothing tells whether the machines have an order."""
    text = "2 3\n4 5 6\n7 8 9\n"
    with pytest.raises(FormatError, match=r"'flow-shop' or 'open-shop'; say which with format="):
        reads(text)
    assert reads(text, format="flow-shop").n_resources == 3
    assert reads(text, format="open-shop").n_resources == 3 + 2


def test_a_suffix_breaks_a_tie(tmp_path):
    path = tmp_path / "plant.osp"
    path.write_text("2 3\n4 5 6\n7 8 9\n")
    assert read(path).n_resources == 3 + 2


def test_a_square_matrix_is_an_open_shop_unless_asked_otherwise():
    text = "2 2\n4 5\n6 7\n"
    assert reads(text).n_resources == 2 + 2
    assert reads(text, format="flow-shop").n_resources == 2


def test_equal_routes_make_a_permutation_flow_shop_unless_asked_otherwise():
    text = "2 2\n0 4 1 5\n0 6 1 7\n"
    assert len(reads(text).sequences) == 1
    assert len(reads(text, format="job-shop").sequences) == 0


def test_a_file_of_no_format_is_explained_by_the_reading_that_got_furthest():
    text = "3 2\n0 4 1 5\n1 6 0 7\n0 1 1\n"
    with pytest.raises(FormatError, match=r"line 4: job 2: expected pairs .*'job-shop'"):
        reads(text)


@pytest.mark.parametrize(
    ("rows", "line", "wrong"),
    [
        ("9 4 1 3 2 2\n1 6 2 1 0 5\n", 2, "job 0: machine 9 does not exist, .* 0 to 2"),
        ("0 4 1 3 2 2\n1 6 2 1 3 5\n", 3, "job 1: machine 3 does not exist, .* 0 to 2"),
        ("0 4 1 3 2 2 -1 -1\n1 6 2 x 0 5 -1 -1\n", 3, "duration in job 1: .* got 'x'"),
        ("a 4 1 3 2 2\n1 6 2 1 0 5\n", 2, "machine of job 0: expected a whole number"),
    ],
)
def test_a_file_with_a_pair_for_every_machine_is_explained_as_a_job_shop(rows, line, wrong):
    with pytest.raises(FormatError, match=f"line {line}: this is probably a job shop, but {wrong}"):
        reads("2 3\n" + rows)


def test_a_file_that_is_empty_says_so(tmp_path):
    path = tmp_path / "nothing.txt"
    path.write_text(" \n\n")
    with pytest.raises(FormatError, match=r"nothing\.txt:1: the file is empty"):
        read(path)


def test_a_folder_without_tasks_says_what_it_lacks(tmp_path):
    with pytest.raises(FormatError, match=r"with tasks\.csv"):
        read(tmp_path)
