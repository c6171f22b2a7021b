"""What a workload amounts to: how fast it comes, how long requests are, what they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headway.serving.workload.columns import NONE, Int32s
from headway.serving.workload.prefix import prefix_hits
from headway.serving.workload.requests import NO_LIMIT, Workload


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths in tokens.

    Attributes
    ----------
    mean, p50, p90, p99, max
        Mean, percentiles (linear interpolation) and longest.
    total
        All together.
    per_s
        Together per second of the span; None if everything comes at once.
    """

    mean: float
    p50: float
    p90: float
    p99: float
    max: int
    total: int
    per_s: float | None

    @classmethod
    def of(cls, tokens: Int32s, span_s: float) -> Lengths:
        """Return what lengths amount to, shape (n,), n > 0."""
        total = int(tokens.sum(dtype=np.int64))
        p50, p90, p99 = np.percentile(tokens, [50, 90, 99]).tolist()
        per_s = total / span_s if span_s > 0 else None
        return cls(total / len(tokens), p50, p90, p99, int(tokens.max()), total, per_s)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What requests have in common.

    Attributes
    ----------
    block_tokens
        Tokens per block.
    blocks, distinct
        How many blocks there are, and how many different ones.
    share
        Share of the blocks that a prefix cache that never forgets would have had.
    requests
        Share of the requests that would have found one block or more.
    """

    block_tokens: int
    blocks: int
    distinct: int
    share: float
    requests: float


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """The requests of one service class: how many, and their mean lengths in tokens."""

    name: str
    n: int
    prompt_mean: float
    output_mean: float


@dataclass(frozen=True, slots=True)
class WorkloadSummary:
    """A workload in figures.

    Attributes
    ----------
    name
        Of the workload.
    n
        Number of requests.
    span_s
        Seconds from the first arrival to the last.
    rate_per_s
        Arrivals per second; None if all come at once.
    gap_cv
        Burstiness: standard deviation of the gaps between arrivals over their mean, 1 for a Poisson
        process; None if all come at once.
    prompt, output
        Lengths; None without requests.
    limited
        Share of the requests that ask for at most so many output tokens.
    sessions
        Conversations, and requests that belong to one.
    classes
        By service class, if there are several.
    adapters
        Requests by adapter.
    sharing
        None if nothing is known about content.
    """

    name: str
    n: int
    span_s: float
    rate_per_s: float | None
    gap_cv: float | None
    prompt: Lengths | None
    output: Lengths | None
    limited: float
    sessions: tuple[int, int]
    classes: tuple[ClassSummary, ...]
    adapters: Mapping[str, int]
    sharing: Sharing | None

    def document(self) -> dict[str, Any]:
        """Return the figures as plain data, without those that do not apply."""
        content = asdict(self)
        sessions, requests = content.pop("sessions")
        if sessions:
            content["sessions"] = {"n": sessions, "requests": requests}
        return {key: value for key, value in content.items() if value not in (None, (), {})}


def summarise(workload: Workload) -> WorkloadSummary:
    """Return a workload in figures."""
    n, span = len(workload), workload.span_s
    gaps = np.diff(workload.arrival_s)
    talking = workload.session[workload.session != NONE]
    return WorkloadSummary(
        name=workload.name,
        n=n,
        span_s=span,
        rate_per_s=workload.rate_per_s if span > 0 else None,
        gap_cv=float(gaps.std() / gaps.mean()) if span > 0 else None,
        prompt=Lengths.of(workload.prompt_tokens, span) if n else None,
        output=Lengths.of(workload.output_tokens, span) if n else None,
        limited=float((workload.limit_tokens < NO_LIMIT).mean()) if n else 0.0,
        sessions=(len(np.unique(talking)), len(talking)),
        classes=_classes(workload),
        adapters=_adapters(workload),
        sharing=_sharing(workload),
    )


def _classes(workload: Workload) -> tuple[ClassSummary, ...]:
    if len(workload.classes) == 1:
        return ()
    found = []
    for k, kind in enumerate(workload.classes):
        mine = workload.service_class == k
        n = int(mine.sum())
        prompt, output = (
            float(tokens[mine].mean()) if n else 0.0
            for tokens in (workload.prompt_tokens, workload.output_tokens)
        )
        found.append(ClassSummary(kind.name, n, prompt, output))
    return tuple(found)


def _adapters(workload: Workload) -> dict[str, int]:
    counts = np.bincount(workload.adapter + 1, minlength=len(workload.adapters) + 1)[1:]
    return dict(zip(workload.adapters, counts.tolist(), strict=True))


def _sharing(workload: Workload) -> Sharing | None:
    if workload.blocks is None:
        return None
    found = prefix_hits(workload)
    finders = float((found.hits > 0).mean()) if len(workload) else 0.0
    size = workload.blocks.block_tokens
    return Sharing(size, found.blocks, found.distinct, found.share, finders)
