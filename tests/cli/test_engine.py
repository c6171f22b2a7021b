"""`headway simulate` and `headway compare` with an engine that serves a language model."""

import json
from pathlib import Path

import pytest

ENGINE = """
kind: engine
name: chat
step_time: {affine: {constant_s: 0.01, prefill_tokens: 1.0e-4, decodes: 1.0e-3}}
engine: {blocks: 64, token_budget: 256, max_sequences: 16}
workload: {trace: traffic.csv}
classes: [{name: all, ttft_s: 0.2}]
policies: [vllm, sarathi]
"""
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:15:{k:02d}.{k % 7}000000,{50 + 13 * k % 90},{2 + k % 11}\n" for k in range(40)
)


@pytest.fixture(autouse=True)
def engine(run) -> None:
    Path("engine.yaml").write_text(ENGINE)
    Path("traffic.csv").write_text(AZURE)
    Path("few.csv").write_text("\n".join(AZURE.splitlines()[:4]) + "\n")


def test_recorded_traffic_is_met_and_told_as_json(run) -> None:
    done = run("simulate", "engine.yaml", "--trace", "few.csv", "--json")
    assert done.status == 0, done
    told = json.loads(done.out)
    assert (told["requests"], told["completed"], told["policy"]) == (3, 3, "vllm")
    assert set(told["latency_s"]) == {"mean", "p50", "p90", "p99"}
    assert told["goodput"] > 0


def test_a_run_is_told_drawn_and_written(run) -> None:
    done = run(
        "simulate", "engine.yaml", "-p", "sarathi", "--plot", "timeline.png", "--plot",
        "latency=latency.svg", "--perfetto", "t.json", "--events", "e.jsonl", "-o", "r.jsonl",
    )  # fmt: skip
    assert done.status == 0, done
    assert done.out.startswith("chat: sarathi, seed 0 (verified)\n  40 requests (40 completed)")
    assert "goodput" in done.out
    assert Path("timeline.png").stat().st_size > 1000
    assert "<svg" in Path("latency.svg").read_text()
    assert json.loads(Path("t.json").read_text())["traceEvents"]
    assert len(Path("e.jsonl").read_text().splitlines()) == 4 * 40
    again = run("simulate", "engine.yaml", "-p", "sarathi", "--trace", "r.jsonl", "--json")
    first = json.loads(run("simulate", "engine.yaml", "-p", "sarathi", "--json").out)
    assert json.loads(again.out) | {"cpu_s": 0} == first | {"cpu_s": 0}


def test_policies_side_by_side_at_several_loads(run) -> None:
    done = run(
        "compare", "engine.yaml", "-s", 2, "--loads", "1, 4", "--plot", "goodput.svg", "-m",
        "goodput,ttft_s.p99", "-o", "runs.csv",
    )  # fmt: skip
    assert done.status == 0, done
    assert "chat: 8 runs" in done.out
    assert "| load | policy | goodput | ttft_s.p99 | missed against vllm |" in done.out
    assert "[8/8] sarathi load 4 seed 1: goodput" in done.err
    assert "<svg" in Path("goodput.svg").read_text()
    assert len(Path("runs.csv").read_text().splitlines()) == 9
    told = json.loads(run("compare", "engine.yaml", "-s", 1, "--json", "-q").out)
    assert {row["policy"] for row in told["policies"]} == {"vllm", "sarathi"}


def test_the_largest_load_of_each_policy_is_searched(run) -> None:
    done = run("compare", "engine.yaml", "--max-goodput")
    assert done.status == 0, done
    assert "90 % keep their limits" in done.out
    first, second = json.loads(run("compare", "engine.yaml", "--max-goodput", "--json").out)
    assert first["load"] >= second["load"] > 0
    assert {first["policy"], second["policy"]} == {"vllm", "sarathi"}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--trace", "none.csv"], ["none.csv", "cannot read"]),
        (["--trace", "engine.yaml"], ["engine.yaml:1", "azure"]),
        (["--trace", "azure-con"], ["azure-con", "did you mean azure-conv"]),
        (["--gantt", "x.png"], ["gantt", "timeline"]),
        (["-p", "vlm"], ["vlm", "vllm"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(run, args: list[str], words: list[str]) -> None:
    done = run("simulate", "engine.yaml", *args)
    assert done.status == 2, done
    assert len(done.err.splitlines()) == 1
    assert all(word in done.err for word in words), done.err
