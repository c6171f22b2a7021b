"""Tenants and their limits: refused with a reason, counted once, given back if nobody served."""

from __future__ import annotations

import pytest

from headway.errors import ConfigError
from headway.serving.fleet import Reject
from headway.serving.fleet.admission import FREE, Prices, Tenant, TenantLimits
from headway.serving.fleet.decisions import NOWHERE, Waker, Watcher
from headway.serving.fleet.routing import FirstCome, GatewayQueue, router
from tests.serving.fleet.views import request, sent, view


def limits(*tenants: Tenant, prices: Prices = FREE) -> TenantLimits:
    return TenantLimits(router("least-request"), tenants, prices, own=["llama"])


def refusal(decision: object) -> Reject:
    assert isinstance(decision, Reject)
    return decision


def test_requests_per_minute_hold_for_one_tenant_and_not_for_others() -> None:
    door = limits(Tenant("a", requests_per_min=2), Tenant("b"))
    for number in range(2):
        sent(door.route(view([0, 0]), request(number, tenant="a")))
    refused = refusal(door.route(view([0, 0], now_s=6.0), request(2, tenant="a")))
    assert refused == Reject("a may ask 2 times a minute", "requests per minute", 24.0)
    for number, tenant in ((3, "b"), (4, ""), (5, "stranger")):
        sent(door.route(view([0, 0]), request(number, tenant=tenant)))
    sent(door.route(view([0, 0], now_s=30.0), request(6, tenant="a")))


def test_answers_count_when_they_end_and_may_overdraw() -> None:
    door = limits(Tenant("a", tokens_per_min=600), prices=Prices(10, 20))
    sent(door.route(view([0]), request(0, tenant="a", prompt_tokens=100)))
    door.ended(0, 0, 1000, 1.0)
    door.ended(0, 0, 1000, 1.0)  # nobody ends twice
    assert door.usage["a"].spent == pytest.approx((100 * 10 + 1000 * 20) / 1e6)
    refused = refusal(door.route(view([0], now_s=1.0), request(1, tenant="a", prompt_tokens=50)))
    assert refused.cause == "tokens per minute"
    assert refused.retry_s == pytest.approx((100 + 1000 - 600 - 10 + 50) / 10, abs=1.01)


def test_an_answer_that_goes_on_elsewhere_and_one_sent_again_count_once() -> None:
    door = limits(Tenant("a", requests_per_min=10), prices=Prices(1e6, 1e6))
    for known in ({}, {"tries": 1}):
        sent(door.route(view([0, 0]), request(0, tenant="a", prompt_tokens=10, **known)))
        door.ended(0, 0, 0, 0.0)
    assert door.usage["a"].spent == 10
    sent(door.route(view([0, 0]), request(0, tenant="a", tries=2, prompt_tokens=10)))
    door.ended(0, 0, 1, 0.0)
    sent(door.route(view([0, 0]), request(0, tenant="a", tries=3, stage="decode")))
    door.ended(0, 1, 7, 0.0)
    assert door.usage["a"].spent == 10 + 7


def test_what_the_queue_refuses_is_given_back() -> None:
    queue = GatewayQueue(router("least-request"), FirstCome(), limit=1, timeout_s=5.0)
    door = TenantLimits(queue, [Tenant("a", requests_per_min=1)], Prices(1e6, 0))
    assert isinstance(door, Waker)
    assert not isinstance(limits(Tenant("a")), Waker)
    door.route(view([1]), request(0, tenant="a", prompt_tokens=9))
    assert door.usage["a"].spent == 9
    late = refusal(door.route(view([1], now_s=5.0), request(0, tenant="a", prompt_tokens=9)))
    assert late.cause == "waited too long"
    assert door.usage["a"].spent == 0
    sent(door.route(view([0], now_s=5.0), request(1, tenant="a", prompt_tokens=9)))


def test_who_gives_up_while_waiting_counts_for_nothing_and_engines_that_die_are_told() -> None:
    queue = GatewayQueue(router("prefix-cache"), FirstCome(), limit=1)
    door = TenantLimits(queue, [Tenant("a", requests_per_min=1)], Prices(1e6, 0))
    door.route(view([1]), request(0, tenant="a", prompt_tokens=9))
    assert isinstance(door, Watcher)
    door.gone(0, 0.5)
    door.ended(0, NOWHERE, 0, 1.0)
    assert door.usage["a"].spent == 0
    sent(door.route(view([0], now_s=1.0), request(1, tenant="a", prompt_tokens=9)))
    assert door.usage["a"].spent == 9


def test_budgets_end_and_models_are_those_allowed() -> None:
    door = limits(
        Tenant("poor", budget_per_day=1.0),
        Tenant("narrow", models=("poet",)),
        Tenant("plain", models=("llama",)),
        prices=Prices(1e6, 0),
    )
    sent(door.route(view([0]), request(0, tenant="poor", prompt_tokens=2)))
    refused = refusal(door.route(view([0], now_s=86_000.0), request(1, tenant="poor")))
    assert (refused.cause, refused.retry_s) == ("budget", 400.0)
    sent(door.route(view([0]), request(2, tenant="narrow", adapter="poet")))
    assert refusal(door.route(view([0]), request(3, tenant="narrow"))).cause == "model"
    sent(door.route(view([0]), request(4, tenant="plain")))
    refused = refusal(door.route(view([0]), request(5, tenant="plain", adapter="poet")))
    assert refused.reason == "plain may not use poet"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": "a", "weight": 0}, "weight"),
        ({"name": "a", "tokens_per_min": -1}, "tokens_per_min"),
        ({"name": "a", "budget_per_day": -1}, "budget_per_day"),
    ],
)
def test_tenants_that_cannot_be_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Tenant(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="two are called"):
        limits(Tenant("a"), Tenant("a"))
