"""Every law of the audit catches the run that breaks it."""

from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError, VerificationError
from tests.serving.results.small import Limits, small

nan = np.nan


def test_a_true_run_passes() -> None:
    assert len(small().requests) == 4


def test_a_prompt_that_must_not_be_cut_may_exceed_the_budget_alone() -> None:
    limits = Limits(token_budget=15, chunked=False)
    small(limits=limits, steps={"prefill_tokens": np.array([16, 9, 5, 0, 5])})


def test_a_preempted_request_may_find_what_others_have_computed() -> None:
    small(
        requests={"preemptions": np.array([0, 1, 0, 0])},
        steps={"prefill_tokens": np.array([10, 14, 5, 0, 5])},
    )


@pytest.mark.parametrize(
    ("law", "changes"),
    [
        ("every request of the workload", {"requests": {}}),
        ("has one of the ends", {"requests": {"status": [1, 1, 9, 2]}}),
        ("finished has all its tokens", {"requests": {"generated": [4, 1, 1, 0]}}),
        ("more than it has", {"requests": {"status": [1, 0, 1, 2], "generated": [4, 3, 1, 0]}}),
        ("has a first one", {"requests": {"first_token_s": [1.0, nan, 10.0, nan]}}),
        ("has a last one", {"requests": {"last_token_s": [5.0, nan, 10.0, nan]}}),
        ("who has a token was scheduled", {"requests": {"scheduled_s": [0.0, nan, 9.0, nan]}}),
        ("before it arrives", {"requests": {"scheduled_s": [0.0, 0.4, 9.0, nan]}}),
        ("first token comes after", {"requests": {"scheduled_s": [2.0, 1.0, 9.0, nan]}}),
        ("last token is not before", {"requests": {"last_token_s": [0.5, 5.0, 10.0, nan]}}),
        ("at least one token of a prompt", {"requests": {"cached_tokens": [10, 0, 0, 0]}}),
        ("preemptions is not negative", {"requests": {"preemptions": [0, -1, 0, 0]}}),
        ("no step ends before", {"steps": {"end_s": [1.0, 0.9, 4.0, 5.0, 10.0]}}),
        ("no step ends before", {"steps": {"end_s": [1.0, nan, 4.0, 5.0, 10.0]}}),
        ("start one after the other", {"steps": {"start_s": [0.0, 1.0, 0.5, 4.0, 9.0]}}),
        ("end one after the other", {"steps": {"end_s": [1.0, 4.5, 4.0, 5.0, 10.0]}}),
        ("one step runs at a time", {"steps": {"start_s": [0.0, 0.9, 2.0, 4.0, 9.0]}}),
        ("a step has tokens", {"steps": {"prefill_tokens": [0, 15, 5, 0, 5]}}),
        ("token budget", {"limits": Limits(token_budget=15)}),
        ("token budget", {"limits": Limits(token_budget=15, chunked=False)}),
        ("the batch has room", {"limits": Limits(max_sequences=1)}),
        ("outside the batch", {"steps": {"running": [1, 2, 1, 2, 1]}}),
        ("every decode speaks", {"steps": {"decodes": [0, 1, 3, 2, 0]}}),
        ("blocks there are", {"limits": Limits(blocks=2)}),
        ("used_blocks is not negative", {"steps": {"used_blocks": [1, -2, 3, 3, 1]}}),
        ("segment is of a request", {"speech": {"request": [0, 1, 4]}}),
        ("lies in the run", {"speech": {"last_step": [3, 3, 5]}}),
        ("segment has tokens", {"speech": {"first_step": [0, 2, 4], "last_step": [3, 1, 4]}}),
        ("at most one token a step", {"speech": {"request": [0, 0, 2]}}),
        ("was spoken in a step", {"speech": {"first_step": [0, 3, 4]}}),
        ("at the ends of steps", {"requests": {"first_token_s": [1.5, 4.0, 10.0, nan]}}),
        ("at the ends of steps", {"requests": {"last_token_s": [5.0, 5.0, 10.5, nan]}}),
        ("is heard", {"steps": {"sequences": [1, 2, 2, 2, 1]}}),
        ("nobody gets lost", {"steps": {"running": [1, 1, 2, 2, 1]}}),
        ("has not come", {"steps": {"waiting": [0, 0, 0, 0, 1]}}),
        ("tokens that ran", {"steps": {"prefill_tokens": [10, 14, 5, 0, 5]}}),
        ("tokens that ran", {"requests": {"recomputed_tokens": [0, 1, 0, 0]}}),
        (
            "tokens that ran",
            {
                "requests": {"preemptions": [0, 1, 0, 0]},
                "steps": {"prefill_tokens": [10, 15, 6, 0, 5]},
            },
        ),
    ],
)  # fmt: skip
def test_a_broken_law_is_named(law: str, changes: dict[str, Any]) -> None:
    columns = {
        table: {name: np.array(values) for name, values in content.items()}
        for table, content in changes.items()
        if isinstance(content, dict)
    }
    if law.startswith("every request"):
        table = small().requests
        columns["requests"] = {name: getattr(table, name)[:3] for name in table.__slots__}
    with pytest.raises(VerificationError, match=law):
        small(**(changes | columns))


def test_an_engine_may_only_rest_when_its_policy_may() -> None:
    late = np.array([0.0, 1.0, 2.0, 4.0, 9.5])
    with pytest.raises(VerificationError, match="starts when somebody arrives"):
        small(steps={"start_s": late})
    waits = {"start_s": np.array([0.0, 1.0, 2.5, 4.0, 9.0])}
    with pytest.raises(VerificationError, match="not idle while somebody waits"):
        small(steps=waits)
    assert small(steps=waits, may_idle=True).may_idle


def test_steps_may_overlap_in_a_pipeline() -> None:
    early = np.array([0.0, 0.9, 2.0, 4.0, 9.0])
    run = small(
        steps={"start_s": early},
        requests={"scheduled_s": np.array([0.0, 0.9, 9.0, nan])},
        limits=Limits(pipeline=2),
    )
    assert run.steps.start_s[1] < run.steps.end_s[0]


def test_segments_are_kept_by_request_then_step() -> None:
    run = small(
        speech={
            "request": np.array([2, 1, 0, 0]),
            "first_step": np.array([4, 2, 2, 0]),
            "last_step": np.array([4, 3, 3, 1]),
        }
    )
    assert run.speech.request.tolist() == [0, 0, 1, 2]
    assert run.speech.tokens.tolist() == [2, 2, 2, 1]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"steps\.end_s: expected shape \(5,\), got \(4,\)"):
        small(steps={"end_s": np.array([1.0, 2.0, 4.0, 5.0])})
