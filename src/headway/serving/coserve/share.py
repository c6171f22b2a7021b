"""Requests and a finetuning job on one engine, or on parts of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError
from headway.serving.coserve.memory import Activations
from headway.serving.coserve.policies import Sharing
from headway.serving.coserve.tuning import ATTENTION_BACKWARD
from headway.serving.engine import Engine, EngineConfig
from headway.serving.results import EngineRun
from headway.serving.step_time import Shape, StepTime, as_native
from headway.serving.step_time.shape import Value
from headway.serving.workload import Workload

LOOK_S = 1.0
"""Seconds of simulated time between two looks whether requests are left, after all have come."""


@dataclass(frozen=True, eq=False)
class SharedRun:
    """What became of the requests, and of the job beside them.

    Attributes
    ----------
    run
        The requests.
    seconds
        From the beginning to the end of the last step.
    trained_tokens
        Progress of the job: half a token forward, half backward. No padding, and nothing that was
        lost for want of memory.
    sequences
        Finished sequences.
    lost_tokens
        Progress that was given up, and made again.
    peak_bytes
        Most activations kept.
    """

    run: EngineRun = field(repr=False)
    seconds: float
    trained_tokens: float
    sequences: int
    lost_tokens: float
    peak_bytes: float

    @property
    def trained_tokens_per_s(self) -> float:
        """Tokens trained per second."""
        return self.trained_tokens / self.seconds if self.seconds else float("nan")

    @property
    def attainment(self) -> float:
        """Share of requests that kept the limits of their class."""
        return float(self.run.attained.mean())


def share(
    workload: Workload, config: EngineConfig, step_time: StepTime, policy: Sharing
) -> SharedRun:
    """Return what becomes of requests and a job that share an engine.

    While there is no request, the job has steps of its own; a request that comes in one waits for
    its end. The run ends within a second of the last token.

    Parameters
    ----------
    workload
        The requests.
    config, step_time
        The engine.
    policy
        Who gets what of a step; it is used up.

    Raises
    ------
    ConfigError
        If there is no request.
    """
    if not len(workload):
        raise ConfigError(f"{workload.name}: expected at least one request")
    engine = Engine(workload, config, step_time, policy)
    engine.submit(np.arange(len(workload)), workload.arrival_s)
    until_s = float(workload.arrival_s[-1])
    engine.advance(until_s)
    # The job never ends, so that the engine is never idle: look whether anybody is left.
    while len(engine.native.running()) or len(engine.native.waiting()):
        until_s += LOOK_S
        engine.advance(until_s)
    run = engine.result()
    tuning = policy.tuning
    return SharedRun(
        run,
        policy.ends_s,
        tuning.progress_tokens,
        tuning.sequences,
        tuning.lost_tokens,
        policy.peak_bytes,
    )


def alone_tokens_per_s(
    step_time: StepTime, activations: Activations, lengths: Iterable[int]
) -> float:
    """Return how many tokens per second a job trains on an engine of its own.

    Parameters
    ----------
    step_time
        The engine.
    activations
        What is trained.
    lengths
        Tokens of the sequences that are run, one by one, in one pass forward and one backward.

    Raises
    ------
    ConfigError
        If there is no sequence.
    """
    n = np.array(list(lengths), np.float64)
    if not len(n):
        raise ConfigError("lengths: expected at least one sequence")
    tokens, pairs = n * (1.0 + activations.head_share), n * (n + 1) / 2
    forward = step_time.seconds(Shape(extra_tokens=tokens, extra_pairs=pairs))
    backward = step_time.seconds(Shape(extra_tokens=tokens, extra_pairs=ATTENTION_BACKWARD * pairs))
    return float(n.sum() / np.sum(np.asarray(forward) + np.asarray(backward)))


class Part(StepTime):
    """A fixed part of an engine, as spatial sharing gives it: everything takes longer.

    Parameters
    ----------
    step_time
        The whole engine.
    fraction
        The part, above 0 and at most 1, of its compute and its bandwidth alike.

    Raises
    ------
    ConfigError
        If the fraction is none.
    """

    def __init__(self, step_time: StepTime, fraction: float) -> None:
        if not 0 < fraction <= 1:
            raise ConfigError(f"fraction: expected a part in (0, 1], got {fraction}")
        self.fraction = fraction
        self._whole = step_time
        self._native = as_native(step_time)

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        if np.ndim(shape.extra_tokens) or np.ndim(shape.decodes):
            return np.asarray(self._whole.seconds(shape)) / self.fraction
        return float(self._native.seconds(shape.rows()[0])[0]) / self.fraction


def spatial(
    workload: Workload,
    config: EngineConfig,
    step_time: StepTime,
    fraction: float,
    trained_per_s: float,
) -> SharedRun:
    """Return what becomes of requests on a part of an engine, and of a job on the rest.

    Parameters
    ----------
    workload, config, step_time
        The requests and the whole engine.
    fraction
        The part for requests.
    trained_per_s
        What the job trains on a whole engine.
    """
    run = Engine(workload, config, Part(step_time, fraction)).run()
    seconds = float(run.steps.end_s[-1])
    return SharedRun(run, seconds, (1 - fraction) * trained_per_s * seconds, 0, 0.0, 0.0)
