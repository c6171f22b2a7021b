"""A run of one engine: what it wrote down, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from headway.serving.results.audit import audit
from headway.serving.results.columns import Floats, Ints, Requests, Speech, Steps


class Traffic(Protocol):
    """What results need to know about a workload; see `headway.serving.Workload`."""

    @property
    def name(self) -> str:
        """For tables and messages."""
        ...

    @property
    def arrival_s(self) -> Floats:
        """When requests arrive; shape (n_requests,)."""
        ...

    @property
    def prompt_tokens(self) -> Ints:
        """Tokens of their prompts; shape (n_requests,)."""
        ...

    @property
    def output_tokens(self) -> Ints:
        """Tokens of their answers; shape (n_requests,)."""
        ...


class Limits(Protocol):
    """What results need to know about an engine's settings; see `headway.serving.EngineConfig`."""

    @property
    def blocks(self) -> int:
        """Blocks of the KV cache."""
        ...

    @property
    def token_budget(self) -> int:
        """Most tokens in a step."""
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

    workload: Traffic
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
