"""How long jobs will probably run, from what their users' jobs took before.

References
----------
Weng, Xiao, Yu, Wang, Wang, He, Li, Zhang, Lin, Ding (2022), "MLaaS in the wild: workload analysis
and scheduling in large-scale heterogeneous GPU clusters". Tsafrir, Etsion, Feitelson (2007),
"Backfilling using system-generated predictions rather than user runtime estimates".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.simulate.cluster.workload import Workload

Habit = Literal["user", "group", "amount"]
"""What jobs may have in common."""


def estimated(
    workload: Workload, history: Workload, by: Sequence[Habit] = ("user", "group", "amount")
) -> Workload:
    """Return the workload with mean run times of similar jobs in place of requested times.

    Parameters
    ----------
    workload
        Whose requested times are replaced.
    history
        Jobs that are over; not those of the workload, whose run times nobody knows yet.
    by
        What similar jobs have in common. Where no job of the history agrees in all, those that
        agree in all but the last count, and so on down to all jobs.

    Raises
    ------
    ConfigError
        If the history is empty, or a habit is unknown.
    """
    for habit in by:
        if habit not in get_args(Habit):
            habits = ", ".join(get_args(Habit))
            raise ConfigError(f"by: expected some of {habits}, got {habit!r}")
    if not len(history):
        raise ConfigError("history: expected at least one job")
    guess = np.full(len(workload), float(history.run.mean()))
    for depth in range(1, len(by) + 1):
        known, number = np.unique(_habits(history, by[:depth]), axis=0, return_inverse=True)
        mean = np.bincount(number.ravel(), weights=history.run) / np.bincount(number.ravel())
        similar = {tuple(key): value for key, value in zip(known.tolist(), mean, strict=True)}
        for job, key in enumerate(_habits(workload, by[:depth]).tolist()):
            guess[job] = similar.get(tuple(key), guess[job])
    return workload.told(guess)


def _habits(jobs: Workload, by: Sequence[Habit]) -> NDArray[np.int64]:
    return np.column_stack([getattr(jobs, habit) for habit in by])
