"""Engines that are told what is worth keeping of their caches."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.workload import Blocks, Workload
from tests.serving.engine.cases import STEP_TIME, Case, seeded
from tests.serving.engine.implementations import ENGINES, engine_for
from tests.serving.engine.test_twin import assert_same

kinds = pytest.mark.parametrize("kind", ENGINES)


def run_told(kind: str, case: Case, seed: int, worths: tuple[float, ...]) -> Any:
    """Run a case, and say from time to time what some requests are worth."""
    luck = random.Random(seed)
    engine = engine_for(kind, case)
    n = len(case.workload)
    engine.submit(np.arange(n), case.workload.arrival_s)
    for _ in range(60):
        engine.advance(luck.randint(0, 400) / 4 if engine.next_s < math.inf else 0.0)
        engine.advance(engine.next_s if engine.next_s < math.inf else 0.0)
        told = [luck.randrange(n) for _ in range(luck.randint(0, n))]
        engine.keep(told, [luck.choice(worths) for _ in told])
    engine.advance(math.inf)
    return engine.result()


@pytest.mark.parametrize("hundred", range(3))
def test_twins_agree_whatever_is_worth_keeping(hundred: int) -> None:
    worths = (-math.inf, -1.0, 0.0, 0.5, 2.0, math.inf)
    for seed in range(100 * hundred, 100 * hundred + 100):
        case = seeded(seed, prefix_caching=True, clients=0)
        assert_same(*(run_told(kind, case, seed, worths) for kind in ("native", "twin")))


@kinds
def test_equal_worths_are_no_worths(kind: str) -> None:
    """Of equals the least recently used goes first, as if nobody had said anything."""
    for seed in range(60):
        case = seeded(seed, prefix_caching=True)
        told = run_told(kind, case, seed, (math.inf,))
        assert_same(told, engine_for(kind, case).run())


def conversations() -> Workload:
    """Three that speak in turn before a cache of two contexts."""
    return Workload.of(
        arrival_s=[0.0, 100.0, 200.0, 300.0, 400.0],
        prompt_tokens=[16, 16, 16, 18, 18],
        output_tokens=[1] * 5,
        blocks=Blocks.of(
            [[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23], [0, 1, 2, 3], [10, 11, 12, 13]], 4
        ),
    )


@kinds
@pytest.mark.parametrize(("dearer", "cached"), [(0, [16, 0]), (1, [0, 12])])
def test_what_is_worth_more_stays(kind: str, dearer: int, cached: list[int]) -> None:
    """The third conversation needs the room of one of the two before it, and the first one
    needs one block more when it has to begin anew."""
    workload = conversations()
    config = EngineConfig(blocks=8, block_tokens=4, token_budget=64)
    engine = ENGINES[kind](workload, config, STEP_TIME)
    engine.submit(np.arange(5), workload.arrival_s)
    engine.advance(199.0)
    engine.keep([0, 1], [float(dearer == 0), float(dearer == 1)])
    engine.advance(299.0)
    engine.keep([2], [-1.0])
    engine.advance(math.inf)
    assert engine.result().requests.cached_tokens[3:].tolist() == cached


@kinds
def test_the_tail_of_a_context_goes_first(kind: str) -> None:
    """Half of the first context has to go, and the half that is left serves its beginning."""
    workload = Workload.of(
        arrival_s=[0.0, 100.0, 200.0],
        prompt_tokens=[16, 8, 18],
        output_tokens=[1] * 3,
        blocks=Blocks.of([[0, 1, 2, 3], [10, 11], [0, 1, 2, 3]], 4),
    )
    config = EngineConfig(blocks=5, block_tokens=4, token_budget=64)
    engine = ENGINES[kind](workload, config, STEP_TIME)
    engine.submit(np.arange(3), workload.arrival_s)
    engine.advance(150.0)
    engine.keep([0, 1], [1.0, 0.0])
    engine.advance(math.inf)
    assert engine.result().requests.cached_tokens[2] == 12


@pytest.mark.parametrize(
    ("requests", "worths"), [([5], [0.0]), ([-1], [0.0]), ([0, 1], [0.0]), ([0], [math.nan])]
)
def test_nonsense_is_refused(requests: list[int], worths: list[float]) -> None:
    engine = engine_for("native", Case(conversations(), EngineConfig(blocks=8, block_tokens=4)))
    with pytest.raises(ConfigError, match="a number is expected for each request"):
        engine.keep(requests, worths)
