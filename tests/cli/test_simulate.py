"""`headway simulate` and `headway compare`: shops in a world of chance, from a file."""

import json
from pathlib import Path

import pytest

import headway as hw
from headway.cli import table

FLOOR = """
kind: shop
name: floor
shop: {machines: 4}
arrivals: {jobs: 30, load: 0.9}
jobs: {durations: "integers(1, 20)", due_factor: 3}
noise: {factor: "lognormal(1, 0.3)"}
breakdowns: [{up: exponential(200), down: exponential(20)}]
warm_up: 5
"""


@pytest.fixture(autouse=True)
def floor(run) -> None:
    Path("floor.yaml").write_text(FLOOR)


def test_a_run_is_told_drawn_and_written(run) -> None:
    done = run(
        "simulate", "floor.yaml", "-p", "mod", "--gantt", "g.png", "--perfetto", "t.json",
        "--events", "e.jsonl", "--out", "s.json",
    )  # fmt: skip
    assert done.status == 0, done
    assert done.out.startswith("floor: MOD, seed 0 (verified)\n")
    assert "mean tardiness" in done.out
    assert Path("g.png").stat().st_size > 1000
    assert json.loads(Path("t.json").read_text())["traceEvents"]
    events = [json.loads(line) for line in Path("e.jsonl").read_text().splitlines()]
    assert {"arrives", "starts", "ends", "down", "up"} <= {event["what"] for event in events}
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert json.loads(Path("s.json").read_text())["format"] == "headway-schedule"


def test_pictures_are_asked_for_by_name_or_the_first_is_drawn(run) -> None:
    done = run("simulate", "floor.yaml", "--plot", "a.svg", "--plot", "gantt=b.svg")
    assert done.status == 0, done
    assert Path("a.svg").read_text() == Path("b.svg").read_text()


def test_json_is_one_object_and_the_same_every_time(run) -> None:
    first, second = (run("simulate", "floor.yaml", "-p", "SPT", "--json") for _ in range(2))
    assert first.out == second.out
    told = json.loads(first.out)
    assert (told["policy"], told["seed"], told["jobs"]) == ("SPT", 0, 25)
    assert told == json.loads(run("simulate", "floor.yaml", "-p", "p", "--json").out) | {
        "policy": "SPT"
    }


def test_one_long_run_tells_how_sure_it_is(run) -> None:
    Path("long.yaml").write_text(FLOOR.replace("jobs: 30", "jobs: 300"))
    done = run("simulate", "long.yaml", "-p", "SPT")
    (line,) = (line for line in done.out.splitlines() if "mean flow" in line)
    told = json.loads(run("simulate", "long.yaml", "-p", "SPT", "--json").out)
    width = told["half_width"]["mean flow"]
    assert width == hw.simulate("long.yaml", "SPT").summary("mean flow").half_width
    assert line.endswith(f"± {float(f'{width:.2g}'):,g}")
    assert "by the means of 20 batches" in done.out
    assert "±" not in run("simulate", "floor.yaml", "-p", "SPT").out


def test_policies_are_listed(run) -> None:
    done = run("simulate", "floor.yaml", "--list-policies")
    assert {"FIFO", "ATC", "2PT+WINQ+NPT"} <= set(done.out.split())


def test_policies_side_by_side(run) -> None:
    done = run("compare", "floor.yaml", "-p", "FIFO", "-p", "MOD", "-p", "2*p + winq", "-s", 3)
    assert done.status == 0
    assert "floor: 9 runs" in done.out
    assert "| 2*p + winq |" in done.out
    assert len(done.err.splitlines()) == 9
    quiet = run("compare", "floor.yaml", "-p", "SPT", "-s", 2, "-q", "-o", "runs.csv")
    assert not quiet.err
    assert len(Path("runs.csv").read_text().splitlines()) == 3


def test_the_columns_of_a_comparison_can_be_chosen(run) -> None:
    args = ("compare", "floor.yaml", "-p", "FIFO", "-p", "SPT", "-s", 2, "-q")

    def head(*more: str) -> list[str]:
        table = next(line for line in run(*args, *more).out.splitlines() if line.startswith("|"))
        return [name.strip() for name in table.strip("|").split("|")]

    rest = ["mean tardiness against FIFO", "smaller/equal/larger", "runs"]
    assert head() == ["policy", "mean tardiness", "mean flow", "tardy", "p95 flow", *rest]
    assert head("-m", "max flow, utilisation") == ["policy", "max flow", "utilisation", *rest]
    assert {"p99 flow", "in system", "waiting", "jobs"} <= set(head("-m", "all"))


def test_a_comparison_is_one_json_object(run) -> None:
    done = run("compare", "floor.yaml", "-p", "FIFO", "-p", "SPT", "-s", 2, "-q", "--json")
    told = json.loads(done.out)
    assert (told["scenario"], told["baseline"], told["seeds"]) == ("floor", "FIFO", [0, 1])
    by_name = {row["policy"]: row for row in told["policies"]}
    assert by_name["FIFO"]["against"] is None
    gap = by_name["SPT"]["means"]["mean tardiness"] - by_name["FIFO"]["means"]["mean tardiness"]
    assert by_name["SPT"]["against"]["difference"] == pytest.approx(gap)


def test_a_terminal_gets_a_table_that_is_drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"policy": "a|b [bold]", "mean": 3.5, "against": None}]
    table.echo(rows)
    assert capsys.readouterr().out.splitlines()[2] == "| a\\|b [bold] | 3.5 | – |"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    table.echo(rows)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["policy", "mean", "against"]
    assert row.split() == ["a|b", "[bold]", "3.5", "–"]


def test_runs_in_which_nothing_is_done_have_no_figures(run) -> None:
    Path("none.yaml").write_text(FLOOR + "cancellations: {share: 1, after: 1}\n")
    done = run("compare", "none.yaml", "-p", "FIFO", "-p", "SPT", "-s", 2, "-q")
    assert done.status == 0, done
    assert "| FIFO | – |" in done.out


def test_python_says_the_same(run) -> None:
    trace = hw.simulate("floor.yaml", "MOD", seed=2)
    told = json.loads(run("simulate", "floor.yaml", "-p", "MOD", "--seed", 2, "--json").out)
    assert told == {"policy": "MOD", "seed": 2, **trace.measures}
    runs = hw.compare("floor.yaml", ["MOD", "SPT"], seeds=[2])
    assert runs.values("MOD", "makespan") == [trace.measures["makespan"]]
    assert hw.verify(trace.problem, trace.schedule).ok


SILLY = [
    ("arrivals: {jobs: 5, gap: 1e300}", ["arrivals", "5e+300 ticks"]),
    ("arrivals: {jobs: 5, gap: 3, together: 1e18}", ["constant(1e+18)", "ticks"]),
    ("arrivals: {jobs: 999999999999, gap: 3}", ["arrivals.jobs", "at most"]),
    ("arrivals: {times: [99999999999999999999]}", ["arrivals.times"]),
    ("arrivals: {times: [1], load: 3}", ["'times' says when"]),
    ("arrivals: {jobs: 5, gap: 3}\nbreakdowns: []\nbreakdowns: []", ["'breakdowns' is said twice"]),
    ("arrivals: {jobs: 5, gap: 3}\njobs: {durations: 1e300}", ["constant(1e+300)"]),
    ("arrivals: {jobs: 5, gap: 3}\njobs: {durations: 'gamma(3, 1e-200)'}", ["jobs.durations"]),
    ("arrivals: {jobs: 5, gap: 3}\njobs: {operations: 1e12, revisits: true}", ["too many"]),
    ("arrivals: {jobs: 5, gap: 3}\njobs: {families: 100000}", ["jobs.families"]),
    ("arrivals: {jobs: 5, gap: 3}\njobs: {due_factor: 1e300}", ["jobs.due_factor"]),
    ("arrivals: {jobs: 5, gap: 3}\nnoise: {factor: 1e300}", ["noise.factor"]),
    (
        "arrivals: {jobs: 5, gap: 3}\nduration_changes: {share: 1, after: 1, factor: 1e30}",
        ["duration_changes.factor"],
    ),
    ("arrivals: {jobs: 5, gap: 3}\nbreakdowns: [{up: 1, down: 1, machines: []}]", ["at least one"]),
    ("arrivals: {jobs: 5, gap: 3}\nmaintenance: [{first: 0, length: 1e19}]", ["maintenance[0]"]),
    ("arrivals: {jobs: 5, gap: 3}\nwarm_up: 9", ["warm_up", "none of 5 jobs"]),
    ("arrivals: {jobs: 5, gap: 3}\nevents: none.json", ["none.json", "cannot read"]),
]


@pytest.mark.parametrize(("rest", "words"), SILLY)
def test_silly_scenarios_are_one_line_and_status_2(run, rest: str, words: list[str]) -> None:
    Path("silly.yaml").write_text(f"kind: shop\nshop: {{machines: 2}}\n{rest}\n")
    done = run("simulate", "silly.yaml", "-p", "SPT")
    assert done.status == 2, done
    assert len(done.err.splitlines()) == 1
    assert all(word in done.err for word in words), done.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["simulate", "none.yaml"], ["none.yaml", "cannot read"]),
        (["simulate", "floor.yaml", "-p", "STP"], ["STP", "did you mean"]),
        (["simulate", "floor.yaml", "-p", "p + foo"], ["column 'foo'"]),
        (["simulate", "floor.yaml", "-p", "p +"], ["'p +'"]),
        (["simulate", "floor.yaml", "-p", "S/OPM"], ["did you mean S/OPN"]),
        (["simulate", "floor.yaml", "-p", "p ** 2"], ["not part of an expression", "p ** 2"]),
        (["simulate", "floor.yaml", "-p", "p + " + "9" * 400], ["not an expression"]),
        (["simulate", "floor.yaml", "-p", "p + 1e999"], ["not part of an expression"]),
        (["simulate", "floor.yaml", "-p", "SPT", "-o", "a.json", "--perfetto", "a.json"], ["two"]),
        (["simulate", "floor.yaml", "--seed", "-1"], ["seed", "-1"]),
        (["simulate", "floor.yaml", "--gantt", "x.bmp"], [".bmp"]),
        (["simulate", "floor.yaml", "--plot", "gant=x.png"], ["gant", "did you mean gantt"]),
        (["simulate", "floor.yaml", "--plot", "x.png", "--gantt", "x.png"], ["x.png", "two"]),
        (["simulate", "floor.yaml", "--trace", "azure.csv"], ["floor", "no traffic", "azure.csv"]),
        (["compare", "floor.yaml", "--trace", "azure.csv"], ["floor", "no traffic"]),
        (["compare", "floor.yaml", "--loads", "1, 2"], ["floor", "cannot be scaled"]),
        (["compare", "floor.yaml", "--loads", "1, x"], ["--loads", "x"]),
        (["compare", "floor.yaml", "--plot", "x.png"], ["x.png", "--loads"]),
        (["simulate", "floor.yaml", "--out", "floor.yaml"], ["floor.yaml"]),
        (["compare", "floor.yaml", "-s", "0"], ["seeds"]),
        (["compare", "floor.yaml", "-w", "0"], ["workers"]),
        (["compare", "floor.yaml", "-w", "many"], ["many", "ray"]),
        (["compare", "floor.yaml", "-o", "x.png"], ["x.png", ".csv"]),
        (["compare", "floor.yaml", "--baseline", "STP"], ["STP"]),
        (["compare", "floor.yaml", "-s", "1", "-q", "-p", "SPT", "-m", "mean flo"], ["mean flow"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(run, args: list[str], words: list[str]) -> None:
    done = run(*args)
    assert done.status == 2, done
    assert len(done.err.splitlines()) == 1
    assert all(word in done.err for word in words), done.err
    assert not Path("x.png").exists()
