"""What kind of problem a problem is, in the field's words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.model import FOREVER, PairKind, Problem, RelationKind, ResourceKind


@dataclass(frozen=True, slots=True)
class Shape:
    """The family of a problem and what it contains beyond the family.

    Attributes
    ----------
    family
        As in "job shop", "flexible job shop", "project".
    features
        As in "breaks", "setup times", "optional tasks".
    """

    family: str
    features: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.family} with {', '.join(self.features)}" if self.features else self.family


def shape(problem: Problem) -> Shape:
    """Return the family and the features of a problem; linear in its size."""
    return Shape(_family(problem), _features(problem))


def _family(problem: Problem) -> str:
    kind = problem.resources.kind
    flexible = problem.n_modes > problem.n_tasks
    counts = np.diff(problem.modes.demand_ptr)
    machines_only = bool((kind[problem.modes.demand_resource] == ResourceKind.MACHINE).all())
    if machines_only and problem.n_tasks and (counts == 1).all():
        machines = np.unique(problem.modes.demand_resource)
        if len(machines) == 1:
            return "single machine"
        sizes = np.bincount(problem.tasks.job + 1, minlength=problem.n_jobs + 1)[1:]
        if flexible:
            return "parallel machines" if sizes.max(initial=0) <= 1 else "flexible job shop"
        return "flow shop" if _same_route(problem, sizes) else "job shop"
    if machines_only and problem.n_jobs and problem.n_tasks and (counts == 2).all():
        return "open shop" if len(problem.relations) == 0 else "job shop"
    if (kind == ResourceKind.RENEWABLE).any() and not (kind == ResourceKind.MACHINE).any():
        return "multi-mode project" if flexible else "project"
    return "scheduling problem"


def _same_route(problem: Problem, sizes: np.ndarray) -> bool:
    """Return whether all jobs visit the same machines in the same order."""
    length = int(sizes[0]) if len(sizes) else 0
    if length < 2 or (sizes != length).any() or (np.diff(problem.tasks.job) < 0).any():
        return False
    routes = problem.modes.demand_resource.reshape(-1, length)
    return bool((routes == routes[0]).all())


def _features(problem: Problem) -> tuple[str, ...]:
    tasks, resources, relations = problem.tasks, problem.resources, problem.relations
    tight = relations.max_lag != FOREVER
    no_wait = tight & (relations.max_lag == relations.min_lag) & (relations.min_lag == 0)
    no_wait &= relations.kind == RelationKind.END_START
    dated = tasks.earliest_start.any() or tasks.earliest_end.any()
    dated = dated or (tasks.latest_start != FOREVER).any() or (tasks.latest_end != FOREVER).any()
    jobs = problem.jobs
    found = {
        "release dates": bool(jobs.release.any()),
        "deadlines": bool((jobs.deadline != FOREVER).any()),
        "time windows": bool(dated),
        "optional tasks": bool(tasks.optional.any()),
        "breaks": len(resources.break_start) > 0,
        "varying capacity": len(resources.step_time) > 0,
        "budgets": bool((resources.kind == ResourceKind.NONRENEWABLE).any()),
        "reservoirs": bool((resources.kind == ResourceKind.RESERVOIR).any()),
        "setup times": bool((resources.setup >= 0).any()),
        "transfer times": bool(relations.transfer.any()),
        "blocking": bool((tasks.hold_until >= 0).any()),
        "no-wait": bool(no_wait.any()),
        "maximum lags": bool((tight & ~no_wait).any()),
        "the same sequence on all machines": len(problem.sequences) > 0,
        "identical or different resources": bool(
            (problem.pairs.kind != PairKind.CONSECUTIVE).any()
        ),
        "consecutive tasks": bool((problem.pairs.kind == PairKind.CONSECUTIVE).any()),
        "mode dependencies": len(problem.mode_dependencies) > 0,
    }
    return tuple(name for name, there in found.items() if there)
