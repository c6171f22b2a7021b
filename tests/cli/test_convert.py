"""`headway convert` goes from format to format and refuses what does not fit."""

from pathlib import Path

import headway as hw


def test_an_instance_becomes_json_and_comes_back(run) -> None:
    assert run("convert", "ft06", "-o", "ft06.json").status == 0
    assert hw.read("ft06.json") == hw.instance("ft06")
    assert run("convert", "ft06.json", "-o", "ft06.txt", "--to", "job-shop").status == 0
    assert hw.read("ft06.txt") == hw.instance("ft06")


def test_what_a_format_cannot_say_is_refused(run) -> None:
    model = hw.Model("crew")
    crew = model.renewable("crew", capacity=3)
    model.task().mode({crew: 2}, duration=1)
    model.problem().save("crew.json")
    done = run("convert", "crew.json", "-o", "crew.txt", "--to", "job-shop")
    assert done.status == 2
    assert not Path("crew.txt").exists()


def test_tables_are_not_dropped_among_other_files(run) -> None:
    Path("home").mkdir()
    Path("home/letter.txt").write_text("dear")
    done = run("convert", "ft06", "--to", "planner-csv", "-o", "home")
    assert done.status == 2
    assert "the folder holds 'letter.txt'" in done.err
    assert [path.name for path in Path("home").iterdir()] == ["letter.txt"]
    assert run("convert", "ft06", "--to", "planner-csv", "-o", "home/plan").status == 0
    assert hw.read("home/plan").n_tasks == 36
