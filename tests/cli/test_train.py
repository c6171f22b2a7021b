"""`headway train` makes a rule, shows how, and writes it down."""

import json
from dataclasses import replace

import pytest

from headway.cli import train
from headway.learn.jobshop import FEATURE_SET, JobShopRule
from headway.learn.rule_file import load

SHORT = ("train", "jobshop-makespan", "--steps", 4, "--no-table")
NOISE = {"delta": 0.5, "temperature": 1.0, "search_temperature": 1.0, "search_share": 0.1}


@pytest.fixture
def quick(monkeypatch) -> None:
    """Take the noise for granted, which otherwise takes thousands of passes to find."""
    known = train.find

    def find(name):
        return replace(known(name), settings=lambda vector: NOISE)

    monkeypatch.setattr(train, "find", find)


def test_without_a_recipe_it_lists_them(run) -> None:
    done = run("train")
    assert done.status == 0
    assert "jobshop-makespan  Makespan of job shops" in done.out


def test_it_writes_a_rule_that_can_be_used(run) -> None:
    done = run(*SHORT, "--seed", 3, "-o", "rule.json")
    assert done.status == 0
    assert "step 4 of 4" in done.err or "least validation cost" in done.err
    assert "next_queue" in done.out
    rule = load("rule.json", FEATURE_SET)
    assert rule.recipe["steps"] == 4
    assert [stage["steps"] for stage in rule.recipe["stages"]] == [2, 2]
    assert 0 <= JobShopRule(rule).delta <= 1


def test_machines_get_json_and_the_same_seed_the_same_rule(run, quick) -> None:
    first, again, other = (
        json.loads(run(*SHORT, "--json", "--seed", seed).out.splitlines()[-1]) for seed in (2, 2, 5)
    )
    assert first["event"] == "result"
    assert first == again
    assert first["weights"] != other["weights"] or first["recipe"] != other["recipe"]


def test_runs_are_compared_by_validation_and_time_is_kept(run, quick) -> None:
    done = run(*SHORT, "--runs", 2, "--quiet", "-o", "rule.json")
    assert done.err == ""
    recipe = load("rule.json", FEATURE_SET).recipe
    costs = recipe["validation"]
    assert recipe["seed"] == costs.index(min(costs))
    assert (len(costs), recipe["steps"]) == (2, 8)
    run(*SHORT, "--time-limit", 1e-9, "--quiet", "-o", "none.json")
    assert load("none.json", FEATURE_SET).recipe["steps"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flowshop",), "unknown recipe 'flowshop'"),
        (("jobshop-makespan", "--time-limit", -1), "--time-limit"),
        (("jobshop-makespan", "--seed", -1), "--seed"),
        (("jobshop-makespan", "--steps", 1), "steps: expected at least 2"),
        (("jobshop-makespan", "-o", "no/such/rule.json"), "no/such"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, arguments, words) -> None:
    done = run("train", *arguments)
    assert done.status == 2
    assert words in done.err
