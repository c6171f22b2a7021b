"""Pairs of engines for prompts and for answers."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import Crash, FleetSimulation, Hold, Member
from headway.serving.fleet.routing import PrefillDecode
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, sent, view

ROLES = ("prefill", "prefill", "decode", "decode")


def test_answers_count_from_when_the_pair_is_chosen() -> None:
    """Both decode engines look idle all the time; without counting, one would get all."""
    one = PrefillDecode()
    cluster = view([0, 0, 0, 0], roles=ROLES)
    chosen = [sent(one.route(cluster, request(k))) for k in range(4)]
    assert set(chosen) <= {0, 1}
    for k in range(4):
        one.ended(k, chosen[k], 1, 1.0)
    decoders = [sent(one.route(cluster, request(k, stage="decode"))) for k in range(4)]
    assert sorted(decoders) == [2, 2, 3, 3]
    assert (one._coming == 0).all()


def test_both_are_of_one_set_and_the_better_set_is_taken() -> None:
    labels = tuple({"role_set": name} for name in ("a", "b", "a", "b"))
    one = PrefillDecode()
    cluster = view([0, 1, 9, 0], roles=ROLES, labels=labels)
    assert sent(one.route(cluster, request(0))) == 1
    one.ended(0, 1, 1, 1.0)
    assert sent(one.route(cluster, request(0, stage="decode"))) == 3


def test_a_prefix_weighs_more_than_a_queue() -> None:
    one = PrefillDecode()
    prompt = {"blocks": [1, 2, 3], "block_tokens": 16}
    first = sent(one.route(view([0, 0, 0, 0], roles=ROLES), request(0, **prompt)))
    load = [0, 0, 0, 0]
    load[first] = 9
    assert sent(one.route(view(load, roles=ROLES), request(1, **prompt))) == first
    one.gone(first, 1.0)
    assert sent(one.route(view(load, roles=ROLES), request(2, **prompt))) == 1 - first


def test_memory_and_speed_make_a_better_decoder() -> None:
    one = PrefillDecode()
    cluster = view([0, 0, 0, 0], roles=ROLES, free_blocks=np.array([9, 9, 10, 90]))
    one.route(cluster, request(0))
    one.ended(0, 0, 1, 1.0)
    assert sent(one.route(cluster, request(0, stage="decode"))) == 3
    one.ended(7, 2, 500, 2.0)
    even = view([0, 0, 5, 5], roles=ROLES, now_s=3.0)
    assert sent(one.route(even, request(8, stage="decode"))) == 2


def test_another_decoder_of_the_set_stands_in_for_one_that_is_not_ready() -> None:
    labels = tuple({"role_set": name} for name in ("a", "a", "b", "b", "b"))
    roles = ("prefill", "decode", "prefill", "decode", "decode")
    one = PrefillDecode()
    at = view([9, 9, 0, 0, 1], roles=roles, labels=labels)
    assert sent(one.route(at, request(0))) == 2
    one.ended(0, 2, 1, 1.0)
    ready = np.array([True, True, True, False, True])
    again = view([9, 0, 0, 0, 1], roles=roles, labels=labels, ready=ready)
    assert sent(one.route(again, request(0, stage="decode"))) == 4


def test_without_decoders_prompts_go_on_and_without_anybody_they_wait() -> None:
    one = PrefillDecode()
    ready = np.array([True, True, False, False])
    assert sent(one.route(view([3, 0, 0, 0], roles=ROLES, ready=ready), request(0))) == 1
    assert not one._pending
    nobody = view([0, 0], roles=("decode", "decode"))
    assert isinstance(one.route(nobody, request(1)), Hold)


def test_engines_that_do_both_are_pairs_of_their_own() -> None:
    one = PrefillDecode()
    assert sent(one.route(view([0, 1], roles=("both", "both")), request(0))) == 0
    assert not one._pending


def test_a_fleet_serves_everybody_though_an_engine_dies() -> None:
    rng = np.random.default_rng(4)
    n = 60
    traffic = Workload.of(
        arrival_s=np.sort(rng.uniform(0, 20, n)),
        prompt_tokens=rng.integers(1, 50, n),
        output_tokens=rng.integers(1, 9, n),
    )
    config = EngineConfig(blocks=50, max_sequences=4)
    members = [
        Member(name=f"{role}{k}", config=config, step_time=Affine(0.05), role=role)  # type: ignore[arg-type]
        for k, role in enumerate(ROLES)
    ]
    by = PrefillDecode()
    run = FleetSimulation(traffic, members, by, faults=[Crash(at_s=5, engine=0, until_s=9)]).run()
    assert set(run.requests.status.tolist()) <= {1, 4}
    assert (run.requests.status == 1).sum() >= n - 4
    assert not by._pending
    assert (by._coming == 0).all()


def test_settings_without_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="speed"):
        PrefillDecode(speed=-1.0)
    with pytest.raises(ConfigError, match="window_s"):
        PrefillDecode(window_s=0.0)
