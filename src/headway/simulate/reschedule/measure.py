"""How much a new plan differs from the old one, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.model import Schedule
from headway.model.arrays import entries, set_ids
from headway.model.tables import ABSENT, Ints, ints
from headway.simulate.reschedule.residual import Residual


@dataclass(frozen=True, slots=True)
class Nervousness:
    """How much unstarted work has moved against the plan.

    Attributes
    ----------
    tasks
        Tasks that had been planned and have not started.
    moved
        How many of them start at another time.
    mean_shift
        Mean distance between their starts, in ticks.
    machine_changes
        How many of them use other resources.
    """

    tasks: int
    moved: int
    mean_shift: float
    machine_changes: int

    def __str__(self) -> str:
        return (
            f"{self.moved} of {self.tasks} tasks moved by {self.mean_shift:.1f} ticks on average,"
            f" {self.machine_changes} to other machines"
        )


@dataclass(frozen=True, slots=True)
class Stability:
    """What calm is worth, in units of the objective.

    Parameters
    ----------
    shift
        Price of one tick of mean shift of the starts of unstarted tasks.
    machine
        Price of each task that changes machines.

    Notes
    -----
    A plan costs the first level of its objective, plus `shift` times the mean shift, plus `machine`
    times the number of machine changes; then come the other levels. With both prices 0, only the
    objective counts, and calm decides between plans that are equally good.
    """

    shift: float = 0.0
    machine: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "machine"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ConfigError(f"stability.{name}: expected 0 or more, got {value}")

    @property
    def counts(self) -> bool:
        """Whether calm has any price."""
        return self.shift > 0 or self.machine > 0

    def cost(self, rest: Residual, plan: Schedule) -> tuple[float, ...]:
        """Return what a plan of the revised problem costs; least is best."""
        first, *others = plan.objective_values or (0,)
        calm = nervousness(rest, plan)
        extra = self.shift * calm.mean_shift + self.machine * calm.machine_changes
        return (first + extra, *others, calm.mean_shift, calm.machine_changes)


def nervousness(rest: Residual, plan: Schedule) -> Nervousness:
    """Return how much a plan of the revised problem differs from the one before the events."""
    whole = rest.revision
    before = np.flatnonzero(~whole.started & (whole.mode >= 0) & plan.present)
    if not len(before):
        return Nervousness(0, 0, 0.0, 0)
    shift = np.abs(plan.start[before] - whole.start[before])
    return Nervousness(
        len(before),
        int(np.count_nonzero(shift)),
        float(shift.mean()),
        _elsewhere(rest, whole.mode[before], plan.mode[before]),
    )


def _elsewhere(rest: Residual, planned: Ints, found: Ints) -> int:
    """Return how many of some modes use other resources than those that were planned."""
    other = planned != found
    if not other.any():
        return 0
    both = np.concatenate((planned[other], found[other]))
    modes = rest.revision.problem.modes
    row, index = entries(modes.demand_ptr, both)
    used = set_ids(ints(row), modes.demand_resource[index], len(both))
    half = len(both) // 2
    return int(np.count_nonzero(used[:half] != used[half:]))


def unmoved(rest: Residual) -> Ints:
    """Return the starts that no task of the rest should leave, `ABSENT` for none."""
    start, mode = rest.planned
    return ints(np.where((mode >= 0) & ~rest.fixed, start, ABSENT))
