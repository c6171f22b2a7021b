"""What routers do when an engine has lost all that it held, and when they are told."""

from __future__ import annotations

import numpy as np
import pytest

from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Controller,
    Crash,
    Drain,
    FalseAlarm,
    FleetSimulation,
    Hang,
    Member,
    Operation,
    RequestView,
    Start,
)
from headway.serving.fleet.admission import TenantLimits
from headway.serving.fleet.decisions import Routing, Watcher, tell_gone
from headway.serving.fleet.routing import (
    DrainRate,
    EarlyRejection,
    FirstCome,
    GatewayQueue,
    LeastResponse,
    LeastTtft,
    LengthClass,
    Preble,
    PrefixCache,
    Scorer,
    router,
)
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, sent, view


class Told:
    """Least request, and what it was told."""

    name = "told"

    def __init__(self) -> None:
        self._router = router("least-request")
        self.heard: list[tuple[int, float]] = []

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        return self._router.route(cluster, request)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        self._router.ended(request, engine, output_tokens, at_s)

    def gone(self, engine: int, at_s: float) -> None:
        self.heard.append((engine, at_s))


class DrainAndStart(Controller):
    name, period_s = "drain and start", 5.0

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        if cluster.now_s == 5.0:
            return (Drain(1),)
        return (Start(1),) if cluster.now_s == 15.0 else ()


def fleet(by: Told, **given: object) -> FleetSimulation:
    n = 60
    traffic = Workload.of(
        arrival_s=np.linspace(0, 30, n),
        prompt_tokens=np.full(n, 10),
        output_tokens=np.full(n, 5),
    )
    config = EngineConfig(blocks=50, max_sequences=4)
    members = [Member(name=str(k), config=config, step_time=Affine(0.1)) for k in range(3)]
    return FleetSimulation(traffic, members, by, **given)  # type: ignore[arg-type]


def test_a_crash_is_told_when_it_is_detected_and_an_illness_is_not() -> None:
    by = Told()
    faults = [
        Crash(at_s=4.0, engine=0, until_s=9.0),
        Hang(at_s=12.0, engine=1, until_s=16.0),
        FalseAlarm(at_s=12.0, engine=2, until_s=14.0),
        Crash(at_s=20.0, engine=2, until_s=20.1),
    ]
    run = fleet(by, faults=faults, detect_s=0.5).run()
    assert by.heard == [(0, 4.5), (2, 20.5)]
    assert (run.requests.status != 0).all()


def test_a_stop_is_told_when_the_last_request_has_ended() -> None:
    by = Told()
    run = fleet(by, controllers=[DrainAndStart()]).run()
    stops = [(note.engine, note.at_s) for note in run.notes if note.what == "stop"]
    assert by.heard == stops
    assert len(stops) == 1
    assert 5.0 <= stops[0][1] < 7.0


@pytest.mark.parametrize("scorer", [PrefixCache, Preble, LeastTtft])
def test_what_is_gone_draws_no_prompt(scorer: type[Scorer]) -> None:
    one, fresh = scorer(), scorer()
    prompt = request(0, blocks=[1, 2, 3], block_tokens=16, prompt_tokens=50)
    one.sent(view([0, 0]), prompt, 1)
    again = request(1, blocks=[1, 2, 3], block_tokens=16, prompt_tokens=50)
    at = view([0, 0], now_s=100.0)
    assert one.score(at, again).tolist() != fresh.score(at, again).tolist()
    one.gone(1, 100.0)
    assert one.score(at, again).tolist() == fresh.score(at, again).tolist()


def test_a_prompt_whose_prefix_is_gone_is_a_long_one() -> None:
    one = LengthClass(boundary_tokens=1024.0)
    labels = ({"length_class": "short"}, {"length_class": "long"})
    known = {"blocks": [1, 2, 3], "block_tokens": 16, "prompt_tokens": 1060}
    one.sent(view([1, 1], labels=labels), request(0, **known), 1)
    assert one.score(view([1, 1], labels=labels), request(1, **known)).tolist() == [1.0, 0.0]
    one.gone(1, 0.0)
    assert one.score(view([1, 1], labels=labels), request(2, **known)).tolist() == [0.0, 1.0]


def test_it_is_told_through_whatever_stands_before_a_router() -> None:
    by = Told()
    estimate = LeastTtft()
    behind = GatewayQueue(EarlyRejection(by, estimate, tells=True), FirstCome())
    whole = TenantLimits(behind, [])
    estimate.sent(view([0, 0]), request(0, blocks=[1], block_tokens=16), 1)
    tell_gone(whole, 1, 3.0)
    assert by.heard == [(1, 3.0)]
    at = view([0, 0], now_s=100.0)
    scores = estimate.score(at, request(1, blocks=[1], block_tokens=16))
    assert scores[0] == scores[1]


def test_a_router_that_does_not_want_to_know_is_left_alone() -> None:
    class Deaf:
        name = "deaf"

        def route(self, cluster: ClusterView, request: RequestView) -> Routing:
            raise AssertionError

        def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
            raise AssertionError

    assert not isinstance(Deaf(), Watcher)
    tell_gone(Deaf(), 0, 1.0)


@pytest.mark.parametrize("name", ["least-response", "drain-rate"])
def test_requests_that_fail_at_once_make_no_engine_look_fast(name: str) -> None:
    one = router(name)
    for number in range(20):
        engine = number % 2
        one.route(view([9, 9]), request(number, excluded=frozenset({1 - engine})))
        one.ended(number, engine, 10 if engine else 0, 1.0 if engine else 0.01)
    if name == "least-response":
        one.route(view([9, 9]), request(90, excluded=frozenset({1})))
        one.ended(90, 0, 10, 5.0)
    assert sent(one.route(view([9, 9], now_s=6.0), request(99))) == 1


def test_an_engine_that_is_back_begins_without_a_past() -> None:
    ends, times = DrainRate(), LeastResponse()
    for number in range(3):
        times.sent(view([0, 0]), request(number), 1)
        for scorer in (ends, times):
            scorer.ended(number, 1, 10, 5.0)
            scorer.ended(number + 10, 0, 10, 5.0)
    for scorer in (ends, times):
        scorer.gone(1, 6.0)
    assert ends.score(view([3, 3], now_s=6.0), request()).tolist() == [60.0, 180.0]
    assert times.score(view([0, 0], now_s=6.0), request()).tolist() == [0.0, 0.0]
