"""Figures of a run, from when jobs were done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.errors import UnsupportedError
from headway.model import ABSENT, FOREVER, Measure, Problem
from headway.model.objective import Term
from headway.model.tables import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """When jobs were done.

    Attributes
    ----------
    problem
        Jobs, weights and the objective.
    completion
        Ticks, shape (n_jobs,); `ABSENT` for jobs that were cancelled or are not done.
    due
        Due dates in force at last, shape (n_jobs,).
    """

    problem: Problem
    completion: Ints
    due: Ints

    def flow(self, first: int = 0) -> Ints:
        """Return the flow times of the jobs that were done, from position `first` on."""
        done = self.completion != ABSENT
        done[:first] = False
        flow: Ints = (self.completion - self.problem.jobs.release)[done]
        return flow

    def tardiness(self, first: int = 0) -> Ints:
        """Return the tardiness of the jobs with a due date that were done, from `first` on."""
        done = (self.completion != ABSENT) & (self.due < FOREVER)
        done[:first] = False
        late: Ints = np.maximum(self.completion - self.due, 0)[done]
        return late

    def measures(self, first: int = 0) -> dict[str, float]:
        """Return figures by name, jobs before position `first` left out.

        ``jobs`` done, ``makespan``, the mean, 95th and 99th percentile and maximum of flow times,
        the mean and maximum of tardiness, and the share of ``tardy`` jobs.

        Parameters
        ----------
        first
            Jobs of the warm-up.
        """
        flow, late = self.flow(first), self.tardiness(first)
        figures = {"mean flow": float(flow.mean())} if len(flow) else {}
        if len(late):
            figures |= {"mean tardiness": float(late.mean()), "tardy": float((late > 0).mean())}
        if len(flow):
            p95, p99 = np.percentile(flow, [95, 99])
            figures |= {
                "p95 flow": float(p95),
                "p99 flow": float(p99),
                "max flow": float(flow.max()),
            }
        if len(late):
            figures["max tardiness"] = float(late.max())
        return figures | {
            "makespan": float(self.completion.max(initial=0)),
            "jobs": float(len(flow)),
        }


def objective_value(outcome: Outcome) -> float:
    """Return the first level of the problem's objective; jobs that are not done do not count.

    Raises
    ------
    UnsupportedError
        If it measures anything but completion times.
    """
    levels = outcome.problem.objective.levels
    return sum((float(term.weight) * _measured(outcome, term) for term in levels[0]), 0.0)


def _measured(outcome: Outcome, term: Term) -> float:
    done = outcome.completion != ABSENT
    jobs = outcome.problem.jobs
    completion, due = outcome.completion[done], outcome.due[done]
    weight = jobs.weight[done] if term.weighted else np.ones(len(completion), dtype=np.int64)
    dated = due < FOREVER
    lateness = (completion - due)[dated]
    match term.measure:
        case Measure.MAKESPAN:
            return float(completion.max(initial=0))
        case Measure.COMPLETION:
            return float(weight @ completion)
        case Measure.FLOW_TIME:
            return float(weight @ (completion - jobs.release[done]))
        case Measure.TARDINESS:
            return float(weight[dated] @ np.maximum(lateness, 0))
        case Measure.EARLINESS:
            return float(weight[dated] @ np.maximum(-lateness, 0))
        case Measure.TARDY_JOBS:
            return float(weight[dated] @ (lateness > 0))
        case Measure.MAX_LATENESS:
            return float(lateness.max()) if len(lateness) else 0.0
        case Measure.MAX_TARDINESS:
            return float(lateness.max(initial=0))
    raise UnsupportedError(f"the value of a shop in play cannot be its {term.measure}")
