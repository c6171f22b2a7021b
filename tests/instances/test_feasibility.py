"""Scores of planners on feasibility problems."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headway.instances.feasibility import (
    Error,
    Level,
    Score,
    describe,
    evaluate,
    grade,
    question,
    reading_planner,
)
from headway.model import Model, Schedule
from headway.model.tables import ints


def small():
    """Two crews of one; 0 before 1; 2 and 3 exclusive; the crew of 0 and 2 rests in [4, 6)."""
    model = Model("small")
    crew = model.renewable("crew", capacity=1, breaks=[(4, 6)])
    pair = model.machine("pair 0")
    tasks = [model.task(name=f"task {i}", end=(None, 9 if i == 3 else None)) for i in range(4)]
    tasks[0].mode({crew: 1}, duration=2)
    tasks[1].mode({}, duration=2)
    tasks[2].mode({crew: 1, pair: 1}, duration=2)
    tasks[3].mode({pair: 1}, duration=2)
    tasks[0] >> tasks[1]
    return model.problem()


@pytest.mark.parametrize(
    ("starts", "errors"),
    [
        ([0, 2, 2, 0], {}),
        ([0, 1, 2, 0], {Error.PRECEDENCE: 1}),
        ([0, 2, 1, 4], {Error.CAPACITY: 1}),
        ([0, 2, 5, 0], {Error.DOWNTIME: 1}),
        ([0, 2, 2, 8], {Error.WINDOW: 1}),
        ([-1, 2, 2, 0], {Error.WINDOW: 1}),
        ([0, 2, 2, 3], {Error.DISJUNCTIVE: 1}),
        (
            [5, 6, 5, 8],
            {Error.PRECEDENCE: 1, Error.CAPACITY: 1, Error.DOWNTIME: 2, Error.WINDOW: 1},
        ),
        (None, {Error.FORMAT: 1}),
        ([0, 2, 2], {Error.FORMAT: 1}),
        ([0, 2, 2, None], {Error.FORMAT: 1}),
        ([0, 2, 2, 0.5], {Error.FORMAT: 1}),
        ([0, 2, 2, "0"], {Error.FORMAT: 1}),
        ([[0, 2], 2, 0], {Error.FORMAT: 1}),
        ([0, 2, 2, 10**30], {Error.FORMAT: 1}),
        ([0, 2, 2, 2**62], {Error.FORMAT: 1}),
        ("0 2 2 0", {Error.FORMAT: 1}),
    ],
)
def test_every_kind_of_error_is_told_apart(starts, errors):
    assert grade(small(), starts) == errors


def test_schedules_are_graded_as_they_are():
    problem = small()
    good = Schedule.of(problem, [0, 2, 2, 0])
    assert grade(problem, good) == {}
    longer = Schedule(problem, good.start, ints([3, 4, 4, 2]), good.mode)
    assert grade(problem, longer) == {Error.FORMAT: 1, Error.PRECEDENCE: 1, Error.CAPACITY: 1}
    absent = Schedule(problem, ints([0, 2, 2, -1]), ints([2, 4, 4, -1]), ints([0, 1, 2, -1]))
    assert grade(problem, absent) == {Error.FORMAT: 1}
    assert grade(question(1, 0, edges=5).problem, good) == {Error.FORMAT: 1}


def test_a_planner_that_knows_the_witness_is_perfect():
    witness = {}
    for edges in (5, 10):
        for index in range(3):
            planted = question(2, index, edges=edges)
            witness[planted.problem] = planted.witness
    score = evaluate(witness.__getitem__, [10, 5], per_level=3, seed=2)
    assert score.rates == {5: 1.0, 10: 1.0}
    assert (score.wauc, score.threshold(), score.first_errors) == (1.0, None, {})


def level(edges: int, solved: int) -> Level:
    return Level(edges, 4, solved, {Error.WINDOW: 4 - solved}, {Error.WINDOW: 9}, (0.1, 0.2, 0.6))


def test_thresholds_and_areas_weigh_levels_by_difficulty():
    """(10 * 1 + 20 * 0.75 + 30 * 0.25) / 60 = 32.5 / 60."""
    score = Score((level(10, 4), level(20, 3), level(30, 1)))
    assert score.rates == {10: 1.0, 20: 0.75, 30: 0.25}
    assert (score.threshold(), score.threshold(0.9), score.threshold(0.1)) == (30, 20, None)
    assert score.wauc == pytest.approx(32.5 / 60)
    assert score.first_errors == {Error.WINDOW: 4}
    assert score.all_errors == {Error.WINDOW: 27}
    assert score.levels[0].median_s == 0.2
    assert Score((level(0, 2),)).wauc == 0.5


def test_the_first_error_of_an_answer_counts_once():
    score = evaluate(lambda problem: np.zeros(20, dtype=int), [20], per_level=4, seed=1)
    assert score.first_errors == {Error.PRECEDENCE: 4}
    assert score.all_errors[Error.PRECEDENCE] == 80
    assert score.all_errors[Error.CAPACITY] >= 4


def test_the_same_seed_asks_the_same_questions():
    asked: list[list] = [[], []]
    for problems in asked:
        evaluate(lambda problem, problems=problems: problems.append(problem), [5], 3, seed=9)
    assert asked[0] == asked[1]
    assert len(set(asked[0])) == 3


def test_a_problem_is_described_with_all_its_rules():
    text = describe(small())
    for line in (
        "- crew: 1 units; down from 4 to 6, b excluded",
        "- 0 (task 0): takes 2, needs 1 of crew",
        "- 1 (task 1): takes 2",
        "- 3 (task 3): takes 2, ends at 9 or earlier",
        "- 0 before 1",
        "- 2 and 3",
        "Answer with a JSON list of 4 start times, task 0 first.",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("reply", "starts"),
    [
        ("I think [1, 2] first, so: [0, 2, 2, 0].", [0, 2, 2, 0]),
        ("```json\n[0, 2, 2, 0]\n```", [0, 2, 2, 0]),
        ("no idea", None),
        ("[0, 2, oops]", None),
        ("] backwards [", None),
        ("", None),
    ],
)
def test_starts_are_read_from_the_reply_of_a_text_planner(reply, starts):
    heard = []

    def complete(text: str) -> str:
        heard.append(text)
        return reply

    problem = small()
    assert reading_planner(complete)(problem) == starts
    assert heard == [describe(problem)]
    assert json.dumps(starts) is not None
