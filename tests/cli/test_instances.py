"""`headway instances` lists and tells."""

import json


def test_patterns_choose(run) -> None:
    done = run("instances", "list", "ft*")
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["ft06", "ft10", "ft20"]
    assert "3 instances" in done.err


def test_open_instances_can_be_asked_for(run) -> None:
    rows = [
        json.loads(line) for line in run("instances", "list", "--open", "--json").out.splitlines()
    ]
    assert rows
    assert all(row["status"] == "open" for row in rows)


def test_the_whole_list_is_printed(run) -> None:
    lines = run("instances", "list", "ta*").out.splitlines()
    assert len(lines) == 81


def test_info_names_bounds_with_source(run) -> None:
    out = run("instances", "info", "ft10").out
    assert "930" in out
    assert "Fisher" in out
