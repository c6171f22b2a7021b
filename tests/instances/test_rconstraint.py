"""Feasibility problems with a planted schedule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.instances.feasibility import question
from headway.instances.rconstraint import Phase, Planted, plant, rconstraint
from headway.model import Schedule, verify
from headway.model.tables import FOREVER, ResourceKind, ints
from tests.twins.plain import Plain

PHASES = tuple(Phase)
LEVELS = (0, 10, 30, 50)
QUESTIONS = tuple(itertools.product(PHASES, LEVELS, range(3)))


def asked(phase: int, edges: int, index: int) -> Planted:
    return question(11, index, edges=edges, phase=phase)


@pytest.mark.parametrize(("phase", "edges", "index"), QUESTIONS)
def test_the_witness_is_valid(phase, edges, index):
    planted = asked(phase, edges, index)
    assert verify(planted.problem, planted.witness).ok
    start, end, mode = (
        column.tolist()
        for column in (planted.witness.start, planted.witness.end, planted.witness.mode)
    )
    assert Plain(planted.problem).holds(start, end, mode)


@pytest.mark.parametrize("edges", [0, 1, 10, 30, 50])
def test_there_are_exactly_so_many_arcs_and_none_is_redundant(edges):
    relations = question(3, 0, edges=edges).problem.relations
    arcs = list(zip(relations.before.tolist(), relations.after.tolist(), strict=True))
    assert len(arcs) == edges
    for arc in arcs:
        frontier, seen = [arc[0]], set()
        others = [other for other in arcs if other != arc]
        while frontier:
            task = frontier.pop()
            fresh = {b for a, b in others if a == task} - seen
            seen |= fresh
            frontier += fresh
        assert arc[1] not in seen


def test_a_level_adds_one_arc_to_the_level_below():
    below, above = (plant(edges=edges, seed=8).problem.relations for edges in (20, 21))
    assert np.array_equal(below.before, above.before[:20])
    assert np.array_equal(below.after, above.after[:20])


def test_phases_add_their_constraints():
    downtimes, windows, pairs = [], [], []
    for phase in PHASES:
        problems = [asked(phase, 10, index).problem for index in range(8)]
        downtimes.append(sum(len(p.resources.break_start) for p in problems))
        windows.append(sum(int((p.tasks.latest_end < FOREVER).sum()) for p in problems))
        pairs.append(sum(int((p.resources.kind == ResourceKind.MACHINE).sum()) for p in problems))
    assert [count > 0 for count in downtimes] == [False, True, True, True]
    assert [count > 0 for count in windows] == [False, False, True, True]
    assert [count > 0 for count in pairs] == [False, False, False, True]
    assert windows[2] / 160 == pytest.approx(0.75, abs=0.1)
    assert pairs[3] / 80 == pytest.approx(0.75, abs=0.15)


def test_windows_hold_the_witness_and_are_as_tight_as_asked():
    for slack in (0.0, 1.0, 2.0):
        planted = plant(phase=3, slack=slack, probability=1.0, seed=2)
        tasks, witness = planted.problem.tasks, planted.witness
        duration = witness.end - witness.start
        early, late = witness.start - tasks.earliest_start, tasks.latest_end - witness.end
        assert early.min() >= 0
        assert late.min() >= 0
        assert (np.maximum(early, late) <= slack * duration).all()
        assert (late.max() > 0) == (slack > 0)


def test_exclusive_pairs_are_left_open_by_precedence():
    problem = asked(4, 30, 0).problem
    machine = np.flatnonzero(problem.resources.kind == ResourceKind.MACHINE)
    owner = np.repeat(np.arange(problem.n_tasks), np.diff(problem.modes.demand_ptr))
    arcs = set(
        zip(problem.relations.before.tolist(), problem.relations.after.tolist(), strict=True)
    )
    assert len(machine) > 3
    for m in machine:
        pair = owner[problem.modes.demand_resource == m].tolist()
        assert len(pair) == 2
        assert tuple(pair) not in arcs
        assert tuple(pair[::-1]) not in arcs


def test_downtimes_bind_only_tasks_that_use_the_resource():
    """Somewhere a witness runs a task through the downtime of a resource it does not need."""
    through = 0
    for index in range(12):
        planted = asked(2, 10, index)
        problem, witness = planted.problem, planted.witness
        resources = problem.resources
        owner = np.repeat(np.arange(len(resources)), np.diff(resources.break_ptr))
        for r, begin, end in zip(owner, resources.break_start, resources.break_end, strict=True):
            during = (witness.start < end) & (witness.end > begin)
            task = np.repeat(np.arange(problem.n_tasks), np.diff(problem.modes.demand_ptr))
            users = task[problem.modes.demand_resource == r]
            assert not during[users].any()
            through += int(during.sum())
    assert through > 0


def test_a_migration_is_the_same_problem_in_other_words():
    plain, migration = (plant(migration=words, seed=3).problem for words in (False, True))
    assert migration.tasks.name[0] == "back up database 0"
    assert migration.resources.name[0] == "migration crew"
    assert np.array_equal(plain.modes.demand_amount, migration.modes.demand_amount)
    assert np.array_equal(plain.tasks.latest_end, migration.tasks.latest_end)
    assert plain.relations.before.tolist() == migration.relations.before.tolist()


def test_the_objective_is_feasibility_or_the_makespan():
    assert str(rconstraint().objective) == "any valid schedule"
    assert str(rconstraint(minimise_makespan=True).objective) == "makespan"
    assert rconstraint(seed=5) == plant(seed=5).problem


def test_more_arcs_than_fit_are_refused():
    with pytest.raises(ConfigError, match=r"only \d+ arcs .* for 20 tasks, got 90; draw more"):
        plant(edges=90)
    assert len(plant(edges=90, tasks=30).problem.relations) == 90


def test_the_checker_agrees_with_a_plain_reading_on_corrupted_schedules():
    rng = np.random.default_rng(0)
    valid = 0
    for phase, edges, index in QUESTIONS:
        planted = asked(phase, edges, index)
        plain = Plain(planted.problem)
        duration = planted.problem.modes.duration
        for size in (0, 1, 1, 1, 2, 5):
            start = planted.witness.start.copy()
            moved = rng.choice(20, size=size, replace=False)
            start[moved] = np.maximum(0, start[moved] + rng.integers(-5, 6, size=size))
            schedule = Schedule.of(planted.problem, ints(start))
            end = (start + duration).tolist()
            expected = plain.holds(start.tolist(), end, list(range(20)))
            assert verify(planted.problem, schedule).ok == expected
            valid += expected
    assert len(QUESTIONS) < valid < 4 * len(QUESTIONS)
