"""Rules of shared amounts, by hand: renewable resources, budgets and reservoirs."""

from __future__ import annotations

from headway.model.build import Model
from tests.found import found, report


def yard(capacity, *loads, steps=()):
    """Tasks of (duration, units) on one crane."""
    model = Model("yard")
    crane = model.renewable("crane", capacity=capacity, steps=steps)
    for k, (duration, units) in enumerate(loads):
        model.task(name="abcdefgh"[k]).mode({crane: units}, duration)
    return model.problem()


def test_units_in_use_never_exceed_the_capacity():
    problem = yard(3, (4, 2), (4, 1), (4, 2))
    assert found(problem, [0, 0, 4]) == []
    overload = report(problem, [0, 0, 3])
    assert [(v.kind, v.tasks, v.amount, v.where) for v in overload] == [
        ("capacity", (0, 1, 2), 2, "crane")
    ]
    assert overload[0].message == "'crane' is used by 5 of 3 units in [3, 4): 'a', 'b' and 'c'"


def test_each_unbroken_overload_is_reported_once_with_its_worst_instant():
    """Two units from 0 to 9 on a crane of 2; 1 more in [2, 4), 3 more in [4, 6), 1 more in [7, 8).

    The excess is 1, then 3 in one stretch [2, 6); then 1 in [7, 8).
    """
    problem = yard(2, (9, 2), (2, 1), (2, 2), (2, 1), (1, 1))
    violations = report(problem, [0, 2, 4, 4, 7])
    assert [(v.tasks, v.amount) for v in violations] == [((0, 2, 3), 3), ((0, 4), 1)]
    assert "in [2, 6)" in violations[0].message
    assert "in [7, 8)" in violations[1].message


def test_a_single_task_may_be_too_large():
    assert found(yard(1, (2, 3)), [0]) == [("capacity", (0,), 2)]


def test_capacity_follows_its_steps():
    """Two units, none from 5 to 8, one afterwards."""
    problem = yard(2, (3, 2), (3, 1), steps=[(5, 0), (8, 1)])
    assert found(problem, [2, 8]) == []
    assert found(problem, [3, 8]) == [("capacity", (0,), 2)]
    assert found(problem, [8, 11]) == [("capacity", (0,), 1)]


def test_work_of_no_length_uses_nothing():
    assert found(yard(1, (0, 3), (4, 1)), [2, 0]) == []


def test_units_are_held_while_a_task_blocks():
    model = Model("hold")
    crew = model.renewable("crew", capacity=1)
    first = model.task().mode({crew: 1}, 2)
    model.task().mode({crew: 1}, 2)
    last = model.task().mode({}, 1)
    model.blocking(first, last)
    assert found(model.problem(), [0, 2, 4]) == [("capacity", (0, 1), 1)]


def test_resources_are_counted_one_by_one():
    model = Model("two cranes")
    cranes = [model.renewable(capacity=1) for _ in range(2)]
    for crane in (*cranes, cranes[0]):
        model.task().mode({crane: 1}, 4)
    assert found(model.problem(), [0, 0, 2]) == [("capacity", (0, 2), 1)]


def test_the_chosen_modes_stay_within_the_budget():
    model = Model("money")
    money = model.budget("money", capacity=5)
    for _ in range(2):
        model.task(optional=True).mode({money: 2}, 1).mode({money: 4}, 0)
    problem = model.problem()
    assert found(problem, [0, 0], mode=[0, 2]) == []
    assert found(problem, [0, 0], mode=[1, 2]) == [("budget", (0, 1), 1)]
    assert found(problem, [0, -1], mode=[1, -1]) == []


def tank(level, low, high, *changes):
    """Tasks of length 2 that take (positive) or give (negative) units."""
    model = Model("tank")
    store = model.reservoir("tank", level=level, minimum=low, maximum=high)
    for k, change in enumerate(changes):
        taken, given = ({store: change}, {}) if change > 0 else ({}, {store: -change})
        model.task(name="abcdefgh"[k]).mode({}, 2, consumes=taken, produces=given)
    return model.problem()


def test_a_reservoir_is_drawn_at_starts_and_filled_at_ends():
    problem = tank(0, 0, 9, -3, 3)
    assert found(problem, [0, 2]) == []
    low = report(problem, [0, 1])
    assert [(v.kind, v.tasks, v.amount) for v in low] == [("reservoir", (1,), 3)]
    assert low[0].message == "'tank' falls to -3, below its minimum 0, [1, 2): 'b'"


def test_a_reservoir_may_overflow_for_good():
    high = report(tank(2, 0, 3, -3), [0])
    assert [(v.kind, v.tasks, v.amount) for v in high] == [("reservoir", (0,), 2)]
    assert high[0].message == "'tank' rises to 5, above its maximum 3, from 2 on: 'a'"


def test_changes_of_one_instant_are_netted():
    """Full and empty at once: 3 given and 3 taken at 2 leave the level where it was."""
    assert found(tank(0, 0, 0, -3, 3), [0, 2]) == []


def test_each_unbroken_shortage_is_reported_once():
    """Levels: 1, then -1 from 0, -2 from 1, 1 from 4 and -1 from 5."""
    problem = tank(1, 0, 9, 2, 1, -3, 2)
    assert found(problem, [0, 1, 2, 5]) == [("reservoir", (0,), 2), ("reservoir", (3,), 1)]


def test_what_is_taken_before_time_0_is_missing_at_0():
    kinds = found(tank(1, 0, 9, 2), [-3])
    assert kinds == [("window", (0,), 3), ("reservoir", (0,), 1)]


def test_reservoirs_are_counted_one_by_one():
    """One unit goes into the first at 2, one out of the second at 0 and another at 5."""
    model = Model("tanks")
    first, second = (model.reservoir(level=1, maximum=2) for _ in range(2))
    model.task().mode({}, 2, produces={first: 1})
    model.task().mode({}, 2, consumes={second: 1})
    model.task().mode({}, 2, consumes={second: 1})
    problem = model.problem()
    assert found(problem, [0, 0, 5]) == [("reservoir", (2,), 1)]
    assert found(problem, [1, 0, 0]) == [("reservoir", (1, 2), 1)]
