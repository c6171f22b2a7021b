"""The native core of the pool, and how policies of all kinds reach it.

What a rule says is known as an expression: if nothing in it changes, each job has a rank; otherwise
the core evaluates it. Any other policy is asked at each event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway import _core
from headway.model.tables import Ints, ints
from headway.simulate.cluster.queue import Known, Queue
from headway.simulate.cluster.rules import CHANGING, COLUMNS, PREEMPTIVE, SERVICE_LEVELS
from headway.simulate.cluster.workload import Workload
from headway.simulate.expression import Expression
from headway.simulate.policy import Policy

Floats = NDArray[np.float64]


def preempts(policy: Policy) -> bool:
    """Return whether a policy takes jobs off: it reads what they received, or says `preempts`."""
    expression = _expression(policy)
    if expression is None:
        return bool(getattr(policy, "preempts", False))
    return bool(expression.columns & PREEMPTIVE)


@dataclass(frozen=True, slots=True)
class Core:
    """A workload as the native core takes it, and who orders it."""

    workload: Workload
    policy: Policy

    def starts(self, backfill: int) -> tuple[Ints, Ints]:
        """Return when each job starts, and when its first reservation said so."""
        expression = _expression(self.policy)
        if expression is None:
            return self._jobs().start_asking(backfill, self._ask(Known.of(self.workload)))
        if expression.columns & CHANGING:
            return self._jobs().start_scored(backfill, _program(expression))
        return self._jobs().start_ranked(backfill, self._ranks())

    def stretches(self) -> tuple[Ints, Ints, Ints]:
        """Return job, start and end of every stretch of work, where jobs may be taken off."""
        expression = _expression(self.policy)
        if expression is None:
            return self._jobs().preempt_asking(self._levels(), self._ask(Known.of(self.workload)))
        return self._jobs().preempt_scored(self._levels(), _program(expression))

    def _jobs(self) -> _core.ClusterJobs:
        w = self.workload
        return _core.ClusterJobs(w.submit, w.run, w.requested, w.amount, w.capacity, w.per_unit)

    def _ask(self, known: Known) -> Callable[[int, Ints, Ints], Floats]:
        taken_off = preempts(self.policy)

        def scores(now: int, jobs: Ints, executed: Ints) -> Floats:
            queue = Queue(float(now), jobs, known, executed if taken_off else None)
            return np.ascontiguousarray(self.policy.score(queue), dtype=np.float64)

        return scores

    def _ranks(self) -> Ints:
        everybody = np.arange(len(self.workload))
        scores = self.policy.score(Queue(0.0, everybody, Known.of(self.workload)))
        rank = np.empty(len(everybody), dtype=np.int64)
        rank[np.lexsort((everybody, -scores))] = everybody
        return rank

    def _levels(self) -> Ints:
        """Return the seconds of work after which each job has attained each level of service."""
        w = self.workload
        rows = [
            np.ceil(level * w.per_unit / w.amount)
            for level in SERVICE_LEVELS.get(self.policy.name, ())
        ]
        return ints(np.concatenate(rows)) if rows else ints([])


def _expression(policy: Policy) -> Expression | None:
    scores = getattr(policy, "scores", None)
    return scores if isinstance(scores, Expression) else None


def _program(expression: Expression) -> _core.Score:
    program = expression.program(COLUMNS)
    first = np.array([0, len(program.code)], dtype=np.int64)
    return _core.Score(
        program.code, program.argument, program.constants, first, np.ones(1), len(COLUMNS)
    )
