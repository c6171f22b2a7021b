"""Shops in which every job has its own way: job shops, flexible job shops, open shops."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.families.given import flat_rows, matrix, rows
from headway.model.families.jobs import JobData, job_table, objective_of
from headway.model.families.parts import (
    chains,
    end_before_start,
    machine_count,
    machine_table,
    positions,
    single_demands,
    task_table,
)
from headway.model.problem import Problem
from headway.model.tables import Modes, ints


def job_shop(
    machines: Sequence[Sequence[int]] | np.ndarray,
    durations: Sequence[Sequence[int]] | np.ndarray,
    *,
    n_machines: int | None = None,
    name: str = "job shop",
    **job: Unpack[JobData],
) -> Problem:
    """Return a job shop: each job visits machines in a given order.

    Parameters
    ----------
    machines
        ``machines[j][k]``: machine of the k-th operation of job j, from 0. Rows may differ in
        length and may visit a machine several times (re-entrant).
    durations
        The duration of the same operation.
    n_machines
        Number of machines; by default one more than the largest one used.
    name, **job
        See `JobData`.

    Examples
    --------
    >>> job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]]).summary()
    'job shop: 2 jobs, 4 tasks, 2 machines; minimise makespan'
    """
    lengths = [len(row) for row in machines]
    if lengths != [len(row) for row in durations]:
        raise ProblemError("machines and durations: expected rows of equal lengths")
    machine, duration = flat_rows(machines), flat_rows(durations)
    count = machine_count(machine, n_machines)
    n_tasks = len(machine)
    return Problem(
        name=name,
        jobs=job_table(len(lengths), job),
        resources=machine_table([f"machine {k}" for k in range(count)]),
        tasks=task_table(np.repeat(np.arange(len(lengths)), lengths), positions(lengths), n_tasks),
        modes=single_demands(np.arange(n_tasks), duration, machine),
        relations=chains(lengths),
        objective=objective_of(job),
    )


def flexible_job_shop(
    jobs: Sequence[Sequence[Sequence[tuple[int, int]]]],
    *,
    n_machines: int | None = None,
    precedence: Sequence[Sequence[tuple[int, int]]] | None = None,
    name: str = "flexible job shop",
    **job: Unpack[JobData],
) -> Problem:
    """Return a flexible job shop: each operation chooses one of several machines.

    Parameters
    ----------
    jobs
        ``jobs[j][k]``: the (machine, duration) choices of the k-th operation of job j, machines
        from 0.
    n_machines
        Number of machines; by default one more than the largest one used.
    precedence
        ``precedence[j]``: pairs (k, l) of operations of job j, the first of which ends before the
        second starts; by default each job is a chain.
    name, **job
        See `JobData`.
    """
    lengths = [len(operations) for operations in jobs]
    choices = [modes for operations in jobs for modes in operations]
    counts = np.fromiter(map(len, choices), dtype=np.int64, count=len(choices))
    pairs = rows(list(chain.from_iterable(choices)), 2, "jobs: (machine, duration)")
    count = machine_count(pairs[:, 0], n_machines)
    if precedence is None:
        relations = chains(lengths)
    else:
        relations = end_before_start(_arcs(precedence, lengths))
    return Problem(
        name=name,
        jobs=job_table(len(lengths), job),
        resources=machine_table([f"machine {k}" for k in range(count)]),
        tasks=task_table(np.repeat(np.arange(len(lengths)), lengths), positions(lengths), counts),
        modes=single_demands(np.repeat(np.arange(len(choices)), counts), pairs[:, 1], pairs[:, 0]),
        relations=relations,
        objective=objective_of(job),
    )


def open_shop(
    durations: ArrayLike,
    *,
    machines: ArrayLike | None = None,
    name: str = "open shop",
    **job: Unpack[JobData],
) -> Problem:
    """Return an open shop: the operations of a job may run in any order, one at a time.

    Each job is itself a machine that all its operations need, listed after the real machines.

    Parameters
    ----------
    durations
        Shape (n_jobs, n_operations).
    machines
        Machine of each operation, from 0, same shape; by default operation k needs machine k.
    name, **job
        See `JobData`.
    """
    work = matrix(durations, "durations")
    n_jobs, width = work.shape
    if machines is None:
        machine = np.tile(np.arange(width, dtype=np.int64), n_jobs)
    else:
        machine = matrix(machines, "machines").ravel()
        if machine.size != work.size:
            raise ProblemError(f"machines: expected shape {work.shape}, got {machine.size} values")
    count = machine_count(machine, None)
    data = job_table(n_jobs, job)
    owner = np.repeat(np.arange(n_jobs), width)
    demand = np.stack([machine, count + owner], axis=1)
    return Problem(
        name=name,
        jobs=data,
        resources=machine_table([f"machine {k}" for k in range(count)] + list(data.name)),
        tasks=task_table(owner, positions([width] * n_jobs), work.size),
        modes=Modes(
            task=ints(np.arange(work.size)),
            duration=ints(work),
            cost=ints(np.zeros(work.size)),
            demand_ptr=ints(2 * np.arange(work.size + 1)),
            demand_resource=ints(demand),
            demand_amount=ints(np.ones(demand.size)),
        ),
        objective=objective_of(job),
    )


def _arcs(
    precedence: Sequence[Sequence[tuple[int, int]]], lengths: Sequence[int]
) -> list[tuple[int, int]]:
    """Return pairs of operations of each job as pairs of tasks."""
    if len(precedence) != len(lengths):
        raise ProblemError(f"precedence: expected {len(lengths)} rows, got {len(precedence)}")
    arcs: list[tuple[int, int]] = []
    first = 0
    for job, (row, length) in enumerate(zip(precedence, lengths, strict=True)):
        for a, b in row:
            if not (0 <= a < length and 0 <= b < length):
                raise ProblemError(
                    f"precedence of job {job}: ({a}, {b}), but its operations are 0 to {length - 1}"
                )
            arcs.append((first + a, first + b))
        first += length
    return arcs
