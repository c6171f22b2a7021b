"""The search itself: iterated greedy on the order in which jobs take their places."""

from __future__ import annotations

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.no_wait.shop import NoWaitShop
from headway.solve.search import Search


class NoWaitSearch(Search):
    """Iterated greedy search on one no-wait shop.

    Parameters
    ----------
    problem
        A no-wait shop: a problem with no `obstacle`.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    Jobs stand in an order; one after another takes the earliest start that those before it allow,
    in gaps too, so that any order gives a valid schedule. For each pair of jobs the differences of
    starts that would make two of their tasks overlap are found beforehand. A few jobs are taken out
    at random and put back where they do least harm, again and again; slightly worse results are
    accepted. Where the makespan is all that counts, the search turns the timetable round from time
    to time, and goes on from its end. Moves are places tried.

    References
    ----------
    Schuster, Framinan (2003), "Approximative procedures for no-wait job shop scheduling";
    Ruiz, Stützle (2007), "A simple and effective iterated greedy algorithm for the permutation
    flowshop scheduling problem".
    """

    def __init__(self, problem: Problem) -> None:
        self._shop = NoWaitShop(problem)
        self._native = _core.NoWaitSearch(self._shop.native)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; the order in which its jobs begin is what counts."""
        self._native.offer(self._shop.starts(schedule))

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
