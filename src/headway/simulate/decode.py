"""Decoders: from scores to whole runs, with more or less effort.

All of them work on any world that can be copied, and with any policy.

References
----------
Gumbel-max sampling: Maddison, Tarlow, Minka (2014), "A* sampling". Rollout: Bertsekas, Tsitsiklis,
Wu (1997), "Rollout algorithms for combinatorial optimization".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, TypeVar

import numpy as np

from headway.errors import ConfigError
from headway.simulate.policy import Decision, Policy, best


class World(Protocol):
    """Owns a state and its legal moves; decides nothing itself."""

    def decision(self) -> Decision | None:
        """Move on to the next instant at which something must be chosen; None at the end."""
        ...

    def apply(self, choice: int | None) -> None:
        """Carry out a candidate of the present decision, or None to wait."""
        ...

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        ...

    @property
    def value(self) -> float:
        """What is minimised, final once `decision` has returned None."""
        ...


_World = TypeVar("_World", bound=World)


def _waits(policy: Policy, decision: Decision) -> bool:
    return decision.may_wait and bool(getattr(policy, "waits", False))


def greedy(world: _World, policy: Policy) -> _World:
    """Return the world at its end, the best candidate taken each time."""
    while (decision := world.decision()) is not None:
        world.apply(best(policy.score(decision), may_wait=_waits(policy, decision)))
    return world


def sampled(world: _World, policy: Policy, temperature: float, rng: np.random.Generator) -> _World:
    """Return the world at its end, candidates drawn by a softmax of their scores.

    Parameters
    ----------
    world
        Is changed.
    policy
        Scores the candidates.
    temperature
        Positive; scores are divided by it. The smaller, the greedier.
    rng
        Source of the draws.

    Raises
    ------
    ConfigError
        If the temperature is not positive.
    """
    if not temperature > 0:
        raise ConfigError(f"temperature: expected a positive number, got {temperature:g}")
    while (decision := world.decision()) is not None:
        noisy = policy.score(decision) + temperature * rng.gumbel(size=len(decision))
        world.apply(best(noisy, may_wait=_waits(policy, decision)))
    return world


def best_of(
    world: _World, policy: Policy, k: int, *, temperature: float = 1.0, seed: int = 0
) -> _World:
    """Return the best of one greedy run and `k` - 1 sampled ones.

    Raises
    ------
    ConfigError
        If that is no run at all, or the temperature is not positive.
    """
    _require_some("k", k)
    found = greedy(world.clone(), policy)
    for number in range(1, k):
        rng = np.random.default_rng([seed, number])
        other = sampled(world.clone(), policy, temperature, rng)
        if other.value < found.value:
            found = other
    return found


def rollout(world: _World, policy: Policy, breadth: int) -> _World:
    """Return the world at its end, each choice made by trying the best few to the end.

    Takes as many greedy runs as there are decisions, times `breadth`. Never worse than `greedy`
    in a world without chance: the best run so far is followed.

    Raises
    ------
    ConfigError
        If nothing is to be tried.
    """
    _require_some("breadth", breadth)
    plan: _World = greedy(world.clone(), policy)
    while (decision := world.decision()) is not None:
        scores = policy.score(decision)
        order = np.argsort(-scores, kind="stable")[:breadth]
        ends = [(greedy(_after(world, int(k)), policy).value, rank) for rank, k in enumerate(order)]
        world.apply(int(order[min(ends)[1]]))
    return world if world.value <= plan.value else plan


def beam(
    world: _World,
    policy: Policy,
    width: int,
    *,
    breadth: int = 3,
    guide: Callable[[_World], float] | None = None,
) -> _World:
    """Return the best end of a beam search over decisions.

    Parameters
    ----------
    world
        Where to begin.
    policy
        Scores the candidates.
    width
        States kept after each decision.
    breadth
        Candidates tried from each state.
    guide
        What states are ranked by, the smallest first; the value of a greedy run to the end by
        default.

    Raises
    ------
    ConfigError
        If no state is to be kept, or nothing to be tried.
    """
    _require_some("width", width)
    _require_some("breadth", breadth)
    measure = guide or (lambda state: greedy(state.clone(), policy).value)
    states, ended = [world.clone()], [greedy(world.clone(), policy)]
    while states:
        following: list[tuple[float, int, _World]] = []
        for state in states:
            decision = state.decision()
            if decision is None:
                ended.append(state)
                continue
            for k in np.argsort(-policy.score(decision), kind="stable")[:breadth]:
                after = _after(state, int(k))
                following.append((measure(after), len(following), after))
        states = [state for _, _, state in sorted(following, key=lambda entry: entry[:2])[:width]]
    return min(ended, key=lambda state: state.value)


def _require_some(what: str, number: int) -> None:
    if number < 1:
        raise ConfigError(f"{what}: expected at least 1, got {number}")


def _after(world: _World, choice: int) -> _World:
    copy = world.clone()
    copy.decision()
    copy.apply(choice)
    return copy
