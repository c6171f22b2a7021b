"""How long it takes to get from the resources of one task to those of the next."""

from __future__ import annotations

import numpy as np

from headway.model.arrays import entries
from headway.model.problem import Problem
from headway.model.tables import Ints


def transfer_times(problem: Problem, mode_before: Ints, mode_after: Ints) -> Ints:
    """Return the transfer time between the resources of two modes, pair by pair.

    Parameters
    ----------
    problem
        Whose ``transfers`` count.
    mode_before, mode_after
        Positions in ``problem.modes``, of equal shape.

    Returns
    -------
    Ints
        The largest ``problem.transfers[a, b]`` over machines and renewable resources ``a`` of the
        first and ``b`` of the second mode; 0 where either uses none.
    """
    longest = np.zeros(len(mode_before), dtype=np.int64)
    if not problem.transfers.size:
        return longest
    mode, resource, _ = problem.occupied
    ptr = np.searchsorted(mode, np.arange(problem.n_modes + 1))
    pair, source = entries(ptr, mode_before)
    row, target = entries(ptr, mode_after[pair])
    np.maximum.at(longest, pair[row], problem.transfers[resource[source[row]], resource[target]])
    return longest
