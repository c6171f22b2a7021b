"""`headway fleet` and what `headway simulate` and `compare` make of a fleet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FLEET = """
kind: fleet
name: pair
engines:
  - name: one
    count: 2
    price_per_h: 2
    engine: {blocks: 64}
    step_time: {affine: {constant_s: 0.01}}
workload:
  synthetic:
    {requests: 60, arrivals: poisson(30), prompt_tokens: 50, output_tokens: exponential(20)}
classes: [{name: <chat>, ttft_s: 0.1}, {name: batch}]
policies: [least-request, round-robin]
"""


@pytest.fixture(autouse=True)
def fleet(run) -> None:
    Path("fleet.yaml").write_text(FLEET)


def test_a_fleet_is_explained(run) -> None:
    done = run("fleet", "check", "fleet.yaml")
    assert done.status == 0, done
    assert done.out.startswith("pair: 2 engines, 4 per hour\n")
    assert "64 blocks of 16 tokens = 1,024 tokens" in done.out
    assert "60 requests" in done.out


def test_what_is_wrong_is_named_by_its_key(run) -> None:
    Path("fleet.yaml").write_text(FLEET.replace("count: 2", "count: two"))
    done = run("fleet", "check", "fleet.yaml")
    assert done.status == 2
    assert "fleet.yaml: engines[0].count: Expected `int`" in done.err


def test_a_run_is_told_drawn_and_written(run) -> None:
    done = run(
        "simulate", "fleet.yaml", "--plot", "t.png", "--report", "r.html", "--perfetto", "p.json",
        "--events", "e.jsonl", "-o", "met.jsonl",
    )  # fmt: skip
    assert done.status == 0, done
    assert done.out.startswith("pair: least-request, seed 0 (verified)\n")
    assert "one-1" in done.out
    page = Path("r.html").read_text(encoding="utf-8")
    assert "&lt;chat&gt;" in page
    assert "<chat>" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert json.loads(Path("p.json").read_text())["traceEvents"]
    replayed = run("simulate", "fleet.yaml", "--trace", "met.jsonl", "--json")
    assert json.loads(replayed.out)["requests"] == 60


def test_scenarios_without_a_page_say_so(run) -> None:
    Path("floor.yaml").write_text(
        "kind: shop\nshop: {machines: 2}\narrivals: {jobs: 5, load: 0.5}\n"
        'jobs: {durations: "integers(1, 9)"}\n'
    )
    done = run("simulate", "floor.yaml", "--report", "r.html")
    assert done.status == 2
    assert "has no page" in done.err


def test_routers_are_compared_over_loads(run) -> None:
    done = run("compare", "fleet.yaml", "-s", "2", "--loads", "1,2", "-m", "missed,cost", "-q")
    assert done.status == 0, done
    assert "least-request" in done.out
    assert "round-robin" in done.out


def test_capacity_is_planned_told_and_drawn(run) -> None:
    done = run(
        "plan-capacity", "fleet.yaml", "--slo", "ttft_s=0.5", "--share", "0.9",
        "--plot", "p.png", "--report", "p.html",
    )  # fmt: skip
    assert done.status == 0, done
    assert done.out.startswith("pair: ")
    assert "one engine down" in done.out
    assert Path("p.png").stat().st_size > 1000
    assert "capacity plan" in Path("p.html").read_text(encoding="utf-8")
    told = run("plan-capacity", "fleet.yaml", "--share", "0.5", "-p", "round-robin", "--json")
    assert [option["policy"] for option in json.loads(told.out)["options"]] == ["round-robin"]


def test_limits_that_are_none_are_refused(run) -> None:
    assert "expected LIMIT=SECONDS" in run("plan-capacity", "fleet.yaml", "--slo", "ttft").err
    assert "unknown limit" in run("plan-capacity", "fleet.yaml", "--slo", "soon=1").err
