import csv
import datetime as dt
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.errors import FormatError, UnknownNameError
from headway.formats import read, read_schedule, write_schedule
from headway.formats.planner import csv_text, schedule_rows, workbook_bytes
from headway.model import Model, Schedule
from tests.formats.data import PLANS
from tests.problems import random_problem


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


def renamed(problem):
    """Return the same problem with names that no two tasks or jobs share."""
    jobs, tasks = problem.jobs, problem.tasks
    return replace(
        problem,
        jobs=replace(jobs, name=tuple(f"order {k}" for k in range(len(jobs)))),
        tasks=replace(tasks, name=tuple(f"t{k}" for k in range(len(tasks)))),
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    suffix=st.sampled_from([".csv", ".xlsx", ".json"]),
    origin=st.sampled_from(
        [None, dt.datetime(2026, 3, 2, 8), dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)]
    ),
    data=st.data(),
)
def test_a_schedule_comes_back_equal(seed, suffix, origin, data, tmp_path_factory):
    problem = replace(renamed(random_problem(seed)), origin=origin, tick_s=0.5)
    counts = np.diff(problem.tasks.mode_ptr)
    start = [data.draw(st.integers(0, 30)) for _ in counts]
    choice = [data.draw(st.integers(-1, int(count) - 1)) for count in counts]
    mode = [
        int(p) + c if c >= 0 else -1 for p, c in zip(problem.tasks.mode_ptr, choice, strict=False)
    ]
    schedule = Schedule.of(problem, start, mode)
    path = tmp_path_factory.mktemp("s") / f"s{suffix}"
    if suffix == ".json":
        schedule.save(path)
    else:
        write_schedule(schedule, path)
    assert read_schedule(problem, path) == schedule


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_example_comes_back_from_its_dates_alone(suffix, tmp_path):
    problem = read(PLANS / "planner.xlsx")
    schedule = hw.solve(problem, method="rules", time_limit=2).schedule
    path = tmp_path / f"s{suffix}"
    write_schedule(schedule, path)
    assert read_schedule(problem, path) == schedule
    rows = [
        [value for k, value in enumerate(row) if k not in (3, 4)] for row in schedule_rows(schedule)
    ]
    if suffix == ".csv":
        path.write_text(csv_text(rows), encoding="utf-8")
    else:
        path.write_bytes(workbook_bytes({"my plan": rows}))
    assert read_schedule(problem, path) == schedule


def test_wrong_ends_are_kept_for_verify_to_find(tmp_path):
    problem = plan().problem
    (tmp_path / "s.csv").write_text("task,job,start,end\n=cut,desk,2,9\ntalk,,-3,\n")
    schedule = read_schedule(problem, tmp_path / "s.csv")
    assert schedule.start.tolist() == [2, -3, -1]
    assert schedule.end.tolist() == [9, -2, -1]
    assert set(hw.verify(problem, schedule).kinds) == {"duration", "window"}


def choices():
    m = Model("choices")
    saw, mill = m.machine("saw"), m.renewable("mill", capacity=4)
    money = m.budget("money", capacity=9)
    both = m.task(m.job("desk"), "cut")
    both.mode({saw: 1, mill: 2}, duration=3).mode({mill: 1}, duration=5)
    both.mode({mill: 1}, duration=7).mode({mill: 1, money: 2}, duration=7)
    m.task(m.job("chair"), "glue").mode({}, duration=1)
    return m.problem()


@pytest.mark.parametrize(
    ("row", "mode"),
    [
        ("cut,desk,mill*2 + saw,0,,", 0),
        ("cut,desk,saw+mill*2,0,99,", 0),
        ("cut,desk,mill*1,4,9,", 1),
        ("cut,desk,mill,4,11,3", 3),
        ("cut,desk,,4,11,2", 2),
        ("cut,desk,,4,7,", 0),
    ],
)
def test_the_mode_is_told_by_resources_then_ends_then_its_number(row, mode, tmp_path):
    (tmp_path / "s.csv").write_text(f"task,job,resources,start,end,mode\n{row}\n")
    assert read_schedule(choices(), tmp_path / "s.csv").mode.tolist() == [mode, -1]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (r":2: .*no task 'cut' in job 'chair'; did you mean 'desk/cut'", "cut,chair,,0,,"),
        (r":2: .*no task 'cutt' in job 'desk'; did you mean 'cut'\?", "cutt,desk,,0,,"),
        (r":2: column 'job': .*did you mean 'desk'", "cut,desks,,0,,"),
        (r":3: .*'desk/cut' is listed twice, before in row 2", "cut,desk,,4,7,\ncut,desk,,4,7,"),
        (r":2: column 'start': expected when the task starts .*empty", "cut,desk,,,,"),
        (r":2: column 'start': expected a tick or a date", "cut,desk,,soon,,"),
        (r":2: column 'start': '2026-03-02' is a date; say", "cut,desk,,2026-03-02,,"),
        (
            r":2: column 'resources': expected what a mode of 'desk/cut' uses .*'saw\+mill\*2'",
            "cut,desk,saw+mill,0,,",
        ),
        (r":2: column 'end': none of the 3 modes .* ends at 6; say", "cut,desk,mill,0,6,"),
        (r":2: .*2 modes of 'desk/cut' fit; say in a column 'mode'", "cut,desk,mill,0,7,"),
        (r":2: .*4 modes of 'desk/cut' fit", "cut,desk,,0,,"),
        (r":2: column 'mode': expected a whole number from 0 to 3", "cut,desk,mill,0,,4"),
        (r":2: .*expected mill, as mode 1 of 'desk/cut' uses", "cut,desk,saw+mill*2,0,,1"),
    ],
)
def test_rows_that_say_too_little_or_too_much_are_refused(message, text, tmp_path):
    (tmp_path / "s.csv").write_text(f"task,job,resources,start,end,mode\n{text}\n")
    with pytest.raises(FormatError, match=r"s\.csv" + message):
        read_schedule(choices(), tmp_path / "s.csv")


def test_dates_that_contradict_the_ticks_are_refused(tmp_path):
    problem = plan(dt.datetime(2026, 3, 2, 8)).problem
    heads = "task,job,start,start date\n"
    (tmp_path / "s.csv").write_text(heads + "=cut,desk,2,2026-03-02 10:00\n")
    with pytest.raises(FormatError, match=r"s\.csv:2: .*expected 2026-03-02 09:00:00, as start is"):
        read_schedule(problem, tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text(heads + "=cut,desk,,2026-03-02 10:00\n")
    assert read_schedule(problem, tmp_path / "s.csv").start[0] == 4


def test_dates_of_another_time_zone_are_the_same_instant(tmp_path):
    (tmp_path / "s.csv").write_text("task,job,start date\n=cut,desk,2026-03-02T09:00+01:00\n")
    zoned = plan(dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)).problem
    assert read_schedule(zoned, tmp_path / "s.csv").start[0] == 2
    local = plan(dt.datetime(2026, 3, 2, 7)).problem
    with pytest.raises(FormatError, match=r"s\.csv:2: .*a local time without a time zone"):
        read_schedule(local, tmp_path / "s.csv")


def test_without_a_column_of_jobs_names_must_be_clear(tmp_path):
    (tmp_path / "s.csv").write_text("task,start\nglue,3\n")
    assert read_schedule(choices(), tmp_path / "s.csv").start.tolist() == [-1, 3]
    (tmp_path / "s.csv").write_text("task,start\n0,3\n")
    with pytest.raises(FormatError, match=r"s\.csv:2: .*3 tasks are called '0'"):
        read_schedule(hw.job_shop([[0], [0], [0]], [[1], [2], [3]]), tmp_path / "s.csv")


def test_a_file_that_holds_no_schedule_is_refused_by_name(tmp_path):
    problem = choices()
    (tmp_path / "s.csv").write_text("task,begin\n")
    with pytest.raises(FormatError, match=r"s\.csv:1: unknown column 'begin'; .*start"):
        read_schedule(problem, tmp_path / "s.csv")
    with pytest.raises(FormatError, match=r"planner\.xlsx: expected a sheet 'schedule'; there are"):
        read_schedule(problem, PLANS / "planner.xlsx")
    (tmp_path / "s.json").write_text("nothing")
    with pytest.raises(FormatError, match=r"s\.json:1: not valid JSON"):
        read_schedule(problem, tmp_path / "s.json")
    with pytest.raises(FormatError, match=r"none\.csv: cannot read"):
        read_schedule(problem, tmp_path / "none.csv")


def test_dates_older_than_spreadsheets_survive(tmp_path):
    schedule = plan(dt.datetime(1850, 1, 1))
    write_schedule(schedule, tmp_path / "s.xlsx")
    assert read_schedule(schedule.problem, tmp_path / "s.xlsx") == schedule
