"""What all constructors may be told about jobs."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.families.given import array
from headway.model.objective import Objective, makespan
from headway.model.tables import FOREVER, Ints, Jobs, ints


class JobData(TypedDict, total=False):
    """What a constructor may be told about the jobs, one value each.

    Parameters
    ----------
    release
        Earliest start; 0 by default.
    due
        Due date; `FOREVER` for none, the default.
    deadline
        Latest end; `FOREVER` for none, the default.
    weight
        Importance in weighted objectives; 1 by default.
    objective
        What is minimised; the makespan by default.
    """

    release: ArrayLike | None
    due: ArrayLike | None
    deadline: ArrayLike | None
    weight: ArrayLike | None
    objective: Objective | None


def job_table(count: int, data: JobData) -> Jobs:
    """Return so many jobs, with defaults for what is not said."""
    unknown = sorted(set(data) - set(JobData.__annotations__))
    if unknown:
        known = ", ".join(JobData.__annotations__)
        raise ProblemError(f"{unknown[0]}: no such property of jobs; known: {known}")

    def column(key: str, default: int) -> Ints:
        values = data.get(key)
        if values is None:
            return ints(np.full(count, default))
        given = array(values, key, 1)
        if len(given) != count:
            raise ProblemError(f"{key}: expected one value per job ({count}), got {len(given)}")
        return given

    return Jobs(
        name=tuple(f"job {j}" for j in range(count)),
        release=column("release", 0),
        due=column("due", FOREVER),
        deadline=column("deadline", FOREVER),
        weight=column("weight", 1),
    )


def objective_of(data: JobData) -> Objective:
    """Return the objective that is asked for, or the makespan."""
    given = data.get("objective")
    return makespan() if given is None else given
