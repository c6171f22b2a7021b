"""Programs: what they refuse, and when their steps run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.agents import Spans, recorded_programs, undisturbed
from headway.serving.workload import Workload
from headway.serving.workload.recorded import Recorded
from tests.serving.agents.small import programs


def test_steps_run_one_after_the_other_with_tools_between() -> None:
    two = programs([(10, 2, 5.0), (14, 1, 0.0)], [(3, 4, 0.0)], arrival_s=[1.0, 2.0])
    times = undisturbed(two, token_s=0.5)
    np.testing.assert_allclose(times.begin_s, [1, 7, 2])
    np.testing.assert_allclose(times.end_s, [2, 7.5, 4])


def test_a_prompt_reuses_what_was_said_unless_it_has_shrunk_below() -> None:
    one = programs([(10, 2, 1.0), (20, 3, 1.0), (15, 1, 0.0)])
    assert one.reusable_tokens.tolist() == [0, 12, 15]
    assert one.is_last.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("arrival_s", np.array([-1.0])),
        ("offsets", np.array([0, 1])),
        ("offsets", np.array([1, 2])),
        ("prompt_tokens", np.array([0, 14])),
        ("output_tokens", np.array([1])),
        ("tool", np.array([1, -1])),
        ("tool_s", np.array([np.inf, 0.0])),
        ("tool_s", np.array([-1.0, 0.0])),
        ("tenant", np.array([1])),
    ],
)
def test_columns_that_do_not_fit_are_refused_by_name(column: str, value: Any) -> None:
    one = programs([(10, 2, 5.0), (14, 1, 0.0)])
    with pytest.raises(ConfigError, match=column):
        replace(one, **{column: value})


def test_spans_end_after_they_begin() -> None:
    with pytest.raises(ConfigError, match="spans"):
        Spans(np.array([1.0]), np.array([0.5]))


def test_a_recording_becomes_a_program_for_each_session() -> None:
    """Session 7 calls at 0, 3 and, before that one is answered, at 4; session 5 once at 1."""
    calls = Workload.of(
        arrival_s=[0.0, 1.0, 3.0, 4.0],
        prompt_tokens=[10, 50, 20, 30],
        output_tokens=[1, 2, 3, 4],
        session=[7, 5, 7, 7],
    )
    ends_s = np.array([2.0, 2.5, 4.5, 6.0])
    unknown = np.full(4, np.nan)
    found, times = recorded_programs(Recorded(calls, unknown, unknown, ends_s))
    assert found.offsets.tolist() == [0, 3, 4]
    assert found.prompt_tokens.tolist() == [10, 20, 30, 50]
    assert found.tool_s.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert times.begin_s.tolist() == [0.0, 3.0, 4.5, 1.0]
    assert times.end_s.tolist() == [2.0, 4.5, 6.0, 2.5]


def test_a_recording_without_sessions_or_ends_is_refused() -> None:
    calls = Workload.of(arrival_s=[0.0], prompt_tokens=[10], output_tokens=[1])
    unknown = np.array([np.nan])
    with pytest.raises(ConfigError, match="session"):
        recorded_programs(Recorded(calls, unknown, unknown, np.array([1.0])))
