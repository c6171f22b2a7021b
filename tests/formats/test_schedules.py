import csv
import datetime as dt

import openpyxl
import pytest

from headway.errors import UnknownNameError
from headway.formats import write_schedule
from headway.model import Model


def plan(origin=None):
    m = Model("plan", tick_s=1800.0, origin=origin)
    saw, crew = m.machine("saw"), m.renewable("crew", capacity=3)
    job = m.job("desk")
    cut = m.task(job, "=cut").mode({saw: 1, crew: 2}, duration=3)
    m.task(None, "talk").mode({}, duration=1)
    m.task(None, "perhaps", optional=True).mode({}, duration=1)
    _ = cut
    problem = m.problem()
    return problem.schedule([2, 0, 0], mode=[0, 1, -1])


def test_a_table_lists_tasks_by_start(tmp_path):
    write_schedule(plan(), tmp_path / "plan.csv")
    with (tmp_path / "plan.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["task", "job", "resources", "start", "end"],
        ["talk", "", "", "0", "1"],
        ["=cut", "desk", "saw+crew*2", "2", "5"],
    ]


def test_a_workbook_has_real_dates_and_no_formulas(tmp_path):
    write_schedule(plan(dt.datetime(2026, 3, 2, 8)), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["schedule"]
    assert [cell.value for cell in sheet[1]][-2:] == ["start date", "end date"]
    assert sheet["A3"].value == "=cut"
    assert sheet["A3"].data_type == "s"
    assert sheet["F3"].value == dt.datetime(2026, 3, 2, 9)
    assert sheet["G3"].value == dt.datetime(2026, 3, 2, 10, 30)


def test_a_workbook_shows_the_local_time_of_a_time_zone(tmp_path):
    zone = dt.timezone(dt.timedelta(hours=1))
    write_schedule(plan(dt.datetime(2026, 3, 2, 8, tzinfo=zone)), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["schedule"]
    assert sheet["F3"].value == dt.datetime(2026, 3, 2, 9)


def test_dates_beyond_the_calendar_are_left_out(tmp_path):
    write_schedule(plan(dt.datetime(9999, 12, 31, 23, 45)), tmp_path / "plan.csv")
    assert (tmp_path / "plan.csv").read_text().splitlines()[2].endswith(",2,5,,")


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match=r"'\.txt'; known: \.csv, \.xlsx"):
        write_schedule(plan(), tmp_path / "plan.txt")
