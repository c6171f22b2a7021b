"""Attainments of two probes on real arrivals, as an independent prototype counts them.

The prototype steps through a plain list of waiting prompts, chunk by chunk, or from arrival to
arrival where prompts may be stopped anywhere; both agree to the request.
"""

from pathlib import Path

import pytest

from headway.serving.prefill import (
    Limit,
    PrefillRequests,
    QuadraticWork,
    simulate,
    with_limits,
)
from headway.serving.workload import Workload, read_workload

WORK = QuadraticWork()


@pytest.fixture(scope="module")
def conversations() -> Workload:
    """The first 80 requests of Mooncake's conversation trace."""
    data = Path(__file__).parents[2] / "data" / "traces"
    return read_workload(data / "mooncake_conversation.jsonl")


@pytest.mark.parametrize(
    ("policy", "in_time"),
    [
        ("fcfs whole", (70, 53, 30, 14)),
        ("fcfs chunk 2048", (70, 52, 27, 12)),
        ("edf chunk 512", (80, 80, 57, 38)),
        ("edf chunk 2048", (80, 80, 72, 62)),
        ("edf operator", (80, 80, 74, 66)),
        ("srpt chunk 2048", (80, 80, 77, 74)),
        ("s-edf chunk 2048", (80, 80, 78, 76)),
        ("s-edf operator", (80, 80, 78, 75)),
    ],
)
def test_limits_that_grow_with_length(
    conversations: Workload, policy: str, in_time: tuple[int, ...]
) -> None:
    """Bursts are spread over their 3 s; the limit is 1 s + 5 × the time alone."""
    spread = conversations.spread(3.0)
    for scale, expected in zip((0.1, 0.2, 0.3, 0.35), in_time, strict=True):
        requests = PrefillRequests.of(spread.arrival_s, spread.prompt_tokens).scaled(scale)
        limited = with_limits(requests, [Limit("all", 1, 5)], WORK)
        assert simulate(limited, WORK, policy).kept.sum() == expected


@pytest.mark.parametrize(
    ("policy", "in_time"),
    [("s-edf operator", 68), ("sjf operator", 57), ("edf chunk 512", 52), ("fcfs whole", 36)],
)
def test_bursts_of_short_prompts_with_tight_limits(
    conversations: Workload, policy: str, in_time: int
) -> None:
    requests = PrefillRequests.of(conversations.arrival_s, conversations.prompt_tokens).scaled(0.1)
    limits = [Limit("short", 0.25, 4, up_to_tokens=2000), Limit("long", 0.5, 3)]
    limited = with_limits(requests, limits, WORK)
    assert simulate(limited, WORK, policy).kept.sum() == in_time


def test_a_whole_prompt_takes_what_the_cost_says() -> None:
    """Counting every pair of a causal mask, 10,000 tokens have 50,005,000."""
    run = simulate(PrefillRequests.of([0], [10_000]), WORK, "fcfs whole")
    assert run.ttft_s[0] == pytest.approx(0.004 + 10_000 * 65e-6 + 50_005_000 * 1.6e-9)
