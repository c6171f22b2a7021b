"""How a batch is put together: who gets tokens, who gives way, who is let in."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

import numpy as np

from headway.serving.engine import Policy
from headway.serving.step_time import Shape
from tests.twins.serving_parts import Request, ceil, columns, requests_of, shape_of
from tests.twins.serving_pool import Pool

UNFINISHED, FINISHED, DROPPED = 0, 1, 2


class Scheduler:
    """The queue, the running requests and the blocks they hold; the half that knows no clock."""

    def __init__(self, workload: Any, config: Any, step_time: Any, policy: Any = None) -> None:
        self.config = config
        self.step_time = step_time
        self.policy = policy
        self.requests = requests_of(workload, config.block_tokens)
        keys = (policy or Policy()).key(columns(self.requests))
        for request, key in zip(self.requests, keys, strict=True):
            request.key = float(key)
        self.pool = Pool(config.blocks)
        self.host: dict[Hashable, None] = {}  # contents of forgotten blocks, oldest first
        self.loads: list[tuple[float, Request]] = []  # from the host, with their ends
        self.link_free_s = 0.0
        self.waiting: list[Request] = []
        self.running: list[Request] = []
        self.now = 0.0
        self.steps: list[dict[str, float]] = []
        self.batch: dict[Request, int] = {}  # tokens by request, in the order they were given
        self.budget = 0
        self.new: list[int] = []  # of them, those of requests just admitted
        # What has happened while this batch was formed:
        self.preempted = self.dropped = self.stopped = False
        self.ran_before = False  # somebody, when it was begun
        self.rows = 0  # of a static batch, those of ended requests included
        self.moved_blocks = 0  # to or from the host

    def form(self) -> None:
        """Form a batch; it may be empty."""
        again = True
        while again:
            self.batch, self.new = {}, []
            self.ran_before = bool(self.running)
            self.preempted = self.dropped = self.stopped = False
            self.budget = self.config.token_budget
            if self.hooks("budget"):
                self.budget = min(self.budget, max(0, int(self.policy.budget(self.view()))))
            self.compose()
            again = not self.batch and (self.preempted or self.dropped)

    def compose(self) -> None:
        config = self.config
        if config.mix == "prefill first":
            self.grow(lambda r: not r.decoding)
            self.admit()
            if not self.batch:
                self.stopped = False
                self.grow(lambda r: r.decoding)
        elif config.decode_first:
            self.grow(lambda r: r.decoding)
            self.grow(lambda r: not r.decoding)
            self.admit()
        else:
            self.grow(lambda r: True)
            self.admit()

    def grow(self, which: Callable[[Request], bool]) -> None:
        """Give tokens to running requests, until one of them has to wait for blocks."""
        config = self.config
        for request in list(self.running):
            if self.stopped:
                return
            if request not in self.running or request.flying or not which(request):
                continue
            q = min(request.target - request.computed, self.budget)
            if config.long_prefill_tokens and not request.decoding:
                q = min(q, config.long_prefill_tokens)
            if q == 0:
                continue
            need = ceil(request.computed + q, config.block_tokens)
            if need > config.blocks:
                self.running.remove(request)
                self.leave(request, DROPPED)
                self.dropped = True
                continue
            while need - len(request.blocks) > len(self.pool.free):
                victim = self.victim(request)
                self.stopped = victim.flying or victim is request
                if not victim.flying:
                    # One in flight can give way when its step has ended.
                    self.preempt(victim)
                if self.stopped:
                    return
            request.blocks += self.take(max(0, need - len(request.blocks)))
            self.batch[request] = q
            self.budget -= q

    def victim(self, grower: Request) -> Request:
        if self.hooks("victim"):
            return self.requests[int(self.policy.victim(self.view(), grower.id))]
        latest_first = self.running[::-1]
        if self.config.victim == "priority":
            return max(latest_first, key=lambda r: (r.priority, r.came_s))
        if self.config.victim == "least progress":
            return min(latest_first, key=lambda r: (r.generated, -r.prompt))
        return latest_first[0]

    def admit(self) -> None:
        """Take waiting requests in, in order, as long as they fit."""
        if self.preempted or self.stopped:
            return
        if self.config.refill == "when empty" and self.ran_before:
            return
        if self.hooks("admit"):
            if self.waiting and self.has_room():
                for request in map(int, self.policy.admit(self.view())):
                    if not self.has_room() or not self.try_to_admit(self.requests[request]):
                        return
            return
        while self.waiting and self.has_room() and self.try_to_admit(self.waiting[0]):
            pass

    def has_room(self) -> bool:
        return self.budget > 0 and len(self.running) < self.config.max_sequences

    def try_to_admit(self, request: Request) -> bool:
        """Admit, or drop what can never be admitted; return False if it has to wait."""
        config = self.config
        if ceil(request.target, config.block_tokens) > config.blocks:
            self.waiting.remove(request)
            self.leave(request, DROPPED)
            self.dropped = True
            return True
        hits, on_host = self.hits(request)
        done = request.kept or (len(hits) + len(on_host)) * config.block_tokens
        q = 0 if on_host else self.chunk(request.target - done)
        if q == 0 and not on_host:
            return False
        blocks = self.blocks_to_reserve(request, done + q)
        asked = max(blocks, ceil(request.target, config.block_tokens))
        asked = (asked if config.prompt_must_fit else blocks) - len(hits)
        spare = int(config.watermark * config.blocks) if self.running else 0
        if self.pool.wanted(hits, asked) + spare > len(self.pool.free):
            return False
        for content in on_host:
            self.host[content] = self.host.pop(content)
        self.pool.hold(hits)
        request.blocks = hits + self.take(blocks - len(hits))
        request.filled = len(hits)
        request.computed = done
        if request.kept and request.preemptions:
            self.moved_blocks += ceil(request.kept, config.block_tokens)
        request.kept = 0
        if math.isnan(request.scheduled_s):
            request.scheduled_s = self.now
            request.cached_tokens = done
        self.waiting.remove(request)
        self.running.append(request)
        self.rows = len(self.running)
        if on_host:
            self.load(request, len(on_host))
        else:
            self.batch[request] = q
            self.budget -= min(q, self.budget)
            self.new.append(q)
        return True

    def chunk(self, missing: int) -> int:
        """Return how many of the missing tokens of a new request this step has room for."""
        config = self.config
        if config.chunked:
            return min(missing, self.budget, config.long_prefill_tokens or missing)
        fits = missing <= self.budget
        if config.padded_budget:
            total = self.budget + sum(self.batch.values())
            fits &= (len(self.new) + 1) * max([*self.new, missing]) <= total
        return missing if fits or not self.batch else 0

    def hits(self, request: Request) -> tuple[list[int], list[Hashable]]:
        """Return blocks that hold the first tokens already, and what the host keeps of the next."""
        if not self.config.prefix_caching or request.kept:
            return [], []
        # One token is always computed, for there is nothing to sample from otherwise.
        most = (request.target - 1) // self.config.block_tokens
        contents = [request.content(j) for j in range(most)]
        hits = self.pool.hits(contents)
        return hits, list(takewhile(lambda c: c in self.host, contents[len(hits) :]))

    def take(self, count: int) -> list[int]:
        """Take free blocks; what others could use of their content goes to the host."""
        taken, forgotten = self.pool.take(count)
        for content in forgotten:
            if content[0] != "own" and self.config.host_blocks:
                self.host.pop(content, None)
                self.host[content] = None
                if len(self.host) > self.config.host_blocks:
                    del self.host[next(iter(self.host))]
        return taken

    def load(self, request: Request, blocks: int) -> None:
        """Fetch blocks over the one link to the host; the request takes no part until then."""
        request.flying = True
        self.link_free_s = max(self.now, self.link_free_s) + self.seconds_to_move(blocks)
        self.loads.append((self.link_free_s, request))

    def blocks_to_reserve(self, request: Request, tokens: int) -> int:
        config = self.config
        if config.reserve == "prompt":
            tokens = max(tokens, request.target)
        if config.reserve == "whole":
            longest = min(request.prompt + request.limit, config.max_model_tokens)
            tokens = min(max(tokens, longest), config.blocks * config.block_tokens)
        return ceil(tokens, config.block_tokens)

    def wait(self, request: Request) -> None:
        self.waiting = sorted([*self.waiting, request], key=lambda r: (r.key, r.id))

    def leave(self, request: Request, status: int) -> None:
        request.status = status
        self.pool.release(request.blocks, request.id)
        request.blocks = []

    def preempt(self, victim: Request) -> None:
        self.budget += self.batch.pop(victim, 0)
        self.preempted = True
        victim.preemptions += 1
        victim.most_computed = max(victim.most_computed, victim.computed)
        self.running.remove(victim)
        self.pool.release(victim.blocks, victim.id)
        victim.blocks = []
        victim.filled = 0
        if self.swaps(victim):
            self.moved_blocks += ceil(victim.computed, self.config.block_tokens)
            victim.kept = victim.computed
        victim.computed = 0
        self.wait(victim)

    def swaps(self, victim: Request) -> bool:
        if self.config.preemption != "cheaper":
            return self.config.preemption == "swap"
        blocks = ceil(victim.computed, self.config.block_tokens)
        again = Shape(**shape_of([(victim.computed, 0, False)], 1))
        return 2 * self.seconds_to_move(blocks) < self.step_time.seconds(again)

    def seconds_to_move(self, blocks: int) -> float:
        if not blocks:
            return 0.0
        return blocks * self.config.bytes_per_block / self.config.swap_bytes_per_s

    # What policies see.

    def hooks(self, name: str) -> bool:
        """Return whether the policy decides this itself."""
        return self.policy is not None and getattr(type(self.policy), name) is not getattr(
            Policy, name
        )

    def view(self) -> SimpleNamespace:
        waiting = columns(self.waiting)
        found = [
            r.kept or sum(map(len, self.hits(r))) * self.config.block_tokens for r in self.waiting
        ]
        waiting.cached_tokens = np.array(found, np.int64)
        return SimpleNamespace(
            now_s=self.now,
            n_steps=len(self.steps),
            free_blocks=len(self.pool.free),
            blocks=self.config.blocks,
            block_tokens=self.config.block_tokens,
            budget_left=self.budget,
            running=columns(self.running),
            waiting=waiting,
        )
