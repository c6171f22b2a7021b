"""`headway discover` finds a rule, shows how, and writes it down."""

import json
from pathlib import Path

import pytest

SMALL = ("--jobs", 8, "--instances", 30, "--rounds", 2, "--workers", 1)


def test_it_writes_a_rule_that_runs(run) -> None:
    done = run("discover", "--start", "EDD", *SMALL, "-o", "rule.py")
    assert done.status == 0
    assert "mean tardiness" in done.err
    assert "MDDC + insertion" in done.out
    names: dict[str, object] = {}
    text = Path("rule.py").read_text(encoding="utf-8")
    assert "fresh instances" in text
    exec(text, names)
    assert sorted(names["order"]([3, 1, 2], [4, 9, 3])) == [0, 1, 2]


def test_machines_get_json_and_the_same_seed_the_same_rule(run) -> None:
    lines = [
        json.loads(line) for line in run("discover", "--json", "--seed", 2, *SMALL).out.splitlines()
    ]
    assert {line["event"] for line in lines[:-1]} <= {"improvement"}
    last = lines[-1]
    assert last["event"] == "result"
    assert {row["rule"] for row in last["held_out"]} >= {"discovered", "EDD", "MDD"}
    again = json.loads(run("discover", "--json", "--seed", 2, *SMALL).out.splitlines()[-1])
    assert again["program"] == last["program"]


def test_a_program_in_a_file_is_a_start(run) -> None:
    Path("mine.py").write_text("def sequence(p, d):\n    return argsort(d + p)\n", "utf-8")
    done = run("discover", "--start", "mine.py", *SMALL, "--quiet")
    assert done.status == 0
    assert done.err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--start", "FIFO"), "unknown rule 'FIFO'"),
        (("--proposer", "http://127.0.0.1:9"), "go together"),
        (("--proposer", "ftp://x", "--model", "m"), "http"),
        (("--time-limit", -1), "--time-limit"),
        (("--jobs", 0), "jobs"),
        (("-o", "no/such/folder.py"), "no/such"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, arguments, words) -> None:
    done = run("discover", *arguments)
    assert done.status == 2
    assert words in done.err
