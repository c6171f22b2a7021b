"""Flow shops of Naderi, Ruiz and Roshanaei's collection: hybrid, with setups, with due dates.

The texts hold whole numbers only: the number of jobs and of machines (or stages) come first.
"""

from __future__ import annotations

import numpy as np

from headway.model import Problem, flexible_job_shop, flow_shop, total_tardiness


def hybrid(text: str, name: str) -> Problem:
    """Return a hybrid flow shop: each stage has several machines alike.

    The number of machines of each stage is followed by a line of durations per job.

    Examples
    --------
    >>> hybrid("1 2  2 1  5 3", "tiny").n_modes
    3
    """
    numbers = _numbers(text)
    n, stages = numbers[:2]
    machines, durations = numbers[2 : 2 + stages], numbers[2 + stages :].reshape(n, stages)
    last = np.cumsum(machines)
    choices = [range(end - count, end) for count, end in zip(machines, last, strict=True)]
    table = [
        [[(k, duration) for k in choices[s]] for s, duration in enumerate(row)]
        for row in durations.tolist()
    ]
    return flexible_job_shop(table, n_machines=int(last[-1]), name=name)


def with_setups(text: str, name: str) -> Problem:
    """Return a permutation flow shop with setups.

    Durations per job are followed, machine by machine, by a square of setups.

    Examples
    --------
    >>> with_setups("2 1  5 3  0 4  1 0", "tiny").setups[0].tolist()
    [[0, 4], [1, 0], [0, 0]]
    """
    numbers = _numbers(text)
    n, m = numbers[:2]
    durations, setups = numbers[2 : 2 + n * m], numbers[2 + n * m :]
    return flow_shop(durations.reshape(n, m), setups=setups.reshape(m, n, n), name=name)


def with_due_dates(text: str, name: str) -> Problem:
    """Return a permutation flow shop in which the total tardiness is minimised.

    Due dates are followed by a line of durations per job.

    Examples
    --------
    >>> with_due_dates("2 1  8 9  5 3", "tiny").jobs.due.tolist()
    [8, 9]
    """
    numbers = _numbers(text)
    n, m = numbers[:2]
    durations = numbers[2 + n :].reshape(n, m)
    return flow_shop(durations, due=numbers[2 : 2 + n], objective=total_tardiness(), name=name)


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=np.int64)
