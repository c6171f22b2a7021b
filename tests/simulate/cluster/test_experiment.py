"""Clusters on the command line: logs and YAML files as scenarios."""

from __future__ import annotations

import json
import pickle

import pytest

from headway.cli import main
from headway.errors import ConfigError, FormatError, UnknownNameError
from headway.simulate import open_experiment
from tests.formats.data import DATA
from tests.simulate.cluster.test_gpu_csv import NODES, TASKS


def test_a_log_is_a_scenario() -> None:
    experiment = open_experiment(DATA / "lublin.swf")
    assert experiment.name == "lublin"
    assert {"FCFS", "SJF + easy", "F1 + conservative", "LAS"} <= set(experiment.policies())
    assert "LAS + easy" not in experiment.policies()
    trace = experiment.run("SJF + easy", 0)
    assert trace.policy == "SJF + easy"
    assert trace.measures[experiment.measure] >= 1


def test_a_formula_is_a_policy() -> None:
    experiment = open_experiment(DATA / "lublin.swf")
    plain = experiment.run("requested", 0)
    assert plain.measures == experiment.run("SJF", 0).measures
    formula = experiment.run("requested + processors + easy", 0)
    assert formula.policy == "requested + processors + easy"
    with pytest.raises(UnknownNameError, match="unknown cluster rule 'SJV'"):
        experiment.run("SJV + easy", 0)
    with pytest.raises(UnknownNameError, match="unknown column 'run'"):
        experiment.run("run + processors", 0)


@pytest.mark.parametrize(
    "source",
    [
        "lublin: {jobs: 60, processors: 32, load: 0.9}",
        "synthetic: {cluster: PAI, jobs: 60, gpus: 8}",
    ],
)
def test_models_are_drawn_by_the_seed(tmp_path, source: str) -> None:
    path = tmp_path / "drawn.yaml"
    path.write_text(f"kind: cluster\n{source}\n")
    experiment = pickle.loads(pickle.dumps(open_experiment(path)))
    assert experiment.run("FCFS", 1).measures == experiment.run("FCFS", 1).measures
    assert experiment.run("FCFS", 1).measures != experiment.run("FCFS", 2).measures


def test_recorded_tasks_run_on_a_pool_or_on_nodes(tmp_path) -> None:
    (tmp_path / "tasks.csv").write_text(TASKS.replace("V100|P100", "P100"))
    (tmp_path / "nodes.csv").write_text(NODES)
    path = tmp_path / "gpus.yaml"
    path.write_text("kind: cluster\nname: recorded\ntasks: {file: tasks.csv, gpus: 2}\n")
    assert open_experiment(path).run("SRSF", 0).problem.n_resources == 1
    path.write_text(
        "kind: cluster\ntasks: {file: tasks.csv, nodes: nodes.csv, placement: fragmentation}\n"
    )
    placed = open_experiment(path)
    assert "LAS" not in placed.policies()
    assert placed.run("FCFS + greedy", 0).policy == "FCFS + greedy, fragmentation"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: cluster\n", "expected exactly one of log, lublin, synthetic, tasks"),
        ("kind: cluster\nlublin: {jobs: 3}\n", "lublin: .*processors"),
        ("kind: cluster\nlublin: {jobs: 3, processors: 4, speed: 1}\n", "lublin: .*speed"),
        ("kind: cluster\nlog: {file: x.swf, overrun: never}\n", r"log\.overrun: .*'never'"),
        ("kind: cluster\ntasks: {file: tasks.csv}\n", "tasks: expected either gpus or nodes"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused(tmp_path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        open_experiment(path)


def test_a_missing_log_is_refused(tmp_path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("kind: cluster\nlog: {file: none.swf}\n")
    with pytest.raises(FormatError, match=r"none\.swf: cannot read"):
        open_experiment(path)


def test_the_command_line_simulates_a_log(capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", str(DATA / "lublin.swf"), "-p", "SAF + easy", "--json"])
    assert not stopped.value.code
    assert json.loads(capsys.readouterr().out)["policy"] == "SAF + easy"
