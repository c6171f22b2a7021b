"""Routers that a file tells more than a name: profiles, and classes in a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.fleet.document import FleetFile
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.teams import known
from headway.serving.results import Status
from tests.serving.fleet.scaling.profiles import DATA

STEP = {"affine": {"constant_s": 0.01, "prefill_tokens": 1e-5}}
FILE: dict[str, Any] = {
    "kind": "fleet",
    "engines": [
        {"name": "a100", "count": 2, "engine": {"blocks": 4000}, "step_time": STEP},
        {"name": "spare", "count": 1, "engine": {"blocks": 4000}, "step_time": STEP},
    ],
    "workload": {
        "synthetic": {
            "requests": 150,
            "arrivals": "poisson(50)",
            "prompt_tokens": "512",
            "output_tokens": "60",
        }
    },
    "classes": [{"name": "chat", "latency_s": 5.0}],
}
WITH = {"profiles": {"a100": "llama2-7b-a100.json"}}


def by_profiles(given: dict[str, Any] = WITH, **changes: Any) -> FleetExperiment:
    policies = [{"name": "aibrix", "router": "profile-queue", "with": given}]
    file = msgspec.convert({**FILE, "policies": policies, **changes}, FleetFile)
    return FleetExperiment.of(file, DATA)


def test_the_queue_by_profiles_is_named_in_a_file() -> None:
    """All go to the kind that there is a profile of, and no more at once than it says."""
    fleet = by_profiles({**WITH, "backend": "pack"})
    run = fleet.run("aibrix", 1)
    assert run.router == "latest-first/by-profile, pack"
    assert (run.requests.status == Status.FINISHED).all()
    assert set(run.engine.tolist()) <= {0, 1}
    assert "profile-queue" in known(fleet.file)
    assert np.array_equal(fleet.run("aibrix", 1).ttft_s, run.ttft_s)


@pytest.mark.parametrize(
    ("given", "changes", "told"),
    [
        ({}, {}, "expected 'profiles'"),
        ({"profiles": {"h100": "llama2-7b-a100.json"}}, {}, "unknown kind of engines 'h100'"),
        ({"profiles": {"a100": "llama2-7b-a40.json"}}, {}, "llama2-7b-a40.json: .*'e2e'"),
        ({"profiles": {"a100": "nobody.json"}}, {}, "nobody.json"),
        ({**WITH, "backend": "pusch"}, {}, "backend"),
        ({**WITH, "pack": 1}, {}, "pack"),
        (WITH, {"classes": [{"name": "any"}]}, "'ttft_s' or a 'latency_s'"),
        (WITH, {"admission": {}}, "is a queue itself"),
    ],
)
def test_what_it_lacks_is_told(given: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=rf"policies\[0\].*{told}"):
        by_profiles(given, **changes)


def test_arguments_go_to_routers_of_files_and_to_no_others(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from headway.serving.fleet.routing import router\n"
        "def Mine(inner, seed):\n"
        "    return router(inner, seed)\n"
    )
    policies = [{"name": "own", "router": "mine.py:Mine", "with": {"inner": "least-kv"}}]
    file = msgspec.convert({**FILE, "policies": policies}, FleetFile)
    assert FleetExperiment.of(file, tmp_path).run("own", 0).router == "least-kv"
    policies[0]["router"] = "least-kv"
    file = msgspec.convert({**FILE, "policies": policies}, FleetFile)
    with pytest.raises(ConfigError, match="with: router least-kv takes no arguments"):
        FleetExperiment.of(file, tmp_path)
