"""The search itself: annealing on the order in which jobs enter the shop."""

from __future__ import annotations

from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.hybrid.shop import HybridShop
from headway.solve.search import Search


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    temperature
        At the start of each cycle, in thousandths of the mean duration.
    cycle
        Moves of the longest cycle.
    """

    temperature: int = 70
    cycle: int = 100_000

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 1_000_000:
            raise ConfigError(
                f"temperature: expected a number from 0 to 1000000, got {self.temperature}"
            )
        if self.cycle < 1:
            raise ConfigError(f"cycle: expected at least 1, got {self.cycle}")


class HybridSearch(Search):
    """Annealing on one hybrid flow shop.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A hybrid flow shop: a problem with no `obstacle`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A state is an order of jobs. The first stage takes them in this order, the later ones as they
    come, and each job goes to the machine on which it ends first. A move takes a job to another
    place in the order, or swaps two. It is given up as soon as some job ends too late for the
    temperature, which is drawn beforehand. For the makespan, the shop is also looked at with time
    running back, as the order at the last stage may be the easier one to find. Cycles of falling
    temperature begin at the best order and get longer.

    References
    ----------
    Santos, Hunsucker, Deal (1995), "Global lower bounds for flow shops with multiple processors";
    Ruiz, Vázquez-Rodríguez (2010), "The hybrid flow shop scheduling problem"; Pan, Gao, Li, Gao
    (2017), "Effective metaheuristics for scheduling a hybrid flowshop with sequence-dependent setup
    times".

    Examples
    --------
    >>> import headway as hw
    >>> shop = hw.hybrid_flow_shop([[3, 2], [2, 4], [1, 5]], machines=[1, 2])
    >>> HybridSearch(shop).run(goal=8).schedule.makespan
    8
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._shop = HybridShop(problem)
        self._native = _core.HybridSearch(self._shop.native, settings.temperature, settings.cycle)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its order of jobs at the first stage is what counts."""
        self._native.offer(self._shop.order(schedule))

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
