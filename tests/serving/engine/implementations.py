"""The native engine and its twin under one face, so that every test can be held against both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from headway.serving.engine import Engine, Policy
from headway.serving.results import EngineRun
from tests.serving.engine.cases import STEP_TIME, Case
from tests.twins.serving_engine import Engine as Twin

ENGINES: dict[str, Any] = {"native": Engine, "twin": Twin}


def engine_for(kind: str, case: Case, policy: Policy | None = None) -> Any:
    return ENGINES[kind](case.workload, case.config, STEP_TIME, policy)


def run_case(kind: str, case: Case, policy: Policy | None = None) -> EngineRun:
    return engine_for(kind, case, policy).run()


@dataclass(frozen=True)
class Moment:
    """An engine when all that was due has ended, or also all that could has begun."""

    now_s: float
    has_begun: bool
    is_stepping: bool
    status: np.ndarray  # of all requests, so far
    arrival_s: np.ndarray
    running: list[int]
    waiting: list[int]
    computed: list[int]  # tokens in the cache, of those that run
    free_blocks: int


def moments(engine: Any, *, most: int = 5000) -> Iterator[Moment]:
    """Run an engine from event to event and yield what there is after each."""
    engine.submit(np.arange(len(engine.workload)), engine.workload.arrival_s)
    for _ in range(most):
        now_s = engine.next_s
        if now_s == math.inf:
            return
        engine.advance(now_s)
        yield _look(engine, now_s, has_begun=False)
        # Steps begin before the time given, hence the smallest bit later.
        engine.advance(np.nextafter(now_s, math.inf))
        yield _look(engine, now_s, has_begun=True)
    raise AssertionError("the engine does not come to an end")


def _look(engine: Any, now_s: float, *, has_begun: bool) -> Moment:
    if isinstance(engine, Twin):
        engine.pool.check([r.blocks for r in engine.running])
        return Moment(
            now_s,
            has_begun,
            bool(engine.flying),
            np.array([r.status for r in engine.requests]),
            np.array([r.came_s for r in engine.requests]),
            [r.id for r in engine.running],
            [r.id for r in engine.waiting],
            [r.computed for r in engine.running],
            len(engine.pool.free),
        )
    native, columns = engine.native, engine._outcome.columns()
    running = native.running()
    return Moment(
        now_s,
        has_begun,
        bool((native.steps()["end_s"] > engine.now_s).any()),
        columns["status"],
        columns["arrival_s"],
        running.tolist(),
        native.waiting().tolist(),
        native.computed(running).tolist(),
        native.free_blocks,
    )
