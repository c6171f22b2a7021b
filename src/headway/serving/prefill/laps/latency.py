"""How long prefilling a turn takes: bound by arithmetic if it is long, by memory if it is short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError
from headway.serving.prefill.work import Load

Floats = NDArray[np.float64]

_SPLITS = (0.2, 0.4, 0.6, 0.8)
_MOST_ROUNDS = 40

_WORTH = 0.9
"""Both sides together must reduce the error to this share of what one alone leaves."""

_EXACT = 1e-6
"""Errors below this are rounding."""


def _quadratic(load: Load) -> Floats:
    """Return Σ L (L + 2H): twice the causal pairs, less the tokens."""
    return np.asarray(2 * np.asarray(load.pairs) - load.tokens, np.float64)


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """Seconds of a batch of turns, each with L new tokens after H tokens of history.

    The larger of arithmetic, ``alpha Σ L (L + 2H) + beta Σ L``, and memory traffic,
    ``weights_s + write Σ L + read Σ H``, plus `overhead_s`.

    Parameters
    ----------
    alpha
        Arithmetic of attention, seconds per pair.
    beta
        Arithmetic of the linear layers, seconds per token.
    write
        Traffic of a new token: activations and its keys and values (γ_w), seconds.
    read
        Traffic of a token of history (γ_r), seconds.
    weights_s
        Traffic of the weights; once per batch, whatever its size. The paper's formula, made for one
        turn, has no such term (0).
    overhead_s
        What every batch costs besides.

    Raises
    ------
    ConfigError
        If a parameter is negative or not finite.

    References
    ----------
    "LAPS: A Length-Aware-Prefill LLM Serving System" (2026).

    Examples
    --------
    >>> round(float(TurnLatency(alpha=1e-8, beta=2e-5, write=3e-5, read=1e-7).boundary()), 6)
    1000.0
    """

    alpha: float
    beta: float
    write: float
    read: float
    weights_s: float = 0.0
    overhead_s: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ConfigError(f"latency: {name}: expected 0 or more, got {value}")

    def seconds(self, load: Load) -> Floats:
        """Return the time of one batch, or of an array of them."""
        tokens, context = np.asarray(load.tokens), np.asarray(load.context)
        arithmetic = self.alpha * _quadratic(load) + self.beta * tokens
        traffic = self.weights_s + self.write * tokens + self.read * context
        return np.asarray(self.overhead_s + np.maximum(arithmetic, traffic))

    def boundary(self, history: ArrayLike = 0.0) -> Floats:
        """Return L_m, the number of new tokens from which arithmetic takes longer than memory.

        Parameters
        ----------
        history
            H, tokens; any shape.

        Returns
        -------
        NDArray
            Of the same shape: the positive root of
            ``alpha L² + (2 alpha H + beta − write) L − (read H + weights_s)``; 0 if arithmetic
            always takes longer, infinite if memory does. Without history and `weights_s` this is
            (write − beta) / alpha; for a long history it tends to read / (2 alpha).
        """
        past = np.asarray(history, np.float64)
        slope = 2 * self.alpha * past + self.beta - self.write
        fixed = self.read * past + self.weights_s
        root = np.sqrt(slope * slope + 4 * self.alpha * fixed)
        # Two forms of one root; each loses digits, or divides by 0, where the other does not.
        with np.errstate(divide="ignore", invalid="ignore"):
            up = 2 * fixed / (slope + root)
        down = (root - slope) / (2 * self.alpha) if self.alpha else np.inf
        return np.asarray(np.where(slope > 0, up, down))

    @classmethod
    def fit(cls, loads: Load, seconds: ArrayLike) -> TurnLatency:
        """Return the parameters that explain measured batches best, by relative error.

        Each batch is taken to be bound by arithmetic or by memory; given that, the parameters are a
        non-negative least-squares problem; given those, batches change sides; until none does. If
        arithmetic alone, or memory alone, explains them about as well, the other's terms are 0.

        Parameters
        ----------
        loads
            Of n batches, as arrays.
        seconds
            What they took, shape (n,), positive.

        Raises
        ------
        ConfigError
            If there are fewer than eight batches, or times that are not positive.

        Notes
        -----
        O(n) per round. The start of the alternation is a split by tokens, tried at several places.
        """
        took = np.asarray(seconds, np.float64).ravel()
        if len(took) < 8:
            raise ConfigError(f"latency: expected 8 measured batches or more, got {len(took)}")
        if not (np.all(took > 0) and np.all(np.isfinite(took))):
            raise ConfigError("latency: expected positive times")
        tokens = np.broadcast_to(np.asarray(loads.tokens, np.float64), took.shape)
        starts = [tokens > np.quantile(tokens, share) for share in _SPLITS]
        fits = [cls._alternate(loads, took, long) for long in starts]
        best = min(fits, key=lambda model: model.error(loads, took))
        sides = [cls._alternate(loads, took, np.full(took.shape, long)) for long in (True, False)]
        plain = min(sides, key=lambda model: model.error(loads, took))
        worth = best.error(loads, took) < _WORTH * plain.error(loads, took) - _EXACT
        return best if worth else plain

    @classmethod
    def _alternate(cls, loads: Load, took: Floats, long: NDArray[np.bool_]) -> TurnLatency:
        from scipy.optimize import nnls

        n = len(took)
        one, none = np.ones(n), np.zeros(n)
        tokens = np.broadcast_to(np.asarray(loads.tokens, np.float64), n)
        history = np.broadcast_to(np.asarray(loads.context, np.float64), n)
        arithmetic = np.stack([_quadratic(loads), tokens, none, none, none, one], axis=1)
        traffic = np.stack([none, none, tokens, history, one, one], axis=1)
        for _ in range(_MOST_ROUNDS):
            rows = np.where(long[:, None], arithmetic, traffic) / took[:, None]
            scale = np.maximum(np.linalg.norm(rows, axis=0), np.finfo(np.float64).tiny)
            found = nnls(rows / scale, one)[0] / scale
            changed = arithmetic @ found > traffic @ found
            if np.array_equal(changed, long):
                break
            long = changed
        return cls(*(float(value) for value in found))

    def error(self, loads: Load, seconds: ArrayLike) -> float:
        """Return the mean relative error against measured batches (0.1: ten per cent)."""
        took = np.asarray(seconds, np.float64)
        return float(np.mean(np.abs(self.seconds(loads) - took) / took))
