"""What of a prompt is new: by hand, and on recorded conversations."""

import numpy as np

from headway.serving.prefill.laps import turns
from headway.serving.workload import Blocks, Workload, read_workload
from tests.serving.workload.traces import TRACES

CONVERSATION = Workload.of(
    arrival_s=[0.0, 1.0, 2.0, 3.0],
    prompt_tokens=[250, 330, 700, 200],
    output_tokens=[60, 10, 10, 10],
    # The second goes on with the first; the third shares two blocks with it, but is much longer;
    # the fourth is wholly in the cache.
    blocks=Blocks.of([[1, 2, 3], [1, 2, 4, 5], [1, 2, 6, 7, 8, 9, 10], [1, 2]], 100),
)


def test_blocks_in_the_cache_are_history_and_so_is_the_rest_of_the_turn_before() -> None:
    found = turns(CONVERSATION)
    assert found.history.tolist() == [0, 310, 200, 199]
    assert (found.history + found.tokens).tolist() == [250, 330, 700, 200]
    whole = turns(CONVERSATION, reconnect=False)
    assert whole.history.tolist() == [0, 200, 200, 199]


def test_a_cache_that_forgets_leaves_more_that_is_new() -> None:
    assert turns(CONVERSATION, 1, reconnect=False).history.tolist() == [0, 100, 100, 100]


def test_prompts_whose_content_is_not_known_are_new() -> None:
    found = turns(Workload.of(arrival_s=[0.0], prompt_tokens=[10], output_tokens=[1]))
    assert (found.history.tolist(), found.tokens.tolist()) == ([0], [10])


def test_recorded_conversations_keep_their_prompts() -> None:
    traffic = read_workload(TRACES / "mooncake_conversation.jsonl")
    found = turns(traffic)
    assert (found.history + found.tokens).tolist() == traffic.prompt_tokens.tolist()
    assert np.all(found.history >= turns(traffic, reconnect=False).history)
