"""The floor under plans: no fleet that keeps its promises lies below it, and it is not idle."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.serving.fleet.document import FleetFile
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.planning import Case, Slo, plan
from headway.serving.fleet.planning.batches import batches
from headway.serving.fleet.planning.floor import Floor
from headway.serving.step_time import Shape
from headway.serving.workload import Blocks, Workload


def kind(name: str, constant_s: float, prompt_s: float, token_s: float, **more: Any) -> Any:
    affine = {"constant_s": constant_s, "prefill_tokens": prompt_s, "decodes": token_s}
    return {
        "name": name,
        "count": 1,
        "engine": {"blocks": 600, "max_sequences": 8, "token_budget": 256},
        "step_time": {"affine": {**affine, "decode_context": 1e-6}},
        "price_per_h": 1.0,
        **more,
    }


def fleet(engines: list[Any], limits: dict[str, float], **traffic: Any) -> FleetExperiment:
    asked = {
        "requests": 150,
        "arrivals": "poisson(12)",
        "prompt_tokens": "integers(20, 400)",
        "output_tokens": "integers(1, 60)",
        **traffic,
    }
    file = {
        "kind": "fleet",
        "engines": engines,
        "workload": {"synthetic": asked},
        "classes": [{"name": "chat", **limits}],
    }
    return FleetExperiment.of(msgspec.convert(file, FleetFile))


def floor_of(experiment: FleetExperiment, share: float, prices: list[float]) -> Floor:
    work = experiment.traffic(0)
    return Floor.of(experiment.kinds, np.array(prices), work, share, 1.0)


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "ttft_s": st.sampled_from([0.1, 0.5, 3.0]),
        "tpot_s": st.sampled_from([0.02, 0.05, 0.2]),
        "latency_s": st.sampled_from([1.0, 4.0]),
        "max_gap_s": st.sampled_from([0.1, 1.0]),
    },
).filter(bool)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    limits=LIMITS,
    share=st.sampled_from([0.6, 0.9, 1.0]),
    rate=st.sampled_from([4, 12, 40]),
    first=st.tuples(st.floats(0.002, 0.03), st.floats(1e-5, 1e-3), st.floats(0, 1e-3)),
    second=st.tuples(st.floats(0.002, 0.03), st.floats(1e-5, 1e-3), st.floats(0, 1e-3)),
    roles=st.sampled_from([("both", "both"), ("prefill", "decode")]),
)
def test_whoever_keeps_the_promises_is_above_it(
    limits: dict[str, float],
    share: float,
    rate: int,
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    roles: tuple[str, str],
) -> None:
    engines = [
        kind(name, *time, role=role)
        for name, time, role in zip("ab", (first, second), roles, strict=True)
    ]
    experiment = fleet(engines, limits, arrivals=f"poisson({rate})")
    floor = floor_of(experiment, share, [1.0, 1.0])
    case = Case(experiment, "least-request")
    for counts in itertools.product(range(3), range(3)):
        if case.possible(counts) and not floor.reached(counts):
            assert case.kept(counts) < share


def test_it_is_near_the_optimum_where_engines_are_busy_all_the_time() -> None:
    slow = kind("slow", 0.02, 2e-4, 0.0)
    experiment = fleet(
        [slow], {"ttft_s": 2.0, "tpot_s": 0.1}, requests=3000, arrivals="poisson(20)"
    )
    least = next(n for n in range(1, 30) if floor_of(experiment, 0.99, [1.0]).reached((n,)))
    more = msgspec.structs.replace(experiment.file.engines[0], most=30)
    larger = FleetExperiment.of(msgspec.structs.replace(experiment.file, engines=(more,)))
    found = plan(larger, held_out=0.0)
    assert found.best is not None
    assert found.best.counts is not None
    assert least <= found.best.counts[0] <= least + 2
    assert least >= 3
    assert found.least_per_h == least
    assert found.document()["least_per_h"] == least


def test_a_limit_that_no_step_keeps_needs_no_simulation() -> None:
    experiment = fleet([kind("a", 0.02, 1e-4, 0.0)], {"tpot_s": 0.01, "ttft_s": 1.0})
    found = plan(experiment, Slo(0.9), held_out=0.0)
    assert found.best is None
    assert not found.options[0].tried
    assert np.isinf(found.least_per_h)
    assert "whoever routes" in found.text()
    assert found.report()


def test_a_batch_is_in_a_class_that_does_more_in_less_time() -> None:
    experiment = fleet([kind("a", 0.01, 1e-4, 1e-3)], {"ttft_s": 1.0})
    known = batches(experiment.kinds[0], experiment.traffic(0))
    rng = np.random.default_rng(0)
    for _ in range(200):
        prompt, n, context = (
            int(rng.integers(low, high)) for low, high in ((0, 256), (0, 9), (1, 400))
        )
        if prompt + n == 0:
            continue
        step = Shape.of([(prompt, 0)] if prompt else [], [context] * n)
        seconds = float(experiment.kinds[0].step_time.seconds(step))
        work = np.array([[prompt], [n], [n * context]])
        above = (known.work >= work).all(axis=0)
        assert (known.paid_s[above] <= seconds + 1e-12).any()
        assert ((known.spoken_s <= n * seconds + 1e-12) & above).any()


def test_what_was_asked_before_costs_nothing() -> None:
    plain = Workload.of(
        arrival_s=np.arange(40) / 20, prompt_tokens=[160] * 40, output_tokens=[2] * 40
    )
    same = Workload.of(
        arrival_s=plain.arrival_s,
        prompt_tokens=plain.prompt_tokens,
        output_tokens=plain.output_tokens,
        blocks=Blocks.of([list(range(10))] * 40, 16),
    )
    experiment = fleet([kind("a", 0.001, 1e-3, 0.0)], {"ttft_s": 0.5})
    classes = experiment.traffic(0).classes
    many, few = (
        Floor.of(experiment.kinds, np.ones(1), work.with_classes(classes), 1.0, 1.0)
        for work in (plain, same)
    )
    assert not many.reached((1,))
    assert few.reached((1,))


@pytest.mark.parametrize("latest", [0.5, 1.0])
def test_traffic_without_deadlines_needs_one_engine(latest: float) -> None:
    experiment = fleet([kind("a", 0.01, 1e-4, 0.0)], {"ttft_s": 1e6 * latest})
    assert floor_of(experiment, 0.9, [1.0]).reached((1,))
