"""Evolution strategy: parameters of a policy, trained by nothing but the cost of its runs."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError

Floats: TypeAlias = NDArray[np.float64]

Objective: TypeAlias = Callable[[Floats, int], Floats]
"""Costs of parameter vectors, shape (k, n), in the world that a seed draws; returns shape (k,).

All vectors of one call meet the same world, so that their costs differ by their merit alone, and
the cost of a vector does not depend on the others. With several workers it is pickled.
"""

_MOMENTUM, _MEMORY, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True)
class Stage:
    """How long to train and how boldly.

    Parameters
    ----------
    steps
        Steps to take.
    pairs
        Antithetic pairs of trial vectors in each step.
    sigma
        Standard deviation of the trials around the current vector, at the first step and at the
        last one; in between it changes geometrically.
    rate
        Learning rate, likewise.
    check_every
        Steps between two looks at the validation cost.
    """

    steps: int
    pairs: int = 24
    sigma: tuple[float, float] = (0.1, 0.1)
    rate: tuple[float, float] = (0.05, 0.01)
    check_every: int = 20

    def __post_init__(self) -> None:
        for name in ("steps", "pairs", "check_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("sigma", "rate"):
            if not all(0 < value < math.inf for value in getattr(self, name)):
                raise ConfigError(f"{name}: expected positive numbers, got {getattr(self, name)}")

    def at(self, step: int) -> tuple[float, float]:
        """Return sigma and rate of a step, counted from 0."""
        done = step / max(self.steps - 1, 1)
        sigma, rate = (a * (b / a) ** done for a, b in (self.sigma, self.rate))
        return sigma, rate


@dataclass(frozen=True, slots=True)
class Step:
    """News of a training run.

    Attributes
    ----------
    number
        Steps taken.
    cost
        Mean cost of the trials of the last step.
    validation
        Least validation cost so far.
    improved
        Whether it has just been reached.
    time_s
        Wall-clock seconds since the beginning.
    """

    number: int
    cost: float
    validation: float
    improved: bool
    time_s: float


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run brought.

    Attributes
    ----------
    vector
        The parameters of least validation cost, shape (n,).
    validation
        That cost.
    steps
        Steps taken.
    time_s
        Wall-clock seconds.
    """

    vector: Floats
    validation: float
    steps: int
    time_s: float


@dataclass
class _Adam:
    """Moments of the gradient, which make steps of like size in all directions."""

    mean: Floats
    square: Floats = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.square = np.zeros_like(self.mean)

    def direction(self, gradient: Floats) -> Floats:
        """Return where to go, each component about 1 where gradients agree."""
        self.count += 1
        self.mean = _MOMENTUM * self.mean + (1 - _MOMENTUM) * gradient
        self.square = _MEMORY * self.square + (1 - _MEMORY) * gradient**2
        mean = self.mean / (1 - _MOMENTUM**self.count)
        square = self.square / (1 - _MEMORY**self.count)
        return np.asarray(mean / (np.sqrt(square) + _TINY))


def evolve(
    objective: Objective,
    start: ArrayLike,
    stage: Stage,
    *,
    validate: Callable[[Floats], Floats],
    seed: int = 0,
    workers: int = 1,
    time_limit_s: float = math.inf,
    on_step: Callable[[Step], None] | None = None,
) -> Trained:
    """Train parameters by an evolution strategy.

    Parameters
    ----------
    objective
        What is minimised, on average over the worlds that seeds draw.
    start
        Parameters to start from, shape (n,).
    stage
        How long to train and how boldly.
    validate
        Costs of vectors, shape (k, n), on a fixed set that training does not see; decides which
        vector is kept. The start and the last vector are always among those compared.
    seed
        Seed of trials and worlds.
    workers
        Processes that share the trials of a step. The result does not depend on their number.
    time_limit_s
        Wall-clock seconds after which no further step is taken.
    on_step
        Called after each step.

    Returns
    -------
    Trained
        Also after Ctrl-C, with what was best until then.

    Raises
    ------
    ConfigError
        If the start is no vector of finite numbers.

    Notes
    -----
    Each step draws directions e_i and compares the current vector v at v + sigma e_i and
    v - sigma e_i in one and the same random world. Costs count by their rank alone, from 1/2 for
    the best to -1/2 for the worst, so that no outlier leads; the sum of e_i times the difference
    of the ranks in its pair estimates the gradient, and Adam turns that into a step.

    References
    ----------
    Salimans, Ho, Chen, Sidor, Sutskever (2017), "Evolution strategies as a scalable alternative to
    reinforcement learning"; Kingma, Ba (2015), "Adam: a method for stochastic optimization".

    Examples
    --------
    >>> def distance(vectors, seed):
    ...     return ((vectors - 3.0) ** 2).sum(axis=1)
    >>> stage = Stage(steps=200, pairs=8)
    >>> found = evolve(distance, [0.0, 0.0], stage, validate=lambda v: distance(v, 0))
    >>> found.vector.round(1).tolist()
    [3.0, 3.0]
    """
    began = time.perf_counter()
    vector = np.array(start, dtype=np.float64)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise ConfigError("start: expected a vector of finite numbers")
    best, least = vector, float(validate(vector[None])[0])
    adam, taken = _Adam(np.zeros_like(vector)), 0
    try:
        with _pool(workers) as pool:
            for number in range(1, stage.steps + 1):
                if time.perf_counter() - began >= time_limit_s:
                    break
                sigma, rate = stage.at(number - 1)
                rng = np.random.default_rng([seed, number])
                world = int(rng.integers(2**62))
                noise = rng.standard_normal((stage.pairs, len(vector)))
                trials = vector + sigma * np.concatenate([noise, -noise])
                costs = _costs(objective, trials, world, pool, workers)
                plus, minus = np.split(_shaped(costs), 2)
                vector = vector + rate * adam.direction((plus - minus) @ noise)
                taken = number
                improved = False
                if number % stage.check_every == 0 or number == stage.steps:
                    cost = float(validate(vector[None])[0])
                    if cost < least:
                        best, least, improved = vector, cost, True
                if on_step is not None:
                    now = time.perf_counter() - began
                    on_step(Step(number, float(costs.mean()), least, improved, now))
    except KeyboardInterrupt:
        pass  # what was best so far is what is wanted
    return Trained(best, least, taken, time.perf_counter() - began)


def _shaped(costs: Floats) -> Floats:
    """Return 1/2 for the least cost down to -1/2 for the largest; equal costs share their ranks."""
    _, group, count = np.unique(costs, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count + 1) / 2
    return np.asarray(0.5 - rank[group] / (len(costs) - 1))


@contextmanager
def _pool(workers: int) -> Iterator[Executor | None]:
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}")
    if workers == 1:
        yield None
        return
    # Ctrl-C reaches all processes of a terminal; only this one is to answer it.
    deaf = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=signal.signal, initargs=deaf
    ) as pool:
        yield pool


def _costs(
    objective: Objective, vectors: Floats, seed: int, pool: Executor | None, workers: int
) -> Floats:
    if pool is None:
        return objective(vectors, seed)
    parts = np.array_split(vectors, workers)
    return np.concatenate(list(pool.map(objective, parts, [seed] * len(parts))))
