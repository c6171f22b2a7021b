"""Rules on pairs and groups of tasks, by hand: lags, transfers, pairs, selections, modes."""

from __future__ import annotations

import pytest

from headway.model.build import Model
from headway.model.tables import RelationKind
from tests.found import found, report


def related(kind, **lags):
    """Task 0 takes 3 ticks, task 1 takes 5."""
    model = Model("pair")
    first, second = model.task(name="a").mode({}, 3), model.task(name="b").mode({}, 5)
    model.relation(kind, first, second, **lags)
    return model.problem()


@pytest.mark.parametrize(
    ("kind", "first_at"),
    [
        # Task 1 starts at 10 and ends at 15; the lag is 4.
        (RelationKind.START_START, 6),
        (RelationKind.START_END, 11),
        (RelationKind.END_START, 3),
        (RelationKind.END_END, 8),
    ],
)
def test_lags_are_measured_between_the_right_points(kind, first_at):
    exact = related(kind, lag=4, max_lag=4)
    assert found(exact, [first_at, 10]) == []
    assert found(exact, [first_at + 2, 10]) == [("min-lag", (0, 1), 2)]
    assert found(exact, [first_at - 2, 10]) == [("max-lag", (0, 1), 2)]


def test_a_missing_lag_binds_nothing():
    problem = related(RelationKind.START_START, lag=None, max_lag=4)
    assert found(problem, [50, 0]) == []
    problem = related(RelationKind.START_START, lag=-2)
    assert found(problem, [0, 50]) == []
    assert found(problem, [50, 47]) == [("min-lag", (0, 1), 1)]


def test_the_message_says_which_points_and_how_far():
    [violation] = report(related(RelationKind.END_START, lag=2), [0, 1])
    assert violation.message == "'b' starts 2 before 'a' ends, expected at least 2"
    assert violation.amount == 4
    assert violation.where == "'a' → 'b'"


def test_relations_bind_only_while_both_tasks_are_present():
    model = Model("optional")
    first = model.task(optional=True).mode({}, 3)
    second = model.task().mode({}, 5)
    model.end_before_start(first, second)
    assert found(model.problem(), [-1, 0], mode=[-1, 1]) == []


def moved():
    model = Model("transfer")
    saw, drill = model.machine("saw"), model.machine("drill")
    crew = model.renewable("crew", capacity=9)
    first = model.task().mode({saw: 1}, 2).mode({saw: 1, crew: 1}, 2).mode({}, 2)
    second = model.task().mode({drill: 1}, 2).mode({saw: 1}, 2)
    model.end_before_start(first, second, 1, transfer=True)
    model.transfer_time(saw, drill, 4)
    model.transfer_time(crew, drill, 6)
    return model.problem()


@pytest.mark.parametrize(
    ("modes", "needed"),
    [([0, 3], 5), ([1, 3], 7), ([2, 3], 1), ([0, 4], 1)],
    ids=["saw-drill", "saw+crew-drill", "nothing-drill", "saw-saw"],
)
def test_the_longest_transfer_between_the_resources_is_added_to_the_lag(modes, needed):
    problem = moved()
    assert found(problem, [0, 2 + needed], mode=modes) == []
    if needed > 1:
        assert found(problem, [0, 2 + needed - 2], mode=modes) == [("transfer", (0, 1), 2)]
    assert found(problem, [0, 2], mode=modes) == [("min-lag", (0, 1), needed)]


def choosers(rule):
    model = Model("pairs")
    saw, drill, crew = model.machine("saw"), model.machine(), model.renewable(capacity=9)
    tasks = [
        model.task(name=name).mode({saw: 1}, 1).mode({saw: 1, crew: 2}, 1).mode({drill: 1}, 1)
        for name in "ab"
    ]
    getattr(model, rule)(*tasks)
    return model.problem()


def test_identical_resources_are_the_same_set_whatever_the_amounts():
    problem = choosers("identical_resources")
    assert found(problem, [0, 1], mode=[1, 4]) == []
    assert found(problem, [0, 1], mode=[0, 4]) == [("identical", (0, 1), 1)]
    assert found(problem, [0, 1], mode=[1, 5]) == [("identical", (0, 1), 3)]


def test_different_resources_have_nothing_in_common():
    problem = choosers("different_resources")
    assert found(problem, [0, 1], mode=[1, 5]) == []
    assert found(problem, [0, 1], mode=[0, 4]) == [("different", (0, 1), 1)]
    assert found(problem, [0, 1], mode=[1, 4]) == [("different", (0, 1), 2)]


def group(rule, *, condition=False):
    """Three optional tasks in a group, and a fourth that may be its condition."""
    model = Model("group")
    tasks = [model.task(name=name, optional=True).mode({}, 1) for name in "abcd"]
    getattr(model, rule)(tasks[:3], condition=tasks[3] if condition else None)
    return model.problem()


def chosen(problem, present):
    modes = [i if name in present else -1 for i, name in enumerate("abcd")]
    return found(problem, [0 if mode >= 0 else -1 for mode in modes], mode=modes)


@pytest.mark.parametrize(
    ("rule", "present", "amount"),
    [
        ("exactly_one", "b", 0),
        ("exactly_one", "", 1),
        ("exactly_one", "abc", 2),
        ("at_least_one", "ac", 0),
        ("at_least_one", "", 1),
        ("all_or_none", "", 0),
        ("all_or_none", "abc", 0),
        ("all_or_none", "a", 1),
        ("all_or_none", "ab", 1),
    ],
)
def test_selections_count_the_tasks_present(rule, present, amount):
    expected = [("selection", (0, 1, 2), amount)] if amount else []
    assert chosen(group(rule), present) == expected


def test_a_condition_that_is_left_out_lifts_the_selection():
    problem = group("exactly_one", condition=True)
    assert chosen(problem, "ab") == []
    assert chosen(problem, "abd") == [("selection", (0, 1, 2), 1)]


def test_the_message_of_a_selection_names_its_tasks_and_its_condition():
    model = Model("group")
    order, *sizes = (model.task(name=name, optional=True).mode({}, 1) for name in "abc")
    model.exactly_one(sizes, condition=order)
    [violation] = report(model.problem(), [0, 0, 0])
    assert violation.message == (
        "2 of 'b' and 'c' are present, expected exactly one because 'a' is"
    )


def test_a_chosen_mode_restricts_the_modes_of_another_task():
    model = Model("modes")
    first = model.task(name="a").mode({}, 1).mode({}, 2)
    second = model.task(name="b", optional=True).mode({}, 1).mode({}, 2).mode({}, 3)
    model.mode_dependency(model.modes_of(first)[1], model.modes_of(second)[1:])
    problem = model.problem()
    assert found(problem, [0, 0], mode=[0, 2]) == []
    assert found(problem, [0, 0], mode=[1, 4]) == []
    assert found(problem, [0, -1], mode=[1, -1]) == []
    [violation] = report(problem, [0, 0], mode=[1, 2])
    assert (violation.kind, violation.tasks) == ("mode-dependency", (0, 1))
    assert violation.message == "'b' has mode 2, but with mode 1 of 'a' it needs mode 3 or 4"
