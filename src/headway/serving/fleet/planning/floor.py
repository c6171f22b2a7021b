"""How many engines are needed at the least, whatever router and policies make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headway.serving.fleet.planning.batches import Batches, batches
from headway.serving.fleet.planning.due import Due, cases
from headway.serving.fleet.planning.lattice import Counts
from headway.serving.fleet.setup import Kind
from headway.serving.fleet.view import Floats
from headway.serving.workload import Workload

_BUSIEST = 4
"""Cases that are looked at from every direction; the others only along the prices."""

_TILTS = (1 / 16, 1 / 4, 4, 16)
"""Times the price of one kind, for cuts in other directions."""

_ROUNDS, _ENTER, _CLOSE = 40, 30, 1e-3
"""Of the generation of columns: most rounds, batches let in by each, and when it may end."""

_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class Floor:
    """Counts of engines that no fleet can do with less than.

    Attributes
    ----------
    cuts
        Counts must weigh 1 in every row; shape (n_cuts, n_kinds).

    Notes
    -----
    It holds if steps do not get shorter as batches grow, and batches keep to the configured budgets
    of tokens and sequences. All work is taken to be divisible and known before, to be shared by all
    engines at will, and to meet an endless cache; what keeps a request within its limits, however
    late, counts, and as many requests as may be missed are left out where that saves most.
    """

    cuts: Floats

    @classmethod
    def of(
        cls, kinds: Sequence[Kind], prices: Floats, workload: Workload, share: float, pace: float
    ) -> Floor:
        """Return the floor under fleets that keep promises to a workload.

        Parameters
        ----------
        kinds
            Of engines.
        prices
            Of one of each; the floor is sharpest along them.
        workload
            The traffic, with what is promised.
        share
            Of the requests of each class that must be in time.
        pace
            Least number of times that steps take as long as they should.

        Notes
        -----
        A linear programme for each stretch of time: how often which batch runs on which kind, so
        that all tokens that are due are computed, answers are fast enough, and the engines' time
        costs least. Its optimum z with prices c says c · y >= z for whatever counts y do.
        """
        known = [batches(kind, workload, pace) for kind in kinds]
        found: list[tuple[float, Due]] = []
        for case in cases(workload, share, known):
            needed = _least(known, case, prices)
            if needed > 0:
                found.append((needed, case))
        found.sort(key=lambda one: -one[0])
        cuts = [prices / needed for needed, _ in found[:_BUSIEST]]
        for direction in _directions(prices):
            for _, case in found[:_BUSIEST]:
                needed = _least(known, case, direction)
                if needed > 0:
                    cuts.append(direction / needed)
        return cls(np.array(cuts).reshape(-1, len(kinds)))

    def reached(self, counts: Counts) -> bool:
        """Return whether counts might do."""
        return bool((self.cuts @ np.array(counts) >= 1 - _SLACK).all())


def _directions(prices: Floats) -> list[Floats]:
    if len(prices) == 1:
        return []
    found = []
    for kind in range(len(prices)):
        for tilt in _TILTS:
            direction = prices.copy()
            direction[kind] *= tilt
            found.append(direction)
    return found


def _least(known: Sequence[Batches], due: Due, prices: Floats) -> float:
    """Return the least that engines for what is due cost; inf if none can be fast enough.

    By generation of columns: the programme is solved with some batches, then those that would pay
    at its shadow prices are let in. These, lowered until no batch pays, bound the optimum.
    """
    cost = np.concatenate(
        [price * one.paid_s / due.over_s for price, one in zip(prices, known, strict=True)]
    )
    rows = np.concatenate([one.work for one in known], axis=1)
    needs = due.work
    if np.isfinite(due.spoken_s):
        rows = np.concatenate([rows, -np.concatenate([one.spoken_s for one in known])[None]])
        needs = np.append(needs, -due.spoken_s)
    # Without a batch that does it all at a price nobody pays, there might be no first solution.
    dear = 1e3 * cost.max() * (1 + np.abs(needs).max())
    scale = np.abs(needs) + 1.0
    rows, needs = rows / scale[:, np.newaxis], needs / scale
    chosen = np.unique(np.argmin(cost / np.maximum(rows[:3], 1e-12), axis=1))
    bound = 0.0
    for _ in range(_ROUNDS):
        shadow = _shadow_prices(cost[chosen], rows[:, chosen], needs, dear)
        spare = cost - shadow @ rows
        worst = float((-spare / cost).max())
        bound = max(bound, float(shadow @ needs) / (1 + max(worst, 0.0)))
        if worst < _CLOSE:
            break
        enter = np.argsort(spare / cost)[:_ENTER]
        chosen = np.union1d(chosen, enter[spare[enter] < 0])
    return bound if bound < dear / 10 else np.inf


def _shadow_prices(cost: Floats, rows: Floats, needs: Floats, dear: float) -> Floats:
    """Return what a unit more of each need costs; shape (n_needs,)."""
    from scipy.optimize import linprog

    everything = np.concatenate([rows, np.eye(len(needs))], axis=1)
    costs = np.concatenate([cost, np.full(len(needs), dear)])
    result = linprog(costs, A_ub=-everything, b_ub=-needs, method="highs")
    if result.status != 0:
        return np.zeros(len(needs))
    return np.maximum(-np.asarray(result.ineqlin.marginals, dtype=np.float64), 0.0)
