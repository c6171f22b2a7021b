"""Traffic that fills a small cache, and what becomes of it."""

from __future__ import annotations

import numpy as np

from headway.serving.engine import Engine, EngineConfig, Policy
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine
from headway.serving.workload import Workload

CACHE = 6000
LONGEST = 205


def crowd(seed: int, n: int = 300) -> Workload:
    """Return requests that are all there at once, a twentieth as long as those of the paper."""
    random = np.random.default_rng(seed)
    return Workload.of(
        arrival_s=np.zeros(n),
        prompt_tokens=random.integers(2, LONGEST, n),
        output_tokens=random.integers(LONGEST // 2, LONGEST, n),
        limit_tokens=np.full(n, LONGEST),
    )


def simulated(policy: Policy, workload: Workload, **settings: object) -> EngineRun:
    """Return a run in an engine without a budget of tokens, whose steps take a second each."""
    unlimited = 2**31 - 1
    config = {"blocks": CACHE, "block_tokens": 1, "token_budget": unlimited, **settings}
    engine = EngineConfig(max_sequences=unlimited, prefix_caching=False, **config)  # type: ignore[arg-type]
    return Engine(workload, engine, Affine(1.0), policy).run()
