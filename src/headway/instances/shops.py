"""Random shop and single-machine problems, after the schemes published for each family.

Durations are uniform integers between ``shortest`` and ``longest``, inclusive. Every generator
takes a seed (or a `numpy.random.Generator`), and the same arguments give the same problem.
"""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.model import families
from headway.model.objective import total_tardiness
from headway.model.problem import Problem

Seed = int | np.random.Generator
"""Where randomness comes from: a number to start a generator from, or a generator to draw on."""


def at_least(low: float, **parameters: float) -> None:
    """Refuse parameters below `low`.

    Raises
    ------
    ConfigError
        Naming the parameter and its value.
    """
    for name, value in parameters.items():
        if not value >= low:
            raise ConfigError(f"{name}: expected at least {low}, got {value}")


def share(**parameters: float) -> None:
    """Refuse parameters outside [0, 1].

    Raises
    ------
    ConfigError
        Naming the parameter and its value.
    """
    for name, value in parameters.items():
        if not 0 <= value <= 1:
            raise ConfigError(f"{name}: expected 0 to 1, got {value}")


def _durations(
    rng: np.random.Generator, shortest: int, longest: int, shape: tuple[int, ...]
) -> np.ndarray:
    at_least(0, shortest=shortest)
    at_least(shortest, longest=longest)
    return rng.integers(shortest, longest, endpoint=True, size=shape)


def job_shop(
    *,
    jobs: int = 10,
    machines: int = 5,
    shortest: int = 1,
    longest: int = 99,
    due_factor: float = 0.0,
    seed: Seed = 0,
) -> Problem:
    """Draw a job shop: every job visits every machine once, in its own random order.

    Parameters
    ----------
    jobs
        Number of jobs.
    machines
        Number of machines, and of operations of each job.
    shortest
        Smallest duration, in ticks.
    longest
        Largest duration, in ticks.
    due_factor
        If positive, the objective is weighted tardiness: a job is due after this many times its
        total work, and the first fifth of the jobs weigh 4, the last fifth 1, the others 2.
        Published values are 1.3, 1.5 and 1.6. With 0 the makespan is minimised.
    seed
        Same seed, same problem.

    References
    ----------
    E. Taillard (1993), Benchmarks for basic scheduling problems. M. Singer and M. Pinedo (1998),
    A computational study of branch and bound techniques for minimizing the total weighted
    tardiness in job shops (due dates and weights).
    """
    at_least(1, jobs=jobs, machines=machines)
    at_least(0, due_factor=due_factor)
    rng = np.random.default_rng(seed)
    durations = _durations(rng, shortest, longest, (jobs, machines))
    routes = rng.permuted(np.tile(np.arange(machines), (jobs, 1)), axis=1)
    name = f"job shop {jobs}x{machines}"
    if due_factor == 0:
        return families.job_shop(routes, durations, n_machines=machines, name=name)
    weight = np.full(jobs, 2)
    weight[: jobs // 5] = 4
    weight[jobs - jobs // 5 :] = 1
    return families.job_shop(
        routes,
        durations,
        n_machines=machines,
        name=name,
        due=(due_factor * durations.sum(axis=1)).astype(np.int64),
        weight=weight,
        objective=total_tardiness(weighted=True),
    )


def flexible_job_shop(
    *,
    jobs: int = 10,
    machines: int = 6,
    fewest_operations: int = 5,
    most_operations: int = 7,
    most_choices: int = 3,
    shortest: int = 1,
    longest: int = 20,
    seed: Seed = 0,
) -> Problem:
    """Draw a flexible job shop: each operation can run on several machines, each at its own pace.

    Parameters
    ----------
    jobs
        Number of jobs.
    machines
        Number of machines.
    fewest_operations
        Smallest number of operations of a job.
    most_operations
        Largest number of operations of a job.
    most_choices
        Each operation can run on 1 to this many machines, uniformly.
    shortest
        Smallest duration, in ticks.
    longest
        Largest duration, in ticks.
    seed
        Same seed, same problem.

    References
    ----------
    P. Brandimarte (1993), Routing and scheduling in a flexible job shop by tabu search.
    """
    at_least(1, jobs=jobs, machines=machines, fewest_operations=fewest_operations)
    at_least(fewest_operations, most_operations=most_operations)
    at_least(1, most_choices=most_choices)
    if most_choices > machines:
        raise ConfigError(f"most_choices: there are only {machines} machines, got {most_choices}")
    rng = np.random.default_rng(seed)
    lengths = rng.integers(fewest_operations, most_operations, endpoint=True, size=jobs)
    table = []
    for length in lengths:
        operations = []
        for size in rng.integers(1, most_choices, endpoint=True, size=length):
            chosen = np.sort(rng.choice(machines, size=size, replace=False))
            times = _durations(rng, shortest, longest, (int(size),))
            operations.append(list(zip(chosen.tolist(), times.tolist(), strict=True)))
        table.append(operations)
    name = f"flexible job shop {jobs}x{machines}"
    return families.flexible_job_shop(table, n_machines=machines, name=name)


def flow_shop(
    *,
    jobs: int = 20,
    machines: int = 5,
    shortest: int = 1,
    longest: int = 99,
    permutation: bool = True,
    setup_share: float = 0.0,
    seed: Seed = 0,
) -> Problem:
    """Draw a flow shop, with sequence-dependent setups if asked for.

    Parameters
    ----------
    jobs
        Number of jobs.
    machines
        Number of machines, visited by every job in the same order.
    shortest
        Smallest duration, in ticks.
    longest
        Largest duration, in ticks.
    permutation
        Whether all machines process the jobs in the same order.
    setup_share
        If positive, setups between jobs are uniform between 1 and this share of `longest`
        (published: 0.1, 0.5, 1 and 1.25); nothing is set up for the first job.
    seed
        Same seed, same problem.

    References
    ----------
    E. Taillard (1993), Benchmarks for basic scheduling problems. R. Ruiz, C. Maroto and J. Alcaraz
    (2005), Solving the flowshop scheduling problem with sequence dependent setup times using
    advanced metaheuristics (setups).
    """
    at_least(1, jobs=jobs, machines=machines)
    at_least(0, setup_share=setup_share)
    rng = np.random.default_rng(seed)
    durations = _durations(rng, shortest, longest, (jobs, machines))
    setups = None
    if setup_share > 0:
        most = max(1, int(setup_share * longest))
        setups = rng.integers(1, most, endpoint=True, size=(machines, jobs, jobs))
        setups[:, np.arange(jobs), np.arange(jobs)] = 0
    name = f"flow shop {jobs}x{machines}"
    return families.flow_shop(durations, permutation=permutation, setups=setups, name=name)


def open_shop(
    *, jobs: int = 7, machines: int = 7, shortest: int = 1, longest: int = 99, seed: Seed = 0
) -> Problem:
    """Draw an open shop: every job visits every machine once, in any order.

    Parameters
    ----------
    jobs
        Number of jobs.
    machines
        Number of machines.
    shortest
        Smallest duration, in ticks.
    longest
        Largest duration, in ticks.
    seed
        Same seed, same problem.

    References
    ----------
    E. Taillard (1993), Benchmarks for basic scheduling problems.
    """
    at_least(1, jobs=jobs, machines=machines)
    rng = np.random.default_rng(seed)
    durations = _durations(rng, shortest, longest, (jobs, machines))
    return families.open_shop(durations, name=f"open shop {jobs}x{machines}")


def single_machine(
    *,
    jobs: int = 40,
    tardiness_factor: float = 0.6,
    due_range: float = 0.4,
    weighted: bool = True,
    setup_severity: float = 0.0,
    shortest: int = 1,
    longest: int = 100,
    seed: Seed = 0,
) -> Problem:
    """Draw a single machine with due dates, to minimise total (weighted) tardiness.

    Due dates are uniform in ``P (1 - TF - RDD / 2)`` to ``P (1 - TF + RDD / 2)``, where P is the
    total duration; those below 0 become 0, which changes the objective by a constant only.

    Parameters
    ----------
    jobs
        Number of jobs.
    tardiness_factor
        TF, roughly the share of jobs that will be late; 0.2 to 1 in the literature.
    due_range
        RDD, the width of the due dates relative to P; 0.2 to 1 in the literature.
    weighted
        Whether jobs have weights, uniform in 1 to 10.
    setup_severity
        If positive, setups are uniform between 0 and twice this share of the mean duration.
    shortest
        Smallest duration, in ticks.
    longest
        Largest duration, in ticks.
    seed
        Same seed, same problem.

    References
    ----------
    C. N. Potts and L. N. Van Wassenhove (1985), A branch and bound algorithm for the total weighted
    tardiness problem; J. E. Beasley's OR-Library follows it. V. A. Cicirello and S. F. Smith
    (2005), Enhancing stochastic search performance by value-biased randomization of heuristics
    (setup severity).
    """
    at_least(1, jobs=jobs)
    share(tardiness_factor=tardiness_factor)
    at_least(0, due_range=due_range, setup_severity=setup_severity)
    rng = np.random.default_rng(seed)
    durations = _durations(rng, shortest, longest, (jobs,))
    total = int(durations.sum())
    low = round(total * (1 - tardiness_factor - due_range / 2))
    high = round(total * (1 - tardiness_factor + due_range / 2))
    due = np.maximum(0, rng.integers(low, high, endpoint=True, size=jobs))
    weight = rng.integers(1, 10, endpoint=True, size=jobs) if weighted else None
    setups = None
    if setup_severity > 0:
        most = round(2 * setup_severity * float(durations.mean()))
        setups = rng.integers(0, most, endpoint=True, size=(jobs + 1, jobs))
    return families.single_machine(
        durations,
        setups=setups,
        name=f"single machine {jobs}",
        due=due,
        weight=weight,
        objective=total_tardiness(weighted=weighted),
    )
