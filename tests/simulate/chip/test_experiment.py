"""Workload files are read, and what is wrong in them is refused with its key."""

from pathlib import Path

import pytest

from headway.errors import ConfigError, FormatError
from headway.simulate.chip import ChipExperiment
from headway.simulate.experiment import open_experiment

CHIP = "add_new_resource CPU A 0 1 1 none\nf 5 1\n"
JOB = "job_name pair\nadd_new_tasks 2\nf 0\nf 1 0\n"


def written(folder: Path, text: str) -> Path:
    (folder / "soc.txt").write_text(CHIP)
    (folder / "job.txt").write_text(JOB)
    (folder / "load.yaml").write_text(text)
    return folder / "load.yaml"


def test_a_file_of_defaults_is_the_chip_top(tmp_path: Path) -> None:
    experiment = open_experiment(written(tmp_path, "kind: chip\nlength: 500\nnoise: 0.1\n"))
    assert isinstance(experiment, ChipExperiment)
    assert len(experiment.workload.kinds) == 10
    assert "ETF" in experiment.policies()
    trace = experiment.run("ETF", 3)
    assert trace.measures[experiment.measure] > 0
    assert trace.schedule.makespan >= 400


def test_a_chip_of_ones_own_is_read_beside_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "{kind: chip, name: mine, chip: soc.txt, applications: [job.txt]}")
    experiment = ChipExperiment.read(path)
    assert experiment.name == "mine"
    assert [kind.name for kind in experiment.workload.kinds] == ["pair"]
    assert experiment.run("MET", 0).measures["median latency"] >= 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: chip\ngapp: 3", "gapp"),
        ("kind: chip\ngap: x", "gap: Expected"),
        ("kind: chip\ngap: 0", "gap: expected 1.0"),
        ("kind: chip\nchip: soc.txt", "expected both or none"),
        ("kind: chip\nchip: soc.txt\napplications: [job.txt]\ngraphs: [x]", "not both"),
        ("kind: chip\nshare: [1]", "share: expected 10 numbers"),
        ("kind: chip\napplications: []\nchip: soc.txt", "kinds: expected one"),
    ],
)
def test_a_wrong_key_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as refused:
        ChipExperiment.read(path)
    assert str(refused.value).startswith(str(path))


def test_a_missing_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"x\.json"):
        ChipExperiment.read(written(tmp_path, "kind: chip\ngraphs: [x.json]"))
