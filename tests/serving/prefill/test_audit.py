"""What an audit of a run finds: each law, broken on purpose."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from headway.errors import VerificationError
from headway.serving.prefill import PrefillPolicy, PrefillRequests, simulate
from tests.serving.prefill.samples import WORK, policies, requests

ASKED = PrefillRequests.of([0.0, 0.1, 0.2], [3000, 200, 500], ttft_s=[3, 0.1, 1])


@given(requests(), policies())
def test_every_run_passes(drawn: PrefillRequests, policy: PrefillPolicy) -> None:
    """The audit is part of every run, and raises."""
    assert len(simulate(drawn, WORK, policy).requests) == len(drawn)


@pytest.mark.parametrize(
    ("column", "change", "law"),
    [
        ("scheduled_s", [-1.0, 0, 0], "before it has arrived"),
        ("scheduled_s", [1.0, 0, 0], "before it is scheduled"),
        ("scheduled_s", [np.nan, 0, 0], "before it has arrived"),
        ("first_token_s", [0, 0.1, 0], "end of the last pass"),
        ("first_token_s", [0, 0, np.nan], "end of the last pass"),
    ],
)
def test_times_that_cannot_be_are_found(column: str, change: list[float], law: str) -> None:
    run = simulate(ASKED, WORK, "edf operator")
    with pytest.raises(VerificationError, match=law):
        replace(run, **{column: getattr(run, column) + change})


@pytest.mark.parametrize(
    ("column", "change", "law"),
    [
        ("tokens", 1, "computed once"),
        ("start_s", -0.05, "has ended"),
        ("end_s", -10.0, "takes time"),
    ],
)
def test_passes_that_cannot_be_are_found(column: str, change: float, law: str) -> None:
    run = simulate(ASKED, WORK, "edf operator")
    wrong = getattr(run.passes, column).copy()
    wrong[-1] += change
    with pytest.raises(VerificationError, match=law):
        replace(run, passes=replace(run.passes, **{column: wrong}))


def test_a_pass_that_nobody_ran_is_found() -> None:
    run = simulate(ASKED, WORK, "fcfs whole")
    passes = run.passes
    fewer = replace(
        passes, start_s=passes.start_s[:-1], end_s=passes.end_s[:-1], batch=passes.batch[:-1]
    )
    with pytest.raises(VerificationError, match="every pass runs"):
        replace(run, passes=fewer)


def test_a_column_that_is_too_short_is_found() -> None:
    run = simulate(ASKED, WORK, "fcfs whole")
    with pytest.raises(VerificationError, match="every column"):
        replace(run, wasted_s=run.wasted_s[:-1])
