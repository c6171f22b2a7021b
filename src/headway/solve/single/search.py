"""The search itself: iterated local search over orders, and the proofs that go with it."""

from __future__ import annotations

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, Ints
from headway.solve.search import Search
from headway.solve.single.exact import easy_order
from headway.solve.single.line import OneMachine


class SingleMachineSearch(Search):
    """Iterated local search on one machine.

    Parameters
    ----------
    problem
        One machine, one task per job: a problem with no `obstacle`.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    Where costs add up over jobs and follow from completion times without releases or setups,
    dynasearch finds the best set of disjoint swaps and insertions in one step; elsewhere single
    moves are made as they are found. A few random swaps lead from one local optimum to the next.

    Objectives with an exact rule start, and end, with its order. Early on, the first worker tries
    to prove the optimum: by dynamic programming over sets for up to 20 jobs, and by decomposition
    for total tardiness. For other sums a Lagrangian relaxation over time, in which a job may run
    more or less than once, gives a bound that is mostly within a percent or two.

    References
    ----------
    Congram, Potts, Van de Velde (2002), "An iterated dynasearch algorithm for the single-machine
    total weighted tardiness scheduling problem"; Grosso, Della Croce, Tadei (2004), "An enhanced
    dynasearch neighborhood for the single-machine total weighted tardiness scheduling problem";
    Abdul-Razaq, Potts (1988), "Dynamic programming state-space relaxation for single-machine
    scheduling".
    """

    def __init__(self, problem: Problem) -> None:
        self._line = OneMachine(problem)
        self._native = _core.SingleMachineSearch(self._line.native)
        super().__init__(problem, self._native)
        easy = easy_order(self._line)
        if easy is not None:
            self._native.offer(easy)

    @property
    def bound(self) -> int | None:
        """Lower bound that the search has proven so far."""
        known = self._native.bound
        return None if known < -FOREVER else known + self._line.constant

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; the order of its tasks is what counts."""
        self._native.offer(self._line.order(schedule))

    def raise_goal(self, goal: int) -> None:
        """Stop as soon as the value is at most `goal`, as it is when it meets a lower bound."""
        self._native.raise_goal(goal - self._line.constant)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._line.schedule(*arrays)
