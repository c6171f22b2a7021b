"""Prefill instances from a file: what runs, what is compared, and what is refused by its key."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from headway.errors import ConfigError, HeadwayError, UnknownNameError, VerificationError
from headway.serving.prefill import Guards, SloAware
from headway.serving.prefill.document import PrefillFile
from headway.serving.prefill.experiment import PrefillExperiment
from headway.serving.workload import Workload, read_workload, write_workload
from headway.simulate import compare, open_experiment, simulate, sweep
from headway.simulate.document import parse, record
from headway.simulate.experiment import Loaded, Replaying

FILE = """
kind: prefill
name: small
quadratic: {base_s: 0.004, token_s: 6.5e-5, pair_s: 1.6e-9}
workload: {trace: traffic.jsonl, spread_s: 0.5}
classes:
  - {name: short, ttft_s: 0.25, times_service: 4, up_to_tokens: 2000}
  - {name: long, ttft_s: 0.5, times_service: 3}
policies:
  - flowprefill
  - fcfs whole
  - name: guarded
    policy: s-edf layer
    guards: {preemptions: 1, resume_s: 0.05}
    batching: {slo: {tokens: 2000, harm: false}}
    predictor: linear
    noise: 0.3
loads: [0.5, 2]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prefill")
    draw = np.random.default_rng(3)
    traffic = Workload.of(
        arrival_s=np.cumsum(draw.exponential(0.5, 80)),
        prompt_tokens=draw.choice([200, 1500, 12_000], 80),
        output_tokens=draw.integers(1, 40, 80),
    )
    write_workload(traffic, folder / "traffic.jsonl")
    (folder / "prefill.yaml").write_text(FILE)
    return folder


@pytest.fixture(scope="module")
def experiment(home: Path) -> PrefillExperiment:
    return PrefillExperiment.read(home / "prefill.yaml")


def test_a_file_is_opened_by_its_kind(home: Path) -> None:
    opened = open_experiment(home / "prefill.yaml")
    assert isinstance(opened, Replaying)
    assert isinstance(opened, Loaded)
    assert opened.policies() == ("flowprefill", "fcfs whole", "guarded")
    assert opened.measure == "missed"


def test_a_policy_gets_its_settings(experiment: PrefillExperiment) -> None:
    guarded = experiment.policy("guarded", 4)
    assert guarded.guards == Guards(preemptions=1, resume_s=0.05)
    assert guarded.batching == SloAware(tokens=2000, harm=False)
    assert guarded.cut == "layer"
    assert not guarded.fitting(experiment.work).clairvoyant


def test_a_seed_is_one_luck(experiment: PrefillExperiment) -> None:
    first, again, other = (experiment.run("guarded", seed) for seed in (0, 0, 1))
    assert first.to_json() == again.to_json()
    assert first.to_json() != other.to_json()
    assert other.seed == 1


def test_a_run_tells_its_figures(experiment: PrefillExperiment, tmp_path: Path) -> None:
    run = simulate(experiment, "flowprefill")
    told = json.loads(run.to_json())
    assert told["requests"] == 80
    assert told["attainment"] == pytest.approx(1 - run.measures["missed"])
    short = told["classes"]["short"]
    assert short["attainment"] == run.measures["short.attainment"]
    assert sum(part["requests"] for part in told["classes"].values()) == 80
    words = run.text("small")
    assert "small: flowprefill, seed 0 (verified)" in words
    assert f"{told['attainment']:.1%} of first tokens in time" in words
    moments = [json.loads(line)["time_s"] for line in run.to_jsonl().splitlines()]
    assert len(moments) == 240
    assert moments == sorted(moments)
    run.save_perfetto(tmp_path / "trace.json")
    slices = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    busy = sum(event["dur"] for event in slices) / 1e6
    assert busy == pytest.approx(run.passes.busy_s, rel=1e-3)
    run.save(tmp_path / "met.jsonl")
    assert read_workload(tmp_path / "met.jsonl").arrival_s == pytest.approx(run.requests.arrival_s)


def test_a_run_is_drawn(experiment: PrefillExperiment, tmp_path: Path) -> None:
    run = experiment.run("fcfs whole", 0)
    for name, draw in run.pictures.items():
        draw().save(tmp_path / f"{name}.svg")
        assert "time to first token" in (tmp_path / f"{name}.svg").read_text()


def test_policies_are_compared_and_loads_swept(experiment: PrefillExperiment) -> None:
    runs = compare(experiment, seeds=2)
    assert runs.values("flowprefill", "missed") <= runs.values("fcfs whole", "missed")
    by_load = sweep(experiment, ["flowprefill"], seeds=1)
    assert by_load is not None


def test_the_largest_load_is_found(experiment: PrefillExperiment) -> None:
    best = {name: experiment.max_goodput(name).scale for name in ("flowprefill", "fcfs whole")}
    assert best["flowprefill"] > 1.5 * best["fcfs whole"]


def test_other_traffic_is_replayed(experiment: PrefillExperiment, home: Path) -> None:
    traffic = Workload.of(arrival_s=[0, 1], prompt_tokens=[100, 100], output_tokens=[1, 1])
    write_workload(traffic, home / "other.jsonl")
    assert len(experiment.replaying(home / "other.jsonl").run("flowprefill", 0).requests) == 2


def test_a_model_on_a_gpu_tells_the_times(home: Path) -> None:
    text = FILE.replace(
        "quadratic: {base_s: 0.004, token_s: 6.5e-5, pair_s: 1.6e-9}",
        "model: llama-3.1-8b\ngpu: h100",
    )
    (home / "model.yaml").write_text(text)
    run = PrefillExperiment.read(home / "model.yaml").run("s-edf operator", 0)
    assert run.attainment == 1.0


@pytest.mark.parametrize("history", [True, False])
def test_what_a_cache_would_know_is_history(home: Path, history: bool) -> None:
    trace = Path(__file__).parents[2] / "data" / "traces" / "mooncake_conversation.jsonl"
    (home / "turns.yaml").write_text(
        f"kind: prefill\nquadratic: {{}}\nhistory: {history}\nworkload: {{trace: {trace}}}\n"
    )
    requests = PrefillExperiment.read(home / "turns.yaml").requests(0)
    prompts = read_workload(trace).prompt_tokens
    assert requests.history.any() == history
    assert (requests.tokens + requests.history).tolist() == prompts.tolist()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("name: small", "name: small\nspeed: 3", "speed"),
        ("base_s", "base", "quadratic: .*base"),
        ("base_s: 0.004", "base_s: -1", "quadratic: .*base_s"),
        ("name: small", "name: small\nmodel: llama-3.1-8b\ngpu: h100", "quadratic"),
        ("up_to_tokens: 2000", "up_to_tokens: 0", "classes"),
        (", up_to_tokens: 2000", "", "classes"),
        ("policy: s-edf layer", "policy: s-edf kernel", r"policies\[2\]: .*cut"),
        ("preemptions: 1", "preempted: 1", r"policies\[2\]: guards: .*preemptions"),
        ("resume_s: 0.05", "resume_s: -1", r"policies\[2\]: guards: .*resume"),
        ("{slo: {", "{slow: {", r"policies\[2\].*slow"),
        ("harm: false", "harms: false", r"policies\[2\].*harms"),
        ("{slo: {tokens: 2000, harm: false}}", "slow", r"policies\[2\]: .*batching"),
        ("{slo: {tokens: 2000, harm: false}}", "{}", r"policies\[2\]: batching: .*slo"),
        ("predictor: linear", "predictor: line", r"policies\[2\]: .*predictor"),
        ("noise: 0.3", "noise: 3", r"policies\[2\]: spread"),
        ("loads: [0.5, 2]", "loads: [0]", "loads"),
        ("loads: [0.5, 2]", "loads: [.nan]", "loads"),
        ("spread_s: 0.5", "spread_s: -1", "workload.spread_s"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(home: Path, old: str, new: str, key: str) -> None:
    assert old in FILE
    (home / "wrong.yaml").write_text(FILE.replace(old, new))
    with pytest.raises(ConfigError, match=key):
        PrefillExperiment.read(home / "wrong.yaml")


_ODD = ["-1", "0", ".nan", ".inf", "1e300", "abc", "[]", "{}", "null", "true", "''"]


@pytest.mark.parametrize("odd", _ODD)
def test_odd_values_are_refused_or_run(home: Path, odd: str) -> None:
    """Each value of the file in turn; nothing but errors of ours, and no run that is not sound."""
    for place in re.finditer(r": (?=[\w.-]+[,}\n])[\w.-]+", FILE):
        written = f"{FILE[: place.start()]}: {odd}{FILE[place.end() :]}"
        (home / "odd.yaml").write_text(written)
        try:
            opened = open_experiment(home / "odd.yaml")
            for policy in opened.policies():
                opened.run(policy, 0)
        except VerificationError:
            raise
        except HeadwayError as error:
            assert str(error)  # noqa: PT017 - any of ours will do


def test_a_policy_nobody_knows_is_refused(experiment: PrefillExperiment) -> None:
    with pytest.raises(UnknownNameError, match="flowprefill"):
        experiment.run("flowprefil", 0)


def test_the_file_on_the_page_has_keys_that_exist() -> None:
    page = (Path(__file__).parents[3] / "docs" / "prefill.md").read_text(encoding="utf-8")
    written = page.partition("```yaml\n")[2].partition("```")[0]
    file = record(parse(written), PrefillFile, "a prefill instance")
    assert file.policies[0] == "flowprefill"
    assert file.classes[-1].up_to_tokens is None


def test_without_limits_times_matter(home: Path) -> None:
    (home / "free.yaml").write_text(
        "kind: prefill\nquadratic: {}\nworkload: {trace: traffic.jsonl}\n"
    )
    free = PrefillExperiment.read(home / "free.yaml")
    assert free.measure == "ttft_s.mean"
    with pytest.raises(ConfigError, match="no request has limits"):
        free.max_goodput("flowprefill")
    with pytest.raises(ConfigError, match="load"):
        free.at_load(0)
