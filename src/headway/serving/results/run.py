"""A run of one engine: what it wrote down, checked, and what it was like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from headway.serving.results import metrics
from headway.serving.results.audit import audit
from headway.serving.results.columns import Floats, Requests, Speech, Steps
from headway.serving.results.metrics import Mask

if TYPE_CHECKING:
    from headway.serving.workload import Workload


class Limits(Protocol):
    """What results need to know about an engine's settings; see `headway.serving.EngineConfig`.

    Engines return results, so that results cannot import engines.
    """

    @property
    def blocks(self) -> int:
        """Blocks of the KV cache."""
        ...

    @property
    def token_budget(self) -> int:
        """Most tokens in a step."""
        ...

    @property
    def chunked(self) -> bool:
        """Whether a prompt may be cut."""
        ...

    @property
    def max_sequences(self) -> int:
        """Most requests in a batch."""
        ...

    @property
    def max_model_tokens(self) -> int:
        """Longest sequence, prompt and output together."""
        ...

    @property
    def prefill_only(self) -> bool:
        """Whether a request has ended with its first token."""
        ...

    @property
    def pipeline(self) -> int:
        """Most steps under way at once."""
        ...


@dataclass(frozen=True, eq=False)
class EngineRun:
    """What happened when a workload met an engine.

    Parameters
    ----------
    workload
        The traffic.
    config
        Settings of the engine.
    requests, steps, speech
        What it wrote down.
    policy
        Who decided.
    seed
        Of the workload's chance.
    cpu_s
        Seconds of processor time that the simulation took; nan if nobody looked.
    may_idle
        Whether the policy may leave the engine idle while requests wait.

    Raises
    ------
    VerificationError
        If the columns contradict one another or the engine's limits: a mistake of ours. See
        `headway.serving.results.audit`.
    """

    workload: Workload
    config: Limits
    requests: Requests = field(repr=False)
    steps: Steps = field(repr=False)
    speech: Speech = field(repr=False)
    policy: str = "vllm"
    seed: int = 0
    cpu_s: float = field(default=float("nan"), repr=False)
    may_idle: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        audit(self)

    @cached_property
    def ttft_s(self) -> Floats:
        """Time to first token of each request; see `metrics.ttft_s`."""
        return metrics.ttft_s(self)

    @cached_property
    def tpot_s(self) -> Floats:
        """Time per output token of each request; see `metrics.tpot_s`."""
        return metrics.tpot_s(self)

    @cached_property
    def latency_s(self) -> Floats:
        """Time from arrival to last token of each request; see `metrics.latency_s`."""
        return metrics.latency_s(self)

    @cached_property
    def queueing_s(self) -> Floats:
        """Time from arrival to first step of each request; see `metrics.queueing_s`."""
        return metrics.queueing_s(self)

    @cached_property
    def max_gap_s(self) -> Floats:
        """Longest time between two tokens of each request; see `metrics.max_gap_s`."""
        return metrics.max_gap_s(self)

    @cached_property
    def attained(self) -> Mask:
        """Which requests finished within their limits; see `metrics.attained`."""
        return metrics.attained(self)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data, by name and unit; see `report.document`."""
        from headway.serving.results.report import document

        return document(self)

    @property
    def measures(self) -> Mapping[str, float]:
        """The figures of `document` in one level, as in ``"ttft_s.p99"``."""
        from headway.serving.results.report import measures

        return measures(self.document)

    @property
    def samples(self) -> Mapping[str, Floats]:
        """For measures that are means: what they are the means of, in order of arrival."""
        from headway.serving.results.report import samples

        return samples(self)
