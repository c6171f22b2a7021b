"""Constructors of the classical problem families, from plain arrays.

Each returns a frozen `Problem` without going through the builder, so that an instance of 100,000
tasks takes well under a second. All of them take the keyword arguments of `JobData` for the jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.objective import Objective, makespan
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Jobs,
    Modes,
    RelationKind,
    Relations,
    ResourceKind,
    Resources,
    Sequences,
    Tasks,
    bools,
    flat,
    ints,
)


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
    machine, duration = _flat(machines), _flat(durations)
    count = _machine_count(machine, n_machines)
    n_tasks = len(machine)
    return Problem(
        name=name,
        jobs=_jobs(len(lengths), job),
        resources=_machines([f"machine {k}" for k in range(count)]),
        tasks=_tasks(np.repeat(np.arange(len(lengths)), lengths), _positions(lengths), n_tasks),
        modes=_single_demands(np.arange(n_tasks), duration, machine),
        relations=_chains(lengths),
        objective=_objective(job),
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
    pairs = _rows(list(chain.from_iterable(choices)), 2, "jobs: (machine, duration)")
    count = _machine_count(pairs[:, 0], n_machines)
    if precedence is None:
        relations = _chains(lengths)
    else:
        relations = _end_before_start(_arcs(precedence, lengths))
    return Problem(
        name=name,
        jobs=_jobs(len(lengths), job),
        resources=_machines([f"machine {k}" for k in range(count)]),
        tasks=_tasks(np.repeat(np.arange(len(lengths)), lengths), _positions(lengths), counts),
        modes=_single_demands(np.repeat(np.arange(len(choices)), counts), pairs[:, 1], pairs[:, 0]),
        relations=relations,
        objective=_objective(job),
    )


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
    work = _matrix(durations, "durations")
    n_jobs, count = work.shape
    tasks = np.arange(n_jobs * count).reshape(n_jobs, count)
    resources = _machines([f"machine {k}" for k in range(count)])
    matrices, family = _setups(setups, initial_setups, count, n_jobs)
    if matrices:
        resources = _machines(list(resources.name), setup=np.arange(count))
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
        jobs=_jobs(n_jobs, job),
        resources=resources,
        tasks=_tasks(
            np.repeat(np.arange(n_jobs), count),
            _positions(lengths),
            work.size,
            family=np.repeat(np.arange(n_jobs), count) if family else None,
            hold_until=hold,
        ),
        modes=_single_demands(
            np.arange(work.size), work.ravel(), np.tile(np.arange(count), n_jobs)
        ),
        relations=_chains(lengths, max_lag=0 if no_wait else FOREVER),
        sequences=sequences,
        setups=matrices,
        objective=_objective(job),
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
    counts = _array(machines, "machines", 1)
    if not counts.size or counts.min() < 1:
        raise ProblemError("machines: expected one machine or more at each stage")
    work = _matrix(durations, "durations")
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
        jobs=_jobs(n_jobs, job),
        resources=_machines([f"machine {k}" for k in range(total)]),
        tasks=_tasks(np.repeat(np.arange(n_jobs), len(counts)), _positions(lengths), choices),
        modes=_single_demands(
            np.repeat(np.arange(len(choices)), choices),
            work.ravel(),
            np.tile(np.arange(total), n_jobs),
        ),
        relations=_chains(lengths),
        objective=_objective(job),
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
    work = _matrix(durations, "durations")
    n_jobs, width = work.shape
    if machines is None:
        machine = np.tile(np.arange(width, dtype=np.int64), n_jobs)
    else:
        machine = _matrix(machines, "machines").ravel()
        if machine.size != work.size:
            raise ProblemError(f"machines: expected shape {work.shape}, got {machine.size} values")
    count = _machine_count(machine, None)
    data = _jobs(n_jobs, job)
    owner = np.repeat(np.arange(n_jobs), width)
    demand = np.stack([machine, count + owner], axis=1)
    return Problem(
        name=name,
        jobs=data,
        resources=_machines([f"machine {k}" for k in range(count)] + list(data.name)),
        tasks=_tasks(owner, _positions([width] * n_jobs), work.size),
        modes=Modes(
            task=ints(np.arange(work.size)),
            duration=ints(work),
            cost=ints(np.zeros(work.size)),
            demand_ptr=ints(2 * np.arange(work.size + 1)),
            demand_resource=ints(demand),
            demand_amount=ints(np.ones(demand.size)),
        ),
        objective=_objective(job),
    )


def project(
    modes: Sequence[Sequence[tuple[int, Sequence[int]]]],
    capacities: Sequence[int],
    successors: Sequence[Sequence[int]],
    *,
    renewable: Sequence[bool] | None = None,
    lags: Iterable[tuple[int, int, int]] = (),
    name: str = "project",
    objective: Objective | None = None,
) -> Problem:
    """Return a resource-constrained project (RCPSP, multi-mode, or with generalised lags).

    Parameters
    ----------
    modes
        ``modes[i]``: the (duration, demand per resource) choices of task i.
    capacities
        One per resource.
    successors
        ``successors[i]``: tasks that start only after task i has ended.
    renewable
        Which resources are renewable (the others are budgets); all by default.
    lags
        (i, j, lag) triples: task j starts at least lag after task i starts. A negative lag is a
        maximum lag in the other direction, as in RCPSP/max.
    name
        Label of the instance.
    objective
        What is minimised; the makespan by default.
    """
    n_tasks, n_resources = len(modes), len(capacities)
    counts = np.fromiter(map(len, modes), dtype=np.int64, count=n_tasks)
    flat = list(chain.from_iterable(modes))
    duration = [length for length, _ in flat]
    demand = _rows([row for _, row in flat], n_resources, "modes: demand per resource")
    if len(successors) != n_tasks:
        raise ProblemError(
            f"successors: expected {n_tasks} rows, one per task, got {len(successors)}"
        )
    where = demand != 0
    kinds = [True] * n_resources if renewable is None else list(renewable)
    relations = _end_before_start([(i, j) for i, row in enumerate(successors) for j in row])
    extra = list(lags)
    if extra:
        before, after, lag = _rows(extra, 3, "lags: (before, after, lag)").T
        size = len(relations)
        relations = Relations(
            kind=ints(np.r_[relations.kind, np.full(len(extra), RelationKind.START_START)]),
            before=ints(np.r_[relations.before, before]),
            after=ints(np.r_[relations.after, after]),
            min_lag=ints(np.r_[relations.min_lag, lag]),
            max_lag=ints(np.full(size + len(extra), FOREVER)),
            transfer=bools(np.zeros(size + len(extra))),
        )
    return Problem(
        name=name,
        resources=_resources(
            [f"resource {k + 1}" for k in range(n_resources)],
            [ResourceKind.RENEWABLE if kind else ResourceKind.NONRENEWABLE for kind in kinds],
            capacities,
        ),
        tasks=_tasks(np.full(n_tasks, ABSENT), [f"task {i}" for i in range(n_tasks)], counts),
        modes=Modes(
            task=ints(np.repeat(np.arange(n_tasks), counts)),
            duration=ints(duration),
            cost=ints(np.zeros(len(flat))),
            demand_ptr=ints(np.r_[0, np.cumsum(where.sum(axis=1))]),
            demand_resource=ints(np.nonzero(where)[1]),
            demand_amount=ints(demand[where]),
        ),
        relations=relations,
        objective=objective if objective is not None else makespan(),
    )


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
    work = _array(durations, "durations", 1)
    n_jobs = len(work)
    matrices: tuple[np.ndarray, ...] = ()
    if setups is not None:
        matrix = _matrix(setups, "setups")
        if matrix.shape != (n_jobs + 1, n_jobs):
            raise ProblemError(f"setups: expected shape {(n_jobs + 1, n_jobs)}, got {matrix.shape}")
        matrices = (matrix,)
    index = np.arange(n_jobs)
    return Problem(
        name=name,
        jobs=_jobs(n_jobs, job),
        resources=_machines(["machine"], setup=[0] if matrices else None),
        tasks=_tasks(index, ["0"] * n_jobs, n_jobs, family=index if matrices else None),
        modes=_single_demands(index, work, np.zeros(n_jobs)),
        setups=matrices,
        objective=_objective(job),
    )


def _flat(rows: Sequence[Sequence[int]] | np.ndarray) -> Ints:
    if isinstance(rows, np.ndarray):
        return ints(rows)
    return flat(rows)


def _array(values: object, what: str, dimensions: int) -> np.ndarray:
    """Return whole numbers in an array of that many dimensions, refusing anything else."""
    try:
        given = np.asarray(values)
    except ValueError:
        raise ProblemError(f"{what}: expected rows of equal length") from None
    if given.ndim != dimensions:
        raise ProblemError(f"{what}: expected {dimensions} dimensions, got {given.ndim}")
    try:
        return ints(given).reshape(given.shape)
    except ProblemError as error:
        raise ProblemError(f"{what}: {error}") from None


def _matrix(values: ArrayLike, what: str) -> np.ndarray:
    return _array(values, what, 2)


def _rows(rows: Sequence[object], width: int, what: str) -> np.ndarray:
    """Return rows of that many whole numbers as a matrix, which may be empty."""
    if len(rows) == 0:
        return np.zeros((0, width), dtype=np.int64)
    matrix = _array(rows, what, 2)
    if matrix.shape[1] != width:
        raise ProblemError(f"{what}: expected {width} values, got {matrix.shape[1]}")
    return matrix


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


def _machine_count(machine: np.ndarray, given: int | None) -> int:
    needed = int(machine.max()) + 1 if machine.size else 0
    if given is not None and given < needed:
        raise ProblemError(f"machine {needed - 1} is used, but there are only {given} machines")
    if machine.size and machine.min() < 0:
        raise ProblemError(f"machines are numbered from 0, got {int(machine.min())}")
    return needed if given is None else given


def _positions(lengths: Sequence[int]) -> list[str]:
    longest = [str(k) for k in range(max(lengths, default=0))]
    return list(chain.from_iterable(longest[:length] for length in lengths))


def _jobs(count: int, data: JobData) -> Jobs:
    unknown = sorted(set(data) - set(JobData.__annotations__))
    if unknown:
        known = ", ".join(JobData.__annotations__)
        raise ProblemError(f"{unknown[0]}: no such property of jobs; known: {known}")

    def column(key: str, default: int) -> Ints:
        values = data.get(key)
        if values is None:
            return ints(np.full(count, default))
        array = _array(values, key, 1)
        if len(array) != count:
            raise ProblemError(f"{key}: expected one value per job ({count}), got {len(array)}")
        return array

    return Jobs(
        name=tuple(f"job {j}" for j in range(count)),
        release=column("release", 0),
        due=column("due", FOREVER),
        deadline=column("deadline", FOREVER),
        weight=column("weight", 1),
    )


def _objective(data: JobData) -> Objective:
    given = data.get("objective")
    return makespan() if given is None else given


def _tasks(
    job: np.ndarray,
    names: list[str],
    modes: np.ndarray | int,
    family: np.ndarray | None = None,
    hold_until: np.ndarray | None = None,
) -> Tasks:
    """Return plain tasks; `modes` counts the modes of each task, or all tasks if one each."""
    count = len(job)
    ptr = np.arange(count + 1) if isinstance(modes, int) else np.r_[0, np.cumsum(modes)]
    zero, forever = ints(np.zeros(count)), ints(np.full(count, FOREVER))
    none, no = ints(np.full(count, ABSENT)), bools(np.zeros(count))
    return Tasks(
        name=tuple(names),
        job=ints(job),
        earliest_start=zero,
        latest_start=forever,
        earliest_end=zero,
        latest_end=forever,
        optional=no,
        interruptible=no,
        hold_until=none if hold_until is None else ints(hold_until),
        family=none if family is None else ints(family),
        mode_ptr=ints(ptr),
    )


def _single_demands(task: np.ndarray, duration: np.ndarray, machine: np.ndarray) -> Modes:
    count = len(task)
    return Modes(
        task=ints(task),
        duration=ints(duration),
        cost=ints(np.zeros(count)),
        demand_ptr=ints(np.arange(count + 1)),
        demand_resource=ints(machine),
        demand_amount=ints(np.ones(count)),
    )


def _machines(names: list[str], setup: ArrayLike | None = None) -> Resources:
    return _resources(names, [ResourceKind.MACHINE] * len(names), [1] * len(names), setup)


def _resources(
    names: list[str],
    kinds: Sequence[int],
    capacities: Sequence[int],
    setup: ArrayLike | None = None,
) -> Resources:
    count = len(names)
    zero, ptr = ints(np.zeros(count)), ints(np.zeros(count + 1))
    return Resources(
        name=tuple(names),
        kind=ints(kinds),
        capacity=ints(capacities),
        cost=zero,
        level=zero,
        level_min=zero,
        level_max=zero,
        break_ptr=ptr,
        step_ptr=ptr,
        setup=ints(np.full(count, ABSENT) if setup is None else setup),
    )


def _chains(lengths: Sequence[int], max_lag: int = FOREVER) -> Relations:
    """Return end-before-start relations between neighbours within runs of the given lengths."""
    total = int(sum(lengths))
    last = np.cumsum(lengths) - 1
    followed = np.ones(total, dtype=np.bool_)
    followed[last[last >= 0]] = False
    before = np.flatnonzero(followed)
    return _end_before_start(np.stack([before, before + 1], axis=1), max_lag)


def _end_before_start(arcs: ArrayLike, max_lag: int = FOREVER) -> Relations:
    pairs = np.array(arcs, dtype=np.int64).reshape(-1, 2)
    count = len(pairs)
    return Relations(
        kind=ints(np.full(count, RelationKind.END_START)),
        before=ints(pairs[:, 0]),
        after=ints(pairs[:, 1]),
        min_lag=ints(np.zeros(count)),
        max_lag=ints(np.full(count, max_lag)),
        transfer=bools(np.zeros(count)),
    )


def _setups(
    setups: ArrayLike | None, initial: ArrayLike | None, n_machines: int, n_jobs: int
) -> tuple[tuple[np.ndarray, ...], bool]:
    if setups is None and initial is None:
        return (), False
    shape = (n_machines, n_jobs, n_jobs)
    between = np.zeros(shape, dtype=np.int64) if setups is None else _array(setups, "setups", 3)
    if between.shape != shape:
        raise ProblemError(f"setups: expected shape {shape}, got {between.shape}")
    first = np.zeros(shape[:2], np.int64)
    if initial is not None:
        first = _matrix(initial, "initial_setups")
    if first.shape != shape[:2]:
        raise ProblemError(f"initial_setups: expected shape {shape[:2]}, got {first.shape}")
    return tuple(np.vstack([b, f]) for b, f in zip(between, first, strict=True)), True
