"""What keeps methods from problems is said in the user's names, and everybody says the same."""

import pytest

import headway as hw
from headway.model import Problem
from headway.solve import obstacles


def shop(**task: object) -> tuple[hw.Model, object, object]:
    model = hw.Model("shop")
    saw = model.machine("saw")
    job = model.job("chair")
    return model, saw, model.task(job, "cut", **task).mode({saw: 1}, duration=3)


def plain() -> Problem:
    return shop()[0].problem()


def one_of_each() -> dict[str, tuple[Problem, str]]:
    found = {"no tasks": (hw.Model("empty").problem(), "there is no task")}
    model, *_ = shop(optional=True)
    found["optional"] = model.problem(), "task 'chair/cut' is optional"
    model, saw, cut = shop()
    cut.mode({saw: 1}, duration=5)
    found["modes"] = model.problem(), "task 'chair/cut' has 2 modes"
    model, saw, cut = shop()
    model.task(name="glue").mode({saw: 1, model.machine("press"): 1}, duration=1)
    found["resources"] = model.problem(), "task 'glue' needs 2 resources at once"
    model, *_ = shop()
    model.task(name="glue").mode({model.renewable("crew", capacity=2): 1}, duration=1)
    found["kind"] = model.problem(), "resource 'crew' is no machine"
    model, *_ = shop()
    model.task(name="glue").mode({model.machine("press", breaks=[(3, 5)]): 1}, duration=1)
    found["breaks"] = model.problem(), "machine 'press' has breaks"
    model, *_ = shop(end=(None, 9))
    found["latest"] = model.problem(), "task 'chair/cut' has a latest time"
    return found


CHECKS = {
    "no tasks": obstacles.missing_tasks,
    "optional": obstacles.missing_tasks,
    "modes": obstacles.several_modes,
    "resources": obstacles.several_resources,
    "kind": obstacles.other_resources,
    "breaks": obstacles.breaks,
    "latest": obstacles.latest_times,
}


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_names_what_is_in_the_way_and_nothing_else(name):
    problem, words = one_of_each()[name]
    assert list(CHECKS[name](problem)) == [words]
    assert list(CHECKS[name](plain())) == []


def test_other_objectives_are_named():
    two = hw.job_shop([[0]], [[1]], objective=hw.makespan().then(hw.total_completion()))
    assert list(obstacles.other_objectives(two)) == [
        "the objective is makespan, then completion, not the makespan"
    ]
