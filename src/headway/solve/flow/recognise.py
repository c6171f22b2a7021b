"""Whether a problem is a flow shop that one order of jobs schedules, and its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, RelationKind
from headway.solve import obstacles

_MEASURES = (
    Measure.MAKESPAN,
    Measure.MAX_LATENESS,
    Measure.MAX_TARDINESS,
    Measure.COMPLETION,
    Measure.FLOW_TIME,
    Measure.TARDINESS,
    Measure.TARDY_JOBS,
)
_LONGEST = 2**28
"""The native search counts ticks in 32 bits."""

_LARGEST_WEIGHT = 2**33
NO_CHAINS = "its jobs are not chains of as many tasks each, by relations without lags"

_LARGEST_SETUPS = 2**26
"""So many setup times are kept in memory, a quarter of a gigabyte."""


def obstacle(problem: Problem) -> str | None:
    """Return why flow shop search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.flow_shop([[3, 2], [1, 4]]))
    >>> obstacle(hw.instance("ft06"))
    "'job 1' does not visit the machines in the order of 'job 0'"
    """
    return next(_obstacles(problem), None)


def operations(problem: Problem) -> np.ndarray:
    """Return the tasks of each job in order; shape (n_jobs, n_machines).

    The problem has no `obstacle`.
    """
    rows = chains(problem)
    if rows is None:
        raise ValueError(f"{problem.name} is no flow shop")
    return rows


def waits(problem: Problem, tasks: np.ndarray) -> Literal["freely", "on the machine", "never"]:
    """Return how jobs wait between machines."""
    *_, most = _links(problem)
    if (most == 0).any():
        return "never"
    blocks = (problem.tasks.hold_until[tasks[:, 0]] != ABSENT).any()
    return "on the machine" if blocks else "freely"


def one_order(problem: Problem, tasks: np.ndarray) -> bool:
    """Return whether all machines must take all jobs in one order."""
    sequences, (n, m) = problem.sequences, tasks.shape
    machine = problem.modes.demand_resource[tasks[0]]
    lengths = np.diff(sequences.task_ptr)
    rows = {
        frozenset(pair)
        for pair, length in zip(
            zip(sequences.first_machine.tolist(), sequences.second_machine.tolist(), strict=True),
            lengths.tolist(),
            strict=True,
        )
        if length == n
    }
    return all(frozenset(machine[k : k + 2].tolist()) in rows for k in range(m - 1))


def setup_times(problem: Problem, tasks: np.ndarray) -> np.ndarray | None:
    """Return setup times, shape (n_jobs + 1, n_jobs, n_machines), or None without any.

    The last row is for jobs that come first.
    """
    n, m = tasks.shape
    table = problem.resources.setup[_machines(problem)[tasks[0]]]
    if not any(problem.setups[matrix].any() for matrix in table[table >= 0].tolist()):
        return None
    setups = np.zeros((n + 1, n, m), dtype=np.int64)
    for k in np.flatnonzero(table >= 0).tolist():
        matrix, family = problem.setups[table[k]], problem.tasks.family[tasks[:, k]]
        known = family >= 0
        between = matrix[family[:, None], family[None, :]]
        setups[:n, :, k] = np.where(known[:, None] & known[None, :], between, 0)
        setups[n, :, k] = np.where(known, matrix[-1, family], 0)
    return setups


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being such a flow shop, in words that follow "because"."""
    yield from objective_obstacles(problem)
    yield from task_obstacles(problem)
    counts = np.diff(problem.tasks.mode_ptr)
    if (counts != 1).any():
        task = int(np.argmax(counts != 1))
        yield f"task {problem.task_label(task)!r} has {counts[task]} modes"
        return  # from here on, a task is its mode
    tasks = chains(problem)
    if tasks is None:
        yield NO_CHAINS
        return
    machine = _machines(problem)[tasks]
    other = (machine != machine[0]).any(axis=1)
    if other.any():
        names = problem.jobs.name
        at, first = names[int(np.argmax(other))], names[0]
        yield f"{at!r} does not visit the machines in the order of {first!r}"
    if len(np.unique(machine[0])) < machine.shape[1]:
        yield "its jobs visit a machine twice"
    yield from _waiting_obstacles(problem, tasks)
    yield from _other_obstacles(problem, tasks)
    yield from size_obstacles(problem)
    yield from _setup_obstacles(problem, tasks)


def objective_obstacles(problem: Problem) -> Iterator[str]:
    """Yield what is wrong if the objective is not one measure of the jobs' ends."""
    levels = problem.objective.levels
    term = levels[0][0] if len(levels) == 1 and len(levels[0]) == 1 else None
    if term is None or term.measure not in _MEASURES or term.weight != 1:
        yield f"the objective is {problem.objective}, not one measure of the jobs' ends"


def task_obstacles(problem: Problem) -> Iterator[str]:
    """Yield what is in the way where tasks do not just need a job and one machine of several."""
    tasks, modes = problem.tasks, problem.modes

    yield from obstacles.missing_tasks(problem)
    if (tasks.job == ABSENT).any():
        yield f"task {obstacles.first_task(problem, tasks.job == ABSENT)} belongs to no job"
    used = np.diff(modes.demand_ptr)
    if (used != 1).any():
        mode = int(np.argmax(used != 1))
        yield f"task {problem.task_label(int(modes.task[mode]))!r} needs {used[mode]} resources"
        return
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.ties(problem, sequences=True)


def _machines(problem: Problem) -> np.ndarray:
    return problem.modes.demand_resource


def chains(problem: Problem) -> np.ndarray | None:
    """Return the tasks of each job in the order of its relations, or None if they are no chains."""
    relations, job = problem.relations, problem.tasks.job
    n, total = problem.n_jobs, problem.n_tasks
    plain = (relations.kind == RelationKind.END_START) & (relations.min_lag == 0)
    before, after, _ = _links(problem)
    if not (plain & ~relations.transfer).all() or (job[before] != job[after]).any():
        return None
    if not n or total % n or len(before) != total - n:
        return None
    following = np.full(total, ABSENT)
    following[before] = after
    led = np.zeros(total, dtype=np.bool_)
    led[after] = True
    at = np.flatnonzero(~led)
    if len(at) != n or len(np.unique(job[at])) != n:
        return None
    columns = [at[np.argsort(job[at])]]
    for _ in range(total // n - 1):
        columns.append(following[columns[-1]])
        if (columns[-1] == ABSENT).any():
            return None
    return np.stack(columns, axis=1)


def _links(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of tasks in relations as (before, after, largest lag), each pair once."""
    table = problem.relations
    key, place = np.unique(table.before * problem.n_tasks + table.after, return_inverse=True)
    most = np.full(len(key), FOREVER)
    np.minimum.at(most, place, table.max_lag)
    before, after = np.divmod(key, max(problem.n_tasks, 1))
    return before, after, most


def _waiting_obstacles(problem: Problem, tasks: np.ndarray) -> Iterator[str]:
    *_, most = _links(problem)
    if len(most) and not ((most == FOREVER).all() or (most == 0).all()):
        yield "some jobs may wait between some machines only, or only for some time"
    hold = problem.tasks.hold_until
    holds = (hold[tasks[:, :-1]] == tasks[:, 1:]).all() and (hold[tasks[:, -1]] == ABSENT).all()
    if (hold != ABSENT).any() and not holds:
        yield "some tasks block their machines, others do not"
    if tasks.shape[1] > 1 and waits(problem, tasks) == "freely" and not one_order(problem, tasks):
        yield "machines may take the jobs in different orders"


def _other_obstacles(problem: Problem, tasks: np.ndarray) -> Iterator[str]:
    table, sequences = problem.tasks, problem.sequences
    start = np.maximum(table.earliest_start, table.earliest_end - problem.modes.duration)
    # Later tasks start late enough if the first one may not start earlier.
    work = problem.modes.duration[tasks]
    head = np.cumsum(work, axis=1) - work + np.maximum(start[tasks[:, :1]], 0)
    own = start[tasks] > head
    if own.any():
        task = int(tasks[own][0])
        yield f"task {problem.task_label(task)!r} has an earliest time of its own"
    if (table.job[sequences.first_task] != table.job[sequences.second_task]).any():
        yield "machines with a common sequence match tasks of different jobs"
    if len(sequences) and ((work == 0).sum(axis=0) > 1).any():
        # Two such tasks at one instant have an order that is not ours to choose.
        yield "machines with a common sequence have several tasks that take no time"


def size_obstacles(problem: Problem) -> Iterator[str]:
    """Yield what is in the way where times or weights do not fit into the native search."""
    modes, tasks, jobs = problem.modes, problem.tasks, problem.jobs
    setup = max((int(matrix.max(initial=0)) for matrix in problem.setups), default=0)
    total = int(np.maximum.reduceat(modes.duration, tasks.mode_ptr[:-1]).sum())
    total += problem.n_jobs * setup + int(jobs.release.max(initial=0))
    total += int(tasks.earliest_start.max(initial=0)) + int(tasks.earliest_end.max(initial=0))
    due = jobs.due[jobs.due < FOREVER]
    if max(total, int(np.abs(due).max(initial=0))) >= _LONGEST:
        yield "its times are large numbers; choose a coarser tick"
    if int(jobs.weight.sum()) >= _LARGEST_WEIGHT:
        yield "its weights are large numbers"


def _setup_obstacles(problem: Problem, tasks: np.ndarray) -> Iterator[str]:
    n, m = tasks.shape
    setup = any(matrix.any() for matrix in problem.setups)
    kind = waits(problem, tasks)
    if setup and kind == "on the machine":
        yield "tasks block machines that have setup times"
    if (setup or kind == "never") and (n + 1) * n * (1 if kind == "never" else m) > _LARGEST_SETUPS:
        yield "a table of the setup times of all pairs of jobs would be too large"
