"""Demirkol, Mehta and Uzsoy's generator of job shops, from its seeds.

The eighty instances dmu01-dmu80 are the hardest of a larger benchmark. In the first forty every job
visits the machines in a random order; in the others it visits the first half of the machines
before the second half, which makes them much harder to solve. What `job_shop` returns equals
the published files digit for digit.

References
----------
Demirkol, E., Mehta, S. and Uzsoy, R. (1998). Benchmarks for shop scheduling problems. *European
Journal of Operational Research*, 109(1), 137-141.
"""

from __future__ import annotations

import struct
from itertools import chain

from headway.instances.taillard import MODULUS, Matrix, Random

LONGEST = 200
"""Durations are uniform on 1..200."""


def job_shop(
    n_jobs: int, n_machines: int, seed: int, *, two_sets: bool = False
) -> tuple[Matrix, Matrix]:
    """Return the machines and the durations of a job shop.

    Parameters
    ----------
    n_jobs, n_machines
        Size; every job visits every machine once.
    seed
        Seed of everything.
    two_sets
        Whether each job finishes on the first half of the machines before it enters the second.

    Returns
    -------
    machines, durations
        ``machines[j][k]`` is the machine (from 0) of the k-th operation of job j and
        ``durations[j][k]`` its length, as `headway.model.job_shop` takes them.

    Examples
    --------
    >>> machines, durations = job_shop(20, 15, 155125852)  # dmu01
    >>> machines[0][:5], durations[0][:5]
    ([0, 13, 6, 11, 12], [160, 5, 139, 99, 9])
    """
    random = Random(seed)
    half = n_machines // 2 if two_sets else n_machines
    machines, durations = [], []
    for _ in range(n_jobs):
        keys = [random.next() for _ in range(n_machines)]
        parts = (range(half), range(half, n_machines))
        machines.append(list(chain.from_iterable(sorted(p, key=keys.__getitem__) for p in parts)))
        durations.append([int(1 + _single(random.next() / MODULUS) * LONGEST) for _ in keys])
    return machines, durations


def _single(value: float) -> float:
    """Round to single precision, in which the authors kept their random numbers.

    It matters: in double precision throughout, dmu29 differs from the published file in one
    operation; in single precision throughout, dmu29 and dmu59 do.
    """
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded
