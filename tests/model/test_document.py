"""Problems and schedules survive being written as JSON; damaged documents are refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.model import document
from tests.problems import random_problem

DEMAND_OF_NOTHING = """{
    "format": "headway-problem", "version": 1,
    "tasks": [{"modes": [{"duration": 1, "demands": {"oven": 1}}]}]
}"""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_a_problem_comes_back_equal(seed: int) -> None:
    problem = random_problem(seed)
    again = hw.Problem.from_json(problem.to_json())
    assert again == problem
    assert again.to_json() == problem.to_json()


def test_the_published_schema_is_the_one_in_force() -> None:
    shipped = Path(document.__file__).with_name("problem.schema.json")
    assert json.loads(shipped.read_text()) == document.problem_schema()


def test_a_document_without_objective_means_the_makespan() -> None:
    text = '{"format":"headway-problem","version":1,"tasks":[{"modes":[{"duration":3}]}]}'
    assert hw.Problem.from_json(text).objective == hw.makespan()


def test_jobs_may_be_named() -> None:
    text = """{"format":"headway-problem","version":1,"jobs":[{"name":"loaf"}],
               "tasks":[{"job":"loaf","modes":[{"duration":3}]}]}"""
    assert hw.Problem.from_json(text).tasks.job.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format":"headway-problem","version":1,\n"tasks":[}', ["line 2", "JSON"]),
        (
            '{"format":"headway-problem","version":1,"tasks":[{"modes":[{"duration":"3"}]}]}',
            ["$.tasks[0].modes[0].duration: expected a whole number, got text"],
        ),
        ('{"format":"headway-problem","version":1,"tasks":[],"color":1}', ["color"]),
        ('{"format":"headway-problem","version":2,"tasks":[]}', ["$.version"]),
        (
            DEMAND_OF_NOTHING,
            ["oven"],
        ),
        ('{"format":"headway-problem","version":1,"tasks":[{"job":"x","modes":[]}]}', ["'x'"]),
        ('{"format":"headway-problem","version":1,"tasks":[{"modes":[{"duration":1e400}]}]}', []),
        (
            '{"format":"headway-problem","version":1,"tasks":[{"modes":[{"duration":99999999999999999}]}]}',
            ["duration"],
        ),
        (
            '{"format":"headway-problem","version":1,"tasks":[],"relations":[{"before":0,"after":1}]}',
            ["task 0"],
        ),
        ("[" * 100_000, []),
        ("", []),
    ],
)
def test_a_damaged_document_is_refused(text: str, words: list[str]) -> None:
    with pytest.raises((hw.FormatError, hw.ProblemError)) as caught:
        hw.Problem.from_json(text)
    assert all(word in str(caught.value) for word in words), str(caught.value)


MEASURES = (
    "expected 'makespan', 'completion', 'flow-time', 'tardiness', 'earliness', 'tardy-jobs',"
    " 'max-lateness', 'max-tardiness', 'setup', 'cost', 'levelling' or 'peak'"
)
HEAD = '{"format":"headway-problem","version":1,"tasks":['


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "at the top level: expected an object, got a list"),
        ('{"tasks":[]}', "key 'format' is missing at the top level"),
        (
            '{"format":"headway-schedule","version":1,"tasks":[]}',
            "$.format: expected 'headway-problem', got 'headway-schedule'",
        ),
        ('{"format":"headway-problem","version":2,"tasks":[]}', "$.version: expected 1, got 2"),
        (HEAD + '],"task":1}', "unknown key 'task' at the top level; did you mean 'tasks'?"),
        (HEAD + '],"horizon":-1}', "$.horizon: expected a whole number of at least 0"),
        (HEAD + '],"tick_s":0}', "$.tick_s: expected a number above 0"),
        (HEAD + '],"tick_s":1e999}', "$.tick_s: number out of range"),
        (HEAD + '],"origin":"soon"}', "$.origin: expected a date such as 2026-03-02T08:00:00"),
        (
            HEAD + '],"objective":[[{"measure":"makespn"}]]}',
            f"$.objective[0][0].measure: {MEASURES}, got 'makespn'; did you mean 'makespan'?",
        ),
        (
            HEAD + '],"pairs":[{"kind":"same","first":0,"second":1}]}',
            "$.pairs[0].kind: expected 'consecutive', 'different' or 'identical', got 'same'",
        ),
        (HEAD + '{"modes":[{}]}]}', "key 'duration' is missing in $.tasks[0].modes[0]"),
        (
            HEAD + '{"modes":[{"x":1}]}]}',
            "unknown key 'x' in $.tasks[0].modes[0]; known keys: duration, demands, cost",
        ),
        (
            HEAD + '{"modes":[{"duration":1.5}]}]}',
            "$.tasks[0].modes[0].duration: expected a whole number, got a number with decimals",
        ),
        (
            HEAD + '{"modes":[{"duration":1,"demands":{"oven":null}}]}]}',
            "$.tasks[0].modes[0].demands[...]: expected a whole number, got null",
        ),
        (HEAD + '{"modes":[],"start":[1]}]}', "$.tasks[0].start: expected a list of 2 values"),
        (
            HEAD + '{"modes":[],"start":4}]}',
            "$.tasks[0].start: expected a list or null, got a whole number",
        ),
        (
            HEAD + '{"modes":[],"job":true}]}',
            "$.tasks[0].job: expected a whole number, text or null, got true or false",
        ),
        (
            HEAD + '],"resources":[{"name":"a","kind":"machine","breaks":[[1,"a"]]}]}',
            "$.resources[0].breaks[0][1]: expected a whole number, got text",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_document(text: str, message: str) -> None:
    with pytest.raises(hw.FormatError) as caught:
        hw.Problem.from_json(text)
    assert str(caught.value) == message


def test_a_misspelt_name_gets_a_suggestion() -> None:
    text = DEMAND_OF_NOTHING.replace(
        '"version": 1,',
        """"version": 1,
        "resources": [{"name": "ovens", "kind": "machine"}],""",
    )
    with pytest.raises(hw.ProblemError, match=r"no resource called 'oven'; did you mean 'ovens'\?"):
        hw.Problem.from_json(text)


def test_a_schedule_comes_back_equal_and_only_to_its_problem() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    other = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 5]])
    schedule = problem.schedule([0, 3, 0, 3])
    assert hw.Schedule.from_json(problem, schedule.to_json()) == schedule
    with pytest.raises(hw.FormatError, match="another problem"):
        hw.Schedule.from_json(other, schedule.to_json())


def test_a_schedule_of_the_wrong_length_is_refused() -> None:
    problem = hw.job_shop([[0]], [[3]])
    text = problem.schedule([0]).to_json().replace('"start": [0]', '"start": [0, 1]')
    with pytest.raises(hw.FormatError, match="one per task"):
        hw.Schedule.from_json(problem, text)


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(hw.FormatError):
        hw.Problem.from_json(b"\xff\xfe\x00{")


def test_a_task_may_have_an_empty_name() -> None:
    model = hw.Model()
    model.task(name="").mode(duration=1)
    problem = model.problem()
    assert hw.Problem.from_json(problem.to_json()) == problem


@pytest.mark.parametrize("matrix", ["[]", "[[]]", "[[1], [2]]", "[[1], [2, 3]]", "[[1, 2]]"])
def test_setup_matrices_of_any_shape_are_read_or_refused(matrix: str) -> None:
    text = f'{{"format":"headway-problem","version":1,"tasks":[],"setups":[{matrix}]}}'
    if matrix in ("[[]]", "[[1], [2]]"):
        assert len(hw.Problem.from_json(text).setups) == 1
    else:
        with pytest.raises(hw.ProblemError, match="setup matrix 0"):
            hw.Problem.from_json(text)
