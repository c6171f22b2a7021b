"""Orders of the queue, one request after the other through an engine that takes one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.engine import Engine, EngineConfig, Group, Policy
from headway.serving.policies import (
    DepthFirst,
    FirstCome,
    HighestResponseRatio,
    LongestOutputFirst,
    LongestPrefix,
    PriorityFirst,
    RandomOrder,
    ShortestPrefill,
)
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload


def served(
    policy: Policy, *prompts: list[int], first_s: float = 0.0, **columns: object
) -> list[int]:
    """Return the order of service of prompts, given by the ids of their blocks of 32 tokens.

    The first of them comes alone, the others while it runs; each prompt ends with eight tokens
    that are nobody else's.
    """
    n = len(prompts)
    traffic = Workload.of(
        arrival_s=[0.0] + [0.1 + 0.01 * k for k in range(n - 1)],
        prompt_tokens=[32 * len(prompt) + 8 for prompt in prompts],
        output_tokens=[1] * n,
        blocks=Blocks.of(prompts, 32),
        **columns,  # type: ignore[arg-type]
    )
    config = EngineConfig(blocks=200, block_tokens=32, max_sequences=1)
    table = Engine(traffic, config, Affine(1.0, {"prefill_tokens": 0.01}), policy).run().requests
    return np.argsort(table.scheduled_s, kind="stable").tolist()


class Checked(HighestResponseRatio):
    """Compares who is put off with the definition, block by block."""

    seen = 0

    def put_off(self, waiting: Group, cached: NDArray[np.int64]) -> NDArray[np.bool_]:
        found = super().put_off(waiting, cached)
        blocks, size = waiting.blocks, waiting.block_tokens
        assert blocks is not None
        assert size == blocks.block_tokens
        for k in range(4):
            assert waiting.block(k).tolist() == [
                int(row[k]) if len(row) > k else -1 for row in blocks
            ]
        known: set[int] = set()
        for row in np.flatnonzero(cached <= self._known).tolist():
            mine = blocks[row].tolist()
            length = next((k for k, name in enumerate(mine) if name not in known), len(mine))
            assert found[row] == (length * size >= self._shared)
            if not found[row]:
                known.update(mine)
        assert not found[cached > self._known].any()
        self.seen += int(found.sum())
        return found


@pytest.mark.parametrize("shared_tokens", [0, 1, 16, 20, 48])
def test_who_begins_like_another_one_is_put_off(shared_tokens: int) -> None:
    rng = np.random.default_rng(shared_tokens)
    prompts = []
    for _ in range(60):
        depth, family = int(rng.integers(0, 6)), int(rng.integers(0, 5))
        own = int(rng.integers(0, 3))
        prompts.append([100 * family + k if k < 2 else 1000 * own + k for k in range(depth)])
        # A name stands for all before it.
        prompts[-1] = [hash(tuple(prompts[-1][: k + 1])) % 2**39 for k in range(depth)]
    traffic = Workload.of(
        arrival_s=np.linspace(0, 3, 60),
        prompt_tokens=[16 * len(row) + int(rng.integers(1, 16)) for row in prompts],
        output_tokens=[4] * 60,
        blocks=Blocks.of(prompts, 16),
    )
    policy = Checked(most=0, shared_tokens=shared_tokens)
    Engine(traffic, EngineConfig(blocks=40, max_sequences=2), Affine(0.1), policy).run()
    assert policy.seen


def test_first_come_first_served() -> None:
    assert served(FirstCome(), [1], [2], [3]) == [0, 1, 2]


def test_longest_output_first() -> None:
    limits = [5, 7, 30, 9]
    assert served(LongestOutputFirst(), [1], [2], [3], [4], limit_tokens=limits) == [0, 2, 3, 1]


def test_most_urgent_first_and_then_in_order() -> None:
    assert served(PriorityFirst(), [1], [2], [3], [4], priority=[0, 5, 1, 1]) == [0, 2, 3, 1]


def test_a_random_order_is_that_of_its_seed() -> None:
    prompts = [[k] for k in range(12)]
    one, same, other = (served(RandomOrder(seed=seed), *prompts) for seed in (1, 1, 2))
    assert one == same != other
    assert sorted(other) == list(range(12))


def test_longest_prefix_first() -> None:
    """The first prompt leaves blocks 1, 2 and 3 in the cache."""
    assert served(LongestPrefix(), [1, 2, 3], [9], [1, 7, 8], [1, 2, 6]) == [0, 3, 2, 1]


def test_of_prompts_that_begin_alike_one_goes_first_so_that_the_others_find_its_prefix() -> None:
    """Requests 1, 2 and 4 begin with block 5, which the cache does not hold before 1 has run."""
    assert served(LongestPrefix(), [1], [5, 6], [5, 7], [8], [5, 9]) == [0, 1, 2, 4, 3]


def test_who_is_put_off_waits_though_its_prompt_is_the_shorter_one() -> None:
    prompts = [[1], [5, 6, 7], [5, 8], [3, 4], [9, 10, 11, 12]]
    assert served(ShortestPrefill(), *prompts) == [0, 3, 1, 2, 4]
    assert served(ShortestPrefill(shared_tokens=64), *prompts) == [0, 2, 1, 3, 4]


def test_many_waiting_requests_are_served_as_they_came() -> None:
    prompts = [[1, 2, 3], [9], [1, 7, 8], [1, 2, 6]]
    assert served(LongestPrefix(most=2), *prompts) == [0, 1, 3, 2]


def test_shortest_prefill_counts_what_the_cache_does_not_hold() -> None:
    assert served(ShortestPrefill(), [1, 2, 3], [8, 9], [1, 2, 3, 4], [7]) == [0, 2, 3, 1]


def test_a_long_wait_makes_up_for_a_long_prompt() -> None:
    """After the first, the long one has waited longest, but not long enough for its size."""
    order = served(HighestResponseRatio(), [1], [20, 21, 22, 23], [3], [4])
    assert order == [0, 2, 3, 1]


def test_branches_of_the_tree_stay_together() -> None:
    """Below block 1, block 2 has two requests waiting, block 3 only one."""
    order = served(DepthFirst(), [1, 2], [1, 3, 9], [1, 2, 5], [8], [1, 2, 6], first_s=0.0)
    assert order == [0, 2, 4, 1, 3]


def test_without_known_content_orders_by_prefix_are_first_come_first_served() -> None:
    traffic = Workload.of(
        arrival_s=np.arange(5) / 100, prompt_tokens=[50] * 5, output_tokens=[3] * 5
    )
    config = EngineConfig(blocks=200, max_sequences=1)
    for policy in (LongestPrefix(), DepthFirst(), ShortestPrefill()):
        run = Engine(traffic, config, Affine(1.0), policy).run()
        assert (np.diff(run.requests.scheduled_s) > 0).all()


@pytest.mark.parametrize("setting", ["most", "known_tokens", "shared_tokens"])
def test_negative_settings_are_refused(setting) -> None:
    with pytest.raises(ConfigError, match=setting):
        LongestPrefix(**{setting: -1})
