"""Engines that compute contexts before anybody asks for them."""

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


def run_warmed(kind: str, case: Case, seed: int) -> tuple[Any, list[bool]]:
    """Run a case, and ask from time to time for contexts of random requests."""
    luck = random.Random(seed)
    engine = engine_for(kind, case)
    workload = case.workload
    engine.submit(np.arange(len(workload)), workload.arrival_s)
    said, now_s = [], 0.0
    for _ in range(40):
        request = luck.randrange(len(workload))
        whole = int(workload.prompt_tokens[request] + workload.output_tokens[request])
        said.append(engine.warm(request, luck.randint(0, whole), now_s))
        engine.keep([luck.randrange(len(workload))], [luck.choice((-1.0, 0.0, 1.0))])
        now_s += luck.choice((0.25, 1.5, 6.0, 20.0))
        engine.advance(now_s)
    engine.advance(math.inf)
    return engine.result(), said


@pytest.mark.parametrize("hundred", range(3))
def test_twins_agree_whatever_is_warmed(hundred: int) -> None:
    begun = 0
    for seed in range(100 * hundred, 100 * hundred + 100):
        case = seeded(seed, prefix_caching=True, chunked=True, clients=0)
        native, told = run_warmed("native", case, seed)
        twin, told_too = run_warmed("twin", case, seed)
        assert told == told_too
        assert_same(native, twin)
        begun += sum(told)
    assert begun > 50


def two(gap_s: float) -> Workload:
    """A prompt of 16 tokens that comes once more, and another one between."""
    return Workload.of(
        arrival_s=[0.0, 100.0, 200.0, 200.0 + gap_s],
        prompt_tokens=[16, 24, 18, 2],
        output_tokens=[1] * 4,
        blocks=Blocks.of([[0, 1, 2, 3], [10, 11, 12, 13, 14, 15], [0, 1, 2, 3], []], 4),
    )


CONFIG = EngineConfig(blocks=7, block_tokens=4, token_budget=8)


@kinds
def test_what_is_warmed_is_found(kind: str) -> None:
    engine = ENGINES[kind](two(99.0), CONFIG, STEP_TIME)
    engine.submit(np.arange(4), engine.workload.arrival_s)
    engine.advance(150.0)
    assert engine.warm(0, 17, 150.0)
    assert not engine.warm(0, 17, 150.0), "one at a time"
    engine.advance(math.inf)
    run = engine.result()
    assert run.requests.cached_tokens[2] == 16
    # The head of it, one block, was there still.
    assert run.steps.extra_tokens.sum() == 12
    assert run.steps.start_s[run.steps.extra_tokens > 0].min() >= 150.0


@kinds
def test_the_first_who_comes_ends_it(kind: str) -> None:
    """It comes within the first of two steps, whose tokens it finds."""
    engine = ENGINES[kind](two(99.0), CONFIG, STEP_TIME)
    engine.submit(np.arange(4), engine.workload.arrival_s)
    engine.advance(199.5)
    assert engine.warm(0, 17, 199.5)
    engine.advance(math.inf)
    run = engine.result()
    assert run.steps.extra_tokens.sum() == 8
    assert run.requests.cached_tokens[2] == 12


@kinds
def test_nothing_is_warmed_that_is_there_or_while_there_is_work(kind: str) -> None:
    engine = ENGINES[kind](two(99.0), CONFIG, STEP_TIME)
    engine.submit(np.arange(4), engine.workload.arrival_s)
    engine.advance(1.0)
    assert not engine.warm(0, 17, 1.0), "it runs"
    engine.advance(90.0)
    assert not engine.warm(0, 17, 90.0), "it is there"
    assert not engine.warm(1, 24, 100.0), "somebody comes"


@pytest.mark.parametrize(("request_", "tokens", "at_s"), [(4, 1, 0.0), (-1, 1, 0.0), (0, -1, 0.0)])
def test_nonsense_is_refused(request_: int, tokens: int, at_s: float) -> None:
    engine = engine_for("native", Case(two(1.0), CONFIG))
    with pytest.raises(ConfigError):
        engine.warm(request_, tokens, at_s)


def test_the_past_is_refused() -> None:
    engine = engine_for("native", Case(two(1.0), CONFIG))
    engine.advance(5.0)
    with pytest.raises(ConfigError, match="in the past"):
        engine.warm(0, 1, 4.0)
