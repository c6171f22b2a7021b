"""The queue that knows what kinds of engines can take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import FleetSimulation, Hold, Member, Reject
from headway.serving.fleet.routing import profile_queue
from headway.serving.fleet.routing.profiled import ByProfile, Expectations, OutputLengths
from headway.serving.fleet.scaling import Profile
from headway.serving.step_time import Affine
from headway.serving.workload import ServiceClass, Workload
from tests.serving.fleet.scaling.profiles import A100
from tests.serving.fleet.views import request, sent, view

CHAT = (ServiceClass("chat", latency_s=2.0),)


def profile(kind: str, rate: float, latency_s: float, long_rate: float | None = None) -> Profile:
    """Return one of prompts of 100 and of 10,000 tokens."""
    rates = np.array([[rate, rate if long_rate is None else long_rate]])
    return Profile(
        kind, 1.0, np.array([1.0]), np.array([100.0, 1e4]), rates, np.full((1, 2), latency_s)
    )


def kinds(*names: str, **columns: Any) -> Any:
    cluster = view(columns.pop("load", [0] * len(names)), **columns)
    object.__setattr__(cluster.engines, "kinds", names)
    return cluster


def test_an_engine_takes_as_many_as_littles_law_says() -> None:
    """Two a second that take one second each: two at once."""
    one = ByProfile(Expectations([profile("a", 2.0, 1.0)], CHAT))
    cluster = kinds("a", "a")
    chosen = [sent(one.route(cluster, request(k))) for k in range(4)]
    assert chosen == [0, 1, 0, 1]
    assert isinstance(one.route(cluster, request(4)), Hold)
    one.ended(1, 1, 5, 1.0)
    assert sent(one.route(cluster, request(4))) == 1


@pytest.mark.parametrize(("backend", "chosen"), [("pack", [0, 0, 1, 1]), ("push", [0, 1, 0, 1])])
def test_backends_fill_engines_in_their_way(backend: Any, chosen: list[int]) -> None:
    one = ByProfile(Expectations([profile("a", 2.0, 1.0)], CHAT), backend)
    cluster = kinds("a", "a")
    assert [sent(one.route(cluster, request(k))) for k in range(4)] == chosen
    fifth = one.route(cluster, request(4))
    assert isinstance(fifth, Hold) == (backend == "pack")


def test_the_faster_kind_is_first_and_the_slower_one_helps_while_it_is_in_time() -> None:
    one = ByProfile(Expectations([profile("slow", 1.0, 1.5), profile("fast", 2.0, 0.5)], CHAT))
    cluster = kinds("slow", "fast")
    assert sent(one.route(cluster, request(0))) == 1
    assert sent(one.route(cluster, request(1))) == 0
    late = ByProfile(Expectations([profile("slow", 1.0, 2.5), profile("fast", 2.0, 0.5)], CHAT))
    assert sent(late.route(cluster, request(0))) == 1
    assert isinstance(late.route(cluster, request(1)), Hold)


def test_what_no_rate_can_keep_is_refused_at_once() -> None:
    one = ByProfile(Expectations([profile("a", 2.0, 1.0, long_rate=0.0)], CHAT))
    refused = one.route(kinds("a"), request(0, prompt_tokens=9000))
    assert isinstance(refused, Reject)
    assert refused.cause == "limits"
    assert sent(one.route(kinds("a"), request(1, prompt_tokens=90))) == 0
    assert not one._expectations._known


def test_engines_without_a_profile_take_what_nobody_else_can() -> None:
    one = ByProfile(Expectations([profile("a", 2.0, 1.0)], CHAT))
    assert sent(one.route(kinds("b", "b", load=[3, 1]), request(0))) == 1
    one.ended(0, 1, 5, 1.0)
    assert not one._there


def test_the_latest_goes_first() -> None:
    """Both classes come together; the one with the shorter promise is the later one."""
    classes = (ServiceClass("slow", latency_s=30.0), ServiceClass("fast", latency_s=2.0))
    queue = profile_queue([profile("a", 1.0, 1.0)], classes)
    cluster = kinds("a")
    assert sent(queue.route(cluster, request(0))) == 0
    for number in (1, 2, 3):
        held = queue.route(cluster, request(number, service_class=int(number == 3)))
        assert isinstance(held, Hold)
    queue.ended(0, 0, 5, 1.0)
    assert queue.awake() == 3


def test_lengths_are_guessed_from_those_of_the_like_prompts_of_late() -> None:
    lengths = OutputLengths()
    assert lengths.guess(100, 0.0) == 1
    for k in range(50):
        lengths.add(128, 256, float(k) / 10)
        lengths.add(4096, 16, float(k) / 10)
    assert {lengths.guess(120, 6.0) for _ in range(20)} == {256}
    assert {lengths.guess(4000, 6.0) for _ in range(20)} == {16}
    assert lengths.guess(120, 1000.0) == 1


def test_promises_are_taken_in_their_order() -> None:
    classes = (
        ServiceClass("both", ttft_s=1.0, tpot_s=0.5, latency_s=9.0),
        ServiceClass("first", ttft_s=1.0),
        ServiceClass("whole", latency_s=9.0),
        ServiceClass("none"),
    )
    book = Expectations([profile("a", 1.0, 4.0)], classes)
    late = [book.of(request(k, service_class=k), 0.0)[0].late_s for k in range(4)]
    assert late == [2.5, 3.0, -5.0, -math.inf]


def test_a_published_profile_holds_a_fleet_to_its_limit() -> None:
    assert A100.latency_s is not None
    n = 200
    traffic = Workload.of(
        arrival_s=np.arange(n) * 0.02,
        prompt_tokens=np.full(n, 512),
        output_tokens=np.full(n, 60),
        classes=(ServiceClass("chat", latency_s=5.0),),
    )
    config = EngineConfig(blocks=4000, max_sequences=64)
    members = [
        Member(name=str(k), kind=A100.kind, config=config, step_time=Affine(0.01)) for k in range(2)
    ]
    by = profile_queue([A100], traffic.classes)
    table = FleetSimulation(traffic, members, by).run().requests
    assert (table.status == 1).all()


def test_profiles_that_do_not_do_are_refused() -> None:
    bare = Profile("a", 1.0, np.array([1.0]), np.array([1.0]), np.ones((1, 1)))
    for profiles, word in (([], "profiles"), ([bare], "latency_s")):
        with pytest.raises(ConfigError, match=word):
            profile_queue(profiles, CHAT)
    with pytest.raises(ConfigError, match="one of a kind"):
        profile_queue([profile("a", 1.0, 1.0)] * 2, CHAT)
    with pytest.raises(ConfigError, match="backend"):
        profile_queue([profile("a", 1.0, 1.0)], CHAT, backend="pusch")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="latency_s"):
        Profile("a", 1.0, np.array([1.0]), np.array([1.0]), np.ones((1, 1)), np.ones((2, 1)))
