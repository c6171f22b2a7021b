"""Requests and a job on one engine: limits, memory, and what nobody loses."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.coserve import (
    CoServing,
    FixedTemporal,
    Part,
    Room,
    Tuning,
    alone_tokens_per_s,
    share,
    spatial,
)
from headway.serving.engine import Engine, EngineConfig
from headway.serving.step_time import Affine, Shape
from tests.serving.coserve.small import (
    ACTIVATIONS,
    CONFIG,
    LIMIT_S,
    POLICIES,
    ROOM,
    STEP_TIME,
    chats,
    job,
)

KEPT = ACTIVATIONS.bytes_per_token()
LEFT = SimpleNamespace(budget_left=100)
"""A view of an engine that has tokens to give."""


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=6)
@given(seed=st.integers(0, 99), lengths=st.lists(st.integers(16, 8192), min_size=1, max_size=4))
def test_all_requests_are_served_and_progress_is_made_within_memory(name, seed, lengths) -> None:
    policy = POLICIES[name](*job(*lengths))
    shared = share(chats(seed=seed), CONFIG, STEP_TIME, policy)
    assert np.all(shared.run.requests.status == 1)
    assert shared.peak_bytes <= ROOM.reserve_bytes
    assert shared.lost_tokens == 0
    # The engine keeps whole tokens, of the steps that have ended; one may be under way.
    extra = shared.run.steps.extra_tokens
    missing = len(extra) + int(extra.max())
    worked = 2 * shared.trained_tokens * (1 + ACTIVATIONS.head_share)
    assert extra.sum() <= worked + 1
    assert worked == pytest.approx(extra.sum(), abs=missing)


@settings(max_examples=10)
@given(seed=st.integers(0, 99), length=st.integers(16, 8192))
def test_no_step_of_the_hybrid_scheduler_exceeds_the_limit(seed, length) -> None:
    """The batch of requests alone stays below it, so that what is added may not break it."""
    run = share(chats(seed=seed), CONFIG, STEP_TIME, CoServing(*job(length))).run
    assert np.all(run.steps.end_s - run.steps.start_s <= LIMIT_S * (1 + 1e-9))
    assert np.all(run.attained)


def test_the_window_is_the_largest_that_fits() -> None:
    """Decodes read weights while they wait: hundreds of tokens are free, and none is left."""
    tuning, step_time, room = job(8192)
    policy = CoServing(tuning, step_time, room)
    shape = Shape.of(decodes=[1000] * 16)
    window = policy.choose(LEFT, shape, room.reserve_bytes)
    seconds = policy.timer(shape)
    assert seconds(window) <= LIMIT_S < seconds(tuning.window(window.units + 1))
    assert seconds(tuning.window(150)) < 1.1 * seconds(tuning.window(0))


def test_steps_that_requests_use_up_are_theirs_alone() -> None:
    """Ten prompts come at once and take 512 tokens a step; the job begins with the last of them."""
    run = share(chats(10, rate=1e6), CONFIG, STEP_TIME, CoServing(*job(4000))).run
    crowded = run.steps.prefill_tokens + run.steps.decodes == CONFIG.token_budget
    assert np.any(crowded)
    assert not np.any(run.steps.extra_tokens[crowded])


def test_forward_windows_stop_when_activations_would_not_fit() -> None:
    tuning, step_time, _ = job(4000)
    policy = CoServing(tuning, step_time, Room(0))
    assert policy.choose(LEFT, Shape(), 10.5 * KEPT).units == 10
    assert policy.choose(LEFT, Shape(), 0.0).units == 0


def test_the_job_gives_borrowed_blocks_back_to_requests() -> None:
    """Nothing is reserved: what requests need of the cache, the job gives up, and loses."""
    config = EngineConfig(blocks=3000, token_budget=512)
    block_bytes = 16 * 131_072
    room = Room(0, block_bytes=block_bytes, headroom_blocks=100)
    traffic = chats(40, rate=20.0)
    lent = share(traffic, config, STEP_TIME, CoServing(*job(1800, room=room)))
    assert np.all(lent.run.requests.status == 1)
    assert lent.lost_tokens > 0
    assert lent.peak_bytes <= 2900 * block_bytes


def test_requests_are_served_as_without_a_job_if_it_has_no_memory() -> None:
    traffic = chats()
    shared = share(traffic, CONFIG, STEP_TIME, CoServing(*job(500, room=Room(0))))
    plain = Engine(traffic, CONFIG, STEP_TIME).run()
    assert shared.trained_tokens == 0
    assert shared.run.requests.last_token_s == pytest.approx(plain.requests.last_token_s)


def test_a_job_that_ends_leaves_the_engine_to_the_requests() -> None:
    policy = CoServing(Tuning([100, 50], ACTIVATIONS), STEP_TIME, ROOM)
    shared = share(chats(), CONFIG, STEP_TIME, policy)
    assert (shared.sequences, shared.trained_tokens) == (2, 150)


def test_turns_come_after_so_many_steps() -> None:
    run = share(chats(1), CONFIG, STEP_TIME, FixedTemporal(*job(64), every=4)).run
    beside = run.steps.extra_tokens[run.steps.decodes > 0] > 0
    gaps = np.diff(np.flatnonzero(beside))
    assert set(gaps.tolist()) == {4}


def test_a_part_of_an_engine_is_slower_in_proportion() -> None:
    shape = Shape.of(prefills=[(100, 0)])
    assert Part(STEP_TIME, 0.25).seconds(shape) == pytest.approx(4 * STEP_TIME.seconds(shape))
    many = Shape(extra_tokens=np.array([1.0, 100.0]))
    part = Part(Affine(0.01, {"extra_tokens": 0.01}), 0.5)
    assert part.seconds(many).tolist() == pytest.approx([0.04, 2.02])
    shared = spatial(chats(), CONFIG, STEP_TIME, 0.75, trained_per_s=1000.0)
    assert shared.trained_tokens_per_s == pytest.approx(250)
    whole = Engine(chats(), CONFIG, STEP_TIME).run()
    assert np.all(shared.run.requests.last_token_s > whole.requests.last_token_s)


def test_an_engine_of_its_own_trains_one_sequence_after_another() -> None:
    """Ten ms a pass: two passes for 300 tokens."""
    assert alone_tokens_per_s(Affine(0.01), ACTIVATIONS, [300]) == pytest.approx(15_000)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="limit"):
        CoServing(*job(10), limit_s=0)
    with pytest.raises(ConfigError, match="every"):
        FixedTemporal(*job(10), every=0)
    with pytest.raises(ConfigError, match="fraction"):
        Part(STEP_TIME, 0)
    with pytest.raises(ConfigError, match="at least one"):
        share(chats().select(slice(0, 0)), CONFIG, STEP_TIME, CoServing(*job(10)))
    with pytest.raises(ConfigError, match="lengths"):
        alone_tokens_per_s(STEP_TIME, ACTIVATIONS, [])
