"""A pool of cache that engines store prefixes in, and fetch them from where that is quicker."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.member import Link, Member
from headway.serving.fleet.pool.tiers import check_policy, tier
from headway.serving.fleet.routing.cost import PromptCost
from headway.serving.fleet.view import Ints
from headway.serving.workload import Blocks, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePool:
    """What the pool is: memory of hosts, or of machines of its own, behind a link.

    Parameters
    ----------
    size_bytes
        What fits into it.
    policy
        ``"s3-fifo"`` or ``"lru"``.
    link
        Between the pool and each engine, in each direction; an engine fetches one after the other.
    selective
        Whether a prefix is fetched only if that takes less time than to compute it.

    Raises
    ------
    ConfigError
        If it has no size.
    UnknownNameError
        If there is no such policy.
    """

    size_bytes: float
    policy: str = "s3-fifo"
    link: Link = field(default_factory=Link)
    selective: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.size_bytes < math.inf:
            raise ConfigError(f"bytes: expected a size, got {self.size_bytes}")
        check_policy(self.policy)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A prefix that comes from the pool.

    Attributes
    ----------
    arrives_s
        When it has come.
    computed
        Tokens of the prompt that need no computation then, those that the engine has included.
    """

    arrives_s: float
    computed: int


@dataclass(slots=True, eq=False)
class PoolUse:
    """What the pool was good for in a run.

    Attributes
    ----------
    policy, blocks
        Who decides what stays, and how many blocks fit.
    fetched_tokens
        Tokens that came from the pool for each request; shape (n_requests,).
    found_tokens
        Tokens that the pool had, beyond those that the engine had, fetched or not.
    declined
        Requests for which it was quicker to compute.
    read_bytes, written_bytes
        That were moved to engines, and to the pool.
    evicted_blocks
        That had to go.
    """

    policy: str
    blocks: int
    fetched_tokens: Ints
    found_tokens: int = 0
    declined: int = 0
    read_bytes: float = 0.0
    written_bytes: float = 0.0
    evicted_blocks: int = 0


class SharedPool:
    """The pool of a simulated fleet.

    When a request has ended, the full blocks of its prompt, and of its answer as far as the traffic
    names them, are in the pool one transfer later, unless they are there already. When a request
    is sent to an engine, the blocks that follow those which the engine has are fetched if
    they are there: the request arrives when they have come, with its place in the queue by its
    own arrival.

    Parameters
    ----------
    settings
        What the pool is.
    workload
        Names the blocks; without names nothing is found.
    members
        The engines; all of one model.
    slowness
        Times that transfers from or to an engine take longer now.

    Raises
    ------
    ConfigError
        If engines have caches of different sizes per token or of none, or no block fits.

    Notes
    -----
    What the engine has when a request is sent there is taken to be there still when it is admitted.
    O(blocks of the prompt) a request.

    References
    ----------
    AIBrix (2025), distributed KV cache: S3-FIFO, selective offloading.
    """

    def __init__(
        self,
        settings: CachePool,
        workload: Workload,
        members: Sequence[Member],
        slowness: Callable[[int], float],
    ) -> None:
        sizes = {(member.model, member.bytes_per_token) for member in members}
        if len(sizes) > 1:
            raise ConfigError("cache_pool: engines of several models or layouts share no cache")
        ((_, self._bytes_per_token),) = sizes
        if not self._bytes_per_token:
            raise ConfigError("cache_pool: engines name no model: how large is a token's cache?")
        self._settings = settings
        self._workload = workload
        self._slowness = slowness
        block_tokens = 1 if workload.cache_blocks is None else workload.cache_blocks.block_tokens
        self._block_bytes = block_tokens * self._bytes_per_token
        capacity = int(settings.size_bytes // self._block_bytes)
        if not capacity:
            size_bytes = f"{settings.size_bytes:,.0f}"
            raise ConfigError(
                f"cache_pool: {size_bytes} bytes hold no block of {block_tokens} tokens"
            )
        self._tier = tier(settings.policy, capacity)
        self._ready_s: dict[int, float] = {}
        self._free_s = np.zeros(len(members))
        costs = {id(member.step_time): PromptCost(member.step_time) for member in members}
        self._costs = [costs[id(member.step_time)] for member in members]
        fetched = np.zeros(len(workload), dtype=np.int64)
        self.use = PoolUse(settings.policy, capacity, fetched)

    def fetch(self, engine: int, request: int, resident: int, now_s: float) -> Fetch | None:
        """Return what comes from the pool for a request, None if nothing does.

        Parameters
        ----------
        engine
            That it was sent to.
        request
            Which one.
        resident
            Tokens of its prompt that the engine has.
        now_s
            When.
        """
        blocks, use = self._workload.cache_blocks, self.use
        if blocks is None:
            return None
        prompt = int(self._workload.prompt_tokens[request])
        first = resident // blocks.block_tokens
        found = self._found(_full(self._workload, blocks, request, prompt)[first:], now_s)
        known = min((first + len(found)) * blocks.block_tokens, prompt - 1)
        if known <= resident:
            return None
        use.found_tokens += known - resident
        size_bytes = len(found) * self._block_bytes
        begin_s = max(now_s, float(self._free_s[engine]))
        end_s = begin_s + self._settings.link.seconds(size_bytes) * self._slowness(engine)
        if self._settings.selective and end_s - now_s >= self._saved_s(
            engine, prompt, resident, known
        ):
            use.declined += 1
            return None
        for block in reversed(found):
            self._tier.use(block)
        self._free_s[engine] = end_s
        use.fetched_tokens[request] = known - resident
        use.read_bytes += size_bytes
        return Fetch(end_s, known)

    def store(self, engine: int, request: int, output_tokens: int, at_s: float) -> None:
        """Take in what an engine has computed of a request that has ended there."""
        blocks = self._workload.cache_blocks
        if blocks is None or output_tokens == 0:
            return
        tokens = int(self._workload.prompt_tokens[request]) + output_tokens - 1
        full = _full(self._workload, blocks, request, tokens)
        new = [block for block in full if block not in self._tier]
        size_bytes = len(new) * self._block_bytes
        ready_s = at_s + self._settings.link.seconds(size_bytes) * self._slowness(engine)
        self.use.written_bytes += size_bytes
        # The tail first, so that it is the first to go: without its head it is of no use.
        for block in reversed(new):
            self._ready_s[block] = ready_s
            for gone in self._tier.put(block):
                del self._ready_s[gone]
                self.use.evicted_blocks += 1

    def _found(self, wanted: list[int], now_s: float) -> list[int]:
        """Return the first blocks, up to one that is not there."""
        found = []
        for block in wanted:
            if block not in self._tier or self._ready_s[block] > now_s:
                break
            found.append(block)
        return found

    def _saved_s(self, engine: int, prompt: int, resident: int, known: int) -> float:
        cached = np.array([resident, known], dtype=np.int64)
        without, with_pool = self._costs[engine].seconds(prompt, cached).tolist()
        return float(without - with_pool)


def _full(workload: Workload, blocks: Blocks, request: int, tokens: int) -> list[int]:
    """Return the names of the full blocks among the first tokens of a request."""
    begin, end = (int(blocks.offsets[request + k]) for k in (0, 1))
    prompt = int(workload.prompt_tokens[request])
    if end - begin <= -(-prompt // blocks.block_tokens):
        tokens = min(tokens, prompt)  # the answer has no names
    full: list[int] = blocks.ids[begin : min(end, begin + tokens // blocks.block_tokens)].tolist()
    return full
