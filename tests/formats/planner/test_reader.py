import datetime as dt

import numpy as np
import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from headway.model import makespan, tardy_jobs, total_setup, total_tardiness
from headway.model.tables import FOREVER, ResourceKind
from tests.formats.data import PLANS

TASKS = "task,duration,resources\ncut,4,saw\n"


def plan(folder, **tables):
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read(folder)


def refused(folder, message, **tables):
    with pytest.raises(FormatError, match=message):
        plan(folder, **tables)


def test_the_example_is_the_same_as_a_workbook_and_as_csv():
    book, files = read(PLANS / "planner.xlsx"), read(PLANS / "planner-csv")
    assert book == files
    assert (book.name, book.tick_s, book.n_jobs, book.n_tasks) == ("joinery", 900.0, 4, 18)
    assert book.objective == total_tardiness(weighted=True).then(makespan())


def test_dates_become_ticks_from_the_start_of_the_plan():
    """A tick is a quarter of an hour and tick 0 is Monday at eight."""
    problem = read(PLANS / "planner-csv")
    assert problem.origin == dt.datetime(2026, 3, 2, 8)
    assert problem.jobs.name[0] == "oak table"
    assert problem.jobs.due[0] == (24 + 4) * 4
    assert problem.jobs.deadline.tolist() == [FOREVER, FOREVER, FOREVER, (4 * 24 + 9) * 4]
    saw = slice(problem.resources.break_ptr[0], problem.resources.break_ptr[1])
    assert problem.resources.break_start[saw][:2].tolist() == [9 * 4, (24 + 9) * 4]
    assert problem.resources.break_end[saw][0] == 24 * 4


def test_without_a_start_there_are_no_dates():
    assert reads(TASKS).origin is None


def test_a_single_table_is_enough():
    problem = reads("task,duration,resources\ncut,4,saw\nweld,3,torch+crew\n")
    assert problem.resources.name == ("saw", "torch", "crew")
    assert problem.n_jobs == 0
    assert problem.objective == makespan()


def test_alternatives_have_their_own_durations_and_amounts(tmp_path):
    problem = plan(
        tmp_path,
        tasks="task,duration,resources\nmill,20|25,fast+crew*2|slow+crew\n",
        resources="resource,kind,capacity\nfast,,\nslow,,\ncrew,,3\n",
    )
    assert problem.modes.duration.tolist() == [20, 25]
    assert problem.modes.demand_amount.tolist() == [1, 2, 1, 1]
    assert problem.resources.kind.tolist() == [
        ResourceKind.MACHINE,
        ResourceKind.MACHINE,
        ResourceKind.RENEWABLE,
    ]


def test_without_a_column_of_predecessors_jobs_run_in_the_order_listed():
    problem = reads("task,job,duration\na,x,1\nb,y,1\nc,x,1\nd,,1\n")
    arcs = zip(problem.relations.before.tolist(), problem.relations.after.tolist(), strict=True)
    assert list(arcs) == [(0, 2)]


def test_predecessors_may_have_lags_and_names_that_look_like_lags():
    text = "task,duration,predecessors\na,1,\na-2,1,\nb,1,a-2; a + 5\nc,1,a-2-3\n"
    problem = reads(text)
    rows = zip(
        problem.relations.before.tolist(),
        problem.relations.after.tolist(),
        problem.relations.min_lag.tolist(),
        strict=True,
    )
    assert list(rows) == [(1, 2, 0), (0, 2, 5), (1, 3, -3)]


def test_predecessors_are_looked_for_in_the_own_job_first():
    text = "task,job,duration,predecessors\na,x,1,\na,y,1,\nb,y,1,a\nc,y,1,x/a\n"
    problem = reads(text)
    assert problem.relations.before.tolist() == [1, 0]


def test_tasks_without_a_job_are_called_by_their_plain_name():
    problem = reads("task,job,duration,predecessors\na,,1,\nb,,1,a\nc,x,1,a\nd,x,1,b - 1\n")
    assert problem.relations.before.tolist() == [0, 0, 1]
    assert problem.relations.min_lag.tolist() == [0, 0, -1]


def test_dates_of_a_task_bound_it_and_dates_of_a_job_judge_it():
    problem = reads("task,job,duration,release,deadline,due,weight\na,x,1,3,9,7,2\nb,x,1,,,,\n")
    assert (problem.tasks.earliest_start[0], problem.tasks.latest_end[0]) == (3, 9)
    assert (problem.jobs.due[0], problem.jobs.weight[0]) == (7, 2)
    assert problem.objective == total_tardiness(weighted=True).then(makespan())


def test_a_task_with_a_due_date_but_no_job_is_a_job_of_its_own():
    problem = reads("task,duration,due\na,1,5\nb,1,\n")
    assert problem.jobs.name == ("a",)
    assert problem.tasks.job.tolist() == [0, -1]


def test_setups_of_one_machine_override_those_of_all(tmp_path):
    problem = plan(
        tmp_path,
        tasks="task,duration,resources,family\na,1,m,red\nb,1,m,blue\nc,1,n,red\n",
        setups="resource,from,to,time\nm,red,blue,9\n,red,blue,4\n,,red,2\n",
    )
    m, n = (problem.setups[k].tolist() for k in problem.resources.setup)
    assert m == [[0, 9], [0, 0], [2, 0]]
    assert n == [[0, 4], [0, 0], [2, 0]]


def test_settings_choose_name_tick_horizon_and_objective(tmp_path):
    problem = plan(
        tmp_path,
        tasks="task,duration,due\na,1:30,5\n",
        settings="setting,value\nname,my plan\ntick,30 min\nhorizon,99\n"
        'objective,"tardy-jobs, then 2 makespan + setup"\n',
    )
    assert (problem.name, problem.tick_s, problem.horizon) == ("my plan", 1800.0, 99)
    assert problem.modes.duration.tolist() == [3]
    assert problem.objective == tardy_jobs().then(2 * makespan() + total_setup())


def test_a_date_without_a_time_begins_a_release_and_ends_a_deadline(tmp_path):
    problem = plan(
        tmp_path,
        tasks="task,duration,release,deadline\na,1,2026-03-03,2026-03-03\n",
        settings="setting,value\nstart,2026-03-02\ntick,1 h\n",
    )
    assert (problem.tasks.earliest_start[0], problem.tasks.latest_end[0]) == (24, 48)


@pytest.mark.parametrize("table", ["tasks", "jobs"])
def test_overdue_orders_keep_their_due_date_and_are_released_at_the_start(tmp_path, table):
    dates = "release,due\na,{}2026-02-27 07:55,2026-03-01 20:00\n"
    tables = {"tasks": "task,job,duration\na,a,1\n", "jobs": "job," + dates.format("")}
    if table == "tasks":
        tables = {"tasks": "task,duration," + dates.format("1,")}
    settings = "setting,value\nstart,2026-03-02 08:00\ntick,1 h\n"
    problem = plan(tmp_path, settings=settings, **tables)
    assert problem.jobs.due.tolist() == [-12]
    assert problem.jobs.release.tolist() == problem.tasks.earliest_start.tolist() == [0]
    assert problem.schedule([0]).measures()["tardiness"] == 13


def test_overdue_orders_may_be_stated_in_ticks():
    problem = reads("task,duration,release,due\na,1,-4,-12\n")
    assert (problem.jobs.due[0], problem.tasks.earliest_start[0]) == (-12, 0)


def test_breaks_are_listed_in_a_cell_or_repeat_in_a_table(tmp_path):
    problem = plan(
        tmp_path,
        tasks=TASKS,
        resources='resource,breaks\nsaw,"12-13; 36 to 37"\npress,\n',
        breaks="resource,start,end,every,until\n,20,24,24,72\npress,1,2,,\n",
    )
    r = problem.resources
    pairs = np.stack([r.break_start, r.break_end], axis=1).tolist()
    assert pairs[:5] == [[12, 13], [20, 24], [36, 37], [44, 48], [68, 72]]
    assert pairs[5:] == [[1, 2], [20, 24], [44, 48], [68, 72]]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_understood(separator):
    text = 'task,duration,predecessors\na,1,\nb,2,"a"\n'.replace(",", separator)
    assert len(reads(text).relations) == 1


def test_heads_may_be_written_with_capitals_blanks_and_usual_synonyms():
    problem = reads("Operation,Order,Duration,Machine,Due date,#private\nA,x,3,m1,9,hello\n")
    assert problem.resources.name == ("m1",)
    assert problem.jobs.due[0] == 9


@pytest.mark.parametrize(
    ("message", "tables"),
    [
        (r"tasks\.csv:1: expected at least one task", {"tasks": "task,duration\n"}),
        (r"tasks\.csv:2: column 'task': expected the name", {"tasks": "task,duration\n,4\n"}),
        (r"did you mean 'deadline'\?", {"tasks": "task,duration,dedline\na,1,2\n"}),
        (r"column 'duration' occurs twice", {"tasks": "task,duration,duration\na,1,2\n"}),
        (r":3: .*'a' is listed twice, before in row 2", {"tasks": "task,duration\na,1\na,2\n"}),
        (r":2: .*at most 2 cells", {"tasks": "task,duration\na,1,2\n"}),
        (r"got '-4'", {"tasks": "task,duration\na,-4\n"}),
        (r"one duration, or 2", {"tasks": "task,duration,resources\na,1|2|3,x|y\n"}),
        (r"has a unit; say in the settings", {"tasks": "task,duration\na,2 h\n"}),
        (r"is a date; say in the settings", {"tasks": "task,duration,due\na,2,2026-03-02\n"}),
        (
            r"tasks\.csv:2: column 'resources': .*did you mean 'saw'",
            {"tasks": "task,duration,resources\na,1,saww\n", "resources": "resource\nsaw\n"},
        ),
        (
            r"resources\.csv:2: column 'capacity': expected 1, as a machine",
            {"tasks": TASKS, "resources": "resource,kind,capacity\nsaw,machine,2\n"},
        ),
        (
            r"resources\.csv:2: column 'kind': .*machine, renewable, budget",
            {"tasks": TASKS, "resources": "resource,kind\nsaw,toy\n"},
        ),
        (
            r"a name without the characters",
            {"tasks": TASKS, "resources": "resource\nsaw+drill\n"},
        ),
        (
            r"jobs\.csv:2: column 'due': expected a tick",
            {"tasks": "task,job,duration\na,x,1\n", "jobs": "job,due\nx,soon\n"},
        ),
        (
            r"due of job 'x' is 5 here, but 4 in jobs, row 2",
            {"tasks": "task,job,duration,due\na,x,1,5\n", "jobs": "job,due\nx,4\n"},
        ),
        (
            r"a job of the table of jobs \(did you mean 'desk'",
            {"tasks": "task,job,duration\na,desks,1\n", "jobs": "job\ndesk\n"},
        ),
        (
            r":4: column 'predecessors': no task 'a' in job 'z'; did you mean 'y/a' or 'x/a'\?",
            {"tasks": "task,job,duration,predecessors\na,x,1,\na,y,1,\nb,z,1,a\n"},
        ),
        (
            r"no task 'Cut' in job 'Order 17'; did you mean 'Order 18/Cut'\?",
            {
                "tasks": "task,job,duration,predecessors\n"
                "Paint,Order 17,1,Cut + 2\nCut,Order 18,1,\n"
            },
        ),
        (
            r"no task 'Cutt' in job 'x'; did you mean 'cut'\?",
            {"tasks": "task,job,duration,predecessors\ncut,x,1,\nb,x,1,Cutt-3\n"},
        ),
        (
            r"no task 'Ordr 18/Cut'; did you mean 'Order 18/Cut'\?",
            {
                "tasks": "task,job,duration,predecessors\n"
                "Paint,Order 17,1,Ordr 18/Cut\nCut,Order 18,1,\n"
            },
        ),
        (
            r"no task 'a'; did you mean 'x/a'\?",
            {"tasks": "task,job,duration,predecessors\na,x,1,\nb,,1,a\n"},
        ),
        (
            r"no task 'glue' in job 'x'; known: a, b",
            {"tasks": "task,job,duration,predecessors\na,x,1,\nb,x,1,glue\n"},
        ),
        (r"a task cannot come before itself", {"tasks": "task,duration,predecessors\na,1,a\n"}),
        (
            r"setups\.csv:2: column 'to': .*a family of the tasks",
            {"tasks": TASKS, "setups": "resource,from,to,time\nsaw,,red,1\n"},
        ),
        (
            r"setups\.csv:2: column 'from': .*did you mean 'blue'\?",
            {
                "tasks": "task,duration,resources,family\na,1,saw,red\nb,1,saw,blue\n",
                "setups": "from,to,time\nBlu,red,1\n",
            },
        ),
        (
            r"tasks\.csv:2: column 'resources': .*did you mean 'saw'",
            {"tasks": "task,duration,resources\na,1,SAW\n", "resources": "resource\nsaw\n"},
        ),
        (
            r"setups\.csv:3: .*given before, in row 2",
            {
                "tasks": "task,duration,resources,family\na,1,saw,red\n",
                "setups": "from,to,time\n,red,1\n,red,2\n",
            },
        ),
        (
            r"breaks\.csv:2: column 'resource': expected a resource",
            {"tasks": TASKS, "breaks": "resource,start,end\nsaws,1,2\n"},
        ),
        (r"must end after it starts", {"tasks": TASKS, "breaks": "start,end\n5,5\n"}),
        (r"until when the break repeats", {"tasks": TASKS, "breaks": "start,end,every\n5,6,9\n"}),
        (
            r"settings\.csv:2: .*did you mean 'horizon'",
            {"tasks": TASKS, "settings": "setting,value\nhorizn,4\n"},
        ),
        (
            r"settings\.csv:2: column 'value': objective 'profit': unknown measure",
            {"tasks": TASKS, "settings": "setting,value\nobjective,profit\n"},
        ),
        (
            r"a multiple of the tick, 900 s",
            {"tasks": "task,duration\na,20 min\n", "settings": "setting,value\ntick,15 min\n"},
        ),
        (
            r"'deadline': .* not before the start of the plan, 2026-03-02 00:.*; no schedule could",
            {
                "tasks": "task,duration,deadline\na,1,2026-02-28\n",
                "settings": "setting,value\nstart,2026-03-02\n",
            },
        ),
        (
            r"tasks\.csv:2: column 'deadline': expected a tick of at least 0 or a date .* got '-1'",
            {"tasks": "task,duration,deadline\na,1,-1\n"},
        ),
        (r"not well-formed CSV", {"tasks": 'task,duration\n"a,1\n'}),
    ],
)
def test_what_is_wrong_is_named_with_its_row_and_column(tmp_path, message, tables):
    refused(tmp_path, message, **tables)


def test_a_workbook_names_its_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Tasks"
    for row in (["task", "duration"], ["a", 3], ["b", 2.5]):
        book.active.append(row)
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(
        FormatError, match=r"plan\.xlsx:3: sheet 'Tasks', column 'duration': .*2\.5"
    ):
        read(tmp_path / "plan.xlsx")


def test_a_sheet_that_is_almost_called_right_is_not_passed_over(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "tasks"
    for row in (["task", "duration"], ["a", 3]):
        book.active.append(row)
    book.create_sheet("resorces")
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(FormatError, match="sheet 'resorces': did you mean 'resources'"):
        read(tmp_path / "plan.xlsx")
