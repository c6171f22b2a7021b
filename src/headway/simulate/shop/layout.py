"""From a realisation to the flat columns that the native core plays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headway import _core
from headway.errors import ProblemError, UnsupportedError
from headway.model import ABSENT, FOREVER, Problem, RelationKind, ResourceKind
from headway.model.arrays import entries
from headway.model.tables import Bools, Ints, bools, ints
from headway.simulate.shop.realisation import Realisation


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a problem lies in the core, which numbers machines, operations and modes afresh.

    Attributes
    ----------
    task
        The task that each operation is, job by job, shape (n_tasks,).
    mode
        The mode of the problem that each mode of the core is, shape (n_modes,).
    machine
        The resource that each machine is.
    buffer
        Jobs that can wait in front of each machine, shape (n_machines,); 0 where tasks block.
    columns
        What `headway._core.ShopCourse` takes.
    """

    task: Ints
    mode: Ints
    machine: Ints
    buffer: Ints
    columns: dict[str, Ints]

    @classmethod
    def of(cls, realisation: Realisation) -> Layout:
        """Return the layout of a realisation.

        Raises
        ------
        UnsupportedError
            If the problem is no shop; the message names the first thing that is in the way.
        """
        problem = realisation.problem
        reason = next(_obstacles(problem), None)
        if reason is not None:
            raise UnsupportedError(f"{problem.name!r} cannot be played as a shop, because {reason}")
        task = ints(np.argsort(problem.tasks.job, kind="stable"))
        _, mode = entries(problem.tasks.mode_ptr, task)
        resources = problem.resources
        is_machine = resources.kind == ResourceKind.MACHINE
        machine = ints(np.flatnonzero(is_machine))
        buffer = _buffers(realisation)[machine]
        columns = {
            **_job_columns(realisation),
            **_operation_columns(realisation, task),
            **_mode_columns(realisation, ints(mode)),
            **_machine_columns(realisation, machine, ints(buffer)),
            **_change_columns(realisation, ints(mode)),
        }
        return cls(task, ints(mode), machine, ints(buffer), columns)

    def native(self, *, revealed_when_ready: bool, trapped: bool) -> _core.ShopCourse:
        """Return the native shop.

        Raises
        ------
        ProblemError
            If numbers do not fit together or are too large.
        """
        rest = dict(self.columns)
        n_families = int(rest.pop("n_families")[0])
        try:
            return _core.ShopCourse(
                **rest,
                n_families=n_families,
                revealed_when_ready=revealed_when_ready,
                trapped=trapped,
            )
        except (ValueError, IndexError) as error:
            raise ProblemError(str(error)) from None


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a shop, in words that follow "because"."""
    tasks, modes, resources = problem.tasks, problem.modes, problem.resources

    def label(mask: Bools) -> str:
        return repr(problem.task_label(int(np.argmax(mask))))

    if not problem.n_tasks:
        yield "there is no task"
    if (tasks.job == ABSENT).any():
        yield f"task {label(tasks.job == ABSENT)} belongs to no job"
    if tasks.optional.any():
        yield f"task {label(tasks.optional)} is optional"
    late = (tasks.latest_start < FOREVER) | (tasks.latest_end < FOREVER)
    limited = bools(late | (tasks.earliest_start > 0) | (tasks.earliest_end > 0))
    if limited.any():
        yield f"task {label(limited)} has a time window"
    kind = resources.kind[modes.demand_resource]
    if (kind > ResourceKind.RENEWABLE).any():
        name = resources.name[modes.demand_resource[np.argmax(kind > ResourceKind.RENEWABLE)]]
        yield f"resource {name!r} is used up"
    owner = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
    machines = np.bincount(owner[kind == ResourceKind.MACHINE], minlength=problem.n_modes)
    if (machines != 1).any():
        bad = int(modes.task[np.argmax(machines != 1)])
        yield f"a mode of task {problem.task_label(bad)!r} does not need exactly one machine"
    varying = (np.diff(resources.step_ptr) > 0) | (np.diff(resources.break_ptr) > 0)
    varying &= resources.kind == ResourceKind.RENEWABLE
    if varying.any():
        yield f"the capacity of {resources.name[int(np.argmax(varying))]!r} varies"
    for table, what in (
        (problem.pairs, "ties between resources of tasks"),
        (problem.sequences, "equal sequences on machines"),
        (problem.selections, "selections of tasks"),
        (problem.mode_dependencies, "dependencies between modes"),
    ):
        if len(table):
            yield f"it has {what}"
    yield from _chain_obstacles(problem)


def _chain_obstacles(problem: Problem) -> Iterator[str]:
    """Yield that jobs are not chains of tasks in order of position."""
    rel = problem.relations
    before, after = _neighbours(problem)
    plain = (rel.kind == RelationKind.END_START) & (rel.min_lag == 0) & (rel.max_lag == FOREVER)
    if not plain.all():
        bad = int(rel.before[np.argmin(plain)])
        yield f"what follows task {problem.task_label(bad)!r} has to wait for more than its end"
    n = problem.n_tasks
    given, wanted = np.sort(rel.before * n + rel.after), np.sort(before * n + after)
    if not np.array_equal(given, wanted):
        one, other = divmod(int(np.setxor1d(given, wanted)[0]), n)
        yield (
            f"tasks {problem.task_label(one)!r} and {problem.task_label(other)!r} are not"
            " linked as in a chain of the tasks of a job"
        )
    if rel.transfer.any() and not rel.transfer.all():
        yield "only some jobs need time for transfers"
    hold = problem.tasks.hold_until
    follower = np.full(problem.n_tasks, ABSENT)
    follower[before] = after
    strange = (hold != ABSENT) & (hold != follower)
    if strange.any():
        name = problem.task_label(int(np.argmax(strange)))
        yield f"task {name!r} blocks its machine until a task that does not follow it"


def _neighbours(problem: Problem) -> tuple[Ints, Ints]:
    """Return neighbours in the orders of all jobs."""
    order = np.argsort(problem.tasks.job, kind="stable")
    same = problem.tasks.job[order[1:]] == problem.tasks.job[order[:-1]]
    return ints(order[:-1][same]), ints(order[1:][same])


def _buffers(realisation: Realisation) -> Ints:
    """Return the buffer of each resource; none in front of machines that tasks block for."""
    problem, buffer = realisation.problem, realisation.buffer.copy()
    before, after = _neighbours(problem)
    holds = problem.tasks.hold_until[before] != ABSENT
    if not holds.any():
        return ints(buffer)
    row, mode = entries(problem.tasks.mode_ptr, after)
    which, index = entries(problem.modes.demand_ptr, mode)
    target, blocking = problem.modes.demand_resource[index], holds[row[which]]
    buffer[target[blocking]] = 0
    loose = (
        ~blocking & (buffer[target] == 0) & (problem.resources.kind[target] == ResourceKind.MACHINE)
    )
    if loose.any():
        name = problem.resources.name[int(target[np.argmax(loose)])]
        raise UnsupportedError(
            f"{problem.name!r} cannot be played as a shop, because only some tasks block their"
            f" machine until {name!r} is free"
        )
    return ints(buffer)


def _job_columns(realisation: Realisation) -> dict[str, Ints]:
    problem = realisation.problem
    jobs = problem.jobs
    counts = np.bincount(problem.tasks.job, minlength=len(jobs))
    return {
        "arrival": realisation.arrival,
        "release": jobs.release,
        "due": jobs.due,
        "weight": jobs.weight,
        "cancelled": realisation.cancelled,
        "op_ptr": ints(np.concatenate(([0], np.cumsum(counts)))),
    }


def _operation_columns(realisation: Realisation, task: Ints) -> dict[str, Ints]:
    tasks = realisation.problem.tasks
    counts = np.diff(tasks.mode_ptr)[task]
    return {
        "family": ints(tasks.family[task]),
        "pause": ints(realisation.pause[task]),
        "mode_ptr": ints(np.concatenate(([0], np.cumsum(counts)))),
    }


def _mode_columns(realisation: Realisation, mode: Ints) -> dict[str, Ints]:
    problem = realisation.problem
    modes, kind = problem.modes, problem.resources.kind
    machine_number = np.cumsum(kind == ResourceKind.MACHINE) - 1
    renewable_number = np.cumsum(kind == ResourceKind.RENEWABLE) - 1
    row, index = entries(modes.demand_ptr, mode)
    resource, amount = modes.demand_resource[index], modes.demand_amount[index]
    on_machine = kind[resource] == ResourceKind.MACHINE
    counts = np.bincount(row[~on_machine], minlength=len(mode))
    return {
        "machine": ints(machine_number[resource[on_machine]]),
        "estimate": ints(modes.duration[mode]),
        "duration": ints(realisation.duration[mode]),
        "is_open": ints(realisation.is_open[mode].astype(np.int64)),
        "demand_ptr": ints(np.concatenate(([0], np.cumsum(counts)))),
        "demand_resource": ints(renewable_number[resource[~on_machine]]),
        "demand_amount": ints(amount[~on_machine]),
        "capacity": ints(problem.resources.capacity[kind == ResourceKind.RENEWABLE]),
    }


def _machine_columns(realisation: Realisation, machine: Ints, buffer: Ints) -> dict[str, Ints]:
    problem, outages = realisation.problem, realisation.outages
    resources = problem.resources
    break_ptr, breaks = _rows(resources.break_ptr, machine)
    down_ptr, downs = _rows(outages.ptr, machine)
    transfers = problem.transfers[np.ix_(machine, machine)] if problem.transfers.size else ()
    used = len(problem.relations) > 0 and problem.relations.transfer.any()
    tables = [matrix.ravel() for matrix in problem.setups]
    families = int(problem.tasks.family.max(initial=ABSENT)) + 1
    return {
        "buffer": buffer,
        "batch": ints(realisation.batch[machine]),
        "setup": ints(resources.setup[machine]),
        "break_ptr": break_ptr,
        "break_start": ints(resources.break_start[breaks]),
        "break_end": ints(resources.break_end[breaks]),
        "down_ptr": down_ptr,
        "down_start": ints(outages.start[downs]),
        "down_end": ints(outages.end[downs]),
        "effect": ints(outages.effect[machine]),
        "setup_times": ints(np.concatenate(tables) if tables else []),
        "n_families": ints([problem.setups[0].shape[1] if problem.setups else families]),
        "transfers": ints(transfers if used else []),
    }


def _change_columns(realisation: Realisation, mode: Ints) -> dict[str, Ints]:
    changes = realisation.changes
    place = np.empty(len(mode), dtype=np.int64)
    place[mode] = np.arange(len(mode))
    of_job = changes.kind == 0
    subject = changes.subject.copy()
    subject[~of_job] = place[subject[~of_job]]
    return {
        "change_time": changes.time,
        "change_kind": changes.kind,
        "change_subject": ints(subject),
        "change_value": changes.value,
    }


def _rows(ptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return the pointer of some rows of a ragged column, and where their values lie."""
    which, index = entries(ptr, rows)
    counts = np.bincount(which, minlength=len(rows))
    return ints(np.concatenate(([0], np.cumsum(counts)))), ints(index)
