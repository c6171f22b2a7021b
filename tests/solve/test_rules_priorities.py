"""Priority rules: their figures by hand, and their effect on the order of one machine."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import UnknownNameError
from headway.model import Problem, job_shop, project, single_machine
from headway.solve.rules import RULES, Facts, find, generate


def facts(problem: Problem) -> Facts:
    return Facts(problem, np.ones(problem.n_tasks, dtype=np.bool_))


def order(problem: Problem, rule: str, scheme="parallel") -> list[int]:
    return np.argsort(generate(problem, rule, scheme).start, kind="stable").tolist()


# Three jobs on one machine: durations 4, 2, 6; due at 30, 5, 7; weights 8, 1, 1.
JOBS = single_machine([4, 2, 6], due=[30, 5, 7], weight=[8, 1, 1])

# Task 0 (2) -> 1 (4) -> 3 (1) and 0 -> 2 (3) -> 3, in one project.
DIAMOND = project([[(d, [1])] for d in (2, 4, 3, 1)], [2], [[1, 2], [3], [3], []])

# Job 0: 3 then 4; job 1: 5 then 1 then 2.
SHOP = job_shop([[0, 1], [1, 0, 1]], [[3, 4], [5, 1, 2]])


def test_there_are_at_least_fifteen_rules_and_each_says_what_it_does():
    assert len(RULES) >= 15
    assert all(rule.__doc__ for rule in RULES.values())


@pytest.mark.parametrize("name", RULES)
def test_every_rule_schedules_jobs_with_and_without_dates(name):
    for problem in (JOBS, DIAMOND, SHOP):
        assert generate(problem, name).makespan > 0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("SPT", [1, 0, 2]),
        ("LPT", [2, 0, 1]),
        ("WSPT", [0, 1, 2]),  # 4/8, 2/1, 6/1
        ("EDD", [1, 2, 0]),
        ("SLACK", [2, 1, 0]),  # 26, 3, 1
        ("CR", [2, 1, 0]),  # 30/4, 5/2, 7/6
        ("MDD", [1, 2, 0]),  # at 0: 30, 5, 7; at 2: 30, 8
        ("ATC", [1, 2, 0]),  # at 0: -2 e^(-26/8), -.5 e^(-3/8), -.17 e^(-1/8); at 2: -.10, -.17
        ("COVERT", [2, 1, 0]),  # at 0: 0 for slack 26 of 8, -.5 (1 - 3/4), -.17 (1 - 1/12)
        ("FIFO", [0, 1, 2]),
    ],
)
def test_one_machine_is_sequenced_as_the_definition_says(rule, expected):
    assert order(JOBS, rule) == expected


def test_figures_of_a_job_shop():
    about = facts(SHOP)
    assert about.work_left.tolist() == [7, 4, 8, 3, 2]
    assert about.tasks_left.tolist() == [2, 1, 3, 2, 1]
    assert about.head.tolist() == [0, 3, 0, 5, 6]
    assert about.tail.tolist() == [7, 4, 8, 3, 2]
    assert about.latest_start.tolist() == [1, 4, 0, 5, 6]


def test_figures_of_a_project():
    about = facts(DIAMOND)
    assert about.successors.tolist() == [3, 1, 1, 0]
    assert about.positional_weight.tolist() == [9, 5, 4, 1]
    assert about.tail.tolist() == [7, 5, 4, 1]
    assert about.latest_start.tolist() == [0, 2, 3, 6]


def test_a_deadline_makes_a_task_urgent_for_lst_and_lft():
    problem = single_machine([4, 2, 6], deadline=[100, 100, 6])
    assert order(problem, "LST")[0] == 2
    assert order(problem, "LFT")[0] == 2


def test_fifo_serves_in_order_of_arrival():
    problem = single_machine([4, 2, 6], release=[3, 2, 1])
    assert order(problem, "FIFO", "parallel") == [2, 1, 0]


def test_random_keys_follow_the_seed():
    problem = single_machine([1] * 30)
    starts = [generate(problem, "RANDOM", seed=seed).start.tolist() for seed in (1, 1, 2)]
    assert starts[0] == starts[1] != starts[2]


def test_names_are_found_in_any_case_and_unknown_ones_are_refused():
    assert find("spt/twkr") is RULES["SPT/TWKR"]
    with pytest.raises(UnknownNameError, match="priority rule 'XYZZY'"):
        find("XYZZY")
