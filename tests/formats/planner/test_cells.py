import datetime as dt

import pytest

from headway.errors import FormatError
from headway.formats.planner.cells import Clock, flag, objective, seconds, whole
from headway.formats.planner.tables import Cell, Table
from headway.formats.source import Source
from headway.model import Objective, makespan, max_lateness, total_tardiness

MINUTES = Clock(60.0, dt.datetime(2026, 3, 2, 8), has_units=True)


def cell(value):
    return Cell(Table("tasks", Source(b"", name="x")), 7, "duration", value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("90 min", 5400), ("1:30", 5400), ("1 h 30 min", 5400), ("1.5h", 5400), ("2 d", 172800)],
)
def test_lengths_of_time_are_written_as_people_write_them(text, wanted):
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "h", "1 month", "1:75", "1 h and 2 min", "-1 h"])
def test_what_is_no_length_of_time_is_none(text):
    assert seconds(text) is None


@pytest.mark.parametrize(
    "value", [90, "90", 90.0, "1:30", "90 min", dt.time(1, 30), dt.timedelta(minutes=90)]
)
def test_a_length_is_the_same_however_the_cell_holds_it(value):
    assert MINUTES.length(cell(value)) == 90


@pytest.mark.parametrize(
    "value",
    [60, "60", "2026-03-02 09:00", "2026-03-02T09:00", dt.datetime(2026, 3, 2, 9)],
)
def test_a_moment_is_the_same_however_the_cell_holds_it(value):
    assert MINUTES.moment(cell(value)) == 60


def test_a_plain_date_ends_at_midnight_after_it():
    start = Clock(3600.0, dt.datetime(2026, 3, 2), has_units=True)
    assert start.moment(cell(dt.date(2026, 3, 2))) == 0
    assert start.moment(cell(dt.date(2026, 3, 2)), is_end=True) == 24


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01", 1.5, -3, True, "2026-03-02 09:00+01:00", "9999-12-31"]
)
def test_what_is_no_moment_is_refused(value):
    with pytest.raises(FormatError, match="line 7: column 'duration'"):
        MINUTES.moment(cell(value), is_end=True)


@pytest.mark.parametrize("value", ["3.5", "three", None, True, 10**30, float("nan"), float("inf")])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(FormatError, match="expected a whole number"):
        whole(cell(value))


def test_yes_and_no():
    assert [flag(cell(value)) for value in ("yes", "X", True, 1, None, "no", 0)] == [True] * 4 + [
        False
    ] * 3
    with pytest.raises(FormatError, match="expected yes or no, got 'perhaps'"):
        flag(cell("perhaps"))


@pytest.mark.parametrize(
    "wanted",
    [
        makespan(),
        total_tardiness(weighted=True).then(makespan()),
        2 * makespan() + max_lateness(),
        Objective(),
    ],
)
def test_an_objective_is_read_as_it_is_written(wanted):
    assert objective(cell(str(wanted))) == wanted


@pytest.mark.parametrize(
    "text", ["", "profit", "makespan +", "then", "weighted makespan", "0 setup"]
)
def test_what_is_no_objective_is_refused(text):
    with pytest.raises(FormatError, match="line 7"):
        objective(cell(text))
