"""Engines from a file: what runs, what is compared, and what is refused by the name of its key."""

import json
from pathlib import Path

import numpy as np
import pytest

from headway.errors import (
    ConfigError,
    FormatError,
    HeadwayError,
    MissingExtraError,
    UnknownNameError,
)
from headway.serving.experiment import EngineExperiment
from headway.serving.step_time import Affine, save
from headway.serving.workload import Workload, write_workload
from headway.simulate import compare, open_experiment, simulate, sweep

ENGINE = """
kind: engine
name: small
step_time: {affine: {constant_s: 0.01, prefill_tokens: 1.0e-4, decodes: 1.0e-3}}
engine: {blocks: 64, token_budget: 256, max_sequences: 16}
workload: {trace: traffic.jsonl}
classes:
  - {name: chat, share: 3, ttft_s: 0.2, tpot_s: 0.03}
  - {name: batch}
policies:
  - vllm
  - sarathi
  - {name: narrow, engine: {max_sequences: 4}}
  - own.py:ShortestFirst
loads: [0.5, 2]
"""

AFFINE = "{affine: {constant_s: 0.01, prefill_tokens: 1.0e-4, decodes: 1.0e-3}}"

OWN = """
from headway.serving.engine import Policy

class ShortestFirst(Policy):
    def __init__(self, weight: float = 1.0, seed: int = 0):
        self.weight, self.seed = weight, seed

    def key(self, requests):
        return self.weight * requests.prompt_tokens.astype(float)

class Stubborn:
    pass
"""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("engine")
    draw = np.random.default_rng(5)
    traffic = Workload.of(
        arrival_s=np.cumsum(draw.exponential(0.08, 120)),
        prompt_tokens=draw.integers(1, 200, 120),
        output_tokens=draw.integers(1, 40, 120),
    )
    write_workload(traffic, home / "traffic.jsonl")
    (home / "own.py").write_text(OWN)
    (home / "engine.yaml").write_text(ENGINE)
    return home


def test_a_file_is_an_experiment(folder: Path) -> None:
    experiment = open_experiment(folder / "engine.yaml")
    assert isinstance(experiment, EngineExperiment)
    assert experiment.policies() == ("vllm", "sarathi", "narrow", "own.py:ShortestFirst")
    assert (experiment.name, experiment.measure) == ("small", "missed")
    run = experiment.run("vllm", 0)
    assert run.document["completed"] == 120
    assert 0.6 < np.mean(run.workload.service_class == 0) < 0.9
    assert run.policy == "vllm"


def test_the_same_seed_is_the_same_run(folder: Path) -> None:
    first, again, other = (
        simulate(folder / "engine.yaml", "vllm", seed=seed).measures for seed in (1, 1, 2)
    )
    assert first == again
    assert first["chat.requests"] != other["chat.requests"]


def test_contenders_have_their_own_settings(folder: Path) -> None:
    experiment = EngineExperiment.read(folder / "engine.yaml").at_load(4)
    assert experiment.run("narrow", 0).config.max_sequences == 4
    assert experiment.run("sarathi", 0).config.decode_first
    assert experiment.run("sarathi", 0).config.token_budget == 512
    assert experiment.run("sarathi", 0).config.max_sequences == 16
    shortest, first = (experiment.run(name, 0) for name in ("own.py:ShortestFirst", "vllm"))
    assert shortest.document["ttft_s"]["mean"] < first.document["ttft_s"]["mean"]


def test_registered_policies_go_by_name(folder: Path) -> None:
    experiment = EngineExperiment.read(folder / "engine.yaml").at_load(4)
    shortest = experiment.run("shortest-prefill", 0)
    assert shortest.measures["ttft_s.mean"] < experiment.run("FCFS", 0).measures["ttft_s.mean"]
    oracle = experiment.run("ORACLE", 0)
    assert oracle.document["clairvoyant"]
    assert "clairvoyant" in oracle.text("small").splitlines()[0]
    assert "clairvoyant" not in shortest.text("small")


def test_registered_policies_go_by_name_among_settings_of_their_own(folder: Path) -> None:
    entry = "{name: mine, policy: past-future, with: {window: 10}}"
    (folder / "spelled.yaml").write_text(ENGINE.replace("sarathi", entry))
    assert EngineExperiment.read(folder / "spelled.yaml").run("mine", 0).policy == "mine"


def test_the_engine_of_the_file_decides_where_no_policy_is_named(folder: Path) -> None:
    head = ENGINE.partition("policies:")[0]
    preset = head.replace("engine: {blocks", "engine: {preset: sarathi, blocks")
    (folder / "alone.yaml").write_text(preset)
    experiment = EngineExperiment.read(folder / "alone.yaml")
    assert experiment.policies() == ("sarathi",)
    config = experiment.run("sarathi", 0).config
    assert config.decode_first
    assert config.token_budget == 256


@pytest.mark.parametrize("seconds", ["-1", "0", "1.0e-300"])
def test_steps_that_take_no_time_are_refused(folder: Path, seconds: str) -> None:
    text = ENGINE.replace(AFFINE, f"{{affine: {{constant_s: {seconds}}}}}")
    (folder / "timeless.yaml").write_text(text)
    with pytest.raises(ConfigError, match="step"):
        EngineExperiment.read(folder / "timeless.yaml").run("vllm", 0)


def test_load_makes_requests_arrive_faster(folder: Path) -> None:
    experiment = EngineExperiment.read(folder / "engine.yaml")
    slow, fast = (experiment.at_load(load).run("vllm", 0) for load in (1, 4))
    np.testing.assert_allclose(slow.requests.arrival_s, 4 * fast.requests.arrival_s)
    with pytest.raises(ConfigError, match="load"):
        experiment.at_load(0)


def test_policies_are_compared_at_loads_in_processes(folder: Path) -> None:
    found = sweep(folder / "engine.yaml", seeds=2, workers=2)
    assert list(found.at) == [0.5, 2]
    assert len(found.runs) == 16
    again = compare(EngineExperiment.read(folder / "engine.yaml").at_load(2), seeds=2)
    assert again.values("narrow", "missed") == found.at[2].values("narrow", "missed")


def test_the_largest_load_within_limits_is_found(folder: Path) -> None:
    experiment = EngineExperiment.read(folder / "engine.yaml")
    most = experiment.max_goodput("vllm")
    assert most.attainment >= 0.9
    beyond = experiment.at_load(1.05 * most.scale).run("vllm", 0)
    assert beyond.document["attainment"] < 0.9
    narrow = experiment.max_goodput("narrow")
    assert narrow.scale < most.scale


def test_other_traffic_can_be_met(folder: Path, tmp_path: Path) -> None:
    experiment = EngineExperiment.read(folder / "engine.yaml")
    write_workload(experiment.source.recorded.select(slice(7)), tmp_path / "seven.jsonl")
    run = experiment.replaying(tmp_path / "seven.jsonl").run("vllm", 0)
    assert len(run.requests) == 7
    assert [kind.name for kind in run.workload.classes] == ["chat", "batch"]
    with pytest.raises(FormatError, match=r"none\.csv"):
        experiment.replaying("none.csv")


@pytest.mark.parametrize(
    ("settings", "check"),
    [
        ("window_s: [1, 4]", lambda w: w.span_s < 3 and len(w) < 120),
        ("requests: 5", lambda w: len(w) == 5),
        ("rate_per_s: 3", lambda w: w.rate_per_s == pytest.approx(3)),
        ("scale: 2", lambda w: w.rate_per_s > 20),
        ("spread_s: 100", lambda w: w.span_s > 50),
        ("limit_tokens: 3", lambda w: w.output_tokens.max() == 3),
    ],
)
def test_traffic_is_cut_and_scaled(folder: Path, settings: str, check: object) -> None:
    text = ENGINE.replace("traffic.jsonl}", f"traffic.jsonl, {settings}}}")
    (folder / "other.yaml").write_text(text)
    assert check(EngineExperiment.read(folder / "other.yaml").run("vllm", 0).workload)  # type: ignore[operator]


def test_traffic_is_drawn_with_the_seed(folder: Path) -> None:
    drawn = (
        "{synthetic: {requests: 50, arrivals: poisson(5), prompt_tokens: 'integers(10, 100)',"
        " output_tokens: 'exponential(20)'}, scale: 2}"
    )
    (folder / "drawn.yaml").write_text(ENGINE.replace("{trace: traffic.jsonl}", drawn))
    experiment = EngineExperiment.read(folder / "drawn.yaml")
    first, again, other = (experiment.run("vllm", seed).workload for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.arrival_s, again.arrival_s)
    assert not np.array_equal(first.prompt_tokens, other.prompt_tokens)
    assert 7 < first.rate_per_s < 14
    seven = experiment.replaying(folder / "traffic.jsonl").run("vllm", 0)
    assert len(seven.requests) == 120


def test_a_model_on_a_gpu_says_blocks_and_times(folder: Path) -> None:
    text = ENGINE.replace("engine: {blocks: 64,", "model: llama-3.1-8b\ngpu: h100\nengine: {")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("step_time"))
    (folder / "model.yaml").write_text(text)
    run = EngineExperiment.read(folder / "model.yaml").run("vllm", 0)
    assert 20_000 < run.config.blocks < 40_000
    assert 0.005 < run.document["tpot_s"]["p50"] < 0.02
    (folder / "model.yaml").write_text(text.replace("engine: {", "engine: {utilisation: 0.5,"))
    assert EngineExperiment.read(folder / "model.yaml").run("vllm", 0).config.blocks < 20_000


def test_step_times_can_be_saved_and_padded(folder: Path) -> None:
    save(Affine(0.01, {"prefill_tokens": 1e-4, "decodes": 1e-3}), folder / "time.json")
    line = next(line for line in ENGINE.splitlines() if line.startswith("step_time"))
    first = EngineExperiment.read(folder / "engine.yaml").run("vllm", 0)
    (folder / "time.yaml").write_text(ENGINE.replace(line, "step_time: {saved: time.json}"))
    again = EngineExperiment.read(folder / "time.yaml").run("vllm", 0)
    np.testing.assert_array_equal(first.steps.end_s, again.steps.end_s)
    padded = "step_time: {saved: time.json, cuda_graphs: {eager_s: 0.01}}"
    (folder / "time.yaml").write_text(ENGINE.replace(line, padded))
    slower = EngineExperiment.read(folder / "time.yaml").run("vllm", 0)
    assert slower.document["latency_s"]["mean"] > first.document["latency_s"]["mean"]


def test_measured_kernels_need_a_model_and_their_package(folder: Path, monkeypatch) -> None:
    line = next(line for line in ENGINE.splitlines() if line.startswith("step_time"))
    text = ENGINE.replace(line, "step_time: {kernels: vllm}")
    (folder / "time.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"step_time\.kernels: .*'model' and 'gpu'"):
        EngineExperiment.read(folder / "time.yaml").run("vllm", 0)
    monkeypatch.setattr("headway.serving.step_time.kernel_files.find_spec", lambda name: None)
    (folder / "time.yaml").write_text(f"model: llama-3.1-8b\ngpu: h100\n{text}")
    with pytest.raises(MissingExtraError, match=r"headway\[kernels\]"):
        EngineExperiment.read(folder / "time.yaml").run("vllm", 0)


REFUSED = [
    ("kind: engine", "kind: engine\nspeed: 3", ["speed"]),
    ("engine: {blocks: 64", "engine: {block: 64", ["engine", "block", "blocks"]),
    ("engine: {blocks: 64", "engine: {blocks: 0", ["engine: blocks", "from 1 on", "0"]),
    ("engine: {blocks: 64", "engine: {utilisation: 0.5, blocks: 64", ["engine: utilisation"]),
    ("engine: {blocks: 64, ", "engine: {", ["engine: blocks", "no model"]),
    ("engine: {blocks: 64", "engine: {blocks: 20000000", ["engine: blocks", "16777216"]),
    ("engine: {blocks: 64", "engine: {preset: 3, blocks: 64", ["engine: preset", "3"]),
    ("engine: {blocks: 64", "engine: {preset: vlm, blocks: 64", ["engine", "vlm", "vllm"]),
    ("prefill_tokens: 1.0e-4", "prefil: 1", ["step_time.affine", "prefil"]),
    ("{affine: {constant_s", "{afine: {constant_s", ["step_time", "afine"]),
    ("step_time: {", "step_time: {layer_tables: x, ", ["step_time", "one of"]),
    ("step_time: {", "step_time: {cuda_graphs: {sizes: [4, 2]}, ", ["cuda_graphs: sizes"]),
    ("{affine: {", "{saved: engine.yaml, cuda_graphs: {", ["cuda_graphs", "constant_s"]),
    (AFFINE, "{layer_tables: none}", ["step_time.layers", "no model"]),
    (AFFINE, "{layer_tables: none, layers: 2}", ["none", "cannot read"]),
    (AFFINE, "roofline", ["step_time.roofline", "'model' and 'gpu'"]),
    (AFFINE, "rofline", ["step_time", "rofline", "roofline"]),
    ("kind: engine", "kind: engine\nmodel: lama\ngpu: h100", ["model", "lama", "known"]),
    ("kind: engine", "kind: engine\nmodel: qwen3-8b", ["gpu: expected one"]),
    ("kind: engine", "kind: engine\nmodel: qwen3-8b\ngpu: h10", ["gpu", "h100"]),
    ("kind: engine", "kind: engine\nmodel: qwen3-8b\ngpu: {ram: 3}", ["gpu", "ram"]),
    ("kind: engine", "kind: engine\nmodel: qwen3-8b\ngpu: h100\nparallel: {tp: 3}", ["parallel"]),
    ("trace: traffic.jsonl", "requests: 3", ["workload: expected either"]),
    ("trace: traffic.jsonl", "synthetic: {requests: 3}", ["workload.synthetic", "arrivals"]),
    ("trace: traffic.jsonl", "synthetic: {request: 3}", ["workload.synthetic", "request"]),
    ("traffic.jsonl", "none.jsonl", ["none.jsonl", "cannot read"]),
    ("traffic.jsonl", "traffic.jsonl, window_s: [4, 1]", ["workload.window_s"]),
    ("traffic.jsonl", "traffic.jsonl, window_s: [900, 901]", ["workload", "no request is left"]),
    ("traffic.jsonl", "traffic.jsonl, requests: 0", ["workload.requests"]),
    ("traffic.jsonl", "traffic.jsonl, scale: -1", ["workload.scale"]),
    ("traffic.jsonl", "traffic.jsonl, scale: 2, rate_per_s: 3", ["workload", "not both"]),
    ("traffic.jsonl", "traffic.jsonl, rate_per_s: 0", ["workload.rate_per_s"]),
    ("traffic.jsonl", "traffic.jsonl, requests: 1, rate_per_s: 3", ["no rate"]),
    ("traffic.jsonl", "traffic.jsonl, spread_s: -1", ["workload.spread_s"]),
    ("traffic.jsonl", "traffic.jsonl, limit_tokens: 0", ["workload.limit_tokens"]),
    ("traffic.jsonl", "traffic.jsonl, format: aws", ["workload.trace", "aws", "azure"]),
    ("share: 3", "share: -3", ["classes[0].share"]),
    ("ttft_s: 0.2", "ttft_s: 0", ["classes[0]", "ttft_s"]),
    ("ttft_s: 0.2", "ttft: 0.2", ["classes[0]", "ttft"]),
    ("name: batch", "name: chat", ["classes", "chat"]),
    ("- sarathi", "- saratti", ["policies[1]", "saratti", "sarathi"]),
    ("- sarathi", "- {name: x, policy: y}", ["policies[1]", "'y'"]),
    ("max_sequences: 4", "max_sequence: 4", ["policies[2]", "max_sequences"]),
    ("- own.py:S", "- {name: x, policy: own.py:S}\n  - own.py:S", ["policies[3]", "policy in"]),
    ("own.py:ShortestFirst", "{name: x, policy: 'own.py:ShortestFirst', with: {w: 1}}", ["'w'"]),
    ("own.py:ShortestFirst", "own.py:Shortest", ["policies[3]", "ShortestFirst"]),
    ("own.py:ShortestFirst", "own.py:Stubborn", ["policies[3]", "Policy", "Stubborn"]),
    ("own.py:ShortestFirst", "owl.py:ShortestFirst", ["owl.py", "cannot read"]),
    ("loads: [0.5, 2]", "loads: [0]", ["loads"]),
    ("loads: [0.5, 2]", "loads: []", ["loads"]),
    ("loads: [0.5, 2]", "loads: [1, .inf]", ["loads"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), REFUSED)
def test_what_is_wrong_is_named_by_its_key(
    folder: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in ENGINE
    (folder / "wrong.yaml").write_text(ENGINE.replace(old, new))
    with pytest.raises(HeadwayError) as refused:
        open_experiment(folder / "wrong.yaml")
    assert isinstance(refused.value, ConfigError | FormatError)
    for word in words:
        assert word in str(refused.value)


def test_drawn_traffic_takes_lengths_from_a_file_beside_the_experiment(folder: Path) -> None:
    drawn = "synthetic: {requests: 60, arrivals: 'gamma(10, 2)', lengths: traffic.jsonl}"
    (folder / "drawn.yaml").write_text(ENGINE.replace("trace: traffic.jsonl", drawn))
    assert len(open_experiment(folder / "drawn.yaml").run("vllm", 1).workload) == 60


def test_no_policies_are_no_experiment(folder: Path) -> None:
    (folder / "wrong.yaml").write_text(ENGINE.partition("policies:")[0] + "policies: []\n")
    with pytest.raises(ConfigError, match="policies: expected at least one"):
        open_experiment(folder / "wrong.yaml")


def test_an_unknown_policy_is_refused(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="narrow"):
        EngineExperiment.read(folder / "engine.yaml").run("narow", 0)


def test_without_limits_latency_matters(folder: Path) -> None:
    bare = ENGINE.partition("classes:")[0]
    (folder / "bare.yaml").write_text(bare)
    experiment = EngineExperiment.read(folder / "bare.yaml")
    assert experiment.measure == "latency_s.mean"
    assert experiment.measure in experiment.run("vllm", 0).measures
    with pytest.raises(ConfigError, match="no request has limits"):
        experiment.max_goodput("vllm")
    assert json.loads(experiment.run("vllm", 0).to_json())["attainment"] == 1


def test_the_example_runs_with_all_its_policies() -> None:
    experiment = open_experiment(Path(__file__).parent.parent.parent / "examples" / "engine.yaml")
    goodput = {
        policy: experiment.run(policy, 0).measures["goodput"] for policy in experiment.policies()
    }
    assert max(goodput, key=lambda policy: goodput[policy]) == "short and steady"
