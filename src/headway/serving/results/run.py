"""A run of one engine: what it wrote down, checked, and what it was like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol

from headway.serving.results import export, report
from headway.serving.results.audit import audit
from headway.serving.results.columns import Floats, Requests, Speech, Steps
from headway.serving.results.served import Served
from headway.serving.results.text import text

if TYPE_CHECKING:
    import pandas as pd

    from headway.serving.workload import Workload
    from headway.show import Figure


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
class EngineRun(Served):
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
    clairvoyant
        Whether the policy saw how long answers would be.

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
    clairvoyant: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        audit(self)

    @property
    def spoken(self) -> tuple[Speech, Floats]:
        """Who spoke when, in steps, and the ends of the steps."""
        return self.speech, self.steps.end_s

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data, by name and unit; see `report.document`."""
        return report.document(self)

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """What happened over time, and how long requests took."""
        return {"timeline": self.timeline, "latency": self.latencies}

    def timeline(self, **options: Any) -> Figure:
        """Return batch, queue, cache and tokens over time; see `charts.timeline`."""
        from headway.serving.results.charts import timeline

        return timeline(self, **options)

    def latencies(self, **options: Any) -> Figure:
        """Return the distributions of times of requests; see `charts.latencies`."""
        from headway.serving.results.charts import latencies

        return latencies({self.policy: self}, **options)

    def text(self, name: str) -> str:
        """Return the figures for people, under the name of the scenario."""
        return text(self, name)

    def to_jsonl(self) -> str:
        """Return what happened to requests, by time; see `export.happenings`."""
        return "".join(export.happenings(self))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per request as a pandas frame; see `export.request_frame`."""
        return export.request_frame(self)

    def steps_to_frame(self) -> pd.DataFrame:
        """Return a row per step as a pandas frame; see `export.step_frame`."""
        return export.step_frame(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the requests as they arrived, as JSON lines that can be simulated again.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from headway.serving.workload import write_workload

        write_workload(export.as_met(self), path)

    def save_perfetto(self, path: str | PathLike[str]) -> None:
        """Write a Chrome trace for ui.perfetto.dev; see `perfetto.save_perfetto`."""
        from headway.serving.results.perfetto import save_perfetto

        save_perfetto(self, path)
