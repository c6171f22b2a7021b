"""Programs as somebody recorded them: the calls of each actor, one after the other."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.programs import NO_TOOL, Programs, Spans
from headway.serving.workload.recorded import Recorded


def recorded_programs(record: Recorded) -> tuple[Programs, Spans]:
    """Return the sessions of a recording as programs, and when their steps really ran.

    Which tools ran is not known, only how long it was until the next call. A call that was sent
    before the one before it was answered counts as sent at once after it.

    Parameters
    ----------
    record
        Whose workload has sessions and whose calls were all answered.

    Raises
    ------
    ConfigError
        If a request has no session or no end.
    """
    calls = record.workload
    if (calls.session < 0).any() or np.isnan(record.last_token_s).any():
        raise ConfigError(f"{calls.name}: expected a session and an end for each call")
    # Sessions in order of their first call: requests are in order of arrival.
    _, began, session = np.unique(calls.session, return_index=True, return_inverse=True)
    order = np.lexsort((np.arange(len(calls)), began[session]))
    offsets = np.flatnonzero(np.diff(began[session][order], prepend=-1, append=len(calls)))
    begin_s, end_s = calls.arrival_s[order].copy(), record.last_token_s[order].copy()
    is_first = np.zeros(len(calls), dtype=np.bool_)
    is_first[offsets[:-1]] = True
    for step in np.flatnonzero(~is_first).tolist():
        begin_s[step] = max(begin_s[step], end_s[step - 1])
        end_s[step] = max(end_s[step], begin_s[step])
    gaps_s = np.append(begin_s[1:] - end_s[:-1], 0.0)
    gaps_s[offsets[1:] - 1] = 0.0
    programs = Programs(
        name=calls.name,
        arrival_s=begin_s[offsets[:-1]],
        offsets=offsets.astype(np.int64),
        prompt_tokens=calls.prompt_tokens[order].astype(np.int64),
        output_tokens=calls.output_tokens[order].astype(np.int64),
        tool=np.full(len(calls), NO_TOOL, dtype=np.int64),
        tool_s=gaps_s,
        tools=(),
        tenant=np.zeros(len(began), dtype=np.int64),
    )
    return programs, Spans(begin_s, end_s)
