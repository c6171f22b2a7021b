"""Workloads of servers and jobs of one machine from files, compared like any other scenario."""

import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.compare import compare
from headway.simulate.servers import ServersExperiment
from headway.simulate.single import SingleExperiment

SERVERS = """
kind: servers
name: farm
speeds: [1, 1, 2, 4]
arrivals: poisson(0.7)
sizes: exponential(1000)
tasks: 400
warm_up: 50
changes: [{share: 0.5, machine: 3, speed: 2}]
"""
FAMILY = """
kind: single
family: random-chains
parameters: {jobs: 30, longest: 4, law: lognormal, mean: 50}
"""
LIST = """
kind: single
jobs: [{operations: [2, 6]}, {release: 1, operations: [4]}]
reveal: operations
"""


def written(tmp_path, text: str):
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    return path


def test_rules_of_servers_are_compared(tmp_path) -> None:
    experiment = ServersExperiment.read(written(tmp_path, SERVERS))
    runs = compare(experiment, policies=("SED", "ROUND-ROBIN", "n / speed"), seeds=range(3))
    assert runs.measure == "mean response"
    assert runs.summary("SED").mean < runs.summary("ROUND-ROBIN").mean
    trace = experiment.run("SED", 1)
    assert len(trace.happenings) == 3 * 400
    assert [h.time for h in trace] == sorted(h.time for h in trace)
    assert trace.measures != experiment.run("SED", 2).measures


@pytest.mark.parametrize("text", [FAMILY, LIST])
def test_policies_of_one_machine_are_compared(tmp_path, text: str) -> None:
    experiment = SingleExperiment.read(written(tmp_path, text))
    for policy in experiment.policies():
        trace = experiment.run(policy, 3)
        assert trace.measures["total flow"] == trace.schedule.objective
        assert sum(h.what == "ends" for h in trace) == len(experiment.draw(3))
    assert experiment.policies()[0] == "op_srpt"


@pytest.mark.parametrize("reveal", ["full", "operations", "estimate(2)", "epsilon(1/4)", "none"])
def test_every_policy_that_is_listed_can_decide(tmp_path, reveal: str) -> None:
    experiment = SingleExperiment.read(written(tmp_path, f"{FAMILY}reveal: {reveal}\n"))
    for policy in experiment.policies():
        assert experiment.run(policy, 0).measures["mean flow"] > 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SERVERS.replace("0.7", "0"), "arrivals"),
        (SERVERS.replace("exponential", "exp"), "exp"),
        (SERVERS.replace("warm_up: 50", "warm_up: 500"), "warm_up"),
        (SERVERS.replace("tasks: 400", "tasks: many"), "tasks"),
        (SERVERS + "colour: red\n", "colour"),
        (SERVERS.replace("machine: 3", "machine: 4"), "machine 4"),
    ],
)
def test_files_of_servers_that_make_no_sense_are_refused(tmp_path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=rf"scenario\.yaml.*{named}"):
        ServersExperiment.read(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (FAMILY.replace("random-chains", "random-chain"), "random-chains"),
        (FAMILY.replace("longest", "longer"), "longer"),
        (FAMILY.replace("jobs: 30", "jobs: many"), "parameters"),
        (FAMILY.replace("law: lognormal", "seed: 3"), "seed"),
        (FAMILY + "reveal: something\n", "something"),
        (FAMILY + "jobs: [{operations: [1]}]\n", "either"),
        ("kind: single\n", "either"),
        (LIST.replace("release: 1", "release: -1"), "job 1"),
        (LIST.replace("[4]", "[]"), "operation"),
    ],
)
def test_files_of_jobs_that_make_no_sense_are_refused(tmp_path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=rf"scenario\.yaml.*{named}"):
        SingleExperiment.read(written(tmp_path, text))


def test_unknown_rules_are_refused(tmp_path) -> None:
    experiment = ServersExperiment.read(written(tmp_path, SERVERS))
    for text in ("SEDD", "backlog / velocity", "n +"):
        with pytest.raises(UnknownNameError):
            experiment.run(text, 0)
