"""Whether the columns of a run can be true, whoever decided; checked for every run.

Written from the definitions alone, without a line of the simulation's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.errors import VerificationError

if TYPE_CHECKING:
    from headway.serving.prefill.run import PrefillRun

Broken = tuple[str, str, NDArray[np.bool_]]
"""A law in words, what it is about, and where it is broken."""

_ROUNDING_S = 1e-9


def audit(run: PrefillRun) -> None:
    """Check a run; takes time in proportion to its requests and passes.

    Raises
    ------
    VerificationError
        If a law is broken; the message names it, and the first request or stretch.
    """
    for law, what, broken in _laws(run):
        if broken.any():
            first, number = int(np.argmax(broken)), int(np.count_nonzero(broken))
            raise VerificationError(
                f"{run.policy}, seed {run.seed}: {law}, but not so for {what} {first} ({number} in"
                " all); please report this"
            )


def _laws(run: PrefillRun) -> Iterator[Broken]:
    requests, passes = run.requests, run.passes
    n, number = len(requests), len(passes.offsets) - 1
    columns = (run.scheduled_s, run.first_token_s, run.preemptions, run.suspended_s, run.wasted_s)
    missing = [len(column) != n for column in columns]
    yield "every request has an entry in every column", "column", np.array(missing)
    yield "a stretch takes time", "stretch", ~(passes.end_s > passes.start_s)
    overlap = passes.start_s[1:] < passes.end_s[:-1] - _ROUNDING_S
    yield "a stretch begins when the one before has ended", "stretch", overlap
    computed = np.bincount(passes.members, passes.tokens, n)
    yield "every token is computed once", "request", computed != requests.tokens
    ran = np.bincount(passes.batch, minlength=number) > 0
    yield "every pass runs", "pass", ~ran
    begun, ended = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(begun, passes.batch, passes.start_s)
    np.maximum.at(ended, passes.batch, passes.end_s)
    of = np.repeat(np.arange(number), np.diff(passes.offsets))
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, passes.members, begun[of])
    np.maximum.at(last, passes.members, ended[of])
    early = ~(run.scheduled_s >= requests.arrival_s - _ROUNDING_S)
    yield "nobody is scheduled before it has arrived", "request", early
    yield (
        "nobody runs before it is scheduled",
        "request",
        first < run.scheduled_s - _ROUNDING_S,
    )
    late = ~(np.abs(run.first_token_s - last) <= _ROUNDING_S)
    yield "the first token comes with the end of the last pass", "request", late
