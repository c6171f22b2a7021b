"""The Standard Workload Format: what is read, what is refused, and that nothing else happens."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pytest

from headway.errors import ConfigError, FormatError, ProblemError
from headway.formats import Source
from headway.simulate.cluster import SwfLog, lublin, read_swf, run
from headway.simulate.cluster.swf import FIELDS, parse_swf
from tests.formats.data import DATA
from tests.formats.mutations import damaged
from tests.simulate.cluster.cases import random_workload

LOG = """\
; Version: 2.2
; MaxProcs: 8
;   Note: Header: with colons
; free words
1   10  5  100  4  99.5 -1  4  120 -1 1 3 1 -1 1 -1 -1 -1
2   12 -1    0 -1    -1 -1  2   60 -1 1 4 1 -1 1 -1 -1 -1 ; a remark
3   11 -1   90  8    -1 -1 -1   50 -1 1 3 1 -1 1 -1 -1 -1

4   15 -1   -1 -1    -1 -1  1   10 -1 5 3 1 -1 1 -1 -1 -1
5   20 -1   30  2    -1 -1 -1   -1 -1 1 3 1 -1 1 -1 -1 -1
"""


def log(text: str = LOG) -> SwfLog:
    return parse_swf(Source(text.encode(), name="log"))


def line(**values: object) -> str:
    """Return a line of one job, missing fields as -1."""
    row = {"job": 1, "submit": 0, "run": 5, "processors": 1, **values}
    return " ".join(str(row.get(name, -1)) for name in FIELDS) + "\n"


def test_fields_and_header_are_read() -> None:
    read = log()
    assert len(read) == 5
    assert read.header == {"Version": "2.2", "MaxProcs": "8", "Note": "Header: with colons"}
    assert read["submit"].tolist() == [10, 12, 11, 15, 20]
    assert read["cpu_used"].tolist() == [99.5, -1, -1, -1, -1]
    assert read.processors() == 8


def test_jobs_are_sorted_and_what_is_missing_is_filled_in() -> None:
    """Job 4 never ran; job 3 asked for no processors, job 5 for no time."""
    workload = log().workload(overrun="keep")
    assert workload.label == ("1", "3", "2", "5")
    assert workload.capacity == 8
    assert workload.amount.tolist() == [4, 8, 2, 2]
    assert workload.run.tolist() == [100, 90, 0, 30]
    assert workload.requested.tolist() == [120, 50, 60, 30]
    assert workload.user.tolist() == [3, 3, 4, 3]
    assert run(workload, backfill="easy").end.max() > 0


@pytest.mark.parametrize(
    ("overrun", "ran", "asked"), [("kill", 50, 50), ("extend", 90, 90), ("keep", 90, 50)]
)
def test_a_job_that_runs_too_long_is_killed_extended_or_kept(
    overrun: str, ran: int, asked: int
) -> None:
    workload = log().workload(overrun=overrun)
    assert (workload.run[1], workload.requested[1]) == (ran, asked)


def test_a_job_larger_than_the_machine_is_refused_dropped_or_cut() -> None:
    with pytest.raises(ProblemError, match="log: job 3 needs more than the 6 processors"):
        log().workload(processors=6)
    assert log().workload(processors=6, oversize="drop").label == ("1", "2", "5")
    assert log().workload(processors=6, oversize="cap").amount.tolist() == [4, 6, 2, 2]
    with pytest.raises(ConfigError, match="oversize: expected one of refuse, drop, cap, got 'no'"):
        log().workload(oversize="no")


def test_jobs_without_run_time_may_stay_or_go() -> None:
    assert log().workload(zero_run=False).label == ("1", "3", "5")


def test_the_size_of_the_machine_is_that_of_the_largest_job_unless_said() -> None:
    assert log(line(processors=5)).processors() == 5
    assert log("; MaxNodes: 12\n" + line()).processors() == 12
    with pytest.raises(FormatError, match="header MaxProcs: expected a number, got 'many'"):
        log("; MaxProcs: many\n" + line()).processors()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected lines of 18 numbers, found none"),
        ("1 2 3\n", "line 1: expected 18 fields, got 3"),
        (line() + line(job=2, run="x"), "line 2: field 'run': expected a whole number, got 'x'"),
        (line(run=2.5), "line 1: field 'run': expected a whole number, got '2.5'"),
        (line(cpu_used="nan"), "line 1: field 'cpu_used': expected a number, got 'nan'"),
        (line(submit=-2), r"line 1: field 'submit': expected -1 to 2\^44, got '-2'"),
        (line(run=10**14), r"line 1: field 'run': expected -1 to 2\^44"),
        ("; x\n" + line() + line(), "line 3: job 1 stands in line 2 already"),
    ],
)
def test_a_malformed_line_is_refused_with_its_number(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        log(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"processors": -1}, "job 1 says no number of processors"),
        ({"submit": -1}, "job 1 says no time of submission"),
    ],
)
def test_a_job_without_what_it_takes_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        log(line(**values)).workload()


def test_a_file_is_named_in_the_refusal_and_may_be_compressed(tmp_path) -> None:
    path = tmp_path / "small.swf.gz"
    path.write_bytes(gzip.compress(LOG.encode()))
    assert read_swf(path).name == "small"
    path.write_bytes(gzip.compress(LOG.encode())[:-9])
    with pytest.raises(FormatError, match=r"small\.swf\.gz: cannot be unpacked: cut off"):
        read_swf(path)
    (tmp_path / "bad.swf").write_text("1 2\n")
    with pytest.raises(FormatError, match=r"bad\.swf:1: expected 18 fields"):
        read_swf(tmp_path / "bad.swf")


def test_a_log_written_and_read_is_the_same(tmp_path) -> None:
    workload = random_workload(11)
    trace = run(workload, "SJF", backfill="easy")
    written = SwfLog.of(workload, trace.start)
    written.save(tmp_path / "written.swf")
    read = read_swf(tmp_path / "written.swf")
    assert read.header == written.header
    assert all(np.array_equal(read[name], written[name]) for name in FIELDS)
    again = read.workload(overrun="keep")
    for column in ("submit", "run", "requested", "amount", "user", "group"):
        assert np.array_equal(getattr(again, column), getattr(workload, column))
    assert again.capacity == workload.capacity


def test_the_shipped_log_is_what_the_generator_draws() -> None:
    """100 jobs of the Lublin model: whoever changes the generator changes everybody's results."""
    shipped = read_swf(DATA / "lublin.swf")
    drawn = lublin(100, 64, load=0.9, seed=7)
    workload = shipped.workload()
    for column in ("submit", "run", "requested", "amount"):
        assert np.array_equal(getattr(workload, column), getattr(drawn, column))
    trace = run(workload, "SAF", backfill="easy")
    assert trace.wait.max() > 0


def test_a_damaged_log_is_read_or_refused() -> None:
    rng = random.Random(18)
    for _ in range(150):
        refusal: FormatError | ProblemError | None = None
        try:
            workload = parse_swf(Source(damaged(rng, LOG.encode()), name="x")).workload(
                oversize="drop"
            )
        except (FormatError, ProblemError) as error:
            refusal = error
        if refusal is None:
            assert (workload.amount <= workload.capacity).all()
        else:
            assert str(refusal)
            assert getattr(refusal, "line", None) is None or refusal.line >= 1
