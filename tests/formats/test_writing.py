import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import FormatError, UnknownNameError, UnsupportedError
from headway.formats import find_format, read, read_all, reads, write
from headway.model import Model, flow_shop, job_shop, makespan, open_shop, total_setup
from tests.formats.data import DATA, FORMATS

WRITABLE = {name: form for name, form in FORMATS.items() if find_format(form).render is not None}


@pytest.mark.parametrize(("name", "form"), WRITABLE.items())
def test_what_was_read_is_written_back_equal(name, form, tmp_path):
    for problem in read_all(DATA / name):
        write(problem, tmp_path / f"{problem.name}.x", format=form)
        assert read(tmp_path / f"{problem.name}.x", format=form) == problem


# A matrix that is not square may be a flow shop as well, so its format has to be named.
@pytest.mark.parametrize("name", sorted(set(WRITABLE) - {"taillard_open.txt"}))
def test_what_was_written_is_recognised_again(name):
    problem = read_all(DATA / name)[0]
    render = find_format(FORMATS[name]).render
    assert render is not None
    assert reads(render(problem), name=problem.name) == problem


@pytest.mark.parametrize("name", FORMATS)
def test_native_json_holds_every_problem(name, tmp_path):
    problem = read_all(DATA / name)[0]
    write(problem, tmp_path / "p.json")
    assert read(tmp_path / "p.json") == problem


@settings(max_examples=25)
@given(st.data())
def test_random_shops_survive_writing_and_reading(data):
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    durations = rng.integers(0, 100, (n, m))
    for form, problem in (
        ("job-shop", job_shop([rng.permutation(m) for _ in range(n)], durations, n_machines=m)),
        ("taillard", job_shop([rng.permutation(m) for _ in range(n)], durations, n_machines=m)),
        ("flow-shop", flow_shop(durations, setups=rng.integers(0, 9, (m, n, n)))),
        ("open-shop", open_shop(durations)),
    ):
        text = find_format(form).render(problem)
        assert reads(text, format=form, name=problem.name) == problem


def test_the_suffix_chooses_the_format(tmp_path):
    problem = read(DATA / "mk01.fjs")
    write(problem, tmp_path / "a.fjs")
    assert (tmp_path / "a.fjs").read_text().startswith("10 6 2.09")


def test_among_formats_of_one_suffix_the_first_that_fits_is_taken(tmp_path):
    for problem in (read(DATA / "ft06.txt"), read(DATA / "rec01.txt"), read(DATA / "gp03-01.txt")):
        path = tmp_path / f"{problem.name}.txt"
        write(problem, path)
        assert read(path) == problem


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown file suffix '\.jsn'.*\.json"):
        write(read(DATA / "ft06.txt"), tmp_path / "a.jsn")


def _plain() -> tuple[Model, list]:
    m = Model("plain")
    machines = [m.machine("left"), m.machine("right")]
    tasks = []
    for j in range(2):
        job = m.job(f"j{j}")
        first = m.task(job, "a").mode({machines[j]: 1}, duration=3)
        second = m.task(job, "b").mode({machines[1 - j]: 1}, duration=2)
        first >> second
        tasks += [first, second]
    return m, tasks


def test_a_job_shop_from_the_builder_loses_only_its_names(tmp_path):
    m, _ = _plain()
    write(m.problem(), tmp_path / "a.jsp")
    again = read(tmp_path / "a.jsp")
    assert np.array_equal(again.modes.duration, m.problem().modes.duration)
    assert again.jobs.name == ("job 0", "job 1")


def test_the_date_of_tick_zero_is_a_label_too(tmp_path):
    dated = Model("plain", tick_s=60, origin=dt.datetime(2026, 3, 2, 8))
    job, machine = dated.job("j"), dated.machine("m")
    dated.task(job, "a").mode({machine: 1}, duration=3)
    write(dated.problem(), tmp_path / "a.jsp")
    assert read(tmp_path / "a.jsp").origin is None
    write(dated.problem(), tmp_path / "a.json")
    assert read(tmp_path / "a.json") == dated.problem()


def _due(m, tasks):
    m.task(m.job("late", due=9), "c").mode({}, duration=1)


def _dated(m, tasks):
    m.task(m.job("late", due=9), "c").mode({m.machine("third"): 1}, duration=1)


def _two_modes(m, tasks):
    tasks[0].mode({}, duration=9)


def _lag(m, tasks):
    m.end_before_start(tasks[0], tasks[3], lag=4)


def _max_lag(m, tasks):
    m.end_before_start(tasks[0], tasks[1], max_lag=4)


def _break(m, tasks):
    m.task(m.job("x"), "c").mode({m.machine("third", breaks=[(1, 2)]): 1}, duration=1)


def _renewable(m, tasks):
    m.task(m.job("x"), "c").mode({m.renewable("crew", capacity=2): 1}, duration=1)


def _objective(m, tasks):
    m.minimise(makespan() + total_setup())


def _optional(m, tasks):
    m.task(m.job("x"), "c", optional=True).mode({m.machine("third"): 1}, duration=1)


def _window(m, tasks):
    m.task(m.job("x"), "c", start=(3, None)).mode({m.machine("third"): 1}, duration=1)


def _jobless(m, tasks):
    m.task(None, "alone").mode({m.machine("third"): 1}, duration=1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_due, "'late/c', a task that needs 0 resources"),
        (_dated, "a due date of 'late'"),
        (_two_modes, "'j0/a', a task that needs 0 resources"),
        (_lag, "a lag between 'j0/a' and 'j1/b'"),
        (_max_lag, "a maximum lag between 'j0/a' and 'j0/b'"),
        (_break, "breaks"),
        (_renewable, "the kind of 'crew'"),
        (_objective, "the objective makespan \\+ setup"),
        (_optional, "the optional task 'x/c'"),
        (_window, "a start window of 'x/c'"),
        (_jobless, "'alone', a task without a job"),
    ],
)
def test_what_a_job_shop_file_has_no_room_for_is_named(change, named, tmp_path):
    m, tasks = _plain()
    change(m, tasks)
    with pytest.raises(UnsupportedError, match=f"'job-shop' cannot express {named}"):
        write(m.problem(), tmp_path / "a.txt", format="job-shop")
    assert not (tmp_path / "a.txt").exists()


def test_a_missing_precedence_is_named_too(tmp_path):
    m = Model()
    machine = m.machine()
    job = m.job("j")
    for name in "ab":
        m.task(job, name).mode({machine: 1}, duration=1)
    with pytest.raises(UnsupportedError, match="'j/b' need not wait for 'j/a'"):
        write(m.problem(), tmp_path / "a.txt", format="job-shop")


def test_a_flow_shop_that_may_change_order_is_no_permutation_flow_shop(tmp_path):
    problem = flow_shop([[1, 2], [3, 4]], permutation=False)
    with pytest.raises(UnsupportedError, match="machines may differ in the order of jobs"):
        write(problem, tmp_path / "a.fsp")


def test_initial_setups_do_not_fit_into_a_flow_shop_file(tmp_path):
    problem = flow_shop([[1, 2], [3, 4]], initial_setups=[[1, 1], [0, 0]])
    with pytest.raises(UnsupportedError, match="setup times before the first job"):
        write(problem, tmp_path / "a.fsp")


def test_jobs_that_fall_apart_do_not_fit_into_a_precedence_graph(tmp_path):
    m = Model()
    machine = m.machine()
    job = m.job("j")
    for name in "ab":
        m.task(job, name).mode({machine: 1}, duration=1)
    with pytest.raises(UnsupportedError, match="tasks no arc connects"):
        write(m.problem(), tmp_path / "a.fajsp")


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("patterson", "the non-renewable resource"),
        ("rcpsp-max", "a non-renewable resource"),
        ("weighted-tardiness", "without a job"),
        ("fjs", "without a job"),
    ],
)
def test_a_multi_mode_project_fits_only_its_own_format(form, named, tmp_path):
    with pytest.raises(UnsupportedError, match=named):
        write(read(DATA / "small.mm"), tmp_path / "a", format=form)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(FormatError, match="cannot write"):
        write(read(DATA / "ft06.txt"), tmp_path / "no" / "a.txt")
