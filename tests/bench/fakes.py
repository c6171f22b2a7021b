"""Contestants that do as they are told."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from headway.bench import Answer, Step
from headway.model import Problem


@dataclass(frozen=True)
class Fake:
    """Runs all tasks one after another and claims what it likes."""

    name: str = "fake"
    does: str = ""
    bound: int | None = None

    def load(self) -> str:
        return "1.0"

    def obstacle(self, problem: Problem) -> str | None:
        return "it has too many tasks" if problem.n_tasks > 50 else None

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:
        if self.does == "raise":
            raise RuntimeError("out of luck")
        if self.does == "crash":
            os._exit(7)
        if self.does == "interrupt":
            raise KeyboardInterrupt
        if self.does == "overrun":
            time.sleep(3600)
        duration = problem.modes.duration[problem.tasks.mode_ptr[:-1]]
        start = duration.cumsum() - duration + (seed if self.does == "seeds" else 0)
        if self.does == "cheat":
            start = 0 * start
        schedule = problem.schedule(start)
        value = schedule.makespan - (self.does == "boast")
        steps = (Step(0.5, value + 10), Step(1.0, value, self.bound), Step(1.5, value, self.bound))
        return Answer(schedule, value, self.bound, steps)
