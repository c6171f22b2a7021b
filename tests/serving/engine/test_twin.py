"""The native engine does what its plain twin does, to the last column of every run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headway.serving.engine import Policy, preset, presets
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine
from tests.serving.engine.cases import STEP_TIME, Case, seeded
from tests.serving.engine.implementations import Engine, Twin
from tests.serving.engine.policies import POLICIES

UNEVEN = Affine(
    0.0123,
    {
        "prefill_tokens": 1.7e-4,
        "prefill_pairs": 3.1e-8,
        "decodes": 4.3e-4,
        "decode_context": 1.9e-7,
        "decode_longest": 2.3e-6,
    },
)
"""Sums of it are rounded; no two events come at the same time by chance."""


def spoken(run: EngineRun) -> np.ndarray:
    """Return the token of a request and its step, one row each; segments may be cut anywhere."""
    speech = run.speech
    rows = zip(
        speech.request.tolist(), speech.first_step.tolist(), speech.last_step.tolist(), strict=True
    )
    tokens = [(r, k) for r, first, last in rows for k in range(first, last + 1)]
    return np.array(sorted(tokens), np.int64).reshape(-1, 2)


def assert_same(native: EngineRun, twin: EngineRun) -> None:
    for table in ("steps", "requests"):
        mine, other = getattr(native, table), getattr(twin, table)
        assert len(mine) == len(other), table
        for name in mine.__dataclass_fields__:
            np.testing.assert_allclose(
                getattr(mine, name), getattr(other, name), rtol=1e-9, atol=0, err_msg=name
            )
    assert np.array_equal(spoken(native), spoken(twin))


def assert_twins_agree(
    case: Case, step_time: Any = STEP_TIME, policy: type[Policy] = Policy
) -> Any:
    first, second = policy(), policy()
    native = Engine(case.workload, case.config, step_time, first)
    native.submit(np.arange(len(case.workload)), case.workload.arrival_s)
    native.advance()
    twin = Twin(case.workload, case.config, step_time, second)
    assert_same(native.result(), twin.run())
    return first, second


@pytest.mark.parametrize("hundred", range(4))
def test_twins_agree_whatever_the_settings(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        assert_twins_agree(seeded(seed))


@pytest.mark.parametrize("pressed", [{"preemption": kind} for kind in ("recompute", "swap")])
def test_twins_agree_when_blocks_run_short(pressed: dict[str, Any]) -> None:
    for seed in range(60):
        assert_twins_agree(
            seeded(
                seed,
                **pressed,
                prompt_must_fit=False,
                reserve="step",
                chunked=True,
                max_sequences=8,
            )
        )


@pytest.mark.parametrize("name", presets())
def test_twins_agree_about_engines_known_by_name(name: str) -> None:
    for seed in range(30):
        case = seeded(seed)
        config = preset(
            name,
            blocks=case.config.blocks,
            block_tokens=case.config.block_tokens,
            max_sequences=case.config.max_sequences,
        )
        assert_twins_agree(Case(case.workload, config))


def test_twins_agree_where_times_are_rounded() -> None:
    for seed in range(60):
        assert_twins_agree(seeded(seed, clients=0), UNEVEN)


@pytest.mark.parametrize("policy", POLICIES)
def test_twins_agree_when_a_policy_decides(policy: type[Policy]) -> None:
    for seed in range(40):
        first, second = assert_twins_agree(seeded(seed), policy=policy)
        assert vars(first) == vars(second)
