"""The search itself: iterated greedy on the order of jobs."""

from __future__ import annotations

from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError
from headway.model.objective import MAXIMA
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.flow.shop import FlowShop
from headway.solve.search import Search


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    destruction
        Jobs taken out and put back in an iteration; by default 2, or 8 where the objective is a
        sum over jobs.
    temperature
        How readily a worse order is kept: thousandths of a tenth of the mean duration; by default
        700, or 10000 for sums.
    patience
        Iterations without a new best after which the search returns to the best order.
    """

    destruction: int | None = None
    temperature: int | None = None
    patience: int = 200

    def __post_init__(self) -> None:
        if self.destruction is not None and self.destruction < 1:
            raise ConfigError(f"destruction: expected at least 1, got {self.destruction}")
        if self.temperature is not None and not 0 <= self.temperature <= 1_000_000:
            raise ConfigError(
                f"temperature: expected a number from 0 to 1000000, got {self.temperature}"
            )
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")


class FlowSearch(Search):
    """Iterated greedy search on one flow shop.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A flow shop: a problem with no `obstacle`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A state is an order of jobs, the same on all machines. A move takes a job out and puts it into
    its best place. For the makespan and the maximum lateness, heads and tails of the other jobs
    give the values of all places together (Taillard's acceleration, also with setup times and with
    blocking), and ties go to the place with the least idle time. For sums over jobs, the rest of
    the schedule is worked out for sixteen places at a time, from the state before them, and given
    up as soon as it cannot be better. An iteration takes out a few jobs at random, improves the
    rest, puts them back, and improves the whole; the result replaces the order before if it is
    better, or by chance if it is a little worse. Without waiting, a flow shop is one machine whose
    setup times are the delays between the starts of jobs.

    References
    ----------
    Nawaz, Enscore, Ham (1983), "A heuristic algorithm for the m-machine, n-job flow-shop
    sequencing problem"; Taillard (1990), "Some efficient heuristic methods for the flow shop
    sequencing problem"; Ruiz, Stützle (2007), "A simple and effective iterated greedy algorithm for
    the permutation flowshop scheduling problem"; Ruiz, Stützle (2008), "An iterated greedy
    heuristic for the sequence dependent setup times flowshop problem with makespan and weighted
    tardiness objectives"; Fernandez-Viagas, Framinan (2014), "On insertion tie-breaking rules in
    heuristics for the permutation flowshop scheduling problem"; Dubois-Lacoste, Pagnozzi, Stützle
    (2017), "An iterated greedy algorithm with optimization of partial solutions for the makespan
    permutation flowshop problem".

    Examples
    --------
    >>> import headway as hw
    >>> FlowSearch(hw.flow_shop([[3, 2], [1, 4], [2, 2]])).run(goal=9).schedule.makespan
    9
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._shop = FlowShop(problem)
        ((term,),) = problem.objective.levels
        destruction, temperature = (2, 700) if term.measure in MAXIMA else (8, 10_000)
        if settings.destruction is not None:
            destruction = settings.destruction
        if settings.temperature is not None:
            temperature = settings.temperature
        self._native = _core.FlowSearch(
            self._shop.native, destruction, temperature, settings.patience
        )
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its order of jobs on the first machine is what counts."""
        self._native.offer(self._shop.order(schedule))

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
