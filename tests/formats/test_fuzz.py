"""Whatever a file holds, a reader returns a problem or one of our two errors, soon."""

import random
import tracemalloc

import pytest

from headway.errors import FormatError, ProblemError
from headway.formats import Source, formats, read, reads
from headway.formats.reading import _problems
from headway.model import Problem
from tests.formats.data import DATA, FORMATS, PLANS
from tests.formats.mutations import damaged

ROUNDS = 40


def _try(source: Source, form: str | None) -> None:
    refusal: FormatError | ProblemError | None = None
    try:
        problems = _problems(source, form)
    except (FormatError, ProblemError) as error:
        refusal = error
    if refusal is None:
        assert problems
        assert all(isinstance(problem, Problem) for problem in problems)
    else:
        assert str(refusal)
        line = getattr(refusal, "line", None)
        assert line is None or line >= 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_read_or_refused(name):
    rng = random.Random(name)
    data = (DATA / name).read_bytes()
    for _ in range(ROUNDS):
        bad = damaged(rng, data)
        _try(Source(bad, name="x"), None)
        _try(Source(bad, name="x"), FORMATS[name])


def test_a_damaged_json_document_is_read_or_refused():
    rng = random.Random(3)
    data = read(DATA / "ft06.txt").to_json().encode()
    for _ in range(ROUNDS):
        _try(Source(damaged(rng, data), name="x"), "json")


@pytest.mark.parametrize("table", sorted(p.name for p in (PLANS / "planner-csv").iterdir()))
def test_a_damaged_plan_in_csv_is_read_or_refused(table, tmp_path):
    rng = random.Random(table)
    for path in (PLANS / "planner-csv").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = (tmp_path / table).read_bytes()
    for _ in range(ROUNDS):
        (tmp_path / table).write_bytes(
            damaged(rng, data.replace(b",", b" , ")).replace(b" , ", b",")
        )
        _try(Source(b"", name="x", path=tmp_path), None)


def test_a_damaged_workbook_is_read_or_refused():
    rng = random.Random(5)
    data = (PLANS / "planner.xlsx").read_bytes()
    for _ in range(ROUNDS):
        _try(Source(damaged(rng, data), name="x"), "planner-xlsx")


@pytest.mark.parametrize("form", [None, *formats()])
@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x00", b"\xff\xfe", b"#", b"1", b"0 0", b"{}", b"PK\x03\x04"]
)
def test_next_to_nothing_is_refused_in_every_format(form, data):
    with pytest.raises((FormatError, ProblemError)):
        reads(data, format=form)


@pytest.mark.parametrize("form", [None, *formats()])
@pytest.mark.parametrize(
    "header",
    [
        "999999999 999999999",
        "1 999999999\n0 1",
        "2 999999999\n0 1 1 1\n0 1 1 1",
        "999999999 0 999999999",
        "1 0 999999999\n1 0 5",
        "1 999999999 2",
        "task,duration,resources\na,1,b*999999999",
    ],
)
def test_a_promise_of_huge_sizes_allocates_nothing(form, header):
    tracemalloc.start()
    try:
        reads(header, format=form)
    except (FormatError, ProblemError):
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20_000_000


def test_a_break_that_repeats_for_ever_is_refused(tmp_path):
    (tmp_path / "tasks.csv").write_text("task,duration,resources\na,1,saw\n")
    (tmp_path / "breaks.csv").write_text("resource,start,end,every,until\n,1,2,3,9999999999\n")
    with pytest.raises(FormatError, match=r"breaks\.csv:2: column 'every': repeats .* times"):
        read(tmp_path)
