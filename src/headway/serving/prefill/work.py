"""What prefills cost: a batch in four sums, its operators one by one, and where it can be cut."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError

Floats = NDArray[np.float64]
Number = float | Floats

Level = Literal["operator", "layer"]
"""Boundaries inside a pass at which it can be stopped and resumed."""

_SAME_S = 1e-12
"""Instants of a pass that are nearer than this are one boundary, met from either side."""


class Load(NamedTuple):
    """Prefills that run in one pass, in the four sums that its time depends on.

    Loads add up: the sum is what a batch of both costs. Entries are numbers, or arrays of one shape
    that describe as many passes.

    Attributes
    ----------
    tokens
        Σ q, tokens to be computed.
    prefills
        Number of prompts.
    context
        Σ c, tokens computed before: cached prefix, earlier chunks.
    pairs
        Σ q · (c + (q + 1) / 2), query-key pairs of causal attention.

    Examples
    --------
    >>> Load.of(3, 0).joined(Load.of(1, 4))
    Load(tokens=4.0, prefills=2.0, context=4.0, pairs=11.0)
    """

    tokens: Number
    prefills: Number
    context: Number
    pairs: Number

    @classmethod
    def of(cls, tokens: float, history: float = 0.0) -> Load:
        """Return the load of one prompt with so many tokens after so many computed before."""
        q, c = float(tokens), float(history)
        return cls(q, 1.0, c, q * (c + (q + 1.0) / 2.0))

    @classmethod
    def each(cls, tokens: ArrayLike, history: ArrayLike = 0.0) -> Load:
        """Return the loads of many prompts, each in a pass of its own, as arrays."""
        q, c = np.broadcast_arrays(
            np.asarray(tokens, dtype=np.float64), np.asarray(history, dtype=np.float64)
        )
        return cls(q, np.ones(q.shape), c, q * (c + (q + 1.0) / 2.0))

    def joined(self, other: Load) -> Load:
        """Return the load of both in one pass."""
        return Load(
            self.tokens + other.tokens,
            self.prefills + other.prefills,
            self.context + other.context,
            self.pairs + other.pairs,
        )

    def taken(self, which: int | NDArray[np.int64]) -> Load:
        """Return one of many loads, or some of them."""
        return Load(*(np.asarray(column)[which] for column in self))


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators of one pass in order of execution, with the layers told once.

    Parameters
    ----------
    before_s, after_s
        Seconds of the operators before the first and after the last layer.
    layer_s
        Seconds of the operators of one layer.
    layers
        How often they are repeated.

    Examples
    --------
    >>> one_pass = Operators(before_s=(1.0,), layer_s=(2.0, 3.0), layers=2, after_s=(1.0,))
    >>> one_pass.total_s, one_pass.longest_s
    (12.0, 3.0)
    >>> one_pass.boundary(6.5, "operator"), one_pass.boundary(6.5, "layer")
    (8.0, 11.0)
    """

    before_s: tuple[float, ...]
    layer_s: tuple[float, ...]
    layers: int
    after_s: tuple[float, ...]
    total_s: float = field(init=False)
    _before: float = field(init=False, repr=False)
    _layer: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        before, layer, after = sum(self.before_s), sum(self.layer_s), sum(self.after_s)
        object.__setattr__(self, "_before", before)
        object.__setattr__(self, "_layer", layer)
        object.__setattr__(self, "total_s", before + self.layers * layer + after)

    @property
    def longest_s(self) -> float:
        """Seconds of the longest operator: what a more urgent request may have to wait for."""
        return max((*self.before_s, *self.layer_s, *self.after_s), default=0.0)

    def boundary(self, elapsed_s: float, level: Level) -> float:
        """Return the first boundary at or after an instant of the pass; O(log operators).

        Parameters
        ----------
        elapsed_s
            Seconds from the beginning of the pass, at most `total_s`.
        level
            Which boundaries: those of all operators, or those of layers.
        """
        at = elapsed_s - _SAME_S
        if at <= 0.0:
            return 0.0
        if at <= self._before:
            return self._within(self.before_s, 0.0, at, level)
        end = self._before + self.layers * self._layer
        if at <= end:
            number = min(int((at - self._before) / self._layer), self.layers - 1)
            begun = self._before + number * self._layer
            return self._within(self.layer_s, begun, at, level)
        return min(self._within(self.after_s, end, at, level), self.total_s)

    @staticmethod
    def _within(durations_s: tuple[float, ...], begun: float, at: float, level: Level) -> float:
        ends = list(accumulate(durations_s, initial=begun))
        return ends[-1] if level == "layer" else ends[min(bisect_left(ends, at), len(ends) - 1)]


class PrefillWork(Protocol):
    """What passes cost on one instance, and where they can be cut."""

    def seconds(self, load: Load) -> Number:
        """Return seconds of a pass, or of as many passes as the load has entries."""
        ...

    def operators(self, load: Load) -> Operators:
        """Return the operators of one pass; they add up to `seconds`."""
        ...


_SHARES = (("qkv", 25.2), ("o_proj", 16.8), ("gate_up", 117.4), ("down", 58.7))
"""Million weights per layer of Llama-3.1-8B: how its linear operators share the time of a token."""


@dataclass(frozen=True, slots=True)
class QuadraticWork:
    """A cost that is affine in passes, tokens and query-key pairs.

    Parameters
    ----------
    base_s
        Seconds of a pass whatever is in it, spread evenly over its operators.
    token_s
        Seconds per token, in the linear operators.
    pair_s
        Seconds per query-key pair, in attention.
    layers
        Number of layers, each of qkv, attention, o_proj, gate_up and down.

    Raises
    ------
    ConfigError
        If a number is negative or infinite, a token takes no time, or there is no layer.

    Notes
    -----
    With causal attention a fresh prompt of n tokens has n (n + 1) / 2 pairs, so that it takes
    about 4 ms + 65 µs n + 0.8 ns n² with the defaults.

    Examples
    --------
    >>> work = QuadraticWork()
    >>> round(work.seconds(Load.of(1000)), 4)
    0.0698
    >>> round(work.operators(Load.of(1000)).total_s, 4)
    0.0698
    """

    base_s: float = 4e-3
    token_s: float = 65e-6
    pair_s: float = 1.6e-9
    layers: int = 32

    def __post_init__(self) -> None:
        costs = (self.base_s, self.token_s, self.pair_s)
        if not all(0 <= cost < np.inf for cost in costs) or not self.token_s + self.base_s:
            raise ConfigError(f"base_s, token_s, pair_s: expected seconds that add up, got {self}")
        if self.layers < 1:
            raise ConfigError(f"layers: expected 1 or more, got {self.layers}")

    def seconds(self, load: Load) -> Number:
        """Return seconds of a pass, or of as many passes as the load has entries."""
        return self.base_s + self.token_s * load.tokens + self.pair_s * load.pairs

    def operators(self, load: Load) -> Operators:
        """Return the operators of one pass."""
        total = sum(weights for _, weights in _SHARES)
        overhead = self.base_s / (len(_SHARES) + 1) / self.layers
        linear = self.token_s * float(load.tokens) / total / self.layers
        qkv, *others = (overhead + linear * weights for _, weights in _SHARES)
        attention = overhead + self.pair_s * float(load.pairs) / self.layers
        return Operators((), (qkv, attention, *others), self.layers, ())
