"""Preble's choice between a prefix and the least cost, on views made by hand."""

from __future__ import annotations

import pytest

from headway.errors import ConfigError
from headway.serving.fleet.routing import Pipeline, Preble
from headway.serving.fleet.window import SlidingSum
from headway.serving.step_time import Affine
from tests.serving.fleet.views import request, sent, view

COST = Affine(0.0, {"prefill_tokens": 0.01})


def preble() -> Pipeline:
    return Pipeline("preble", [(Preble(COST), 1)])


def to(router: Pipeline, engine: int, number: int, blocks: list[int], now_s: float = 0.0) -> None:
    """Have a prompt sent to an engine, as the only one that is ready."""
    ready = view([0, 0, 0], now_s).ready.copy()
    ready[:] = False
    ready[engine] = True
    known = request(number, blocks=blocks, block_tokens=16, prompt_tokens=16 * len(blocks))
    assert sent(router.route(view([0, 0, 0], now_s, ready=ready), known)) == engine


def where(router: Pipeline, number: int, blocks: list[int], now_s: float = 0.0) -> int:
    known = request(number, blocks=blocks, block_tokens=16, prompt_tokens=16 * len(blocks))
    return sent(router.route(view([0, 0, 0], now_s), known))


def test_most_of_a_prompt_is_worth_more_than_an_idle_engine() -> None:
    one = preble()
    to(one, 1, 0, [1, 2, 3, 4])
    to(one, 1, 1, [50, 51, 52, 53])
    assert where(one, 2, [1, 2, 3, 9]) == 1


def test_less_than_half_is_left_for_the_least_cost() -> None:
    """Engine 1 would compute 3 blocks less but has 8 blocks to do, the others none."""
    one = preble()
    to(one, 1, 0, [1, 2, 3, 4])
    to(one, 1, 1, [50, 51, 52, 53])
    assert where(one, 2, [1, 2, 3, 60, 61, 62, 63]) != 1


def test_of_engines_with_the_same_prefix_the_one_with_less_work_is_taken() -> None:
    one = preble()
    to(one, 0, 0, [1, 2, 3])
    to(one, 2, 1, [1, 2, 3])
    to(one, 2, 2, [70, 71, 72])
    assert where(one, 3, [1, 2, 3]) == 0


def test_the_longest_prefix_wins_whatever_the_work() -> None:
    one = preble()
    to(one, 0, 0, [1, 2, 3])
    to(one, 2, 1, [1, 2, 3, 4])
    to(one, 2, 2, list(range(100, 140)))
    assert where(one, 3, [1, 2, 3, 4]) == 2


def test_work_is_forgotten_after_the_window() -> None:
    one = preble()
    to(one, 0, 0, list(range(100, 200)))
    to(one, 1, 1, [7], now_s=170.0)
    to(one, 2, 2, [8, 9], now_s=170.0)
    assert where(one, 3, [20], now_s=171.0) == 1
    assert where(one, 4, [21], now_s=200.0) == 0


def test_settings_without_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="threshold"):
        Preble(threshold=1.5)
    with pytest.raises(ConfigError, match="window_s"):
        Preble(window_s=0.0)


def test_a_window_holds_what_was_added_within_it() -> None:
    window = SlidingSum(32.0)
    window.add(10.0, 1, 5.0)
    window.add(20.0, 0, 2.0)
    assert window.total(20.0, 3).tolist() == [2, 5, 0]
    assert window.rate(20.0, 2).tolist() == [0.2, 0.5]
    assert window.total(43.0, 2).tolist() == [2, 0]
    assert window.total(1e6, 2).tolist() == [0, 0]
