"""One inference engine, request by request and token by token, written to be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from headway.serving.results import EngineRun
from headway.serving.step_time import Shape
from tests.twins.serving_parts import Request, ceil, padded, run_of, shape_of
from tests.twins.serving_scheduler import DROPPED, FINISHED, Scheduler


@dataclass
class Batch:
    """A step on its way: who has got how many tokens."""

    number: int
    end_s: float
    tokens: dict[Request, int]
    warmed: int = 0  # tokens that nobody has asked for


@dataclass
class Warming:
    """A context that is computed before anybody asks for it."""

    request: Request
    computed: int
    target: int
    blocks: list[int]
    unwanted: bool = False


class Engine(Scheduler):
    """What the native engine does; `watch` is called after everything that happens."""

    def __init__(self, workload: Any, config: Any, step_time: Any, policy: Any = None) -> None:
        super().__init__(workload, config, step_time, policy)
        self.workload = workload
        self.coming: list[tuple[float, int]] = []  # arrivals that have been submitted
        self.backlog: list[int] = []  # requests for which there was no client yet
        self.busy_clients = 0
        self.flying: list[Batch] = []
        self.stage_free_s = 0.0
        self.ripe = self.hooks("fill")  # something has changed since no step could begin
        self.speech: list[tuple[int, int]] = []
        self.warming: Warming | None = None
        self.watch: Callable[[], None] = lambda: None

    # Time.

    def submit(self, ids: Sequence[int], at_s: Sequence[float]) -> None:
        """Let requests arrive; in a closed loop those for which there is a client."""
        for request, time in zip(ids, at_s, strict=True):
            if self.config.clients and self.busy_clients == self.config.clients:
                self.backlog.append(int(request))
            else:
                self.busy_clients += 1
                self.coming = sorted([*self.coming, (float(time), int(request))])

    def keep(self, requests: Sequence[int], worths: Sequence[float]) -> None:
        """Hear what the blocks that requests have let go are worth."""
        for request, worth in zip(requests, worths, strict=True):
            self.pool.keep(int(request), float(worth))

    def may_warm(self) -> bool:
        config = self.config
        never = not config.prefix_caching or not config.chunked or config.pipeline > 1
        never |= config.clients > 0 or config.refill == "when empty"
        never |= self.hooks("fill") or self.hooks("budget")
        return not (never or self.running or self.waiting or self.flying or self.loads)

    def warm(self, number: int, tokens: int, at_s: float) -> bool:
        """Begin to compute the first tokens of a request, if there is nothing else to do."""
        comes = bool(self.coming) and self.coming[0][0] <= at_s
        if self.warming or comes or not self.may_warm():
            return False
        request, size = self.requests[number], self.config.block_tokens
        full = [request.content(j) for j in range(tokens // size)]
        contents = list(takewhile(lambda content: content[0] != "own", full))
        hits = self.pool.hits(contents)
        if len(hits) == len(contents) or len(contents) > self.config.blocks:
            return False
        self.pool.hold(hits)
        self.warming = Warming(request, len(hits) * size, len(contents) * size, hits)
        self.stage_free_s = max(self.stage_free_s, at_s)
        self.ripe = True
        return True

    def warm_on(self) -> None:
        """Begin a step of the work that nobody has asked for."""
        job = self.warming
        assert job is not None
        tokens = min(self.config.token_budget, job.target - job.computed)
        missing = ceil(job.computed + tokens, self.config.block_tokens) - len(job.blocks)
        job.blocks += self.take(missing)
        self.start(shape_of([(tokens, job.computed, False)], 0))
        self.steps[-1]["extra_tokens"] = tokens
        self.flying[-1].warmed = tokens

    def end_warm_step(self, tokens: int) -> None:
        job, size = self.warming, self.config.block_tokens
        assert job is not None
        for j in range(job.computed // size, (job.computed + tokens) // size):
            self.pool.fill(job.blocks[j], job.request.content(j))
        job.computed += tokens
        if job.unwanted or job.computed == job.target:
            self.stop_warming()

    def stop_warming(self) -> None:
        assert self.warming is not None
        self.pool.release(self.warming.blocks, self.warming.request.id)
        self.warming = None

    def run(self) -> EngineRun:
        self.submit(range(len(self.requests)), self.workload.arrival_s)
        self.advance(math.inf)
        return self.result()

    def result(self) -> EngineRun:
        # A policy may wait, and the device waits for what comes from the host.
        idle = self.hooks("admit") or self.hooks("budget") or self.config.host_blocks > 0
        ended = self.steps[: len(self.steps) - len(self.flying)]
        return run_of(self.workload, self.config, self.requests, ended, self.speech, may_idle=idle)

    def chances(self) -> tuple[float, float, float]:
        """Return when next a step ends, a request arrives, a step may begin."""
        end = self.flying[0].end_s if self.flying else math.inf
        if self.loads:
            end = min(end, self.loads[0][0])
        arrival = self.coming[0][0] if self.coming else math.inf
        free = self.ripe and len(self.flying) < self.config.pipeline
        return end, arrival, max(self.now, self.stage_free_s) if free else math.inf

    @property
    def next_s(self) -> float:
        return min(self.chances())

    def advance(self, until_s: float) -> None:
        while self.next_s < math.inf:
            end, arrival, begin = self.chances()
            if end <= min(arrival, begin, until_s):
                self.now = end
                if self.flying and self.flying[0].end_s == end:
                    self.end_step()
                else:
                    self.end_load()
                self.ripe = True
            elif arrival <= min(begin, until_s):
                self.now = arrival
                self.arrive(self.requests[self.coming.pop(0)[1]])
                self.ripe = True
            elif begin < until_s:
                self.now = begin
                self.ripe = self.begin_step()
            else:
                return
            self.watch()

    # What happens to requests.

    def arrive(self, request: Request) -> None:
        if self.warming and self.flying:
            self.warming.unwanted = True
        elif self.warming:
            self.stop_warming()
        request.came_s = self.now
        config = self.config
        too_big = ceil(request.prompt + 1, config.block_tokens) > config.blocks
        too_big |= request.prompt >= config.max_model_tokens
        if too_big:
            self.leave(request, DROPPED)
        else:
            self.wait(request)

    def leave(self, request: Request, status: int) -> None:
        super().leave(request, status)
        if self.policy is not None and status == FINISHED:
            self.policy.finished(request.id, request.generated)
        if self.backlog:
            self.arrive(self.requests[self.backlog.pop(0)])
        else:
            self.busy_clients -= 1

    # A step.

    def begin_step(self) -> bool:
        """Form a batch and begin it; return whether one was begun."""
        self.form()
        shape = self.shape()
        if self.hooks("fill"):
            tokens, pairs = self.policy.fill(self.view(), Shape(**shape))
            shape |= {"extra_tokens": tokens, "extra_pairs": pairs}
        begins = bool(self.batch) or shape["extra_tokens"] > 0
        if begins:
            self.start(shape)
        elif self.warming and self.may_warm():
            self.warm_on()
            return True
        return begins

    def segments(self) -> list[tuple[int, int, bool]]:
        return [(q, r.computed, r.decoding and q == 1) for r, q in self.batch.items()]

    def plain_shape(self) -> dict[str, float]:
        speaking = sum(r.computed + q == r.target for r, q in self.batch.items())
        return shape_of(self.segments(), speaking)

    def shape(self) -> dict[str, float]:
        """Return what the device computes, padding included."""
        plain = self.plain_shape()
        if self.config.refill == "continuous" or not self.batch:
            return plain
        rows = padded(self.segments(), self.rows)
        return shape_of(rows, plain["sequences"] if plain["prefills"] else len(rows))

    def start(self, shape: dict[str, float]) -> None:
        plain = self.plain_shape()
        duration = float(self.step_time.seconds(Shape(**shape)))
        duration += self.seconds_to_move(self.moved_blocks)
        self.moved_blocks = 0
        stage = duration / self.config.pipeline
        end = self.now + duration
        if self.flying:
            # No batch overtakes another: its last stage begins after the other's has ended.
            end = max(end, self.flying[-1].end_s + stage)
        self.stage_free_s = self.now + stage
        for request in self.batch:
            request.flying = True
        self.flying.append(Batch(len(self.steps), end, self.batch))
        self.steps.append(
            {
                "start_s": self.now,
                "end_s": end,
                "prefill_tokens": plain["prefill_tokens"],
                "decodes": plain["decodes"],
                "sequences": plain["sequences"],
                "running": len(self.running),
                "waiting": len(self.waiting),
                "used_blocks": self.config.blocks - len(self.pool.free),
                "extra_tokens": shape["extra_tokens"],
            }
        )

    def end_step(self) -> None:
        batch = self.flying.pop(0)
        if batch.warmed:
            self.end_warm_step(batch.warmed)
        for request, q in batch.tokens.items():
            request.flying = False
            again = min(request.computed + q, request.most_computed) - request.computed
            request.recomputed_tokens += max(0, again)
            request.computed += q
            request.most_computed = max(request.most_computed, request.computed)
            self.fill_blocks(request)
            if request.computed == request.target:
                self.speak(request, batch.number)

    def end_load(self) -> None:
        _, request = self.loads.pop(0)
        request.flying = False
        self.fill_blocks(request)

    def fill_blocks(self, request: Request) -> None:
        """Let its full blocks be found."""
        if self.config.prefix_caching:
            full = request.computed // self.config.block_tokens
            for j in range(request.filled, full):
                self.pool.fill(request.blocks[j], request.content(j))
            request.filled = full

    def speak(self, request: Request, step: int) -> None:
        if request.generated == 0:
            request.first_token_s = self.now
        request.last_token_s = self.now
        request.generated += 1
        self.speech.append((request.id, step))
        whole = min(request.output, request.limit)
        if request.generated == whole or request.target == self.config.max_model_tokens:
            self.running.remove(request)
            self.leave(request, FINISHED)
