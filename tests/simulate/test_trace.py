"""A trace is verified when it is made, and drawn and written like a schedule."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import headway as hw
from headway.errors import VerificationError
from headway.simulate import Happening, Trace


def test_a_trace_of_an_invalid_run_cannot_be_made() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], name="tiny")
    with pytest.raises(VerificationError, match=r"'SPT', seed 4: .* of tiny: .*violations"):
        Trace(problem.schedule([0, 0, 0, 0]), "SPT", 4)


def test_a_trace_is_a_schedule_and_what_happened(tmp_path: Path) -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    happenings = (Happening(0, "starts", "cut", "saw"), Happening(9, "leaves", "job 1"))
    trace = Trace(problem.schedule([0, 3, 0, 3]), "SPT", story=iter(happenings))
    assert trace.problem is problem
    assert [json.loads(line) for line in trace.to_jsonl().splitlines()] == [
        {"time": 0, "what": "starts", "who": "cut", "where": "saw"},
        {"time": 9, "what": "leaves", "who": "job 1"},
    ]
    assert list(trace) == list(happenings)
    trace.save_perfetto(tmp_path / "run.json")
    assert json.loads((tmp_path / "run.json").read_text())["traceEvents"]
    trace.gantt().save(tmp_path / "run.png")
    assert (tmp_path / "run.png").stat().st_size > 1000


def test_a_story_is_told_when_asked_for_and_kept() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    told = []

    def story() -> Iterator[Happening]:
        told.append("once")
        yield Happening(0, "starts", "cut", "saw")

    trace = Trace(problem.schedule([0, 3, 0, 3]), "SPT", story=story())
    assert not told
    again = pickle.loads(pickle.dumps(trace))
    assert again.happenings == trace.happenings == (Happening(0, "starts", "cut", "saw"),)
    assert again.schedule == trace.schedule
    assert told == ["once"]
