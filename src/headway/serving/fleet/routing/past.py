"""Scorers that look at what engines have done of late."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView
from headway.serving.fleet.window import SlidingSum

PROMPT_TOKENS, OUTPUT_TOKENS = 10.0, 100.0
"""Mean lengths that are taken for granted as long as no engine tells any."""


class DrainRate(Scorer):
    """Requests there, by how fast they end: a measure that unequal engines have in common.

    Parameters
    ----------
    window_s
        Time over which ends are counted.
    """

    name = "drain-rate"

    def __init__(self, window_s: float = 60.0) -> None:
        self._window_s = window_s
        self._ends: list[tuple[float, int]] = []
        self._counts = np.zeros(0)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return seconds until the requests there would have ended."""
        self._advance(cluster.now_s, len(cluster.engines))
        counts = self._counts[: len(cluster.engines)]
        return cluster.in_flight * self._window_s / np.maximum(counts, 1.0)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count an end, if it is not that of a request that failed."""
        self._advance(at_s, engine + 1)
        if output_tokens > 0:
            heappush(self._ends, (at_s, engine))
            self._counts[engine] += 1

    def learned(self, lessons: Lessons) -> None:
        """Count ends that others have seen."""
        ended = lessons.ended
        for engine, tokens in zip(ended.engine.tolist(), ended.output_tokens.tolist(), strict=True):
            self.ended(-1, engine, tokens, lessons.at_s)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget its ends."""
        self._advance(at_s, engine + 1)
        self._ends = [end for end in self._ends if end[1] != engine]
        heapify(self._ends)
        self._counts[engine] = 0

    def _advance(self, now_s: float, n_engines: int) -> None:
        """Make room for engines, and forget the ends before the window."""
        if n_engines > len(self._counts):
            self._counts = np.pad(self._counts, (0, n_engines - len(self._counts)))
        while self._ends and self._ends[0][0] < now_s - self._window_s:
            self._counts[heappop(self._ends)[1]] -= 1


class LeastResponse(Scorer):
    """Time that requests took of late, as the gateway saw it: an exponentially weighted mean.

    Parameters
    ----------
    weight
        Of the newest request in the mean.
    """

    name = "least-response"

    def __init__(self, weight: float = 0.1) -> None:
        self._weight = weight
        self._sent: dict[int, float] = {}
        self._mean: dict[int, float] = {}

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the mean, 0 for engines of which nothing is known."""
        return np.array([self._mean.get(k, 0.0) for k in range(len(cluster.engines))])

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note when it was sent."""
        self._sent[request.number] = cluster.now_s

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Take its time into the mean, if it did not fail."""
        took_s = at_s - self._sent.pop(request, at_s)
        if output_tokens < 1:
            return
        mean = self._mean.get(engine, took_s)
        self._mean[engine] = mean + self._weight * (took_s - mean)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget its mean."""
        self._mean.pop(engine, None)


class LeastLatency(Scorer):
    """Seconds that a request of the usual lengths would take, by what engines tell of late ones.

    Time in the queue, plus time per token of prompts and per token of answers, times the mean
    lengths over all engines: engines that happened to get long requests are not slow for that. One
    that tells nothing counts as free, so that a new one gets work.

    References
    ----------
    AIBrix (2025), strategy ``least-latency``.
    """

    name = "least-latency"

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the seconds; zeros if engines do not tell."""
        if cluster.latencies is None:
            return np.zeros(len(cluster.engines))
        told = cluster.latencies()
        prompt, output = told.prompt_tokens, told.output_tokens
        per_prompt = _mean(prompt, PROMPT_TOKENS) / prompt
        per_output = _mean(output, OUTPUT_TOKENS) / output
        seconds = told.queue_s + told.prefill_s * per_prompt + told.decode_s * per_output
        return np.where(np.isfinite(seconds), seconds, 0.0)


class Throughput(Scorer):
    """Tokens of a request that an engine was given of late: of two engines, the lighter requests.

    Twice the mean length of prompts plus that of answers.

    Parameters
    ----------
    window_s
        Time over which means are taken.

    Raises
    ------
    ConfigError
        If the window is not positive.

    References
    ----------
    AIBrix (2025), strategy ``throughput``.
    """

    name = "throughput"

    def __init__(self, window_s: float = 60.0) -> None:
        self._prompt_tokens, self._prompts = SlidingSum(window_s), SlidingSum(window_s)
        self._output_tokens, self._outputs = SlidingSum(window_s), SlidingSum(window_s)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the tokens, 0 for engines that were given nothing."""
        now_s, n = cluster.now_s, len(cluster.engines)
        prompts = np.maximum(self._prompts.total(now_s, n), 1.0)
        outputs = np.maximum(self._outputs.total(now_s, n), 1.0)
        prompt = self._prompt_tokens.total(now_s, n) / prompts
        return 2 * prompt + self._output_tokens.total(now_s, n) / outputs

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Count the prompt."""
        if request.stage == "first":
            self._prompts.add(cluster.now_s, engine, 1.0)
            self._prompt_tokens.add(cluster.now_s, engine, float(request.prompt_tokens))

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count the answer, if there is one."""
        if output_tokens > 0:
            self._outputs.add(at_s, engine, 1.0)
            self._output_tokens.add(at_s, engine, float(output_tokens))

    def learned(self, lessons: Lessons) -> None:
        """Count prompts and answers of others."""
        at_s, sent, ended = lessons.at_s, lessons.sent, lessons.ended
        for engine, tokens in zip(sent.engine.tolist(), sent.prompt_tokens.tolist(), strict=True):
            self._prompts.add(at_s, engine, 1.0)
            self._prompt_tokens.add(at_s, engine, float(tokens))
        for engine, tokens in zip(ended.engine.tolist(), ended.output_tokens.tolist(), strict=True):
            self.ended(-1, engine, tokens, at_s)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what it was given."""
        for one in (self._prompts, self._prompt_tokens, self._outputs, self._output_tokens):
            one.clear(engine)


def _mean(tokens: Floats, otherwise: float) -> float:
    known = tokens[tokens > 0]
    return float(np.add.reduce(known)) / len(known) if len(known) else otherwise
