"""Routers that go by what engines have done of late."""

from __future__ import annotations

import numpy as np
import pytest

from headway.serving.engine import EngineConfig
from headway.serving.fleet import ClusterView, FleetSimulation, Member, RequestView
from headway.serving.fleet.decisions import Routing
from headway.serving.fleet.routing import LeastLatency, Throughput, router
from headway.serving.fleet.view import Latencies
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, sent, view


def told(**columns: list[float]) -> Latencies:
    return Latencies(**{name: np.array(values) for name, values in columns.items()})


def test_latency_is_that_of_a_request_of_the_usual_lengths() -> None:
    """Mean lengths are 200 and 30: 0.5 + 2·200/100 + 3·30/20, and 1 + 4·200/300 + 8·30/40."""
    means = told(
        queue_s=[0.5, 1.0, np.nan],
        prefill_s=[2.0, 4.0, np.nan],
        decode_s=[3.0, 8.0, np.nan],
        prompt_tokens=[100.0, 300.0, np.nan],
        output_tokens=[20.0, 40.0, np.nan],
    )
    cluster = view([1, 1, 1], latencies=lambda: means)
    scores = LeastLatency().score(cluster, request())
    assert scores.tolist() == pytest.approx([9.0, 1 + 8 / 3 + 6, 0.0])
    assert sent(router("least-latency").route(cluster, request())) == 2
    assert LeastLatency().score(view([1, 1]), request()).tolist() == [0.0, 0.0]


def test_the_lighter_requests_of_late_count_for_throughput() -> None:
    one = Throughput(window_s=60.0)
    cluster = view([0, 0, 0])
    for number, (engine, tokens) in enumerate([(0, 100), (0, 300), (1, 150)]):
        one.sent(cluster, request(number, prompt_tokens=tokens), engine)
        one.ended(number, engine, 10 * (engine + 1), 1.0)
    one.ended(9, 1, 0, 1.0)
    assert one.score(view([0, 0, 0], now_s=2.0), request()).tolist() == [410.0, 320.0, 0.0]
    one.gone(0, 2.0)
    assert one.score(view([0, 0, 0], now_s=2.0), request()).tolist() == [0.0, 320.0, 0.0]
    assert one.score(view([0, 0, 0], now_s=99.0), request()).tolist() == [0.0, 0.0, 0.0]


class Asking:
    """Sends all to engine 0 of two, and keeps what was told of latencies."""

    name = "asking"

    def __init__(self) -> None:
        self._router = router("least-request")
        self.heard: list[Latencies] = []

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        assert cluster.latencies is not None
        self.heard.append(cluster.latencies())
        return self._router.route(cluster, request)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        self._router.ended(request, engine, output_tokens, at_s)


@pytest.mark.parametrize("apart", [False, True])
def test_simulated_engines_tell_what_requests_took(apart: bool) -> None:
    """A prompt takes a step of 0.1 s, each of the four tokens after the first as long."""
    n = 20
    traffic = Workload.of(
        arrival_s=np.arange(n) * 2.0, prompt_tokens=np.full(n, 8), output_tokens=np.full(n, 5)
    )
    config = EngineConfig(blocks=50, max_sequences=4)
    roles = ("prefill", "decode") if apart else ("both", "both")
    members = [
        Member(name=role + str(k), config=config, step_time=Affine(0.1), role=role)  # type: ignore[arg-type]
        for k, role in enumerate(roles)
    ]
    by = Asking()
    FleetSimulation(traffic, members, by).run()
    last = by.heard[-2] if apart else by.heard[-1]
    assert np.isnan(by.heard[0].queue_s).all()
    assert last.queue_s == pytest.approx([0, 0], abs=1e-9)
    assert last.prefill_s == pytest.approx([0.1, 0.0] if apart else [0.1, 0.1])
    assert last.decode_s == pytest.approx([0.0, 0.4] if apart else [0.4, 0.4], abs=2e-3)
    assert last.prompt_tokens.tolist() == [8, 8]
