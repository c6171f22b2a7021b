"""Taillard's generators of job shops, flow shops and open shops, from their seeds.

Eric Taillard published seeds instead of tables: the 260 instances of his benchmark, and any number
of new ones of the same distribution, follow from the linear congruential generator below. What
these functions return equals the published files digit for digit.

References
----------
Taillard, É. (1993). Benchmarks for basic scheduling problems. *European Journal of Operational
Research*, 64(2), 278-285.

Bratley, P., Fox, B. L. and Schrage, L. E. (1983). *A Guide to Simulation*. Springer.
"""

from __future__ import annotations

from headway.errors import ProblemError

MODULUS = 2**31 - 1
MULTIPLIER = 16807
LONGEST = 99
"""Durations are uniform on 1..99."""

Matrix = list[list[int]]


class Random:
    """The generator ``x ← 16807 x mod (2³¹ − 1)`` that Taillard and Demirkol et al. used.

    Parameters
    ----------
    seed
        The first state, between 1 and 2³¹ − 2.
    """

    def __init__(self, seed: int) -> None:
        if not 0 < seed < MODULUS:
            raise ProblemError(f"seed: expected a number between 1 and {MODULUS - 1}, got {seed}")
        self.state = seed

    def next(self) -> int:
        """Return the next state."""
        self.state = MULTIPLIER * self.state % MODULUS
        return self.state

    def uniform(self, low: int, high: int) -> int:
        """Return a number that is uniform on ``low..high``, both included."""
        # The published instances depend on this being done in double precision.
        return low + int(self.next() / MODULUS * (high - low + 1))


def job_shop(
    n_jobs: int, n_machines: int, time_seed: int, machine_seed: int
) -> tuple[Matrix, Matrix]:
    """Return the machines and the durations of a job shop.

    Parameters
    ----------
    n_jobs, n_machines
        Size; every job visits every machine once.
    time_seed, machine_seed
        Seeds of the durations and of the machine orders.

    Returns
    -------
    machines, durations
        ``machines[j][k]`` is the machine (from 0) of the k-th operation of job j and
        ``durations[j][k]`` its length, as `headway.model.job_shop` takes them.

    Examples
    --------
    >>> machines, durations = job_shop(15, 15, 840612802, 398197754)  # ta01
    >>> machines[0][:5], durations[0][:5]
    ([6, 12, 4, 7, 3], [94, 66, 10, 53, 26])
    """
    durations = _durations(n_jobs, n_machines, time_seed)
    random = Random(machine_seed)
    machines = []
    for _ in range(n_jobs):
        order = list(range(n_machines))
        for k in range(n_machines):
            other = random.uniform(k, n_machines - 1)
            order[k], order[other] = order[other], order[k]
        machines.append(order)
    return machines, durations


def flow_shop(n_jobs: int, n_machines: int, time_seed: int) -> Matrix:
    """Return the durations of a flow shop, shape (n_jobs, n_machines).

    Examples
    --------
    >>> flow_shop(20, 5, 873654221)[0]  # tfs001
    [54, 79, 16, 66, 58]
    """
    by_machine = _durations(n_machines, n_jobs, time_seed)
    return [list(row) for row in zip(*by_machine, strict=True)]


def open_shop(n_jobs: int, n_machines: int, time_seed: int, machine_seed: int) -> Matrix:
    """Return the durations of an open shop by job and machine.

    The operations are drawn as those of a job shop, then sorted by machine, since their order
    means nothing in an open shop.

    Examples
    --------
    >>> open_shop(4, 4, 1166510396, 164000672)[0]  # tos01
    [34, 2, 54, 61]
    """
    machines, durations = job_shop(n_jobs, n_machines, time_seed, machine_seed)
    return [
        [duration for _, duration in sorted(zip(*pair, strict=True))]
        for pair in zip(machines, durations, strict=True)
    ]


def _durations(rows: int, columns: int, seed: int) -> Matrix:
    random = Random(seed)
    return [[random.uniform(1, LONGEST) for _ in range(columns)] for _ in range(rows)]
