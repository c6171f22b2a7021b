"""What readers of public traces keep of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import Int64s
from headway.serving.workload.workload import Workload


def kept(
    *,
    name: str,
    prompt_tokens: Int64s,
    output_tokens: Int64s,
    blocks: Blocks | None = None,
    service_class: Int64s | None = None,
    session: Int64s | None = None,
    arrival_s: Any = None,
    **facts: Any,
) -> Workload:
    """Return the requests that have a prompt and an answer.

    Requests of 0 tokens are those that failed; they cost an engine nothing, and are left out.
    Without arrivals, all requests are there at 0.
    """
    good = (prompt_tokens > 0) & (output_tokens > 0)
    when = np.zeros(len(good)) if arrival_s is None else arrival_s
    return Workload.of(
        name=name,
        arrival_s=when[good],
        prompt_tokens=prompt_tokens[good],
        output_tokens=output_tokens[good],
        blocks=None if blocks is None else blocks.take(np.flatnonzero(good)),
        service_class=None if service_class is None else service_class[good],
        session=None if session is None else session[good],
        **facts,
    )
