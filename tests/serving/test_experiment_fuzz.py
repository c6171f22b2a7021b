"""Files of engines with anything anywhere: they open, or are refused in words of ours."""

import contextlib
import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.errors import HeadwayError
from headway.serving.experiment import EngineExperiment
from headway.simulate import open_experiment

FILE: dict[str, Any] = {
    "kind": "engine",
    "name": "fuzz",
    "model": "llama-3.1-8b",
    "gpu": {
        "name": "some",
        "memory_bytes": 48_000_000_000,
        "bandwidth_bytes_per_s": 8.64e11,
        "flops_per_s": {"bfloat16": 1.8e14},
        "link_bytes_per_s": 3.2e10,
    },
    "parallel": {"tp": 1, "pp": 1},
    "dtype": "bfloat16",
    "kv_dtype": "bfloat16",
    "step_time": {
        "roofline": {"compute": 0.6, "memory": 0.8},
        "cuda_graphs": {"sizes": [1, 2, 4], "graph_s": 0.0, "eager_s": 0.001},
    },
    "engine": {"preset": "vllm", "utilisation": 0.9, "token_budget": 512, "watermark": 0.01},
    "workload": {
        "synthetic": {
            "requests": 5,
            "arrivals": "poisson(5)",
            "prompt_tokens": "integers(10, 100)",
            "output_tokens": "exponential(20)",
        },
        "window_s": [0, 1000],
        "requests": 4,
        "spread_s": 0.5,
        "scale": 1.0,
        "limit_tokens": 30,
    },
    "classes": [{"name": "a", "share": 1, "ttft_s": 1.0, "weight": 1.0}, {"name": "b"}],
    "policies": [
        "vllm",
        {"name": "own", "policy": "PAST-FUTURE", "with": {"window": 10}, "engine": {"blocks": 64}},
    ],
    "loads": [1, 2],
}

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 2, 10**6, 10**30, 0.5, -0.5, 1e300, float("nan"), float("inf")]),
    st.sampled_from(["", "x", "vllm", "roofline", "own", "a" * 300, "../..", "\N{SNOWMAN}", "1e5"]),
    st.sampled_from([[], {}, [1], ["x"], [[]], {"x": 1}, {"name": "z"}, [None], [1, 2, 3]]),
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in plain data."""
    found = [path] if path else []
    if isinstance(content, dict | list):
        keys = content.keys() if isinstance(content, dict) else range(len(content))
        for key in keys:
            found += places(content[key], (*path, key))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def test_the_file_itself_runs(home: Path) -> None:
    (home / "engine.yaml").write_text(yaml.safe_dump(FILE))
    experiment = EngineExperiment.read(home / "engine.yaml")
    assert experiment.run("own", 0).document["completed"] == 4


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(places(FILE)), ODD), min_size=1, max_size=2))
def test_anything_anywhere_is_opened_or_refused(
    home: Path, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    content = copy.deepcopy(FILE)
    for path, value in changes:
        with contextlib.suppress(KeyError, IndexError, TypeError):  # the first took the place away
            inner = content
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
    (home / "odd.yaml").write_text(yaml.safe_dump(content))
    with contextlib.suppress(HeadwayError):
        experiment = open_experiment(home / "odd.yaml")
        for policy in experiment.policies():
            experiment.run(policy, 0)
