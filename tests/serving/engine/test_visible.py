"""What policies are shown."""

from __future__ import annotations

import numpy as np

from headway.serving.engine import Engine, EngineConfig, Policy, View
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload


class Curious(Policy):
    """Writes down what it sees of the queue."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    def admit(self, view: View) -> np.ndarray:
        waiting = view.waiting
        blocks = waiting.blocks
        self.seen.append(
            {
                "waiting": waiting.ids.tolist(),
                "cached": waiting.cached_tokens.tolist(),
                "shared": waiting.shared_tokens.tolist(),
                "blocks": None if blocks is None else [row.tolist() for row in blocks],
                "alone": [view.group(waiting.ids[k : k + 1]).prompt_tokens[0] for k in range(1)],
            }
        )
        return waiting.ids


def looked_at(workload: Workload) -> list[dict[str, object]]:
    policy = Curious()
    Engine(workload, EngineConfig(blocks=50, block_tokens=4), Affine(1.0), policy).run()
    return policy.seen


def test_prefixes_that_run_are_shared_and_those_that_have_ended_only_cached() -> None:
    """The second request comes while the first one runs, the third when both have ended."""
    traffic = Workload.of(
        arrival_s=[0, 2, 9],
        prompt_tokens=[9, 10, 11],
        output_tokens=[4, 1, 1],
        blocks=Blocks.of([[1, 2], [1, 2], [1, 5]], 4),
    )
    first, second, third = looked_at(traffic)
    assert (first["cached"], first["shared"]) == ([0], [0])
    assert (second["cached"], second["shared"]) == ([8], [8])
    assert (third["cached"], third["shared"]) == ([4], [0])
    assert third["alone"] == [11]


def test_blocks_of_an_answer_are_not_shown() -> None:
    traffic = Workload.of(
        arrival_s=[0],
        prompt_tokens=[9],
        output_tokens=[8],
        blocks=Blocks.of([[3, 4, 5, 6]], 4),
    )
    assert looked_at(traffic)[0]["blocks"] == [[3, 4]]


def test_prompts_of_unknown_content_have_no_blocks() -> None:
    traffic = Workload.of(arrival_s=[0], prompt_tokens=[9], output_tokens=[8])
    assert looked_at(traffic)[0]["blocks"] is None


class Head(Policy):
    """Compares the head of the queue with all of it."""

    longest = 0

    def admit(self, view: View) -> np.ndarray:
        everyone = view.waiting.ids
        for most in (0, 1, 3, len(everyone), 1000):
            assert view.first(most).tolist() == everyone[:most].tolist()
        self.longest = max(self.longest, len(everyone))
        return everyone


def test_the_head_of_a_queue_is_told_without_the_rest() -> None:
    traffic = Workload.of(arrival_s=[0] * 9, prompt_tokens=[4] * 9, output_tokens=[3] * 9)
    policy = Head()
    Engine(traffic, EngineConfig(blocks=50, max_sequences=2), Affine(1.0), policy).run()
    assert policy.longest > 5
