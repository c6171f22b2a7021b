"""Shop scenarios as experiments: from a file to runs of policies by name."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from headway.errors import ConfigError
from headway.model import Measure
from headway.simulate.scenario.scenario import Scenario
from headway.simulate.shop.realisation import Realisation
from headway.simulate.shop.rules import RULES, policy_of
from headway.simulate.shop.run import run
from headway.simulate.trace import Trace

_MEASURED = {
    Measure.TARDINESS: "mean tardiness",
    Measure.MAX_TARDINESS: "max tardiness",
    Measure.TARDY_JOBS: "tardy",
    Measure.COMPLETION: "mean flow",
    Measure.FLOW_TIME: "mean flow",
}


@dataclass(frozen=True, slots=True)
class ShopExperiment:
    """A scenario that dispatching rules of shops can meet.

    Parameters
    ----------
    scenario
        The laws of what happens.
    source
        The file that it comes from, for messages.
    """

    scenario: Scenario
    source: str = ""

    @classmethod
    def read(cls, path: str | PathLike[str]) -> ShopExperiment:
        """Return the experiment in a file; see `Scenario.read`."""
        return cls(Scenario.read(path), str(path))

    @property
    def name(self) -> str:
        """For tables and messages."""
        return self.scenario.name

    @property
    def measure(self) -> str:
        """The measure that stands for the objective."""
        problem = self.scenario.problem
        if problem is None:
            jobs, rush = self.scenario.settings.jobs, self.scenario.settings.rush
            dated = jobs.due_factor is not None or (
                rush is not None and rush.due_factor is not None
            )
            return "mean tardiness" if dated else "mean flow"
        measured = (_MEASURED.get(term.measure) for term in problem.objective.levels[0])
        return next((name for name in measured if name is not None), "makespan")

    def policies(self) -> tuple[str, ...]:
        """Return the names of the rules."""
        return RULES.names()

    def run(self, policy: str, seed: int) -> Trace:
        """Return what happens when a rule meets the scenario.

        Parameters
        ----------
        policy
            The name of a rule, or a formula over the columns of the shop such as
            ``2 * p + winq + npt``, of which the smallest value goes first.
        seed
            The luck.

        Raises
        ------
        UnknownNameError
            If there is no such rule or column.
        ConfigError
            If the scenario makes no sense; the message names its file and the key.
        """
        decider = policy_of(policy)
        try:
            course = self._course(seed)
        except ConfigError as error:
            raise ConfigError(f"{self.source}: {error}" if self.source else str(error)) from None
        return run(course, decider, seed=seed, first=self.scenario.settings.warm_up)

    def _course(self, seed: int) -> Realisation:
        course, warm_up = self.scenario.draw(seed), self.scenario.settings.warm_up
        if warm_up and warm_up >= course.problem.n_jobs:
            raise ConfigError(f"warm_up: {warm_up} leaves none of {course.problem.n_jobs} jobs")
        return course
