"""What all policies have in common that decide how many waiting requests to let in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.engine import Group, Policy, View, Visible
from headway.serving.workload import NO_LIMIT
from headway.simulate import registry

Gate = Callable[[Group], bool]
"""Whether one more request, a group of one, is let in; if so, the gate reckons with it from now."""

_HEAD = 16
"""Requests of a queue that are looked up at first."""


class Admission(Policy, ABC):
    """Let waiting requests in, one after the other, until one is refused.

    An engine in which nobody runs always takes the first one, for waiting would not help it. The
    policy keeps state: every engine needs one of its own.

    Parameters
    ----------
    order
        Policy whose queue this is, or its registered name: who comes first. None: first come,
        first served.
    every
        Decide only in every so many steps, unless nobody runs.
    round_tokens
        Let nobody else in once those let in at one time have so many tokens to compute, tokens of
        preempted requests that are computed again included.
    max_output
        Largest output length, in tokens, of requests that name none.

    Raises
    ------
    ConfigError
        If `every`, `round_tokens` or `max_output` is below one.
    UnknownNameError
        If no order has this name.
    """

    def __init__(
        self,
        *,
        order: Policy | str | None = None,
        every: int = 1,
        round_tokens: int = NO_LIMIT,
        max_output: int = NO_LIMIT,
    ) -> None:
        settings = {"every": every, "round_tokens": round_tokens, "max_output": max_output}
        for name, value in settings.items():
            if value < 1:
                raise ConfigError(f"{name}: expected at least 1, got {value}")
        self._order = _order(order)
        self.every, self._round_tokens, self._max_output = every, round_tokens, max_output

    def key(self, requests: Visible) -> NDArray[np.float64]:
        """Return where requests stand in the queue."""
        return self._order.key(requests)

    def finished(self, request: int, output_tokens: int) -> None:
        """Let the order of the queue learn, too."""
        self._order.finished(request, output_tokens)

    def admit(self, view: View) -> Sequence[int]:
        """Return who is let in now."""
        idle = view.free_blocks == view.blocks
        gate, tokens = self.gate(view), 0
        admitted: list[int] = []
        for request in self._queue(view):
            one = view.group(np.array([request], np.int64))
            if tokens >= self._round_tokens or not (gate(one) or (idle and not admitted)):
                break
            admitted.append(int(request))
            tokens += int(one.prompt_tokens[0]) + int(one.generated_tokens[0])
        return admitted

    def _queue(self, view: View) -> Iterator[int]:
        """Yield who waits, in the order of the queue; mostly only its head is looked at."""
        if type(self._order).admit is not Policy.admit:
            yield from (int(request) for request in self._order.admit(view))
            return
        done, most = 0, _HEAD
        while len(first := view.first(most)) > done:
            yield from first[done:].tolist()
            done, most = len(first), 4 * most

    @abstractmethod
    def gate(self, view: View) -> Gate:
        """Return what decides about one waiting request after the other."""

    def limits(self, requests: Group) -> NDArray[np.int64]:
        """Return the most output tokens of each request, as asked for or as known of all."""
        limit = requests.limit_tokens
        return np.where(limit == NO_LIMIT, self._max_output, limit).astype(np.int64)


def _order(order: Policy | str | None) -> Policy:
    if isinstance(order, str):
        made: Policy = registry.entry("engine", order, registry.policies("engine"))()
        return made
    return Policy() if order is None else order


def blocks(tokens: int, size: int) -> int:
    """Return how many blocks of a size hold so many tokens."""
    return -(-tokens // size)
