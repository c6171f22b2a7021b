"""What came of the prompts, and the measures that are taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.serving.prefill.requests import Ints, PrefillRequests
from headway.serving.prefill.work import Floats


@dataclass(frozen=True, eq=False)
class Passes:
    """Who ran when: stretches of the instance between start, stop, resumption and end of passes.

    Attributes
    ----------
    start_s, end_s
        Of each stretch, in order of time; shape (stretches,).
    batch
        Which pass ran; shape (stretches,).
    members, offsets
        ``members[offsets[b] : offsets[b + 1]]`` are the requests of pass b.
    tokens
        Tokens of each member that the pass computes, beside `members`.
    """

    start_s: Floats
    end_s: Floats
    batch: Ints
    members: Ints
    offsets: Ints
    tokens: Ints

    @property
    def busy_s(self) -> float:
        """Seconds in which something ran."""
        return float((self.end_s - self.start_s).sum())


@dataclass(frozen=True, eq=False)
class PrefillRun:
    """What became of each request; columns of shape (n,).

    Attributes
    ----------
    requests
        What arrived.
    policy
        Who decided, for tables.
    scheduled_s
        When the first pass with it began.
    first_token_s
        When its last pass ended.
    preemptions
        How often a pass with it was stopped for somebody else.
    suspended_s
        Seconds from its stops to its resumptions.
    wasted_s
        Seconds of its passes that were computed again.
    blocking_s
        From its arrival until the running pass, which it outranked, let go, or came to a boundary
        where it no longer did; nan if it outranked none.
    passes
        Who ran when.
    """

    requests: PrefillRequests
    policy: str
    scheduled_s: Floats
    first_token_s: Floats
    preemptions: Ints
    suspended_s: Floats
    wasted_s: Floats
    blocking_s: Floats
    passes: Passes

    @cached_property
    def ttft_s(self) -> Floats:
        """Time to first token: first token − arrival."""
        return np.asarray(self.first_token_s - self.requests.arrival_s)

    @cached_property
    def kept(self) -> np.ndarray:
        """Whether the first token came in time; bool."""
        # Sums of many operators may miss an exact deadline by rounding.
        return np.asarray(self.ttft_s <= self.requests.ttft_s * (1 + 1e-12) + 1e-12)

    @property
    def attainment(self) -> float:
        """Share of requests whose limit was kept; nan without requests."""
        return float(self.kept.mean()) if len(self.kept) else float("nan")

    def attainment_by_class(self) -> dict[str, float]:
        """Return the share of requests in time for each class that has any."""
        classes = self.requests.service_class
        return {
            name: float(self.kept[classes == k].mean())
            for k, name in enumerate(self.requests.classes)
            if np.any(classes == k)
        }

    @property
    def utilisation(self) -> float:
        """Share of the time from the first arrival to the last token in which something ran."""
        if not len(self.requests):
            return float("nan")
        length = float(self.first_token_s.max() - self.requests.arrival_s[0])
        return self.passes.busy_s / length if length else float("nan")

    def measures(self) -> dict[str, float]:
        """Return figures by name; times in seconds, goodput in requests in time per second."""
        if not len(self.requests):
            return {}
        length = float(self.first_token_s.max() - self.requests.arrival_s[0])
        p50, p90, p99 = np.percentile(self.ttft_s, [50, 90, 99])
        blocked = self.blocking_s[~np.isnan(self.blocking_s)]
        return {
            "missed": 1.0 - self.attainment,
            "attainment": self.attainment,
            "goodput": float(self.kept.sum()) / length,
            "ttft mean": float(self.ttft_s.mean()),
            "ttft p50": float(p50),
            "ttft p90": float(p90),
            "ttft p99": float(p99),
            "ttft max": float(self.ttft_s.max()),
            "blocking mean": float(blocked.mean()) if len(blocked) else 0.0,
            "blocking p99": float(np.percentile(blocked, 99)) if len(blocked) else 0.0,
            "preemptions": float(self.preemptions.sum()),
            "wasted": float(self.wasted_s.sum()),
            "utilisation": self.utilisation,
            **{f"attainment {name}": value for name, value in self.attainment_by_class().items()},
        }
