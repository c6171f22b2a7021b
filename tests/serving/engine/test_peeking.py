"""No policy reaches the length of an answer that is still to come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headway.serving.engine import EngineConfig, Policy
from headway.serving.workload import Workload
from tests.serving.engine.cases import STEP_TIME, Case, seeded
from tests.serving.engine.implementations import ENGINES, engine_for
from tests.simulate.peeking import reachable

kinds = pytest.mark.parametrize("kind", ENGINES)

HIDDEN = np.array([100_003, 100_019, 100_043, 100_049, 100_057, 100_069])
"""Lengths of answers, told from all other numbers at a glance."""

LIMITS = HIDDEN + 50_000


class Peeker(Policy):
    """Decides everything as the engine would, and looks around each time."""

    name = "peeker"

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.values: set[float] = set()
        self.decisions = 0

    def look(self, *starts: Any) -> None:
        self.decisions += 1
        for start in starts:
            for thing in self.within(start):
                if type(thing).__module__.startswith("headway"):
                    self.kinds.add(type(thing).__qualname__)
                if isinstance(thing, np.ndarray):
                    self.values |= set(thing.ravel().tolist())
                elif isinstance(thing, int | float):
                    self.values.add(thing)

    def within(self, start: Any) -> list[Any]:
        """Return what hangs on a thing, and what it tells if it is asked."""
        found = list(reachable(start))
        for thing in list(found):
            if type(thing).__module__.startswith("headway"):
                for name in dir(thing):
                    if not name.startswith("__") and name not in CHANGES:
                        found += self.asked(thing, name)
        return found

    def asked(self, thing: Any, name: str) -> list[Any]:
        try:
            value = getattr(thing, name)
            return list(reachable(value() if callable(value) else value))
        except (PermissionError, TypeError):
            return []

    def key(self, requests: Any) -> np.ndarray:
        self.look(requests)
        return requests.arrival_s

    def admit(self, view: Any) -> np.ndarray:
        self.look(view)
        return view.waiting.ids

    def budget(self, view: Any) -> int:
        self.look(view)
        return view.budget_left

    def victim(self, view: Any, grower: int) -> int:
        self.look(view, grower)
        return int(view.running.ids[-1])

    def fill(self, view: Any, shape: Any) -> tuple[float, float]:
        self.look(view, shape)
        return 0.0, 0.0


CHANGES = {"advance", "crash", "keep", "submit", "take_ended", "take_left", "warm"}
"""What a policy must not call, nor can call without harm to the run."""


class Clairvoyant(Peeker):
    clairvoyant = True


def peek(kind: str, peeker: Peeker) -> Peeker:
    workload = Workload.of(
        arrival_s=[0, 1, 1, 2, 3, 5],
        prompt_tokens=[3, 9, 4, 6, 5, 7],
        output_tokens=HIDDEN,
        limit_tokens=LIMITS,
    )
    config = EngineConfig(blocks=9, block_tokens=4, token_budget=12, prompt_must_fit=False)
    engine = ENGINES[kind](workload, config, STEP_TIME, peeker)
    engine.submit(np.arange(6), workload.arrival_s)
    engine.advance(40.0)
    return peeker


@kinds
def test_a_peeking_policy_finds_no_length_to_come(kind: str) -> None:
    peeker = peek(kind, Peeker())
    assert peeker.decisions > 20
    assert set(LIMITS.tolist()) <= peeker.values, "it looked where everything visible is"
    assert not set(HIDDEN.tolist()) & peeker.values
    assert not peeker.kinds & {"Workload", "Traffic", "Outcome", "EngineRun"}


def test_a_clairvoyant_one_finds_them() -> None:
    assert set(HIDDEN.tolist()) <= peek("native", Clairvoyant()).values


@kinds
def test_longer_answers_cannot_be_told_from_short_ones_before_the_end(kind: str) -> None:
    """Two workloads that differ in what will be said look alike until somebody has said it."""
    for seed in range(40):
        case = seeded(seed, clients=0)
        limited = Case(_unlimited(case.workload), case.config)
        longer = Case(_longer(limited.workload), case.config)
        first, second = Diary(), Diary()
        ends = engine_for(kind, limited, first).run().requests.last_token_s
        engine = engine_for(kind, longer, second)
        until_s = float(np.nanmin(np.append(ends, 1000.0)))
        engine.submit(np.arange(len(longer.workload)), longer.workload.arrival_s)
        engine.advance(until_s)
        before = [entry for entry in first.entries if entry[0] < until_s]
        assert before == second.entries


class Diary(Peeker):
    """Writes down all that it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[Any, ...]] = []

    def look(self, *starts: Any) -> None:
        view = starts[0]
        if hasattr(view, "now_s"):
            groups = [
                [getattr(group, name).tolist() for name in ("ids", "generated_tokens", "priority")]
                for group in (view.running, view.waiting)
            ]
            self.entries.append((view.now_s, view.free_blocks, view.budget_left, groups))


def _unlimited(workload: Workload) -> Workload:
    return _with_outputs(workload, workload.output_tokens)


def _longer(workload: Workload) -> Workload:
    return _with_outputs(workload, workload.output_tokens + 1 + workload.prompt_tokens % 3)


def _with_outputs(workload: Workload, output_tokens: np.ndarray) -> Workload:
    return Workload.of(
        arrival_s=workload.arrival_s,
        prompt_tokens=workload.prompt_tokens,
        output_tokens=output_tokens,
        limit_tokens=np.full(len(workload), 60),
        priority=workload.priority,
    )
