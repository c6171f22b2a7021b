"""Contestants with a head start: the same method, given more time than the others."""

from __future__ import annotations

from dataclasses import dataclass

from headway.bench.contestant import Answer, Contestant
from headway.model import Problem


@dataclass(frozen=True, slots=True)
class Longer:
    """A contestant that gets a multiple of the time limit; its name says so.

    Parameters
    ----------
    contestant
        Who runs.
    factor
        How many times the limit.
    """

    contestant: Contestant
    factor: int

    @property
    def name(self) -> str:
        """The contestant's name and the factor, as in ``pyjobshop@10``."""
        return f"{self.contestant.name}@{self.factor}"

    def load(self) -> str:
        """Import what the contestant needs."""
        return self.contestant.load()

    def obstacle(self, problem: Problem) -> str | None:
        """Return why the contestant cannot take a problem."""
        return self.contestant.obstacle(problem)

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:
        """Run the contestant with a multiple of the time."""
        return self.contestant.run(
            problem, time_limit_s=self.factor * time_limit_s, workers=workers, seed=seed
        )
