"""A policy in many episodes of an environment, on one process or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium
import numpy as np

from headway.errors import ConfigError
from headway.learn.environments.decisions import DecisionEnvironment
from headway.simulate.policy import Floats, Policy, best
from headway.simulate.statistics import Summary, summary
from headway.simulate.workers import Workers, over

Make = Callable[[], gymnasium.Env[Any, Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Rollouts:
    """What a policy made of some episodes.

    Attributes
    ----------
    policy
        Its name.
    seeds
        The luck of each episode.
    value
        Value of the world at the end of each, which is minimised; shape (n,).
    steps
        Decisions in each, shape (n,).
    """

    policy: str
    seeds: tuple[int, ...]
    value: Floats
    steps: Floats

    @property
    def summary(self) -> Summary:
        """Mean, tails and confidence of the values."""
        return summary(self.value)

    def __str__(self) -> str:
        return f"{self.policy}: {self.summary}"


def rollouts(
    make: Make, policy: Policy, seeds: int | Sequence[int] = 20, *, workers: Workers = 1
) -> Rollouts:
    """Return what a policy makes of episodes, each with the luck of one seed.

    Policies that are given the same seeds meet the same luck. The outcome does not depend on the
    number of workers.

    Parameters
    ----------
    make
        Makes a `DecisionEnvironment`, wrapped or not: a function of this package, or one that calls
        `gymnasium.make`. It and the policy are picklable, unless one worker does it all.
    policy
        Scores the candidates that the environment shows.
    seeds
        How many, counted from 0, or which.
    workers
        Processes, or ``"ray"`` for a cluster.

    Raises
    ------
    ConfigError
        If there are no seeds, or the environment is of another kind.

    Examples
    --------
    >>> from functools import partial
    >>> from headway.learn.environments import shop
    >>> from headway.simulate.shop import RULES
    >>> small = partial(shop, jobs=20)
    >>> first, short = (rollouts(small, RULES.find(name), 5) for name in ("FIFO", "SPT"))
    >>> bool(short.summary.mean < first.summary.mean)
    True
    """
    chosen = tuple(range(seeds) if isinstance(seeds, int) else seeds)
    if not chosen:
        raise ConfigError("seeds: expected at least one")
    found = list(over(partial(_episode, make, policy), chosen, workers))
    value, steps = np.array(found, dtype=np.float64).T
    return Rollouts(policy.name, chosen, value, steps)


def _episode(make: Make, policy: Policy, seed: int) -> tuple[float, int]:
    environment = make()
    inner = environment.unwrapped
    if not isinstance(inner, DecisionEnvironment):
        raise ConfigError(f"expected an environment that makes decisions, got {inner}")
    environment.reset(options={"luck": seed})
    steps = 0
    while (decision := inner.decision) is not None:
        waits = decision.may_wait and bool(getattr(policy, "waits", False))
        choice = best(policy.score(decision)[: inner.most], may_wait=waits)
        environment.step(inner.most if choice is None else choice)
        steps += 1
    return inner.world.value, steps
