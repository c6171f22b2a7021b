"""Engines by what they will hold, not by what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import FleetSimulation, Member
from headway.serving.fleet.routing import PredictedPeak, router
from headway.serving.policies import History, peak_demand
from headway.serving.step_time import Affine
from headway.serving.workload import NO_LIMIT, Workload
from tests.serving.fleet.views import request, view


def taught(lengths: dict[int, int]) -> PredictedPeak:
    """Return a scorer that knows how long the answers of classes are, at 0.1 s a token."""
    peak = PredictedPeak(token_s=0.1, prior=20, window=200)
    number = 10_000
    for kind, length in lengths.items():
        for _ in range(200):
            peak.sent(view([0, 0]), request(number, service_class=kind), 0)
            peak.ended(number, 0, length, 0.1 * length)
            number += 1
    return peak


def test_the_peak_is_that_of_prompts_and_of_answers_like_those_of_the_past() -> None:
    """On engine 0 two requests end together; capacity is 1600 tokens."""
    peak = taught({0: 30})
    peak.sent(view([0, 0]), request(1, prompt_tokens=100), 0)
    peak.sent(view([0, 0]), request(2, prompt_tokens=50), 0)
    score = peak.score(view([2, 0]), request(3, prompt_tokens=64))
    assert np.allclose(score * 1600, [100 + 30 + 50 + 30 + 64 + 30, 64 + 30], atol=2)


def test_classes_with_long_answers_weigh_more() -> None:
    peak = taught({0: 10, 1: 400})
    peak.sent(view([0, 0]), request(1, service_class=0), 0)
    peak.sent(view([0, 0]), request(2, service_class=1), 1)
    low, high = peak.score(view([1, 1]), request(3)).tolist()
    assert (high - low) * 1600 == pytest.approx(390, abs=5)


def test_what_has_ended_is_forgotten_wherever_it_ended() -> None:
    peak = taught({0: 30})
    peak.sent(view([0, 0]), request(1), 0)
    peak.sent(view([0, 0]), request(2), 0)
    peak.ended(1, 1, 30, 3.0)
    peak.ended(2, 0, 0, 4.0)
    low, high = peak.score(view([0, 0]), request(3)).tolist()
    assert low == high
    peak.ended(2, 0, 5, 4.0)


def test_a_request_that_moves_is_counted_once() -> None:
    peak = taught({0: 30})
    peak.sent(view([0, 0]), request(1), 0)
    peak.sent(view([0, 0]), request(1, stage="decode"), 1)
    low, high = peak.score(view([0, 1]), request(3)).tolist()
    assert low < high


def test_answers_of_prefill_engines_teach_nothing() -> None:
    peak = taught({0: 30})
    before = peak.score(view([0, 0]), request(3))
    for k in range(100):
        peak.sent(view([0, 0], roles=("prefill", "decode")), request(k), 0)
        peak.ended(k, 0, 1, 0.1)
    assert np.array_equal(peak.score(view([0, 0]), request(3)), before)


def test_a_pace_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="token_s"):
        PredictedPeak(token_s=0.0)


def preempted(name: str) -> int:
    rng = np.random.default_rng(4)
    n = 600
    kinds = rng.integers(0, 2, n)
    traffic = Workload.of(
        arrival_s=np.sort(rng.uniform(0, 90, n)),
        prompt_tokens=np.where(kinds == 0, 200, 40),
        output_tokens=np.where(kinds == 0, rng.integers(5, 20, n), rng.integers(200, 300, n)),
        priority=kinds,
    )
    config = EngineConfig(blocks=140, max_sequences=64)
    members = [
        Member(name=str(k), config=config, step_time=Affine(0.02, {"prefill_tokens": 1e-5}))
        for k in range(4)
    ]
    table = FleetSimulation(traffic, members, router(name, 1)).run().requests
    assert (table.status == 1).all()
    return int(table.preemptions.sum())


def test_looking_ahead_throws_fewer_requests_out_than_looking_at_memory() -> None:
    assert preempted("predicted-peak") < 0.8 * preempted("least-kv")


def plainly(
    rows: np.ndarray, histories: dict[int, History], other: History, now_s: float, pace: float
) -> int:
    """Return the expected peak by the functions that engines' policies use."""
    if not len(rows):
        return 0
    prompt, sent_s, limits, quantile, kinds, _ = rows.T
    limit = limits.astype(np.int64)
    said = np.minimum(((now_s - sent_s) * pace).astype(np.int64), limit)
    left = np.empty_like(said)
    for row, kind in enumerate(kinds.tolist()):
        one = slice(row, row + 1)
        history = histories.get(int(kind), other)
        final = history.beyond(said[one], limit[one], quantile[None, one])[0]
        left[one] = final - said[one]
    return peak_demand(prompt.astype(np.int64) + said, np.maximum(left, 0))


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_the_native_peak_is_that_of_the_plain_functions(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    histories = {kind: History(50, 20, guesses=1) for kind in range(3)}
    for history in histories.values():
        for length in rng.integers(1, 200, rng.integers(0, 80)):
            history.append(int(length))
    limits = np.where(rng.random(n) < 0.5, NO_LIMIT, rng.integers(1, 300, n))
    rows = np.column_stack(
        (
            rng.integers(1, 500, n),
            rng.uniform(0, 9, n),
            limits,
            rng.random(n),
            rng.integers(0, 4, n),
            np.ones(n),
        )
    ).astype(np.float64)
    other = histories.pop(2)
    found = _core.expected_peak(
        rows, list(histories), [one.lengths for one in histories.values()], other.lengths, 9.0, 20.0
    )
    assert found == plainly(rows, histories, other, 9.0, 20.0)


def test_rows_that_make_no_sense_are_refused() -> None:
    good = np.array([[10.0, 0.0, 5.0, 0.5, 0.0, 1.0]])
    past = np.array([3])
    for column, value in ((0, np.nan), (1, np.inf), (2, 1e300), (3, 1.0), (3, -0.1)):
        bad = good.copy()
        bad[0, column] = value
        with pytest.raises(ValueError, match="expected_peak"):
            _core.expected_peak(bad, [], [], past, 1.0, 1.0)
    with pytest.raises(ValueError, match="six"):
        _core.expected_peak(good[:, :5].copy(), [], [], past, 1.0, 1.0)
    with pytest.raises(ValueError, match="past"):
        _core.expected_peak(good, [1], [], past, 1.0, 1.0)
    with pytest.raises(ValueError, match="time"):
        _core.expected_peak(good, [], [], past, np.nan, 1.0)
