"""What readers of public traces keep of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import NONE, Int64s
from headway.serving.workload.requests import Workload
from headway.serving.workload.service import EVERYBODY, ServiceClass


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


def labelled(labels: Sequence[str]) -> tuple[tuple[ServiceClass, ...], Int64s]:
    """Return a class without limits for each label, in order of appearance, and whose is which."""
    positions = numbered(labels)
    known = dict.fromkeys(labels)
    return tuple(ServiceClass(label or "none") for label in known) or EVERYBODY, positions


def numbered(keys: Sequence[Hashable]) -> Int64s:
    """Return numbers from 0 on, equal for equal keys, in order of appearance; None is `NONE`."""
    known: dict[Hashable, int] = {None: NONE}
    return np.array([known.setdefault(key, len(known) - 1) for key in keys], dtype=np.int64)
