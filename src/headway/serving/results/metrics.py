"""What a run was like for its requests and its engine: every metric, with its one definition.

A metric of requests is an array with a value per request, in the order of the workload, nan where
it is not defined. All come from the columns of the run alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.serving.results.columns import Floats, Ints, Status, Steps
from headway.serving.results.gaps import longest_gaps

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun
    from headway.serving.results.served import Served

Mask = NDArray[np.bool_]

LIMITED = ("ttft_s", "tpot_s", "max_gap_s", "latency_s")
"""Metrics for which a service class can have a limit, which bears the same name."""


def ttft_s(run: Served) -> Floats:
    """Return the time to first token: from arrival; nan without a token."""
    times: Floats = run.requests.first_token_s - run.requests.arrival_s
    return times


def tpot_s(run: Served) -> Floats:
    """Return the time per output token after the first; nan for fewer than two tokens."""
    table = run.requests
    spaces = np.where(table.generated > 1, table.generated - 1.0, np.nan)
    times: Floats = (table.last_token_s - table.first_token_s) / spaces
    return times


def latency_s(run: Served) -> Floats:
    """Return the time from arrival to the last token; nan for what did not finish."""
    table = run.requests
    times: Floats = np.where(finished(run), table.last_token_s - table.arrival_s, np.nan)
    return times


def queueing_s(run: Served) -> Floats:
    """Return the time from arrival to the first step with tokens of it; nan if there was none."""
    times: Floats = run.requests.scheduled_s - run.requests.arrival_s
    return times


def max_gap_s(run: Served) -> Floats:
    """Return the longest time between two consecutive tokens; nan for fewer than two tokens."""
    return longest_gaps(*run.spoken, len(run.requests))


def finished(run: Served) -> Mask:
    """Return which requests have all their tokens."""
    return np.asarray(run.requests.status == Status.FINISHED)


def attained(run: Served) -> Mask:
    """Return which requests finished within all limits of their service class.

    What is not defined breaks no limit: a request of one token has no time per output token.
    """
    traffic = run.workload
    good = finished(run)
    for name in LIMITED:
        limits = [getattr(service, name) for service in traffic.classes]
        if any(limit is not None for limit in limits):
            most = np.array([np.inf if limit is None else limit for limit in limits])
            good &= ~(getattr(run, name) > most[traffic.service_class])
    return good


def duration_s(run: Served) -> float:
    """Return the time from the first arrival to the end of the last step; nan without steps."""
    end_s = run.spoken[1]
    if not len(end_s):
        return float("nan")
    return float(end_s.max() - np.nanmin(run.requests.arrival_s))


def attainment(run: Served, chosen: Mask | None = None) -> float:
    """Return the share of all requests that finished within their limits; nan without any.

    Parameters
    ----------
    run
        The run.
    chosen
        The requests to look at; shape (n_requests,). All by default.
    """
    good = run.attained if chosen is None else run.attained[chosen]
    return float(good.mean()) if len(good) else float("nan")


def goodput(run: Served, chosen: Mask | None = None) -> float:
    """Return the requests per second that finished within their limits.

    Parameters
    ----------
    run
        The run.
    chosen
        The requests to look at; shape (n_requests,). All by default.
    """
    good = run.attained if chosen is None else run.attained & chosen
    return float(np.count_nonzero(good)) / duration_s(run)


def goodput_tokens(run: Served, chosen: Mask | None = None) -> float:
    """Return the output tokens per second of requests that finished within their limits.

    Parameters
    ----------
    run
        The run.
    chosen
        The requests to look at; shape (n_requests,). All by default.
    """
    good = run.attained if chosen is None else run.attained & chosen
    return float(run.requests.generated[good].sum(dtype=np.int64)) / duration_s(run)


def throughput(run: Served) -> float:
    """Return the requests per second that finished, within their limits or not."""
    return float(np.count_nonzero(finished(run))) / duration_s(run)


def throughput_tokens(run: Served) -> float:
    """Return the output tokens per second, of all requests."""
    return float(run.requests.generated.sum(dtype=np.int64)) / duration_s(run)


def cache_hit_rate(run: Served) -> float:
    """Return the share of prompt tokens found in the prefix cache at first admission."""
    begun = ~np.isnan(run.requests.scheduled_s)
    prompts = run.workload.prompt_tokens[begun].sum(dtype=np.int64)
    return float(run.requests.cached_tokens[begun].sum(dtype=np.int64) / max(prompts, 1))


def kv_use(run: EngineRun) -> Floats:
    """Return the share of the KV cache in use in each step; shape (n_steps,)."""
    use: Floats = run.steps.used_blocks / run.config.blocks
    return use


def preempted(run: EngineRun) -> Ints:
    """Return how many requests were sent back to the queue when each step began.

    That is what the batch has lost since the step before beyond those who finished: an engine
    admits nobody in a step that preempts. Where batches overlap in a pipeline, an estimate.
    """
    table, steps = run.requests, run.steps
    over = np.searchsorted(steps.end_s, table.last_token_s[finished(run)])
    gone = np.bincount(over, minlength=len(steps))
    lost = np.zeros(len(steps), dtype=np.int64)
    lost[1:] = steps.running[:-1] - gone[:-1] - steps.running[1:]
    return np.maximum(lost, 0)


def over_time(steps: Steps, values: Floats | Ints) -> float:
    """Return the mean of a column of steps over the time in which engines run steps.

    Parameters
    ----------
    steps
        Those of an engine, or of several.
    values
        A value per step; shape (n_steps,).
    """
    weights = steps.end_s - steps.start_s
    total = float(weights.sum())
    return float(np.dot(values, weights) / total) if total > 0 else float("nan")


def busy(run: EngineRun) -> float:
    """Return the share of the run's time in which a step ran; more than 1 if steps overlap."""
    return float((run.steps.end_s - run.steps.start_s).sum()) / duration_s(run)
