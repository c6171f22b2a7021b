"""An instance that runs one batch of prefills after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError
from headway.serving.prefill.laps.batch import Batch, Batcher, Turn
from headway.serving.prefill.laps.graphs import GraphBuckets
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import Passes, PrefillRun
from headway.serving.prefill.step_work import StepWork
from headway.serving.prefill.work import Load, PrefillWork
from headway.serving.step_time import as_native


@dataclass(frozen=True, eq=False)
class Clients:
    """Requests that are sent one after another: a client waits for its answer, pauses, sends again.

    Parameters
    ----------
    which
        Of the requests, those that are sent this way, in their order; their arrival times do not
        count. Shape (n,), bool.
    number
        Clients: so many of these requests are there or in a pause at any time.
    pause_s
        Between an answer and the client's next request, also before its first one; a number, or one
        per request, shape (n,).

    Raises
    ------
    ConfigError
        If there is no client or a pause is negative.
    """

    which: NDArray[np.bool_]
    number: int
    pause_s: ArrayLike = 0.0

    def __post_init__(self) -> None:
        if self.number < 1 or np.any(np.asarray(self.pause_s) < 0):
            raise ConfigError("clients: expected one or more, and pauses of 0 or more")


def serve(
    requests: PrefillRequests,
    batcher: Batcher,
    work: PrefillWork,
    *,
    graphs: GraphBuckets | None = None,
    clients: Clients | None = None,
) -> PrefillRun:
    """Return what becomes of requests on one instance.

    Parameters
    ----------
    requests
        What arrives; with `clients` the result has them in their actual order of arrival.
    batcher
        Who decides; it is used up by the run.
    work
        What batches cost without a graph.
    graphs
        What a replay saves.
    clients
        Those who send requests in a closed loop.

    Raises
    ------
    ConfigError
        If the batcher runs what is not there, or ends with requests undone.
    """
    return _Instance(requests, batcher, work, graphs, clients).run()


class _Instance:
    def __init__(
        self,
        requests: PrefillRequests,
        batcher: Batcher,
        work: PrefillWork,
        graphs: GraphBuckets | None,
        clients: Clients | None,
    ) -> None:
        n = len(requests)
        self.requests, self.batcher = requests, batcher
        self.seconds = _timer(work)
        self.saved_s = 0.0 if graphs is None else graphs.saved_s
        self.arrival_s = requests.arrival_s.copy()
        self.left = requests.tokens.tolist()
        self.scheduled_s = np.full(n, np.nan)
        self.first_token_s = np.full(n, np.nan)
        held = np.zeros(n, bool) if clients is None else clients.which
        self.held = held.tolist()
        self.coming = [(float(requests.arrival_s[i]), int(i)) for i in np.flatnonzero(~held)]
        heapify(self.coming)
        self.next_held = iter(np.flatnonzero(held).tolist())
        if clients is not None:
            self.pause_s = np.broadcast_to(np.asarray(clients.pause_s, float), n).tolist()
            for _ in range(clients.number):
                self.send(0.0)
        self.batches: list[tuple[float, float, Batch]] = []

    def send(self, now: float) -> None:
        """Let the next request in a client's hand come, if there is one."""
        turn = next(self.next_held, None)
        if turn is not None:
            self.arrival_s[turn] = now + self.pause_s[turn]
            heappush(self.coming, (float(self.arrival_s[turn]), turn))

    def receive(self, until_s: float) -> None:
        """Tell the batcher who came."""
        requests = self.requests
        while self.coming and self.coming[0][0] <= until_s:
            at, i = heappop(self.coming)
            deadline = at + float(requests.ttft_s[i])
            turn = Turn(i, at, int(requests.tokens[i]), int(requests.history[i]), deadline)
            self.batcher.arrive(turn)

    def run(self) -> PrefillRun:
        now = 0.0
        while True:
            self.receive(now)
            choice = self.batcher.next(now)
            if isinstance(choice, Batch):
                now = self.execute(choice, now)
            else:
                now = min(choice, self.coming[0][0] if self.coming else inf)
                if now == inf:
                    break
        if any(self.left):
            raise ConfigError(f"{self.batcher.name}: {sum(map(bool, self.left))} requests undone")
        return self.outcome()

    def execute(self, batch: Batch, now: float) -> float:
        load = batch.load
        plain_s = self.seconds(load)
        end = now + (plain_s - self.saved_s if batch.bucket else plain_s)
        if not now < end < inf:
            raise ConfigError(f"a pass of {load} takes {end - now} s")
        for turn, tokens, context in batch.segments:
            done = int(self.requests.tokens[turn]) - self.left[turn]
            if not 0 < tokens <= self.left[turn] or context != self.requests.history[turn] + done:
                raise ConfigError(f"{self.batcher.name}: {tokens} tokens of {turn} after {context}")
            if done == 0:
                self.scheduled_s[turn] = now
            self.left[turn] -= tokens
        self.batches.append((now, end, batch))
        self.receive(np.nextafter(end, now))
        for turn, _, _ in batch.segments:
            if self.left[turn] == 0:
                self.first_token_s[turn] = end
                if self.held[turn]:
                    self.send(end)
        self.batcher.ended(load, plain_s)
        return end

    def outcome(self) -> PrefillRun:
        order = np.argsort(self.arrival_s, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        requests = self.requests
        arrived = PrefillRequests(
            self.arrival_s[order],
            requests.tokens[order],
            requests.history[order],
            requests.ttft_s[order],
            requests.service_class[order],
            requests.classes,
        )
        n = len(order)
        return PrefillRun(
            arrived,
            self.batcher.name,
            self.scheduled_s[order],
            self.first_token_s[order],
            preemptions=np.zeros(n, np.int64),
            suspended_s=np.zeros(n),
            wasted_s=np.zeros(n),
            blocking_s=np.full(n, np.nan),
            passes=self.passes(rank),
        )

    def passes(self, rank: NDArray[np.int64]) -> Passes:
        sizes = [len(batch.segments) for _, _, batch in self.batches]
        segments = [segment for _, _, batch in self.batches for segment in batch.segments]
        return Passes(
            np.array([start for start, _, _ in self.batches], np.float64),
            np.array([end for _, end, _ in self.batches], np.float64),
            np.arange(len(sizes)),
            rank[np.array([segment.turn for segment in segments], np.int64)],
            np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
            np.array([segment.tokens for segment in segments], np.int64),
        )


def _timer(work: PrefillWork) -> Callable[[Load], float]:
    """Return what times one pass; a step time in its native form, which answers far sooner."""
    if not isinstance(work, StepWork):
        return lambda load: float(work.seconds(load))
    native = as_native(work.step_time)

    def seconds(load: Load) -> float:
        tokens, prefills, context, pairs = load
        row = [tokens, prefills, context, pairs, 0.0, 0.0, 0.0, prefills, 0.0, 0.0]
        return float(native.seconds(np.array(row, dtype=np.float64))[0])

    return seconds
