"""What came of the prompts, and the measures that are taken from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from headway.serving.prefill import report
from headway.serving.prefill.audit import audit
from headway.serving.prefill.requests import Ints, PrefillRequests
from headway.serving.prefill.work import Floats

if TYPE_CHECKING:
    from headway.show import Figure


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
    seed
        Of whatever was drawn.

    Raises
    ------
    VerificationError
        If the columns contradict one another: a mistake of ours; see `audit`.
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
    seed: int = 0

    def __post_init__(self) -> None:
        audit(self)

    @cached_property
    def ttft_s(self) -> Floats:
        """Time to first token: first token − arrival."""
        return np.asarray(self.first_token_s - self.requests.arrival_s)

    @property
    def queueing_s(self) -> Floats:
        """Seconds from arrival to the first pass with it."""
        return np.asarray(self.scheduled_s - self.requests.arrival_s)

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
    def duration_s(self) -> float:
        """Seconds from the first arrival to the last first token; 0 without requests."""
        if not len(self.requests):
            return 0.0
        return float(self.first_token_s.max() - self.requests.arrival_s[0])

    @property
    def utilisation(self) -> float:
        """Share of that time in which something ran; nan if there is none."""
        return self.passes.busy_s / self.duration_s if self.duration_s else float("nan")

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data, by name and unit; see `report.document`."""
        return report.document(self)

    @property
    def measures(self) -> Mapping[str, float]:
        """The figures of `document` in one level, as in ``"ttft_s.p99"``."""
        return report.measures(self.document)

    @property
    def samples(self) -> Mapping[str, Floats]:
        """For measures that are means: what they are the means of, in order of arrival."""
        return {"ttft_s.mean": self.ttft_s, "queueing_s.mean": self.queueing_s}

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """How long first tokens took."""
        return {"latency": self.latencies}

    def latencies(self, **options: Any) -> Figure:
        """Return the distributions of the time to first token, a line per class."""
        from headway.serving.results.charts import distributions

        of = self.requests.service_class
        samples = {name: self.ttft_s[of == k] for k, name in enumerate(self.requests.classes)}
        facts = f"{len(self.requests):,} requests  ·  {self.attainment:.1%} within limits"
        settings = {"title": self.policy, "facts": facts, **options}
        return distributions({"ttft_s": samples}, **settings)

    def text(self, name: str) -> str:
        """Return the figures for people, under the name of the scenario."""
        return report.text(self, name)

    def to_json(self) -> str:
        """Return `document` as one JSON object; what is not known is null."""
        return msgspec.json.encode(self.document).decode()

    def to_jsonl(self) -> str:
        """Return what happened to requests, by time; see `report.happenings`."""
        return "".join(report.happenings(self))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the requests as JSON lines that can be simulated again, of one output token each.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from headway.serving.workload import Workload, write_workload

        asked = self.requests
        met = Workload.of(
            arrival_s=asked.arrival_s,
            prompt_tokens=asked.tokens + asked.history,
            output_tokens=np.ones(len(asked), dtype=np.int32),
        )
        write_workload(met, path)

    def save_perfetto(self, path: str | PathLike[str]) -> None:
        """Write a Chrome trace for ui.perfetto.dev; see `report.trace_events`.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from headway.files import write_text

        write_text(path, msgspec.json.encode(report.trace_events(self)).decode())
