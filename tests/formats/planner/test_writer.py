import csv
import datetime as dt

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import FormatError, UnsupportedError
from headway.formats import find_format, read, reads, write
from headway.formats.express import require_same
from headway.model import Model, makespan, total_setup
from tests.formats.data import DATA, PLANS

TARGETS = ["plan.xlsx", "plan", "plant-tasks.csv"]


def _model() -> Model:
    m = Model("plant", tick_s=60.0, horizon=500)
    mill = m.machine("=mill", breaks=[(10, 12), (40, 45)], cost=3)
    drill = m.machine("drill")
    m.renewable("crew", capacity=3)
    m.budget("money", capacity=99)
    for k in range(3):
        job = m.job(f"order {k}", release=k, due=50 + k, deadline=400, weight=k)
        cut = m.task(job, "cut", family="red" if k % 2 else "blue", interruptible=True)
        cut.mode({mill: 1}, duration=5).mode({drill: 1}, duration=7)
        pack = m.task(job, "pack", start=(4, None), end=(None, 300)).mode({}, duration=3)
        m.end_before_start(cut, pack, lag=-2)
    m.task(None, "sweep").mode({drill: 1}, duration=2)
    m.setup_times(mill, {("red", "blue"): 3, (None, "red"): 1})
    m.minimise(total_setup().then(makespan()))
    return m


@pytest.mark.parametrize("target", TARGETS)
def test_a_plan_survives_writing_and_reading(target, tmp_path):
    m = _model()
    problem = m.problem()
    write(problem, tmp_path / target)
    again = read(tmp_path / target)
    require_same(problem, again, "planner")
    assert (again.name, again.tick_s) == ("plant", 60.0)
    for table in ("jobs", "tasks", "resources"):
        assert getattr(again, table).name == getattr(problem, table).name


def _dated(origin, tick_s=900.0) -> Model:
    m = Model("dated", tick_s=tick_s, origin=origin, horizon=400)
    job = m.job("order", release=3, due=40, deadline=96)
    m.task(job, "cut", start=(4, None), end=(None, 70)).mode({m.machine("saw"): 1}, duration=5)
    return m


@pytest.mark.parametrize("target", TARGETS)
def test_a_plan_with_dates_survives_writing_and_reading(target, tmp_path):
    problem = _dated(dt.datetime(2026, 3, 2, 8)).problem()
    write(problem, tmp_path / target)
    assert read(tmp_path / target) == problem


@pytest.mark.parametrize("origin", [None, dt.datetime(2026, 3, 2, 8)])
@pytest.mark.parametrize("target", TARGETS)
def test_overdue_orders_survive_writing_and_reading(target, origin, tmp_path):
    m = Model("late", tick_s=900.0, origin=origin)
    m.task(m.job("order", due=-7), "cut").mode({}, duration=5)
    m.minimise(makespan())
    write(m.problem(), tmp_path / target)
    assert read(tmp_path / target) == m.problem()


def test_dates_are_real_dates_in_a_workbook(tmp_path):
    write(_dated(dt.datetime(2026, 3, 2)).problem(), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    settings = {key.value: value for key, value, *_ in book["settings"].iter_rows()}
    assert settings["start"].value == dt.datetime(2026, 3, 2)
    assert settings["start"].is_date
    assert settings["start"].number_format == "yyyy-mm-dd hh:mm"
    assert settings["horizon"].value == dt.datetime(2026, 3, 6, 4)
    assert [cell.value for cell in book["jobs"][2]][1:4] == [
        dt.datetime(2026, 3, 2, 0, 45),
        dt.datetime(2026, 3, 2, 10),
        dt.datetime(2026, 3, 3),
    ]
    # Nothing is cut off: Excel shows what does not fit as "#####".
    assert book["settings"].column_dimensions["B"].width >= len("2026-03-02 08:00")


def test_dates_are_readable_in_csv(tmp_path):
    write(_dated(dt.datetime(2026, 3, 2, 8)).problem(), tmp_path / "plan")
    with (tmp_path / "plan" / "jobs.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["due"] == "2026-03-02 18:00:00"


@given(
    origin=st.datetimes(),
    tick_s=st.sampled_from([1.0, 60.0, 900.0, 0.5, 0.1, 86400.0 * 365]),
    form=st.sampled_from(["planner-xlsx", "planner-csv"]),
)
def test_any_origin_and_tick_survives(origin, tick_s, form, tmp_path_factory):
    """Also those that Excel cannot hold as dates, and ticks beyond the calendar."""
    problem = _dated(origin, tick_s).problem()
    if form == "planner-xlsx":
        assert reads(find_format(form).render(problem), name="dated") == problem
    else:
        folder = tmp_path_factory.mktemp("plan")
        write(problem, folder, format=form)
        assert read(folder) == problem


def test_a_time_zone_is_refused(tmp_path):
    zone = dt.timezone(dt.timedelta(hours=1))
    problem = _dated(dt.datetime(2026, 3, 2, 8, tzinfo=zone)).problem()
    with pytest.raises(UnsupportedError, match=r"the time zone of the start, 2026-03-02 08:00"):
        write(problem, tmp_path / "plan.xlsx")


@pytest.mark.parametrize(
    "name", ["ft06.txt", "small.mm", "j30_1_3.rcp", "dafjs01.txt", "rec01.txt"]
)
def test_instances_become_plans_where_tables_can_say_them(name, tmp_path):
    problem = read(DATA / name)
    if len(problem.sequences):
        with pytest.raises(UnsupportedError, match="same-sequence"):
            write(problem, tmp_path / "plan.xlsx")
        return
    write(problem, tmp_path / "plan.xlsx")
    require_same(problem, read(tmp_path / "plan.xlsx"), "planner")


def test_the_example_is_written_back(tmp_path):
    problem = read(PLANS / "planner.xlsx")
    write(problem, tmp_path / "again")
    assert read(tmp_path / "again").fingerprint == problem.fingerprint


def _reservoir(m):
    m.reservoir("tank")


def _optional(m):
    m.task(None, "perhaps", optional=True).mode({}, duration=1)


def _latest_start(m):
    m.task(None, "early", start=(None, 5)).mode({}, duration=1)


def _blank_name(m):
    m.task(None, " x").mode({}, duration=1)


def _twins(m):
    for _ in range(2):
        m.task(None, "twin").mode({}, duration=1)


def _max_lag(m):
    a, b = (m.task(None, name).mode({}, duration=1) for name in "ab")
    m.end_before_start(a, b, max_lag=3)


def _steps(m):
    m.renewable("team", capacity=2, steps=[(5, 1)])


def _marks(m):
    m.task(None, "x").mode({m.machine("a|b"): 1}, duration=1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_reservoir, "the reservoir 'tank'"),
        (_optional, "the optional task 'perhaps'"),
        (_latest_start, "a start window of 'early'"),
        (_blank_name, "the name of the task ' x'"),
        (_twins, "'twin' is listed twice"),
        (_max_lag, "a maximum lag between 'a' and 'b'"),
        (_steps, "varying capacities"),
        (_marks, r"the name of the resource 'a\|b'"),
    ],
)
def test_what_the_tables_have_no_room_for_is_named(change, named, tmp_path):
    m = Model("plan")
    m.task(None, "first").mode({}, duration=1)
    change(m)
    with pytest.raises(UnsupportedError, match=named):
        write(m.problem(), tmp_path / "plan.xlsx")


def test_a_csv_file_alone_cannot_hold_a_plan(tmp_path):
    with pytest.raises(UnsupportedError, match=r"ends in 'tasks\.csv'"):
        write(read(DATA / "ft06.txt"), tmp_path / "plan.csv")


def test_tables_of_another_plan_are_not_mixed_in(tmp_path):
    write(read(PLANS / "planner-csv"), tmp_path / "plan")
    with pytest.raises(FormatError, match=r"setups\.csv: is in the way"):
        write(read(DATA / "ft06.txt"), tmp_path / "plan")
    assert np.array_equal(read(tmp_path / "plan").jobs.due, read(PLANS / "planner-csv").jobs.due)


def test_a_folder_of_a_plan_is_replaced(tmp_path):
    problem = read(PLANS / "planner-csv")
    write(_dated(None).problem(), tmp_path / "plan")
    (tmp_path / "plan" / ".hidden").touch()
    write(problem, tmp_path / "plan")
    assert read(tmp_path / "plan").fingerprint == problem.fingerprint


@pytest.mark.parametrize(
    ("target", "file", "message"),
    [
        ("plan", "plan/notes.txt", r"plan: the folder holds 'notes\.txt'; .* a new folder"),
        ("plan", "plan/plan/a", r"plan: the folder holds 'plan'; .* a new folder"),
        ("plan", "plan/resources.csv", r"resources\.csv: is in the way: it would be replaced"),
        ("plan", "plan/setups.csv", r"setups\.csv: is in the way: it would become part"),
        ("plan/tasks.csv", "plan/resources.csv", r"resources\.csv: .* it would be replaced"),
        ("plan/a-tasks.csv", "plan/a-settings.csv", r"a-settings\.csv: .* it would be replaced"),
    ],
)
def test_files_that_are_no_plan_are_left_alone(target, file, message, tmp_path):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FormatError, match=message):
        write(_dated(None).problem(), tmp_path / target, format="planner-csv")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / file).read_text() == "mine"


def test_tables_go_beside_what_else_is_there_if_a_file_is_named(tmp_path):
    for name in ("notes.txt", "b-tasks.csv", "b-resources.csv"):
        (tmp_path / name).write_text("mine")
    for _ in range(2):
        write(_dated(None).problem(), tmp_path / "a-tasks.csv")
    assert np.array_equal(read(tmp_path / "a-tasks.csv").jobs.due, [40])
    assert (tmp_path / "b-resources.csv").read_text() == "mine"
