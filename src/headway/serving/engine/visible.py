"""What a policy may see of requests and of the engine, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway import _core

if TYPE_CHECKING:
    from headway.serving.workload import Blocks, Workload

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Visible:
    """What is known of requests when they arrive; columns of shape (n_requests,), read-only.

    Attributes
    ----------
    arrival_s
        When they arrive.
    prompt_tokens
        Tokens of their prompts.
    limit_tokens
        Most tokens of output that they asked for.
    priority
        Smaller is more urgent.
    service_class
        Index of their class of service.
    deadline_s
        By when the first token is due; infinite for classes without such a limit.
    output_tokens
        Tokens of their answers: for clairvoyant policies only, otherwise None.
    """

    arrival_s: Floats
    prompt_tokens: Counts
    limit_tokens: Counts
    priority: Counts
    service_class: Counts
    deadline_s: Floats
    output_tokens: Counts | None = None
    _blocks: Blocks | None = field(default=None, repr=False)

    @classmethod
    def of(cls, workload: Workload, *, clairvoyant: bool) -> Visible:
        """Return what may be seen of a workload; copies, so that nothing leads back to it."""
        ttft_s = np.array([np.inf if c.ttft_s is None else c.ttft_s for c in workload.classes])
        seen = cls(
            arrival_s=workload.arrival_s.copy(),
            prompt_tokens=workload.prompt_tokens.copy(),
            limit_tokens=workload.limit_tokens.copy(),
            priority=workload.priority.copy(),
            service_class=workload.service_class.copy(),
            deadline_s=workload.arrival_s + ttft_s[workload.service_class],
            output_tokens=workload.output_tokens.copy() if clairvoyant else None,
            _blocks=workload.cache_blocks,
        )
        for column in (getattr(seen, entry.name) for entry in fields(seen)):
            if isinstance(column, np.ndarray):
                column.setflags(write=False)
        return seen


class Group:
    """Some requests of an engine as columns; each has shape (n,) in the order of `ids`.

    Parameters
    ----------
    ids
        Their numbers.
    visible
        What is known of all requests.
    engine
        Where they are.
    """

    __slots__ = ("_engine", "_visible", "ids")

    def __init__(self, ids: Ints, visible: Visible, engine: _core.Engine) -> None:
        self.ids = ids
        self._visible = visible
        self._engine = engine

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def arrival_s(self) -> Floats:
        """When they arrived."""
        return self._visible.arrival_s[self.ids]

    @property
    def prompt_tokens(self) -> Counts:
        """Tokens of their prompts."""
        return self._visible.prompt_tokens[self.ids]

    @property
    def limit_tokens(self) -> Counts:
        """Most tokens of output that they asked for."""
        return self._visible.limit_tokens[self.ids]

    @property
    def priority(self) -> Counts:
        """Smaller is more urgent."""
        return self._visible.priority[self.ids]

    @property
    def service_class(self) -> Counts:
        """Index of their class of service."""
        return self._visible.service_class[self.ids]

    @property
    def deadline_s(self) -> Floats:
        """By when their first token is due."""
        return self._visible.deadline_s[self.ids]

    @property
    def generated_tokens(self) -> Ints:
        """Tokens that they have said."""
        return self._engine.generated(self.ids)

    @property
    def computed_tokens(self) -> Ints:
        """Tokens that they have in the cache."""
        return self._engine.computed(self.ids)

    @property
    def cached_tokens(self) -> Ints:
        """Tokens of waiting ones that would be found in the cache now.

        Each look-up walks the blocks of a prompt: ask for it only where it is needed.
        """
        return self._engine.cached(self.ids)

    @property
    def shared_tokens(self) -> Ints:
        """Tokens of waiting ones in blocks that running ones hold: they take no memory.

        As costly as `cached_tokens`.
        """
        return self._engine.shared(self.ids)

    @property
    def blocks(self) -> Blocks | None:
        """Full blocks of their prompts; None if nothing is known of any prompt."""
        blocks = self._visible._blocks
        if blocks is None:
            return None
        # The ids may go on with the answer, which is nobody's business.
        return blocks.take(self.ids).trimmed(
            self.prompt_tokens.astype(np.int64) // blocks.block_tokens
        )

    @property
    def has_blocks(self) -> bool:
        """Whether anything is known of the content of prompts: what `blocks` tells, at no cost."""
        return self._visible._blocks is not None

    def block(self, k: int) -> Ints:
        """Return the name of the k-th full block of each prompt, from 0 on; -1 if there is none.

        O(n), whatever the number of blocks.
        """
        blocks = self._visible._blocks
        if blocks is None:
            return np.full(len(self), -1, dtype=np.int64)
        begin, end = blocks.offsets[self.ids], blocks.offsets[self.ids + 1]
        full = np.minimum(end - begin, self.prompt_tokens // blocks.block_tokens)
        names: Ints = np.where(full > k, blocks.ids[np.where(full > k, begin + k, 0)], -1)
        return names

    @property
    def block_tokens(self) -> int:
        """Tokens behind a name; 0 if nothing is known of any prompt."""
        return 0 if self._visible._blocks is None else self._visible._blocks.block_tokens

    @property
    def output_tokens(self) -> Counts:
        """Tokens of their answers.

        Raises
        ------
        PermissionError
            Unless the policy declares itself clairvoyant.
        """
        if self._visible.output_tokens is None:
            raise PermissionError("only a clairvoyant policy sees the length of answers to come")
        return self._visible.output_tokens[self.ids]


class View:
    """An engine at the instant of a decision, read-only.

    Parameters
    ----------
    engine
        The engine that asks.
    visible
        What is known of all requests.
    blocks, block_tokens
        Size of its cache.
    """

    __slots__ = ("_engine", "_visible", "block_tokens", "blocks")

    def __init__(
        self, engine: _core.Engine, visible: Visible, blocks: int, block_tokens: int
    ) -> None:
        self._engine = engine
        self._visible = visible
        self.blocks = blocks
        self.block_tokens = block_tokens

    @property
    def now_s(self) -> float:
        """The instant."""
        return self._engine.now_s

    @property
    def n_steps(self) -> int:
        """Steps that were begun before."""
        return self._engine.n_steps

    @property
    def free_blocks(self) -> int:
        """Blocks that nobody holds; some may still be known by their content."""
        return self._engine.free_blocks

    @property
    def budget_left(self) -> int:
        """Tokens that may still be given in this step."""
        return self._engine.budget_left

    def group(self, ids: Ints) -> Group:
        """Return some requests that run or wait, as columns."""
        return Group(ids, self._visible, self._engine)

    @property
    def running(self) -> Group:
        """Those that hold blocks, in the order of their admission."""
        return Group(self._engine.running(), self._visible, self._engine)

    @property
    def waiting(self) -> Group:
        """Those in the queue, in its order."""
        return Group(self._engine.waiting(), self._visible, self._engine)

    def first(self, most: int) -> Ints:
        """Return the first requests of the queue, up to so many; O(most) however long it is."""
        return self._engine.waiting(most)
