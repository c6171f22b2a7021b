"""Tables of GPU clusters: what is read, what is refused."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest

from headway.errors import FormatError
from headway.formats import Source
from headway.instances import remote
from headway.simulate.cluster import read_gpu_tasks, read_nodes, run, traces
from headway.simulate.cluster.gpu_csv import parse_gpu_tasks, parse_nodes, parse_run_times
from tests.formats.mutations import damaged

# Made up, in the layout of Alibaba's trace.
TASKS = """\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
t0,4000,8192,1,500,,LS,Running,100,400,150
t1,4000,8192,0,0,,LS,Running,110,500,110
t2,4000,8192,2,1000,V100|P100,BE,Failed,120,130,120
t3,4000,8192,1,1000,T4,BE,Pending,130,900,
t4,4000,8192,1,500,,LS,Running,90,95,91.0
"""
NODES = """\
sn,cpu_milli,memory_mib,gpu,model
n0,64000,262144,2,P100
n1,32000,131072,0,nan
"""


def source(text: str) -> Source:
    return Source(text.encode(), name="table")


def test_tasks_are_read_with_what_they_ask_for() -> None:
    tasks = parse_gpu_tasks(source(TASKS))
    assert len(tasks) == 5
    assert tasks.scheduled.tolist() == [150, 110, 120, -1, 91]
    assert tasks.demands.models == ((), (), ("P100", "V100"), ("T4",), ())
    assert tasks.ran.tolist() == [True, False, True, False, True]
    assert tasks.group[0] == tasks.group[4]
    assert len(set(tasks.group.tolist())) == 4


def test_what_ran_on_gpus_becomes_a_workload_in_thousandths() -> None:
    workload = parse_gpu_tasks(source(TASKS)).workload(3, created_from=95)
    assert workload.label == ("t0", "t2")
    assert workload.submit.tolist() == [5, 25]
    assert workload.run.tolist() == [250, 10]
    assert workload.amount.tolist() == [500, 2000]
    assert (workload.capacity, workload.per_unit) == (3000, 1000)
    assert workload.demands is not None
    assert workload.demands.gpus.tolist() == [1, 2]
    assert run(workload, "SRSF").end.tolist() == [255, 35]


def test_nodes_and_run_times_are_read() -> None:
    nodes = parse_nodes(source(NODES))
    assert nodes.gpus.tolist() == [2, 0]
    assert nodes.model == ("P100", "")
    assert nodes.gpu_milli == 2000
    assert parse_run_times(source("runtime\n0.0\n12.5\n")).tolist() == [0, 12.5]


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_nodes, "", "line 1: expected a header with a column 'sn'"),
        (parse_nodes, NODES + "n2,1,2,3\n", "line 4: expected 5 columns, got 4"),
        (parse_nodes, NODES + "n2,1,x,3,T4\n", "line 4: column 'memory_mib': expected a whole"),
        (parse_nodes, NODES + "n2,1,2,99,T4\n", "line 4: column 'gpu': expected a whole number"),
        (parse_nodes, NODES + "n0,1,2,3,T4\n", "two nodes are called 'n0'"),
        (
            parse_gpu_tasks,
            TASKS.replace(",500,,LS,Running,100", ",0,,LS,Running,100"),
            "'t0': asks",
        ),
        (parse_gpu_tasks, TASKS.replace("2,1000", "2,400"), "'t2': asks for shares of several"),
        (parse_gpu_tasks, TASKS.replace("150", "1e99"), "line 2: column 'scheduled_time'"),
        (parse_gpu_tasks, TASKS.replace("qos", "class"), "a header with a column 'qos'"),
        (parse_run_times, "runtime\n-1\n", "line 2: runtime: expected seconds, got '-1'"),
        (parse_run_times, "runtime\n\nnan\n", "line 3: runtime: expected seconds, got 'nan'"),
        (parse_run_times, 'runtime\n"1\n', "not a table of comma-separated values"),
    ],
)
def test_a_malformed_table_is_refused(parse, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(source(text))


def test_files_are_named_in_refusals(tmp_path) -> None:
    (tmp_path / "nodes.csv").write_text("a,b\n")
    with pytest.raises(FormatError, match=r"nodes\.csv:1: expected a header"):
        read_nodes(tmp_path / "nodes.csv")
    with pytest.raises(FormatError, match=r"none\.csv: cannot read"):
        read_gpu_tasks(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_gpu_tasks, TASKS), (parse_nodes, NODES), (parse_run_times, "runtime\n1\n2.5\n")],
)
def test_a_damaged_table_is_read_or_refused(parse, text: str) -> None:
    rng = random.Random(len(text))
    for _ in range(120):
        bad = damaged(rng, text.replace(",", " , ").encode()).replace(b" , ", b",")
        refusal: FormatError | None = None
        try:
            table = parse(Source(bad, name="x"))
        except FormatError as error:
            refusal = error
        if refusal is None:
            assert len(table) < 60
        else:
            assert str(refusal)
            assert refusal.line is None or refusal.line >= 1


def test_recorded_traces_are_known_by_address_and_checksum() -> None:
    known = [path for path in remote.checksums() if path.startswith("clusters/")]
    assert len(known) == 5
    for path in known:
        assert remote.address(path).startswith("https://raw.githubusercontent.com/")
        assert len(remote.checksums()[path]) == 64


def test_a_recorded_trace_is_used_from_the_data_folder(tmp_path, monkeypatch) -> None:
    (tmp_path / "clusters").mkdir()
    monkeypatch.setenv("HEADWAY_DATA", str(tmp_path))
    files = {
        "clusters/alibaba_2023_gpu_pods.csv": TASKS,
        "clusters/alibaba_2023_gpu_nodes.csv": NODES,
        "clusters/philly_runtimes.csv": "runtime\n7\n",
        "clusters/lublin_256.swf": "1 0 -1 5 2" + " -1" * 13 + "\n",
    }
    digests = {}
    for path, text in files.items():
        (tmp_path / path).write_text(text)
        digests[path] = hashlib.sha256(text.encode()).hexdigest()
    monkeypatch.setattr(remote, "checksums", lambda: digests)
    assert len(traces.alibaba_2023_tasks()) == 5
    assert len(traces.alibaba_2023_nodes()) == 2
    assert traces.philly_run_times().tolist() == [7]
    assert traces.lublin_256().workload().amount.tolist() == [2]
    assert np.array_equal(traces.alibaba_2023_tasks().created, [100, 110, 120, 130, 90])
