"""Which tasks of a window keep their machines, so that the window is easier to solve.

References
----------
Li, Ouyang, Ma, Wu (2025), "Learning-guided rolling horizon optimization for long-horizon flexible
job-shop scheduling", for the first rules and for learned ones; Li, Wang, Peng, Li, Xu (2026),
"Critical-path-aware heterogeneous graph network for long-horizon flexible job-shop scheduling".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from headway.model.tables import Bools, Ints
from headway.solve.rolling.shop import Shop, State

Fixing = Callable[[Shop, State, Ints, np.random.Generator], Bools]
"""Returns which of some tasks, given in the linear order, keep their modes."""


def fix_none(shop: Shop, state: State, tasks: Ints, random: np.random.Generator) -> Bools:
    """Let every task choose anew."""
    del shop, state, random
    return np.zeros(len(tasks), dtype=np.bool_)


def fix_first(share: float) -> Fixing:
    """Return the policy that fixes a share of the tasks, those that come first."""

    def policy(shop: Shop, state: State, tasks: Ints, random: np.random.Generator) -> Bools:
        del shop, state, random
        return np.arange(len(tasks)) < round(share * len(tasks))

    return policy


def fix_at_random(share: float) -> Fixing:
    """Return the policy that fixes each task with some probability."""

    def policy(shop: Shop, state: State, tasks: Ints, random: np.random.Generator) -> Bools:
        del shop, state
        return random.random(len(tasks)) < share

    return policy


def fix_uncritical(shop: Shop, state: State, tasks: Ints, random: np.random.Generator) -> Bools:
    """Fix tasks with at least the median slack, and those whose mode is strictly the fastest."""
    del random
    slack = (state.makespan - state.head - state.tail)[tasks]
    duration, ptr = shop.problem.modes.duration, shop.problem.tasks.mode_ptr
    fastest = np.minimum.reduceat(duration, ptr[:-1])
    owner = shop.problem.modes.task
    ties = np.bincount(owner, weights=duration == fastest[owner], minlength=len(fastest))
    chosen = duration[state.mode[tasks]] == fastest[tasks]
    loose = (slack > 0) & (slack >= np.median(slack))
    fixed: Bools = loose | (chosen & (ties[tasks] == 1))
    return fixed
