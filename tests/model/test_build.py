"""The builder says what it builds, and refuses what makes no sense."""

import numpy as np
import pytest

import headway as hw
from headway.model import FOREVER, RelationKind


@pytest.fixture
def model() -> hw.Model:
    return hw.Model("bakery")


def test_the_builder_numbers_things_in_order(model: hw.Model) -> None:
    oven, mixer = model.machine("oven"), model.machine("mixer")
    loaf = model.job("loaf", due=90, weight=3)
    mix = model.task(loaf, "mix").mode({mixer: 1}, duration=20)
    bake = model.task(loaf, "bake").mode({oven: 1}, duration=40)
    assert (mix >> bake) is bake
    problem = model.problem()
    assert problem.resources.name == ("oven", "mixer")
    assert problem.modes.demand_resource.tolist() == [1, 0]
    assert (problem.relations.before.tolist(), problem.relations.after.tolist()) == ([0], [1])
    assert problem.jobs.due.tolist() == [90]
    assert problem.task_label(1) == "loaf/bake"


def test_modes_added_out_of_turn_are_grouped_by_task(model: hw.Model) -> None:
    saw, drill = model.machine("saw"), model.machine("drill")
    first = model.task(name="first").mode({saw: 1}, duration=1)
    model.task(name="second").mode({saw: 1}, duration=2)
    first.mode({drill: 1}, duration=3)
    problem = model.problem()
    assert problem.tasks.mode_ptr.tolist() == [0, 2, 3]
    assert problem.modes.duration.tolist() == [1, 3, 2]


def test_a_mode_dependency_survives_the_grouping_of_modes(model: hw.Model) -> None:
    saw = model.machine("saw")
    first = model.task(name="first").mode({saw: 1}, duration=1)
    second = model.task(name="second").mode({saw: 1}, duration=2).mode({saw: 1}, duration=4)
    first.mode({saw: 1}, duration=3)
    slow, fast = model.modes_of(second)
    model.mode_dependency(model.modes_of(first)[1], [fast])
    problem = model.problem()
    assert problem.mode_dependencies.mode.tolist() == [1]
    assert problem.modes.duration[problem.mode_dependencies.mode].tolist() == [3]
    assert problem.modes.duration[problem.mode_dependencies.allowed].tolist() == [4]
    assert slow.name == "second#0"


def test_each_relation_method_gives_its_points_and_lags(model: hw.Model) -> None:
    a, b = model.task().mode(duration=1), model.task().mode(duration=1)
    model.start_before_start(a, b, 1, max_lag=9)
    model.start_before_end(a, b, 2)
    model.end_before_start(a, b, 3)
    model.end_before_end(a, b, 4)
    model.start_at_start(a, b, 5)
    model.start_at_end(a, b, 6)
    model.end_at_start(a, b, 7)
    model.end_at_end(a, b, 8)
    relations = model.problem().relations
    assert relations.kind.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert relations.min_lag.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert relations.max_lag.tolist() == [9, FOREVER, FOREVER, FOREVER, 5, 6, 7, 8]
    assert RelationKind.END_START == 2


def test_blocking_waits_for_the_next_task_of_the_job(model: hw.Model) -> None:
    job, other = model.job(), model.job()
    model.task(job, blocking=True).mode(duration=1)
    model.task(other, blocking=True).mode(duration=1)
    model.task(job, blocking=True).mode(duration=1)
    # The last task of a job has nothing to wait for, so it lets go at its end.
    assert model.problem().tasks.hold_until.tolist() == [2, -1, -1]


def test_setup_of_a_single_task_overrides_that_of_its_family(model: hw.Model) -> None:
    press = model.machine("press")
    red = [model.task(family="red").mode({press: 1}, duration=1) for _ in range(2)]
    model.task(family="blue").mode({press: 1}, duration=1)
    model.setup_times(press, {(red[1], "blue"): 9, ("red", "blue"): 5, (None, "red"): 2})
    problem = model.problem()
    family, (matrix,) = problem.tasks.family, problem.setups
    assert matrix[family[0], family[2]] == 5
    assert matrix[family[1], family[2]] == 9
    assert matrix[-1, family].tolist() == [2, 2, 0]


def test_tasks_without_family_need_no_setup(model: hw.Model) -> None:
    press = model.machine("press")
    model.task().mode({press: 1}, duration=1)
    model.task(family="red").mode({press: 1}, duration=1)
    model.setup_times(press, {("red", "red"): 3})
    assert model.problem().tasks.family.tolist() == [-1, 0]


def test_same_sequence_matches_the_tasks_of_each_job(model: hw.Model) -> None:
    first, second = model.machine("first"), model.machine("second")
    for _ in range(3):
        job = model.job()
        model.task(job).mode({first: 1}, duration=1)
        model.task(job).mode({second: 1}, duration=1)
    model.same_sequence(first, second)
    sequences = model.problem().sequences
    assert sequences.first_task.tolist() == [0, 2, 4]
    assert sequences.second_task.tolist() == [1, 3, 5]


def test_breaks_are_sorted_and_joined(model: hw.Model) -> None:
    model.machine(breaks=[(10, 12), (1, 3), (3, 5), (11, 14)])
    resources = model.problem().resources
    assert resources.break_start.tolist() == [1, 10]
    assert resources.break_end.tolist() == [5, 14]


def test_a_problem_does_not_change_when_its_model_grows(model: hw.Model) -> None:
    model.task().mode(duration=1)
    before = model.problem()
    model.task().mode(duration=2)
    assert before.n_tasks == 1
    assert model.problem().n_tasks == 2


def test_reservoirs_are_filled_by_negative_demands(model: hw.Model) -> None:
    tank = model.reservoir("tank", level=2, maximum=9)
    model.task().mode(duration=1, consumes={tank: 2})
    model.task().mode(duration=1, produces={tank: 3})
    assert model.problem().modes.demand_amount.tolist() == [2, -3]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda m: m.task(name="idle"), ["idle", "no mode"]),
        (lambda m: m.task(name="t").mode(duration=-1), ["t", "-1"]),
        (lambda m: m.task(name="t").mode(duration=1.5), ["t", "1.5"]),  # type: ignore[arg-type]
        (lambda m: m.task(name="t").mode({m.machine("a"): 2}, duration=1), ["'a'", "exactly 1"]),
        (lambda m: m.task(name="t").mode({m.renewable("r", capacity=2): -1}), ["'r'", "-1"]),
        (lambda m: m.task(name="t").mode({m.reservoir("tank"): 1}), ["tank", "consumes"]),
        (lambda m: m.task(name="t").mode(consumes={m.machine("a"): 1}), ["'a'", "demands"]),
        (lambda m: (m.job("x"), m.job("x")), ["'x'", "differ"]),
        (lambda m: (m.machine("x"), m.machine("x")), ["'x'", "differ"]),
        (lambda m: m.machine("a", breaks=[(5, 5)]), ["'a'", "5"]),
        (lambda m: m.task(name="t", start=(9, 3)).mode(), ["t", "9", "3"]),
        (lambda m: m.reservoir("tank", level=5, maximum=2), ["tank", "5", "2"]),
        (lambda m: m.task(name="t", blocking=True), ["'t'", "Model.blocking"]),
        (lambda m: m.job(weight=-1), ["weight", "-1"]),
        (lambda m: m.minimise(hw.total_tardiness()), ["tardiness", "no jobs"]),
        (lambda m: m.renewable(capacity=2, steps=[(3, 1), (3, 2)]), ["step", "3"]),
    ],
)
def test_nonsense_is_refused_by_name(model: hw.Model, build, words: list[str]) -> None:
    with pytest.raises(hw.ProblemError) as caught:
        (build(model), model.problem())
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_things_of_another_model_are_refused(model: hw.Model) -> None:
    stranger = hw.Model("other").machine("saw")
    with pytest.raises(hw.ProblemError, match="other"):
        model.task().mode({stranger: 1}, duration=1)


def test_a_hundred_thousand_tasks_stay_small() -> None:
    """The columns of 100,000 tasks take a few dozen megabytes, not hundreds."""
    rng = np.random.default_rng(1)
    problem = hw.job_shop(
        rng.permuted(np.tile(np.arange(20), (5000, 1)), axis=1), rng.integers(1, 99, (5000, 20))
    )
    tables = (problem.jobs, problem.tasks, problem.modes, problem.relations)
    size = sum(
        getattr(table, key).nbytes
        for table in tables
        for key in type(table).__slots__
        if key != "name"
    )
    assert problem.n_tasks == 100_000
    assert size < 50e6


def _refused(model: hw.Model, saw, job, task) -> list:
    """Return calls that the builder refuses, each half-way through its columns if careless."""
    return [
        lambda: task.mode({saw: 1}, duration=1.5),
        lambda: task.mode({saw: 1}, duration=1, cost="much"),
        lambda: task.mode([saw], duration=1),
        lambda: model.task("name in place of the job"),
        lambda: model.task(job, "late", start=(0, 1.5)),
        lambda: model.task(job, "late", end=[1, 2]),
        lambda: model.job("late", due=1.5),
        lambda: model.machine("drill", breaks=(5, 9)),
        lambda: model.machine("drill", breaks=[(5, 9, 11)]),
        lambda: model.machine("drill", cost=0.5),
        lambda: model.renewable("crew", capacity=2, steps=[5]),
        lambda: model.reservoir("tank", level="full"),
        lambda: model.exactly_one([]),
        lambda: model.exactly_one(task),
        lambda: model.minimise(hw.makespan),
        lambda: model.minimise("makespan"),
    ]


@pytest.mark.parametrize("number", range(16))
def test_a_refused_call_leaves_the_model_as_it_was(model: hw.Model, number: int) -> None:
    saw = model.machine("saw")
    job = model.job("chair")
    task = model.task(job, "cut").mode({saw: 1}, duration=2)
    before = model.problem()
    calls = _refused(model, saw, job, task)
    assert len(calls) == 16
    with pytest.raises(hw.ProblemError):
        calls[number]()
    assert model.problem() == before
    model.task(job, "sand").mode({saw: 1}, duration=3)
    assert model.problem().modes.duration.tolist() == [2, 3]
    assert model.problem().tasks.mode_ptr.tolist() == [0, 1, 2]


def test_numbers_beyond_all_limits_are_refused_by_name(model: hw.Model) -> None:
    with pytest.raises(hw.ProblemError, match="duration of 'cut'"):
        model.task(name="cut").mode(duration=2**70)


def test_mode_dependencies_take_modes_of_the_same_model(model: hw.Model) -> None:
    other = hw.Model("other")
    modes = [
        m.modes_of(m.task(name="cut").mode(duration=1).mode(duration=2)) for m in (model, other)
    ]
    with pytest.raises(hw.ProblemError, match="another model"):
        model.mode_dependency(modes[1][0], modes[0])
    with pytest.raises(hw.ProblemError, match="another model"):
        model.mode_dependency(modes[0][0], modes[1])
