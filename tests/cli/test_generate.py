"""`headway generate` makes random instances of any family."""

import headway as hw


def test_a_seed_gives_the_same_instance(run) -> None:
    args = ("generate", "jobshop", "--jobs", 5, "--machines", 3, "--seed", 4)
    assert run(*args, "-o", "a.json").status == 0
    assert run(*args, "-o", "b.json").status == 0
    assert hw.read("a.json").n_tasks == 15
    assert (
        hw.read("a.json") == hw.read("b.json") == hw.generate("jobshop", jobs=5, machines=3, seed=4)
    )


def test_a_parameter_that_is_not_a_number_is_refused(run) -> None:
    done = run("generate", "jobshop", "--jobs", "many", "-o", "a.json")
    assert done.status == 2
    assert "jobs" in done.err


def test_families_and_their_parameters_are_listed(run) -> None:
    assert "jobshop" in run("generate", "--help").out
    out = run("generate", "jobshop", "--help").out
    assert "--machines" in out
    assert "Example:" in out


def test_without_a_file_it_prints_json(run) -> None:
    out = run("generate", "openshop", "--seed", 2).out
    assert hw.Problem.from_json(out).n_tasks > 0
