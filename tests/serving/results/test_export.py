"""Runs for other tools: frames, events, Perfetto, and requests that replay to the same run."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, MissingExtraError
from headway.serving.engine import Engine, EngineConfig, preset, presets
from headway.serving.results import EngineRun, metrics
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload, read_workload
from tests.serving.results.small import TRAFFIC, small

TIME = Affine(0.01, {"prefill_tokens": 1e-4, "decodes": 1e-3})


def crowded(clients: int = 0, seed: int = 0, policy: str = "vllm") -> EngineRun:
    """Return a run of forty requests in a cache that is too small for those that run."""
    draw = np.random.default_rng(seed)
    traffic = Workload.of(
        arrival_s=np.cumsum(draw.exponential(0.05, 40)),
        prompt_tokens=draw.integers(1, 120, 40),
        output_tokens=draw.integers(1, 60, 40),
        limit_tokens=np.full(40, 60),
        classes=[ServiceClass("chat", ttft_s=0.3), ServiceClass("batch")],
        service_class=draw.integers(0, 2, 40),
    )
    config = preset(policy, blocks=24, token_budget=128, max_sequences=8, clients=clients)
    return Engine(traffic, config, TIME).run()


def test_a_frame_has_a_row_per_request() -> None:
    frame = small().to_frame()
    assert frame["ttft_s"].tolist()[:3] == [1.0, 3.5, 1.0]
    assert frame["status"].tolist() == ["finished"] * 3 + ["dropped"]
    assert frame["class"].tolist() == ["all"] * 4
    assert small().steps_to_frame()["end_s"].tolist() == [1, 2, 4, 5, 10]


def test_without_pandas_there_is_a_word_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        small().to_frame()


def test_events_are_told_by_time() -> None:
    events = [json.loads(line) for line in small().to_jsonl().splitlines()]
    assert [event["time_s"] for event in events] == sorted(event["time_s"] for event in events)
    of_the_second = [(event["time_s"], event["what"]) for event in events if event["request"] == 1]
    assert of_the_second == [
        (0.5, "arrives"), (1.0, "scheduled"), (4.0, "first token"), (5.0, "finished"),
    ]  # fmt: skip
    assert [event["what"] for event in events if event["request"] == 3] == ["arrives", "dropped"]


@pytest.mark.parametrize("clients", [0, 5])
def test_the_requests_of_a_run_replay_to_the_same_run(tmp_path: Path, clients: int) -> None:
    run = crowded(clients)
    assert run.requests.preemptions.sum() > 0
    run.save(tmp_path / "requests.jsonl")
    again = read_workload(tmp_path / "requests.jsonl")
    assert again.classes == run.workload.classes
    config = EngineConfig(blocks=24, token_budget=128, max_sequences=8)
    replayed = Engine(again, config, TIME).run()
    np.testing.assert_array_equal(replayed.steps.end_s, run.steps.end_s)
    order = np.argsort(run.requests.arrival_s, kind="stable")
    np.testing.assert_array_equal(replayed.requests.last_token_s, run.requests.last_token_s[order])


def test_perfetto_shows_steps_requests_and_counters(tmp_path: Path) -> None:
    run = crowded()
    run.save_perfetto(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    steps = [event for event in slices if event["pid"] == 1]
    assert len(steps) == len(run.steps)
    assert sum(event["dur"] for event in steps) / 1e6 == pytest.approx(
        (run.steps.end_s - run.steps.start_s).sum()
    )
    named = [event for event in slices if event["name"].startswith("request ")]
    assert len(named) == len(run.requests)
    assert {event["name"] for event in events if event["ph"] == "C"} == {
        "running", "waiting", "used_blocks",
    }  # fmt: skip
    # On one track nothing overlaps but the parts of a request.
    for track in {event["tid"] for event in named}:
        own = sorted((event["ts"], event["dur"]) for event in named if event["tid"] == track)
        for (start, length), (after, _) in pairwise(own):
            assert start + length <= after + 0.01


def test_who_never_fits_has_no_track(tmp_path: Path) -> None:
    small().save_perfetto(tmp_path / "trace.json")
    assert "request 3" not in (tmp_path / "trace.json").read_text()


def test_what_no_browser_shows_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headway.serving.results.perfetto._MOST", 8)
    with pytest.raises(ConfigError, match="9 steps and requests are too many"):
        small().save_perfetto(tmp_path / "trace.json")
    assert not (tmp_path / "trace.json").exists()


@pytest.mark.parametrize("policy", presets())
def test_preemptions_are_seen_in_the_batch(policy: str) -> None:
    run = crowded(policy=policy)
    assert metrics.preempted(run).sum() == run.requests.preemptions.sum()


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_preemptions_are_seen_in_any_batch(seed: int) -> None:
    run = crowded(seed=seed)
    assert metrics.preempted(run).sum() == run.requests.preemptions.sum()


def test_figures_stand_in_the_text() -> None:
    told = small(workload=TRAFFIC.with_classes([ServiceClass("all", ttft_s=2)])).text("small")
    head, size, *_ = told.splitlines()
    assert head == "small: vllm, seed 0 (verified)"
    assert size == "  4 requests (3 completed, 1 dropped), 5 steps in 10 s"
    assert "attainment  50.0% of requests" in told
    assert "KV cache    2.2% in use, at most 3.0%" in told


def test_json_holds_what_tools_ask_for() -> None:
    told = json.loads(crowded().to_json())
    assert {
        "requests", "completed", "steps", "cpu_s", "ttft_s", "tpot_s", "latency_s", "preemptions",
        "cache_hit_rate", "goodput",
    } <= told.keys()  # fmt: skip
    assert told["ttft_s"].keys() == {"mean", "p50", "p90", "p99"}
    assert told["cpu_s"] > 0
    assert json.loads(small().to_json())["cpu_s"] is None
