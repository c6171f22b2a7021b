"""A policy that is asked seldom, beside one that is asked always and says nothing meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.engine import Engine, EngineConfig, Policy, View
from headway.serving.step_time import Affine
from headway.serving.workload import Workload


class Seldom(Policy):
    """Admits as many as fit, in every so many steps."""

    def __init__(self, every: int) -> None:
        self.every = every

    def admit(self, view: View) -> Sequence[int]:
        return view.waiting.ids


class Resting(Policy):
    """The same, but the engine does not know it."""

    def __init__(self, every: int) -> None:
        self._every, self._last = every, 0

    def admit(self, view: View) -> Sequence[int]:
        if len(view.running) and view.n_steps - self._last < self._every:
            return ()
        self._last = view.n_steps
        return view.waiting.ids


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.integers(1, 6),
    st.sampled_from([8, 40, 2**31 - 1]),
    st.integers(1, 6),
)
def test_leaping_over_steps_without_a_question_changes_nothing(
    seed, every, size, budget, sequences
) -> None:
    random = np.random.default_rng(seed)
    traffic = Workload.of(
        arrival_s=np.cumsum(random.exponential(4, 20)),
        prompt_tokens=random.integers(1, 12, 20),
        output_tokens=random.integers(1, 30, 20),
    )
    config = EngineConfig(
        blocks=60 // size, block_tokens=size, token_budget=budget, max_sequences=sequences
    )
    one, other = (
        Engine(traffic, config, Affine(1.0, {"decodes": 0.01}), policy).run()
        for policy in (Seldom(every), Resting(every))
    )
    for part in ("requests", "steps", "speech"):
        for column in getattr(one, part).__slots__:
            mine, yours = (getattr(getattr(run, part), column) for run in (one, other))
            assert mine.tobytes() == yours.tobytes(), column
