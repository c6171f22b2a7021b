"""Programs for tests, small enough to follow by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headway.serving.agents import NO_TOOL, Programs, Spans


def programs(*steps: Sequence[tuple[int, int, float]], arrival_s: Sequence[float] = ()) -> Programs:
    """Return programs of steps (prompt, output, seconds of the tool after it)."""
    flat = [step for program in steps for step in program]
    offsets = np.concatenate([[0], np.cumsum([len(program) for program in steps])])
    tool = np.zeros(len(flat), dtype=np.int64)
    tool[offsets[1:] - 1] = NO_TOOL
    return Programs(
        name="small",
        arrival_s=np.array(arrival_s or [0.0] * len(steps)),
        offsets=offsets,
        prompt_tokens=np.array([step[0] for step in flat]),
        output_tokens=np.array([step[1] for step in flat]),
        tool=tool,
        tool_s=np.array([step[2] for step in flat]),
        tools=("any",),
        tenant=np.zeros(len(steps), dtype=np.int64),
    )


def spans(*both: tuple[float, float]) -> Spans:
    begin_s, end_s = zip(*both, strict=True)
    return Spans(np.array(begin_s), np.array(end_s))
