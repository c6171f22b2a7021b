"""Jobs that compete for a single machine."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.families.given import array, matrix
from headway.model.families.jobs import JobData, job_table, objective_of
from headway.model.families.parts import machine_table, single_demands, task_table
from headway.model.problem import Problem


def single_machine(
    durations: ArrayLike,
    *,
    setups: ArrayLike | None = None,
    name: str = "single machine",
    **job: Unpack[JobData],
) -> Problem:
    """Return a single machine problem: jobs of one task each compete for one machine.

    Parameters
    ----------
    durations
        Shape (n_jobs,).
    setups
        Shape (n_jobs + 1, n_jobs): setup between consecutive jobs; the last row is the setup of
        the first job. None for no setups.
    name, **job
        See `JobData`.
    """
    work = array(durations, "durations", 1)
    n_jobs = len(work)
    matrices: tuple[np.ndarray, ...] = ()
    if setups is not None:
        times = matrix(setups, "setups")
        if times.shape != (n_jobs + 1, n_jobs):
            raise ProblemError(f"setups: expected shape {(n_jobs + 1, n_jobs)}, got {times.shape}")
        matrices = (times,)
    index = np.arange(n_jobs)
    return Problem(
        name=name,
        jobs=job_table(n_jobs, job),
        resources=machine_table(["machine"], setup=[0] if matrices else None),
        tasks=task_table(index, ["0"] * n_jobs, n_jobs, family=index if matrices else None),
        modes=single_demands(index, work, np.zeros(n_jobs)),
        setups=matrices,
        objective=objective_of(job),
    )
