"""What problems have that peers do not know, in words that follow "because"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model import Problem
from headway.model.objective import Measure
from headway.model.tables import ABSENT, FOREVER, ResourceKind

JOB_SUMS = (Measure.COMPLETION, Measure.FLOW_TIME, Measure.TARDINESS, Measure.TARDY_JOBS)


def beyond_shops_and_projects(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a shop or a project without special extras.

    Shops and projects may have modes, windows, lags, blocking, setups and common sequences.
    """
    tasks, resources = problem.tasks, problem.resources
    if tasks.optional.any():
        yield "tasks are optional"
    if (resources.kind == ResourceKind.RESERVOIR).any():
        yield "there are reservoirs"
    if len(resources.break_start):
        yield "resources have breaks"
    if len(resources.step_time):
        yield "capacities change over time"
    if problem.relations.transfer.any():
        yield "relations wait for transfers"
    for table, what in (
        (problem.pairs, "pairs of tasks have a say on each other's resources"),
        (problem.selections, "tasks are selected"),
        (problem.mode_dependencies, "modes depend on modes"),
    ):
        if len(table):
            yield what
    yield from _initial_setups(problem)
    yield from _partial_sequences(problem)
    yield from _relations_of_blocking_tasks(problem)


def _initial_setups(problem: Problem) -> Iterator[str]:
    if any(matrix[-1].any() for matrix in problem.setups):
        yield "the first task of a machine needs a setup"


def _partial_sequences(problem: Problem) -> Iterator[str]:
    """Yield why common sequences are not permutations of whole machines."""
    sequences, modes = problem.sequences, problem.modes
    if not len(sequences.first_machine):
        return
    if (np.diff(problem.tasks.mode_ptr) != 1).any():
        yield "tasks with a common sequence have several modes"
        return
    user = np.repeat(modes.task, np.diff(modes.demand_ptr))
    counts = np.bincount(modes.demand_resource, minlength=problem.n_resources)
    for machines, table in (
        (sequences.first_machine, sequences.first_task),
        (sequences.second_machine, sequences.second_task),
    ):
        for k, machine in enumerate(machines.tolist()):
            listed = table[sequences.task_ptr[k] : sequences.task_ptr[k + 1]]
            here = user[modes.demand_resource == machine]
            if len(listed) != counts[machine] or set(listed.tolist()) != set(here.tolist()):
                yield "a common sequence leaves out tasks of its machines"
                return


def _relations_of_blocking_tasks(problem: Problem) -> Iterator[str]:
    """Yield what asks for the end of work of a task that stays on its machine."""
    tasks, relations = problem.tasks, problem.relations
    holding = tasks.hold_until != ABSENT
    if not holding.any():
        return
    if (tasks.latest_end[holding] < FOREVER).any() or tasks.earliest_end[holding].any():
        yield "a blocking task has a window for its end"
    # Only what follows from blocking itself: the next task starts no earlier than this one ends.
    end = (relations.kind >= 2) & holding[relations.before]
    plain = (
        (relations.kind == 2)
        & (relations.after == tasks.hold_until[relations.before])
        & (relations.min_lag == 0)
        & (relations.max_lag >= FOREVER)
    )
    to_end = (relations.kind % 2 == 1) & holding[relations.after]
    if (end & ~plain).any() or to_end.any():
        yield "a relation asks when a blocking task ends its work"
    if not np.isin(np.flatnonzero(holding), relations.before[plain]).all():
        yield "a blocking task need not wait for the next one"
