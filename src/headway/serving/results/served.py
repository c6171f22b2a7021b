"""What a run was like for its requests, be it of one engine or of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from headway.serving.results import metrics, report
from headway.serving.results.columns import Floats, Requests, Speech
from headway.serving.results.metrics import Mask

if TYPE_CHECKING:
    from headway.serving.workload import Workload


class Served(ABC):
    """A workload that was served: every metric of its requests, each computed once.

    Attributes
    ----------
    workload
        The traffic.
    requests
        What was written down of each request.
    """

    workload: Workload
    requests: Requests

    @property
    @abstractmethod
    def spoken(self) -> tuple[Speech, Floats]:
        """Who spoke when: segments in numbers of steps, and the ends of these steps."""

    @property
    @abstractmethod
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data, by name and unit."""

    @property
    def measures(self) -> Mapping[str, float]:
        """The figures of `document` in one level, as in ``"ttft_s.p99"``."""
        return report.measures(self.document)

    def to_json(self) -> str:
        """Return `document` as one JSON object; what is not known is null."""
        return msgspec.json.encode(self.document).decode()

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

    @property
    def samples(self) -> Mapping[str, Floats]:
        """For measures that are means: what they are the means of, in order of arrival."""
        return report.samples(self)
