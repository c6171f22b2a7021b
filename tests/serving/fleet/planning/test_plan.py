"""Plans against simulating every fleet there could be."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.document import FleetFile
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.planning import Case, Slo, plan

FILE: dict[str, Any] = {
    "kind": "fleet",
    "name": "shop",
    "engines": [
        {
            "name": "small",
            "most": 4,
            "engine": {"blocks": 200, "max_sequences": 8},
            "step_time": {"affine": {"constant_s": 0.02, "prefill_tokens": 4e-4}},
            "price_per_h": 1.0,
        },
        {
            "name": "large",
            "most": 2,
            "engine": {"blocks": 600, "max_sequences": 16},
            "step_time": {"affine": {"constant_s": 0.012, "prefill_tokens": 2e-4}},
            "price_per_h": 2.6,
        },
    ],
    "workload": {
        "synthetic": {
            "requests": 240,
            "arrivals": "poisson(16)",
            "prompt_tokens": "integers(50, 200)",
            "output_tokens": "exponential(60)",
        }
    },
    "classes": [{"name": "chat", "ttft_s": 0.25}],
    "policies": ["least-request", "round-robin"],
}


def fleet(**changes: Any) -> FleetExperiment:
    return FleetExperiment.of(msgspec.convert({**FILE, **changes}, FleetFile))


@pytest.mark.parametrize("share", [0.9, 0.97])
def test_the_plan_is_the_optimum_over_all_fleets(share: float) -> None:
    shop = fleet()
    found = plan(shop, Slo(share), held_out=0.0)
    cost = {}
    for policy in shop.policies():
        case = Case(shop, policy)
        for counts in itertools.product(range(5), range(3)):
            if any(counts) and case.kept(counts) >= share:
                price = float(np.dot(counts, [1.0, 2.6]))
                cost[policy] = min(price, cost.get(policy, np.inf))
    assert {option.policy: option.price_per_h for option in found.options} == pytest.approx(cost)
    best = found.best
    assert best is not None
    assert best.price_per_h == min(cost.values())
    assert best.planned == best.confirmed >= share
    assert found.holds
    for option in found.options:
        assert len(option.tried) < 14
        assert option.one_down <= option.confirmed
        assert option.surge <= option.confirmed


def test_what_is_held_out_was_never_looked_at() -> None:
    shop = fleet()
    first, rest = (Case(shop, "round-robin", part=part) for part in ((0.0, 0.5), (0.5, 1.0)))
    whole = shop.source.workload(0)
    one, other = first.traffic(), rest.traffic()
    assert len(one) + len(other) == len(whole)
    assert one.arrival_s[0] == other.arrival_s[0] == 0
    assert np.concatenate((one.prompt_tokens, other.prompt_tokens)).tolist() == (
        whole.prompt_tokens.tolist()
    )
    faster = Case(shop, "round-robin", part=(0.5, 1.0), load=1.5).traffic()
    assert faster.arrival_s == pytest.approx(other.arrival_s / 1.5)


def test_limits_may_be_given_in_place_of_those_of_the_file() -> None:
    strict = plan(fleet(), Slo(0.9, {"ttft_s": 0.05}), policies=["least-request"])
    loose = plan(fleet(), Slo(0.9, {"ttft_s": 30.0}), policies=["least-request"])
    assert loose.best is not None
    assert loose.best.counts == (1, 0)
    assert strict.best is None or strict.best.price_per_h > loose.best.price_per_h


def test_a_fleet_that_cannot_hold_it_says_so() -> None:
    found = plan(fleet(), Slo(1.0, {"ttft_s": 1e-4}), policies=["round-robin"])
    assert found.best is None
    assert not found.holds
    assert "no fleet" in found.text()
    assert found.rows[0]["engines"] == "not even all"
    assert "<svg" not in found.report()
    assert json.loads(found.to_json())["options"][0]["counts"] is None


def test_the_worst_class_counts() -> None:
    classes = [{"name": "chat", "ttft_s": 0.2}, {"name": "never", "share": 0.02, "ttft_s": 1e-4}]
    assert Case(fleet(classes=classes), "round-robin").kept((4, 2)) == 0.0


def test_prefill_and_decode_apart_are_planned_together() -> None:
    small, large = FILE["engines"]
    engines = [{**small, "role": "prefill"}, {**large, "role": "decode"}]
    case = Case(fleet(engines=engines), "least-request")
    assert not case.possible((3, 0))
    assert case.kept((0, 2)) == 0.0
    assert case.possible((1, 1))
    found = plan(fleet(engines=engines), Slo(0.9), policies=["least-request"])
    assert found.best is None or min(found.best.counts or (0,)) > 0


@pytest.mark.parametrize(
    ("changes", "slo", "message"),
    [
        ({"classes": []}, {}, "no class has limits"),
        ({"engines": [{**FILE["engines"][0], "price_per_h": 0}]}, {}, r"engines\[0\].price_per_h"),
        ({}, {"share": 0.0}, "share"),
        ({}, {"limits": {"ttft_s": 0}}, "ttft_s"),
        ({}, {"limits": {"ttf_s": 1}}, "unknown limit 'ttf_s'"),
    ],
)
def test_questions_without_an_answer_are_refused(
    changes: dict[str, Any], slo: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        plan(fleet(**changes), Slo(**slo))


def test_unknown_routers_are_refused_before_any_work() -> None:
    with pytest.raises(UnknownNameError):
        plan(fleet(), policies=["nobody"])


def test_more_processes_find_the_same(tmp_path: Path) -> None:
    one, two = (plan(fleet(), Slo(0.9), workers=workers) for workers in (1, 2))
    assert one.to_json() == two.to_json()
    one.pareto().save(tmp_path / "pareto.svg")
    assert (tmp_path / "pareto.svg").stat().st_size > 1000
    assert "capacity plan" in one.report()
