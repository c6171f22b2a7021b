"""Fleets in files: what they say, what is refused, and that the same file gives the same run."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError, HeadwayError, UnknownNameError
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.explain import explain
from headway.serving.results import Status
from headway.simulate import open_experiment

EXAMPLE = Path(__file__).parents[3] / "examples" / "fleet.yaml"

FILE: dict[str, Any] = {
    "kind": "fleet",
    "name": "small",
    "engines": [
        {
            "name": "slow",
            "count": 2,
            "started": 2,
            "most": 4,
            "engine": {"blocks": 64, "block_tokens": 16, "max_model_tokens": 512},
            "step_time": {"affine": {"constant_s": 0.02, "prefill_tokens": 1e-4}},
            "policy": "fcfs",
            "price_per_h": 1.0,
            "start_s": 2.0,
            "labels": {"zone": "a"},
            "adapters": ["poet"],
        },
        {
            "name": "fast",
            "count": 1,
            "engine": {"preset": "sglang", "blocks": 64},
            "step_time": {"affine": {"constant_s": 0.01}},
            "price_per_h": 3.0,
        },
    ],
    "workload": {
        "synthetic": {
            "requests": 40,
            "arrivals": "poisson(20)",
            "prompt_tokens": "integers(10, 100)",
            "output_tokens": "exponential(20)",
        },
        "limit_tokens": 60,
    },
    "classes": [{"name": "chat", "ttft_s": 0.2}, {"name": "batch"}],
    "policies": [
        "least-request",
        {"name": "own", "router": "least-kv:2,least-request", "controllers": []},
    ],
    "link": {"bytes_per_s": 1e9, "latency_s": 0.01},
    "detect_s": 0.5,
    "faults": [{"what": "crash", "engine": "slow-1", "at_s": 0.5, "until_s": 1.5}],
    "loads": [1, 2],
}


def written(home: Path, **changes: Any) -> Path:
    path = home / "fleet.yaml"
    path.write_text(yaml.safe_dump({**FILE, **changes}), encoding="utf-8")
    return path


def test_a_file_is_opened_as_what_it_says_it_is_and_runs(tmp_path: Path) -> None:
    fleet = open_experiment(written(tmp_path))
    assert isinstance(fleet, FleetExperiment)
    assert fleet.policies() == ("least-request", "own")
    assert fleet.measure == "missed"
    assert fleet.price_per_h == 5.0
    run = fleet.run("own", 3)
    assert [member.name for member in run.members] == ["slow-0", "slow-1", "fast-0"]
    assert [member.config.mix for member in run.members][2] != run.members[0].config.mix
    assert run.count("crash") == 1
    again = fleet.run("own", 3)
    assert again.requests.last_token_s.tobytes() == run.requests.last_token_s.tobytes()
    assert set(run.document["classes"]) == {"chat", "batch"}


def test_the_example_runs_from_a_bare_clone_and_explains_itself() -> None:
    fleet = FleetExperiment.read(EXAMPLE)
    told = explain(fleet)
    for part in ("2 x l40s", "NVIDIA H100", "KV cache", "5 per hour", "ttft <= 1 s", "two-choices"):
        assert part in told
    least, blind = (fleet.run(name, 0) for name in ("least-request", "round-robin"))
    assert (least.requests.status == Status.FINISHED).all()
    assert least.measures["missed"] < blind.measures["missed"]


def test_routers_and_controllers_may_stand_in_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from headway.serving.fleet import Dispatch, Start\n"
        "class First:\n"
        "    name = 'first'\n"
        "    def route(self, cluster, request):\n"
        "        return Dispatch(int(cluster.ready.argmax()))\n"
        "    def ended(self, *told): pass\n"
        "class Wake:\n"
        "    name = 'wake'\n"
        "    def __init__(self, after_s, seed): self.period_s, self.seed = after_s, seed\n"
        "    def act(self, cluster):\n"
        "        return (Start(1),) if cluster.now_s and not cluster.ready[1] else ()\n",
        encoding="utf-8",
    )
    slow = {**FILE["engines"][0], "started": 1}
    steerer = {"policy": "mine.py:Wake", "with": {"after_s": 0.5}}
    path = written(
        tmp_path, engines=[slow], faults=[], policies=["mine.py:First"], controllers=[steerer]
    )
    run = FleetExperiment.read(path).run("mine.py:First", 0)
    assert run.policy == "first + wake"
    assert [(n.at_s, n.what, n.engine) for n in run.notes][:2] == [
        (0.5, "start", 1),
        (2.5, "ready", 1),
    ]
    assert set(run.engine) == {0}


def test_faults_by_chance_follow_the_seed_and_are_explained(tmp_path: Path) -> None:
    rates = {"hang_per_h": 20_000, "hang_s": 0.2}
    fleet = FleetExperiment.read(written(tmp_path, faults=[], random_faults=rates))
    notes = [fleet.run("least-request", seed).notes for seed in (1, 1, 2)]
    assert notes[0] == notes[1] != notes[2]
    assert {note.what for note in notes[0]} >= {"hang"}
    assert "by chance  hang_per_h 20000, hang_s 0.2" in explain(fleet)


@pytest.mark.parametrize(
    ("what", "settings", "noted"),
    [
        ("crash", {}, "crash"),
        ("hang", {}, "hang"),
        ("straggle", {"pace": 3}, "straggle"),
        ("slow-link", {"pace": 3}, "slow link"),
        ("false-alarm", {}, "unhealthy"),
        ("stale-metrics", {}, "lies"),
        ("wrong-metrics", {"factor": 2}, "lies"),
    ],
)
def test_every_kind_of_fault_has_a_word_in_files(
    tmp_path: Path, what: str, settings: dict[str, float], noted: str
) -> None:
    fault = {"what": what, "engine": "fast-0", "at_s": 0.25, "until_s": 0.75, **settings}
    fleet = FleetExperiment.read(written(tmp_path, faults=[fault]))
    notes = fleet.run("least-request", 0).notes
    assert (0.25, noted, 2) in [(note.at_s, note.what, note.engine) for note in notes]
    assert f"what {what}, engine fast-0" in explain(fleet)


@pytest.mark.parametrize(
    ("policy", "settings", "event"),
    [
        ("kpa", {"kind": "slow", "target": 2}, "starts"),
        ("optimizer", {"profiles": {"slow": "slow.json"}, "period_s": 1.0}, "starts"),
        ("llumnix", {"in_above": 48}, "migrations"),
    ],
)
def test_controllers_go_by_name(
    tmp_path: Path, policy: str, settings: dict[str, Any], event: str
) -> None:
    slow = {
        **FILE["engines"][0],
        "count": 3,
        "started": 3 if policy == "llumnix" else 1,
        "start_s": 0.2,
    }
    profile = {"gpu": "x", "cost": 1, "tputs": [[8]], "indexes": [[20], [50]]}
    (tmp_path / "slow.json").write_text(json.dumps(profile), encoding="utf-8")
    heavy = {**FILE["workload"]["synthetic"], "requests": 200, "arrivals": "poisson(60)"}
    path = written(
        tmp_path,
        engines=[slow],
        faults=[],
        policies=["fcfs/round-robin"],
        controllers=[{"policy": policy, "with": settings}],
        workload={"synthetic": heavy},
    )
    run = FleetExperiment.read(path).run("fcfs/round-robin", 0)
    assert run.document["completed"] == 200
    assert run.document[event] > 0


def test_other_traffic_and_more_of_it(tmp_path: Path) -> None:
    fleet = FleetExperiment.read(written(tmp_path))
    fast = fleet.at_load(2.0).run("own", 0)
    assert fast.workload.rate_per_s == pytest.approx(2 * fleet.run("own", 0).workload.rate_per_s)
    lines = '{"arrival_s": 0, "prompt_tokens": 5, "output_tokens": 2}\n'
    (tmp_path / "one.jsonl").write_text(lines, encoding="utf-8")
    assert len(fleet.replaying(tmp_path / "one.jsonl").run("own", 0).workload) == 1
    assert fleet.max_goodput("own").scale > 0
    with pytest.raises(ConfigError, match="load"):
        fleet.at_load(0)


def changed(section: str, **change: Any) -> dict[str, Any]:
    entry = copy.deepcopy(FILE[section][0])
    return {section: [{**entry, **change}, *FILE[section][1:]]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": []}, "unknown field `engine`"),
        ({"engines": []}, "engines: expected at least one kind"),
        (changed("engines", count=-1), r"engines\[0\]: count"),
        (changed("engines", count=10**9), r"engines\[0\]: count: expected 0 to 10,000"),
        (changed("engines", price_per_h=float("inf")), "price_per_h"),
        (changed("engines", started=3), r"engines\[0\]: started"),
        (changed("engines", most=0), r"engines\[0\]: most"),
        (changed("engines", name="fast"), r"engines\[1\]: name"),
        (changed("engines", price_per_h=-1.0), r"engines\[0\]: price_per_h"),
        (changed("engines", role="cook"), r"engines\[0\].role"),
        (changed("engines", policy="nobody"), r"engines\[0\]: policy: unknown policy"),
        (changed("engines", engine={"blocs": 3}), r"engines\[0\]: engine: unknown key 'blocs'"),
        (changed("engines", model="gpt-nothing", gpu="h100"), r"engines\[0\]: model: "),
        (changed("faults", engine="slow-2"), r"faults\[0\]: unknown engine 'slow-2'"),
        (changed("faults", until_s=0.1), r"faults\[0\]: fault: expected 0 <= at_s"),
        (changed("faults", pace=2.0), r"faults\[0\]: pace: a crash has none"),
        (changed("faults", what="straggle", factor=2.0), "factor: a straggle has none"),
        (changed("faults", what="straggle", pace=0), "pace: must be positive"),
        (changed("faults", what="slow-link", pace=0.5), "pace must be at least 1"),
        (changed("faults", what="wrong-metrics", factor=-1), "factor must be"),
        ({"random_faults": {"crash": 1}}, "random_faults: unknown key 'crash'"),
        ({"random_faults": {"crash_per_h": 1e99, "crash_s": 0}}, "random_faults: .* faults are"),
        ({"policies": []}, "policies: expected"),
        ({"policies": ["nobody"]}, r"policies\[0\]: unknown router 'nobody'"),
        ({"controllers": [{"policy": "nobody"}]}, r"controllers\[0\]: unknown controller"),
        ({"link": {"bytes_per_s": 0}}, "link: link.bytes_per_s"),
        ({"loads": [0]}, "loads"),
        ({"loads": [float("nan")]}, "loads"),
        ({"detect_s": -1}, "detect_s"),
        ({"scrape_s": -1}, "scrape_s"),
        ({"scrape_s": float("inf")}, "scrape_s"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        FleetExperiment.read(written(tmp_path, **changes))


def test_a_fleet_that_never_ends_a_request_is_refused(tmp_path: Path) -> None:
    only = {**FILE["engines"][0], "role": "prefill"}
    with pytest.raises(ConfigError, match="no request ends"):
        FleetExperiment.read(written(tmp_path, engines=[only]))


def test_missing_files_and_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        FleetExperiment.read(tmp_path / "none.yaml")
    with pytest.raises(UnknownNameError):
        FleetExperiment.read(written(tmp_path)).run("nobody", 0)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 2, 10**30, 0.5, 1e300, float("nan"), float("inf")]),
    st.sampled_from(["", "x", "vllm", "own", "prefill", "slow-0", "../..", "\N{SNOWMAN}", "1e5"]),
    st.sampled_from([[], {}, [1], ["x"], {"x": 1}, {"name": "z"}, [None]]),
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(content, dict | list):
        keys = content.keys() if isinstance(content, dict) else range(len(content))
        for key in keys:
            found += places(content[key], (*path, key))
    return found


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(places(FILE)), ODD), min_size=1, max_size=2))
def test_anything_anywhere_is_opened_or_refused(
    tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    content = copy.deepcopy(FILE)
    for path, value in changes:
        with contextlib.suppress(KeyError, IndexError, TypeError):  # the first took the place away
            inner: Any = content
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with contextlib.suppress(HeadwayError):
        fleet = FleetExperiment.read(tmp_path / "odd.yaml")
        for policy in fleet.policies():
            fleet.run(policy, 0)
