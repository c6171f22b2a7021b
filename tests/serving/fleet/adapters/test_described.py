"""Adapters in fleets' files: what they say, who loads them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from headway.errors import ConfigError
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.explain import explain
from headway.serving.results import Status

FILE: dict[str, Any] = {
    "kind": "fleet",
    "engines": [
        {
            "name": "l40s",
            "count": 2,
            "model": "llama-3.1-8b",
            "gpu": "l40s",
            "max_adapters": 4,
            "adapters": ["adapter-1"],
        }
    ],
    "adapters": [
        {"name": "adapter", "count": 9, "rank": 16, "model": "llama-3.1-8b"},
        {"name": "big", "bytes": 3e8},
    ],
    "workload": {
        "synthetic": {
            "requests": 60,
            "arrivals": "poisson(10)",
            "prompt_tokens": "integers(10, 100)",
            "output_tokens": "exponential(20)",
            "adapters": {"count": 9},
        }
    },
    "controllers": [{"policy": "lora-bin-pack", "with": {"spread": 8}}],
}


def read(home: Path, **changes: Any) -> FleetExperiment:
    path = home / "fleet.yaml"
    path.write_text(yaml.safe_dump({**FILE, **changes}), encoding="utf-8")
    return FleetExperiment.read(path)


def test_a_file_tells_what_adapters_weigh_and_where_they_go(tmp_path: Path) -> None:
    fleet = read(tmp_path)
    told = explain(fleet)
    assert "adapters   10, 83.89 to 300 MB, 53.94 to 162 ms to load; 8 places for them" in told
    assert "at most 4 at a time" in told
    assert "100% of them need one of 9 adapters" in told
    run = fleet.run("least-request", 0)
    assert (run.requests.status == Status.FINISHED).all()
    assert run.policy == "least-request + lora-bin-pack"
    assert run.document["adapter_loads"] >= 6
    assert run.document["adapter_cold_starts"] > 0


@pytest.mark.parametrize(
    "name", ["lora-random", "lora-least-adapters", "lora-bin-pack", "lora-least-latency"]
)
def test_placers_go_by_name_and_a_store_may_be_slow(tmp_path: Path, name: str) -> None:
    slow = {"bytes_per_s": 1e8, "latency_s": 0.5}
    fleet = read(tmp_path, controllers=[{"policy": name}], adapter_store=slow)
    run = fleet.run("lora:1,least-request:1", 2)
    assert run.document["adapter_wait_s"] > 0.5
    assert run.controllers == (name,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controllers": []}, r"policies\[0\]: no controller loads adapters"),
        ({"adapters": [{"name": "x"}]}, r"adapters\[0\]: rank, bytes: expected one"),
        ({"adapters": [{"name": "x", "rank": 1, "bytes": 1}]}, "expected one of the two"),
        ({"adapters": [{"name": "x", "rank": 0}]}, r"adapters\[0\]: rank"),
        ({"adapters": [{"name": "", "bytes": 1}]}, "name"),
        ({"adapters": [{"name": "x", "bytes": -1}]}, "size_bytes"),
        ({"adapters": [{"name": "x", "bytes": 1, "count": 0}]}, "count: expected 1"),
        ({"adapters": [{"name": "x", "bytes": 1, "model": "y"}]}, "unknown model 'y'"),
        ({"adapters": [{"name": "x", "bytes": 1}] * 2}, "'x' is the name of two"),
        ({"adapters": [{"name": "x", "bytes": 1}]}, "l40s-0: unknown adapter 'adapter-1'"),
        ({"adapter_store": {"bytes_per_s": 0}}, "adapter_store: .*bytes_per_s"),
        ({"engines": [{**FILE["engines"][0], "max_adapters": 0}]}, "no engine holds any"),
        ({"engines": [{**FILE["engines"][0], "max_adapters": -1}]}, "max_adapters"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, **changes)


def test_a_rank_needs_one_model(tmp_path: Path) -> None:
    bare = {"name": "a", "engine": {"blocks": 64}, "step_time": {"affine": {"constant_s": 0.1}}}
    with pytest.raises(ConfigError, match="rank: of which model"):
        read(tmp_path, engines=[bare], adapters=[{"name": "adapter", "count": 9, "rank": 8}])
