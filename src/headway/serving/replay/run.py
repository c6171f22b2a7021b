"""What was measured when a workload was sent to an endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.serving.results import Requests, Served, Speech, Status
from headway.serving.results.columns import Floats
from headway.serving.results.export import happenings
from headway.serving.results.report import of_classes, of_requests, of_run
from headway.serving.results.text import rates, size, times
from headway.serving.workload import Workload

if TYPE_CHECKING:
    from headway.show import Figure


@dataclass(slots=True)
class Heard:
    """What a client heard of one request.

    Attributes
    ----------
    pieces_s
        When each piece of the answer came, since the beginning.
    prompt_tokens, cached_tokens, output_tokens
        As the endpoint counts them, -1 if it does not say.
    engine
        Who answered, if it says.
    error
        Why there is no whole answer; empty if there is.
    late_s
        How long after its time it was sent.
    """

    pieces_s: list[float] = field(default_factory=list)
    prompt_tokens: int = -1
    cached_tokens: int = -1
    output_tokens: int = -1
    engine: str = ""
    error: str = ""
    late_s: float = 0.0


@dataclass(frozen=True, eq=False)
class ReplayRun(Served):
    """A workload as an endpoint served it, measured by its client.

    Latencies count from the time at which a request was to be sent, be the client late or not. A
    piece of an answer counts as one step in which its request speaks.

    Parameters
    ----------
    workload
        The traffic, with the lengths of prompts that the endpoint told.
    requests
        What was measured of each.
    spoken
        Which piece came when.
    heard
        What else the client knows of each request.
    endpoint
        Its address.
    """

    workload: Workload
    requests: Requests = field(repr=False)
    pieces: tuple[Speech, Floats] = field(repr=False)
    heard: tuple[Heard, ...] = field(repr=False)
    endpoint: str = ""

    @classmethod
    def of(cls, workload: Workload, heard: list[Heard], endpoint: str) -> ReplayRun:
        """Return the columns of what a client heard.

        Parameters
        ----------
        workload
            What was sent.
        heard
            In its order.
        endpoint
            Where to.
        """
        n = len(workload)
        counts = np.array([len(one.pieces_s) for one in heard], dtype=np.int64)
        who = np.repeat(np.arange(n), counts)
        times_s = np.concatenate([np.zeros(0), *[one.pieces_s for one in heard]])
        order = np.argsort(times_s, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        ends = np.cumsum(counts)
        first, last = np.full(n, np.nan), np.full(n, np.nan)
        spoke = counts > 0
        first[spoke], last[spoke] = times_s[(ends - counts)[spoke]], times_s[ends[spoke] - 1]
        told = np.array([one.output_tokens for one in heard], dtype=np.int64)
        prompts = np.array([one.prompt_tokens for one in heard], dtype=np.int64)
        zeros = np.zeros(n, dtype=np.int64)
        table = Requests(
            status=np.array([_status(one) for one in heard], dtype=np.int64),
            arrival_s=workload.arrival_s,
            scheduled_s=first,
            first_token_s=first,
            last_token_s=last,
            generated=np.where(told > 0, told, counts),
            preemptions=zeros,
            cached_tokens=np.array([max(one.cached_tokens, 0) for one in heard], dtype=np.int64),
            recomputed_tokens=zeros,
        )
        met = replace(
            workload,
            prompt_tokens=np.where(prompts > 0, prompts, workload.prompt_tokens).astype(np.int32),
            blocks=None,
        )
        return cls(met, table, (Speech(who, place, place), times_s[order]), tuple(heard), endpoint)

    @property
    def policy(self) -> str:
        """Where the traffic went."""
        return self.endpoint

    @property
    def spoken(self) -> tuple[Speech, Floats]:
        """Who was heard when."""
        return self.pieces

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Share of the requests that each engine answered, if the endpoint tells."""
        counts = Counter(one.engine for one in self.heard if one.engine)
        total = sum(counts.values())
        return {engine: count / total for engine, count in sorted(counts.items())}

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data; those of simulated runs that a client can measure.

        ``failed`` counts requests without a whole answer, ``errors`` why; ``late_s`` is the longest
        time after which a request was sent late, ``engines`` who answered which share.
        """
        return {
            "policy": self.endpoint,
            "seed": 0,
            **of_requests(self),
            "failed": sum(bool(one.error) for one in self.heard),
            "errors": dict(Counter(one.error for one in self.heard if one.error).most_common()),
            "late_s": max((one.late_s for one in self.heard), default=0.0),
            "engines": dict(self.shares),
            **of_run(self),
            **of_classes(self),
        }

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """How long requests took."""
        return {"latency": self.latencies}

    def latencies(self, **options: Any) -> Figure:
        """Return the distributions of times of requests."""
        from headway.serving.results.charts import latencies

        return latencies({self.endpoint: self}, **options)

    def text(self, name: str) -> str:
        """Return the figures for people, under the name of the traffic."""
        told = self.document
        lines = [f"{name} at {self.endpoint}, measured", *size(told)]
        if told["failed"]:
            lines.append(f"  of these {told['failed']:,} failed:")
            lines += [f"    {count:,} {why}" for why, count in told["errors"].items()]
        lines += ["", *times(told, {}), "", *rates(told)]
        hits = told["cache_hit_rate"]
        lines.append(f"  {'cache hits':<12}{hits:.1%} of prompt tokens, as the endpoint tells")
        if self.shares:
            shares = ", ".join(f"{name} {share:.1%}" for name, share in self.shares.items())
            lines.append(f"  {'engines':<12}{shares}")
        if told["late_s"] > 0.1:
            lines.append(
                f"  the client was up to {told['late_s']:.3g} s late: it is the bottleneck"
            )
        return "\n".join(lines)

    def to_jsonl(self) -> str:
        """Return what happened to requests by time, a line of JSON each."""
        return "".join(happenings(self))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the requests, with the lengths that came about, as JSON lines to simulate.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from headway.serving.workload import write_workload

        spoken = np.maximum(self.requests.generated, 1).astype(np.int32)
        write_workload(replace(self.workload, output_tokens=spoken), path)


def _status(one: Heard) -> Status:
    if not one.error:
        return Status.FINISHED
    return Status.REJECTED if one.error.startswith("429") else Status.LOST
