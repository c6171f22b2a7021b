"""The trained rule of the chip: training lowers latencies, and weight files are read or refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from headway.errors import ConfigError, FormatError
from headway.learn import Stage
from headway.learn.chip import FixedLoads, RandomLoads, Ranges, Recipe, train
from headway.learn.chip.objective import rule_of
from headway.learn.chip.training import start
from headway.simulate.chip import FEATURES, Workload, linear, outcome, read_weights, top
from headway.simulate.chip.trained import parse_weights

KINDS = top()[:3]
SHORT = Ranges(length=60)


def test_the_start_is_etf_and_costs_what_etf_costs() -> None:
    vector = start()
    vector[-1] = 20
    workload = Workload(kinds=KINDS, length=1000)
    assert FixedLoads([workload], range(3))(vector[None]).tolist() == [1.0]
    etf, rule = (outcome(workload, name, seed=1) for name in ("ETF", rule_of(vector)))
    assert etf.completion.tolist() == rule.completion.tolist()


def test_costs_do_not_depend_on_what_else_is_asked() -> None:
    objective = RandomLoads(KINDS, SHORT, cases=3)
    rng = np.random.default_rng(0)
    vectors = start() + 0.2 * rng.standard_normal((3, len(FEATURES) + 1))
    together = objective(vectors, 5)
    assert together.tolist() == [float(objective(v[None], 5)[0]) for v in vectors]
    assert together.tolist() != objective(vectors, 6).tolist()


def test_training_finds_shorter_latencies_and_says_how() -> None:
    loads = [Workload(kinds=KINDS, most_jobs=5, length=1500)]
    recipe = Recipe(Stage(steps=12, pairs=6, sigma=(0.3, 0.2), check_every=3), SHORT, cases=4)
    found = train(KINDS, recipe, validation=loads, validation_seeds=range(100, 104))
    assert found.recipe["validation"] < 1.0
    assert found.recipe["stage"]["steps"] == found.recipe["steps taken"] == 12
    again = parse_weights(found.to_json().encode())
    assert again.recipe == json.loads(json.dumps(found.recipe))
    cost = FixedLoads(loads, range(100, 104)).cases
    assert np.mean([case.cost(again.rule) for case in cost]) == pytest.approx(
        found.recipe["validation"], abs=0.02
    )


def test_a_weight_file_comes_back(tmp_path: Path) -> None:
    rule = linear(np.arange(len(FEATURES)) / 8, 2.5, "MINE")
    workload = Workload(kinds=KINDS, length=400)
    from headway.simulate.chip import WeightFile

    WeightFile(rule, {"steps": 3}, [{"load": 1}]).save(tmp_path / "rule.json")
    again = read_weights(tmp_path / "rule.json")
    assert again.rule.name == "MINE within 2.5"
    assert again.recipe == {"steps": 3}
    assert again.measured == [{"load": 1}]
    a, b = (outcome(workload, policy, seed=2) for policy in (rule, again.rule))
    assert a.completion.tolist() == b.completion.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "x"}, "expected the format"),
        ({"version": 2}, "expected version 1 with the features"),
        ({"features": ["finish"]}, "expected version 1 with the features"),
        ({"weights": [1.0]}, "expected 11 weights"),
        ({"weights": [float("nan")] * 11}, "weights: expected finite"),
        ({"weights": "x"}, "no trained rule"),
        ({"limit": -1}, "limit: expected a number"),
        ({"limit": None}, "no trained rule"),
        ({"recipe": 5}, "no trained rule"),
    ],
)
def test_a_weight_file_for_something_else_is_refused(change: dict, message: str) -> None:
    from headway.simulate.chip import WeightFile

    document = json.loads(WeightFile(linear(np.zeros(len(FEATURES)), 1.0)).to_json()) | change
    with pytest.raises(FormatError, match=message) as refused:
        parse_weights(json.dumps(document).encode(), path=Path("rule.json"))
    assert str(refused.value).startswith("rule.json: ")


def test_what_is_no_weight_file_is_refused() -> None:
    for data in (b"", b"[]", b"5", b"{", b"[" * 100_000):
        with pytest.raises(FormatError):
            parse_weights(data)
    with pytest.raises(ConfigError, match="limit"):
        linear(np.zeros(len(FEATURES)), float("nan"))
