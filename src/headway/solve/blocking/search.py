"""The search itself: tabu search on machine orders, in which whole jobs give way."""

from __future__ import annotations

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.blocking.shop import BlockingShop
from headway.solve.search import Search


class BlockingSearch(Search):
    """Tabu search by job insertion on one blocking job shop.

    Parameters
    ----------
    problem
        A blocking job shop: a problem with no `obstacle`.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    In the alternative graph a task that follows another one on a machine waits until the next task
    of the other's job begins. Machine orders can be kept if no cycle is longer than 0; a cycle of
    length 0 is a swap of jobs between machines. A move turns round two neighbours on a critical
    path. To keep the orders possible, the tasks of one of the two jobs then go past those of others
    as far as is needed; that always ends, since a job may go before all others. The best move that
    restores no order of two tasks turned round lately is made. Runs begin with jobs one after
    another, each pulled forward, or near the best schedule known. Moves are those looked at.

    References
    ----------
    Mascis, Pacciarelli (2002), "Job-shop scheduling with blocking and no-wait constraints";
    Gröflin, Klinkert (2009), "A new neighborhood and tabu search for the blocking job shop".
    """

    def __init__(self, problem: Problem) -> None:
        self._shop = BlockingShop(problem)
        self._native = _core.BlockingSearch(self._shop.native)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its order on machines is what counts."""
        self._native.offer(schedule.start)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
