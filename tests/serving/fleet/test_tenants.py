"""Tenants, admission and prices in a fleet's file, as simulated and as explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.fleet.document import FleetFile
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.explain import explain
from headway.serving.results import Status
from headway.serving.workload import Workload, write_workload

FILE: dict[str, Any] = {
    "kind": "fleet",
    "engines": [
        {
            "name": "e",
            "count": 2,
            "engine": {"blocks": 400, "max_sequences": 4},
            "step_time": {"affine": {"constant_s": 0.02, "prefill_tokens": 1e-4}},
            "price_per_h": 1.0,
        }
    ],
    "workload": {
        "synthetic": {
            "requests": 600,
            "arrivals": "poisson(40)",
            "prompt_tokens": "integers(10, 100)",
            "output_tokens": "integers(10, 30)",
        },
        "tenants": {"gold": 0.5, "tin": 0.5},
    },
    "classes": [{"name": "chat", "ttft_s": 2.0}],
}
TENANTS = [{"name": "gold", "weight": 3}, {"name": "tin"}]


def fleet(**changes: Any) -> FleetExperiment:
    return FleetExperiment.of(msgspec.convert({**FILE, **changes}, FleetFile))


def test_requests_beyond_the_limits_of_a_tenant_are_rejected_with_the_reason() -> None:
    limited = [{"name": "gold", "requests_per_min": 60}, {"name": "tin", "budget_per_day": 0.01}]
    one = fleet(tenants=limited, prices={"prompt": 1.0, "output": 2.0})
    run = one.run("least-request", 1)
    told = run.document
    assert set(told["refusals"]) == {"requests per minute", "budget"}
    assert sum(told["refusals"].values()) == told["rejected"] == len(run.refused)
    rejected = run.requests.status == Status.REJECTED
    assert set(np.flatnonzero(rejected)) == set(run.refused)
    gold = run.workload.tenant == 0
    assert np.count_nonzero(gold & ~rejected) == pytest.approx(
        60 + run.workload.arrival_s[-1], abs=2
    )
    tokens = run.workload.prompt_tokens + 2 * run.requests.generated.astype(np.int64)
    spent = tokens[~gold & ~rejected].sum() / 1e6
    assert 0.01 <= spent < 0.016  # what was under way
    assert told["tenants"]["tin"]["rejected"] == np.count_nonzero(rejected & ~gold)
    assert run.measures["tenants.tin.rejected"] == np.count_nonzero(rejected & ~gold)
    assert "rejected: " in run.text("x")
    assert "tin" in run.report("x")


def test_a_fair_queue_serves_tenants_by_their_weights() -> None:
    one = fleet(tenants=TENANTS, admission={"order": "vtc"}).at_load(4)
    run = one.run("least-request", 1)
    assert run.router == "vtc/least-request"
    middle = run.requests.first_token_s < run.workload.arrival_s[-1]
    tokens = run.workload.prompt_tokens + 2 * run.workload.output_tokens
    gold, tin = (tokens[middle & (run.workload.tenant == k)].sum() for k in (0, 1))
    assert gold / tin == pytest.approx(3, rel=0.15)
    alike = fleet(tenants=[{"name": "gold"}, {"name": "tin"}], admission={"order": "vtc"})
    assert alike.at_load(4).run("least-request", 1).document["fairness"] > 0.98


def test_the_order_before_a_router_takes_precedence_and_needs_no_section() -> None:
    assert fleet(admission={"order": "vtc"}).run("edf/least-kv", 0).router == "edf/least-kv"
    assert fleet(tenants=TENANTS).run("vtc/least-kv", 0).router == "vtc/least-kv"


def test_a_queue_is_bounded_in_length_and_time_and_late_ones_are_refused() -> None:
    door = {"queue": 40, "timeout_s": 1.0, "in_flight": 6, "in_flight_per_engine": 5}
    run = fleet(admission=door).at_load(3).run("least-request", 0)
    assert {"queue full", "waited too long"} == set(run.refused.values())
    served = run.requests.status == Status.FINISHED
    sent_s = run.requests.scheduled_s - run.workload.arrival_s
    assert sent_s[served].max() <= 1.0 + 0.2
    busy = [part.running + part.waiting for part in run.steps]
    assert max(column.max() for column in busy) <= 5
    late = fleet(admission={"reject_late": True, "order": "edf"}).at_load(3)
    refused = late.run("least-request", 0)
    assert set(refused.refused.values()) == {"late"}
    assert refused.document["goodput"] > late.run("random", 0).document["goodput"] * 0.5


def test_tenants_come_from_columns_of_a_trace_or_are_drawn_by_session(tmp_path: Path) -> None:
    work = Workload.of(
        arrival_s=np.arange(6.0),
        prompt_tokens=[20] * 6,
        output_tokens=[5] * 6,
        session=[0, 0, 1, 1, -1, -1],
        priority=[5] * 6,
        tenant=[0, 1, 0, -1, 1, 1],
        tenants=["tin", "gold"],
    )
    write_workload(work, tmp_path / "w.jsonl")
    trace = {"trace": str(tmp_path / "w.jsonl")}
    told = fleet(workload=trace, tenants=[{"name": "gold", "priority": 1}]).traffic(0)
    assert told.tenant.tolist() == work.tenant.tolist()
    assert told.priority.tolist() == [5, 1, 5, 5, 1, 1]
    by_session = fleet(workload={**trace, "tenants": "session"}).traffic(0)
    assert by_session.tenants == ("session-0", "session-1")
    assert by_session.tenant.tolist() == [0, 0, 1, 1, -1, -1]
    drawn = fleet(workload={**trace, "tenants": {"a": 1, "b": 1}})
    columns = [drawn.traffic(seed).tenant.tolist() for seed in range(20)]
    assert all(mine[0] == mine[1] and mine[2] == mine[3] for mine in columns)
    assert len({tuple(mine) for mine in columns}) > 5
    by_class = fleet(workload={**trace, "tenants": "class"}).traffic(0)
    assert by_class.tenants == ("chat",)


def test_check_explains_tenants_prices_and_admission() -> None:
    told = explain(
        fleet(
            tenants=[
                {"name": "gold", "tokens_per_min": 90_000, "models": ["poet"], "priority": -1}
            ],
            prices={"prompt": 0.5, "output": 1.5},
            admission={"order": "edf", "timeout_s": 3, "in_flight": 7, "reject_late": True},
        )
    )
    for part in (
        "gold: weight 1,",
        "at most 90,000 tokens a minute, only poet, priority -1",
        "0.5 for a million tokens of prompts, 1.5 of answers",
        "7 requests in engines",
        "others wait in order 'edf' for 3 s at most",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tenants": [{"name": "a"}, {"name": "a"}]}, r"tenants\[1\]: name: 'a' is the name"),
        ({"tenants": [{"name": "a", "weight": 0}]}, r"tenants\[0\]: weight: expected"),
        ({"admission": {"order": "sjf"}}, "admission: unknown order of a queue 'sjf'"),
        ({"admission": {"queue": 0}}, "admission: capacity: expected at least 1"),
        ({"admission": {"timeout_s": 0}}, "admission: timeout_s: must be positive"),
        ({"prices": {"prompt": -1}}, "prices: prompt: expected a price"),
        ({"workload": {**FILE["workload"], "tenants": "user"}}, "workload.tenants: unknown column"),
        ({"workload": {**FILE["workload"], "tenants": {"a": 0}}}, "workload.tenants: .* shares"),
        ({"workload": None}, "workload: a simulation needs one"),
    ],
)
def test_sections_that_contradict_themselves_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        fleet(**changes)
