"""Queues at the gateway: order, bound, fairness, and nobody lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import Crash, FleetRun, FleetSimulation, Hold, Member, Reject
from headway.serving.fleet.routing import (
    EarliestDeadline,
    FirstCome,
    GatewayQueue,
    QueueOrder,
    VirtualTokens,
    router,
)
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload
from tests.serving.fleet.views import request, sent, view


def queue(order: QueueOrder, **settings: int) -> GatewayQueue:
    return GatewayQueue(router("least-request"), order, **settings)


def drained(order: QueueOrder) -> list[int]:
    left = []
    while (head := order.head()) is not None:
        left.append(head)
        order.remove(head)
    return left


def test_requests_wait_while_engines_are_full_and_the_first_goes_when_one_is_not() -> None:
    one = queue(FirstCome(), limit=2)
    full = view([2, 2], now_s=5.0)
    assert one.route(full, request(0, arrival_s=1.0)) == Hold(6.0)
    assert one.route(full, request(1, arrival_s=2.0)) == Hold(math.inf)
    assert one.awake() is None
    one.ended(9, 1, 10, 5.5)
    assert one.awake() == 0
    assert sent(one.route(view([2, 1], now_s=5.5), request(0, arrival_s=1.0))) == 1
    assert one.awake() == 1
    assert one.awake() is None


def test_a_full_queue_rejects_but_not_those_whose_engine_died() -> None:
    one = queue(FirstCome(), limit=1, capacity=1)
    one.route(view([1]), request(0))
    assert isinstance(one.route(view([1]), request(1)), Reject)
    assert isinstance(one.route(view([1]), request(2, tries=1)), Hold)
    one.ended(0, -1, 0, 1.0)
    assert one.awake() == 2


def test_answers_that_have_begun_do_not_wait() -> None:
    one = queue(FirstCome(), limit=1)
    assert sent(one.route(view([5, 4]), request(0, stage="decode"))) == 1


def test_the_earliest_deadline_goes_first() -> None:
    order = EarliestDeadline()
    for number, due_s in enumerate((5.0, 3.0, math.inf, 4.0, 3.0)):
        order.push(request(number, arrival_s=float(number), deadline_s=due_s))
    assert drained(order) == [1, 4, 3, 0, 2]


def test_the_tenant_served_least_goes_first_and_answers_count_twice() -> None:
    order = VirtualTokens()
    for number in range(6):
        order.push(request(number, prompt_tokens=100, service_class=number % 2))
    for number in (0, 1):
        assert order.head() == number
        order.remove(number)
        order.sent(request(number, prompt_tokens=100, service_class=number))
    order.ended(0, 60)
    assert order.head() == 3
    order.remove(3)
    order.sent(request(3, prompt_tokens=100, service_class=1))
    assert order.head() == 5
    order.ended(1, 11)
    assert order.head() == 2


def test_time_away_is_no_credit() -> None:
    """Tenant 0 alone has had 1000 tokens when tenant 1 comes: they take turns from there."""
    order = VirtualTokens()
    for number in range(20):
        order.push(request(number, prompt_tokens=100))
    for number in range(10):
        order.remove(number)
        order.sent(request(number, prompt_tokens=100))
    for number in range(20, 24):
        order.push(request(number, prompt_tokens=100, service_class=1))
    turns = []
    for _ in range(8):
        head = order.head()
        assert head is not None
        turns.append(int(head >= 20))
        order.remove(head)
        order.sent(request(head, prompt_tokens=100, service_class=turns[-1]))
    assert sorted(turns) == [0] * 4 + [1] * 4
    assert all(set(turns[k : k + 2]) == {0, 1} for k in range(0, 8, 2))


def test_who_comes_to_an_empty_queue_starts_where_the_last_one_was() -> None:
    order = VirtualTokens()
    order.push(request(0, prompt_tokens=500))
    order.remove(0)
    order.sent(request(0, prompt_tokens=500))
    order.push(request(1, service_class=1))
    order.push(request(2, service_class=0))
    order.remove(1)
    order.sent(request(1, prompt_tokens=1, service_class=1))
    order.push(request(3, service_class=1))
    assert order.head() == 2


def test_counters_are_bounded() -> None:
    order = VirtualTokens(lambda known: known.session, tenants=5)
    for number in range(100):
        order.push(request(number, session=number))
        order.remove(number)
    assert len(order._spent) == 5
    assert len(order._queues) == 0


def test_settings_and_names_without_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="limit"):
        queue(FirstCome(), limit=0)
    with pytest.raises(ConfigError, match="output_weight"):
        VirtualTokens(output_weight=-1)
    with pytest.raises(ConfigError, match="tenants"):
        VirtualTokens(tenants=0)
    with pytest.raises(UnknownNameError, match="vtc"):
        router("lifo/least-request")


def play(specification: str, classes: np.ndarray, at_s: np.ndarray, **more: object) -> FleetRun:
    rng = np.random.default_rng(6)
    n = len(at_s)
    traffic = Workload.of(
        arrival_s=at_s,
        prompt_tokens=rng.integers(20, 60, n),
        output_tokens=rng.integers(5, 15, n),
        service_class=classes,
        classes=(ServiceClass("heavy"), ServiceClass("light", ttft_s=1.0)),
    )
    config = EngineConfig(blocks=200, max_sequences=4)
    members = [Member(name=str(k), config=config, step_time=Affine(0.02)) for k in range(2)]
    return FleetSimulation(traffic, members, router(specification), **more).run()


def light_s(specification: str, *, alone: bool = False) -> float:
    """Return how long a light tenant waits for its answers beside a heavy one."""
    at_s = np.sort(np.concatenate((np.linspace(0, 1, 400), np.arange(0.005, 8, 0.2))))
    classes = np.where(np.isin(at_s, np.arange(0.005, 8, 0.2)), 1, 0)
    own = classes == 1 if alone else np.ones(len(at_s), dtype=np.bool_)
    table = play(specification, classes[own], at_s[own]).requests
    assert (table.status == Status.FINISHED).all()
    return float((table.last_token_s - table.arrival_s)[classes[own] == 1].mean())


def test_a_heavy_tenant_does_not_starve_a_light_one() -> None:
    alone = light_s("fcfs/least-request", alone=True)
    assert light_s("vtc/least-request") < 2 * alone
    assert light_s("edf/least-request") < 2 * alone
    assert light_s("fcfs/least-request") > 10 * alone


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["fcfs", "edf", "vtc", "vtc-session", "afs"]),
    st.lists(st.floats(0, 3), min_size=1, max_size=40),
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 1), st.floats(0.1, 2)), max_size=3),
)
def test_everybody_is_served_once_or_told_whatever_dies(
    order: str, at_s: list[float], crashes: list[tuple[float, int, float]]
) -> None:
    faults = [Crash(engine=engine, at_s=t, until_s=t + back_s) for t, engine, back_s in crashes]
    arrival_s = np.sort(at_s)
    run = play(f"{order}/least-request", np.arange(len(at_s)) % 2, arrival_s, faults=faults)
    status = run.requests.status
    assert np.isin(status, (Status.FINISHED, Status.LOST)).all()
    finished = status == Status.FINISHED
    wanted = run.workload.output_tokens
    assert (run.requests.generated[finished] == wanted[finished]).all()
    assert crashes or finished.all()
