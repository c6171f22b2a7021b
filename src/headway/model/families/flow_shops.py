"""Shops in which all jobs go the same way: flow shops and hybrid flow shops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.families.given import array, matrix
from headway.model.families.jobs import JobData, job_table, objective_of
from headway.model.families.parts import (
    chains,
    machine_table,
    positions,
    single_demands,
    task_table,
)
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Sequences, ints


def flow_shop(
    durations: ArrayLike,
    *,
    permutation: bool = True,
    no_wait: bool = False,
    blocking: bool = False,
    setups: ArrayLike | None = None,
    initial_setups: ArrayLike | None = None,
    name: str = "flow shop",
    **job: Unpack[JobData],
) -> Problem:
    """Return a flow shop: every job visits machine 0, 1, ... in this order.

    Parameters
    ----------
    durations
        Shape (n_jobs, n_machines).
    permutation
        Whether all machines process the jobs in the same order.
    no_wait
        Whether a job, once begun, goes from machine to machine without waiting.
    blocking
        Whether a job keeps its machine until the next one takes it, as there is no place to wait.
    setups
        Sequence-dependent setup times, shape (n_machines, n_jobs, n_jobs), or None.
    initial_setups
        Setup before the first job of a machine, shape (n_machines, n_jobs), or None for zero.
    name, **job
        See `JobData`.

    Examples
    --------
    >>> flow_shop([[3, 2], [2, 4]], no_wait=True).summary()
    'flow shop: 2 jobs, 4 tasks, 2 machines; minimise makespan'
    """
    work = matrix(durations, "durations")
    n_jobs, count = work.shape
    tasks = np.arange(n_jobs * count).reshape(n_jobs, count)
    resources = machine_table([f"machine {k}" for k in range(count)])
    matrices, family = _setups(setups, initial_setups, count, n_jobs)
    if matrices:
        resources = machine_table(list(resources.name), setup=np.arange(count))
    sequences = Sequences()
    if permutation and count > 1:
        sequences = Sequences(
            first_machine=ints(np.arange(count - 1)),
            second_machine=ints(np.arange(1, count)),
            task_ptr=ints(np.arange(count) * n_jobs),
            first_task=ints(tasks[:, :-1].T),
            second_task=ints(tasks[:, 1:].T),
        )
    lengths = [count] * n_jobs
    hold = None
    if blocking:
        hold = np.full(work.shape, ABSENT)
        hold[:, :-1] = tasks[:, 1:]
    return Problem(
        name=name,
        jobs=job_table(n_jobs, job),
        resources=resources,
        tasks=task_table(
            np.repeat(np.arange(n_jobs), count),
            positions(lengths),
            work.size,
            family=np.repeat(np.arange(n_jobs), count) if family else None,
            hold_until=hold,
        ),
        modes=single_demands(np.arange(work.size), work.ravel(), np.tile(np.arange(count), n_jobs)),
        relations=chains(lengths, max_lag=0 if no_wait else FOREVER),
        sequences=sequences,
        setups=matrices,
        objective=objective_of(job),
    )


def hybrid_flow_shop(
    durations: ArrayLike,
    machines: Sequence[int],
    *,
    name: str = "hybrid flow shop",
    **job: Unpack[JobData],
) -> Problem:
    """Return a hybrid flow shop: every job visits all stages, one machine of each.

    Parameters
    ----------
    durations
        Shape (n_jobs, n_stages) where the machines of a stage are alike; or one column per machine,
        shape (n_jobs, sum(machines)).
    machines
        Number of machines of each stage; they are numbered from the first stage on.
    name, **job
        See `JobData`.

    Examples
    --------
    >>> hybrid_flow_shop([[3, 2], [2, 4], [1, 5]], machines=[1, 2]).summary()
    'hybrid flow shop: 3 jobs, 6 tasks, 9 modes, 3 machines; minimise makespan'
    """
    counts = array(machines, "machines", 1)
    if not counts.size or counts.min() < 1:
        raise ProblemError("machines: expected one machine or more at each stage")
    work = matrix(durations, "durations")
    n_jobs, total = len(work), int(counts.sum())
    if work.shape[1] == len(counts):
        work = np.repeat(work, counts, axis=1)
    elif work.shape[1] != total:
        raise ProblemError(
            f"durations: expected a column per stage ({len(counts)}) or per machine ({total}),"
            f" got {work.shape[1]}"
        )
    lengths = [len(counts)] * n_jobs
    choices = np.tile(counts, n_jobs)
    return Problem(
        name=name,
        jobs=job_table(n_jobs, job),
        resources=machine_table([f"machine {k}" for k in range(total)]),
        tasks=task_table(np.repeat(np.arange(n_jobs), len(counts)), positions(lengths), choices),
        modes=single_demands(
            np.repeat(np.arange(len(choices)), choices),
            work.ravel(),
            np.tile(np.arange(total), n_jobs),
        ),
        relations=chains(lengths),
        objective=objective_of(job),
    )


def _setups(
    setups: ArrayLike | None, initial: ArrayLike | None, n_machines: int, n_jobs: int
) -> tuple[tuple[np.ndarray, ...], bool]:
    """Return a setup matrix per machine, its last row for first jobs, and whether there are any."""
    if setups is None and initial is None:
        return (), False
    shape = (n_machines, n_jobs, n_jobs)
    between = np.zeros(shape, dtype=np.int64) if setups is None else array(setups, "setups", 3)
    if between.shape != shape:
        raise ProblemError(f"setups: expected shape {shape}, got {between.shape}")
    first = np.zeros(shape[:2], np.int64)
    if initial is not None:
        first = matrix(initial, "initial_setups")
    if first.shape != shape[:2]:
        raise ProblemError(f"initial_setups: expected shape {shape[:2]}, got {first.shape}")
    return tuple(np.vstack([b, f]) for b, f in zip(between, first, strict=True)), True
