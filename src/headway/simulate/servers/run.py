"""Sending tasks to machines, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.model.families import job_shop
from headway.model.objective import total_flow_time
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ints
from headway.simulate.decode import greedy
from headway.simulate.policy import Candidates, Decision, Linear, Policy, Rule
from headway.simulate.servers.rules import COLUMNS, RULES
from headway.simulate.servers.workload import UNIT, Tasks, Workload
from headway.simulate.trace import Happening, Trace


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of the tasks.

    Attributes
    ----------
    workload, policy, seed
        What was run.
    arrival, machine, start, end
        Of each task.
    """

    workload: Workload
    policy: str
    seed: int
    arrival: Ints
    machine: Ints
    start: Ints
    end: Ints

    @cached_property
    def response(self) -> Ints:
        """Ticks from arrival to end of each task."""
        return ints(self.end - self.arrival)

    def measures(self, skip: int = 0) -> dict[str, float]:
        """Return figures by name, in ticks.

        Parameters
        ----------
        skip
            How many of the first tasks are left out of responses, as the system warms up.
        """
        response = self.response[skip:]
        length = max(int(self.end.max()), 1)
        return {
            "mean response": float(response.mean()),
            "median response": float(np.median(response)),
            "response p95": float(np.percentile(response, 95)),
            "response p99": float(np.percentile(response, 99)),
            "mean wait": float((self.start - self.arrival)[skip:].mean()),
            "in system": float(self.response.sum()) / length,
            "utilisation": float((self.end - self.start).sum()) / length / self.workload.n_machines,
        }

    def trace(self, skip: int = 0) -> Trace:
        """Return the run as a verified schedule, one job per task.

        Parameters
        ----------
        skip
            How many of the first tasks the measures leave out.

        Raises
        ------
        VerificationError
            If it does not hold: a mistake of ours.
        """
        problem = job_shop(
            self.machine[:, None],
            (self.end - self.start)[:, None],
            n_machines=self.workload.n_machines,
            name=f"{self.workload.n_machines} machines, {len(self.arrival)} tasks as sent",
            release=self.arrival,
            objective=total_flow_time(),
        )
        schedule = Schedule.of(problem, self.start)
        return Trace(schedule, self.policy, self.seed, self._happenings(), self.measures(skip))

    def _happenings(self) -> Iterator[Happening]:
        times = np.concatenate([self.end, self.arrival, self.start])
        n = len(self.arrival)
        for at in np.argsort(times, kind="stable").tolist():
            what = ("ends", "arrives", "starts")[at // n]
            where = "" if what == "arrives" else f"machine {self.machine[at % n]}"
            yield Happening(float(times[at]), what, f"task {at % n}", where)


class ServersWorld:
    """The machines, task by task; native underneath.

    Parameters
    ----------
    workload
        Machines and what policies know of them.
    tasks
        What arrives.
    seed
        Of the columns ``pair`` and ``luck``.
    """

    def __init__(self, workload: Workload, tasks: Tasks, *, seed: int = 0) -> None:
        self.workload = workload
        self.tasks = tasks
        last = len(tasks) - 1
        changes = sorted(
            (int(tasks.arrival[min(int(change.share * len(tasks)), last)]), k, change)
            for k, change in enumerate(workload.changes)
        )
        self.native = _core.ServerFarm(
            tasks.arrival,
            tasks.size,
            tasks.believed,
            tasks.home,
            _thousandths(workload.speeds),
            _thousandths(workload.told),
            ints([time for time, _, _ in changes]),
            ints([change.machine for _, _, change in changes]),
            _thousandths([change.speed for _, _, change in changes]),
            workload.mean_size,
            seed,
        )
        self._decision: Candidates | None = None

    def decision(self) -> Decision | None:
        """Move on to the next arrival; None when all tasks have ended."""
        if self._decision is None and self.native.arrive():
            table = self.native.columns()
            columns = dict(zip(COLUMNS, table.T, strict=True))
            self._decision = Candidates(self.native.now, columns, len(table))
        return self._decision

    def apply(self, choice: int | None) -> None:
        """Send the task to a machine."""
        if self._decision is None or choice is None:
            raise ConfigError("servers: expected a machine for a task that has arrived")
        self.native.assign(choice)
        self._decision = None

    def run(self, policy: Rule | Linear, stop: _core.StopFlag | None = None) -> None:
        """Let a policy that is an expression decide until the end, natively."""
        program = policy.scores.program(COLUMNS)
        score = _core.Score(
            program.code,
            program.argument,
            program.constants,
            ints([0, len(program.code)]),
            np.ones(1),
            len(COLUMNS),
        )
        self.native.run(score, stop or _core.StopFlag())

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        copy = object.__new__(type(self))
        copy.workload, copy.tasks, copy._decision = self.workload, self.tasks, self._decision
        copy.native = self.native.clone()
        return copy

    @property
    def value(self) -> float:
        """Sum of the responses of the tasks that have ended."""
        _, _, end = self.native.outcomes()
        return float((end - self.tasks.arrival)[end >= 0].sum())

    def outcome(self, policy: str, seed: int) -> Outcome:
        """Return what became of the tasks."""
        machine, start, end = self.native.outcomes()
        return Outcome(self.workload, policy, seed, self.tasks.arrival, machine, start, end)


def _thousandths(speeds: object) -> Ints:
    return ints(np.rint(np.asarray(speeds, dtype=np.float64) * UNIT).astype(np.int64))


def outcome(
    workload: Workload,
    policy: str | Policy = "SED",
    *,
    seed: int = 0,
    tasks: Tasks | None = None,
) -> Outcome:
    """Return what becomes of the tasks, as bare arrays.

    At one instant completions come first, then changes of speed, then arrivals. Costs O(machines)
    per task.

    Parameters
    ----------
    workload
        Machines and what arrives.
    policy
        A name of `RULES`, or a policy.
    seed
        Of arrivals, sizes, and the random columns.
    tasks
        What arrives; those of the seed by default.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    ConfigError
        If the rule goes by sizes that are not known.

    Examples
    --------
    >>> farm = Workload((1, 1, 2, 4), "poisson(0.7)", "exponential(1000)", 20_000)
    >>> sed, turns = outcome(farm, "SED"), outcome(farm, "ROUND-ROBIN")
    >>> bool(sed.response.mean() < turns.response.mean())
    True
    """
    chosen = RULES.find(policy)
    expression = chosen if isinstance(chosen, Rule | Linear) else None
    if expression and "home" in expression.scores.columns and not workload.sizes_known:
        raise ConfigError(f"rule {chosen.name}: goes by sizes, which are not known here")
    world = ServersWorld(workload, workload.draw(seed) if tasks is None else tasks, seed=seed)
    if expression:
        world.run(expression)
    else:
        greedy(world, chosen)
    return world.outcome(chosen.name, seed)


def run(workload: Workload, policy: str | Policy = "SED", *, seed: int = 0) -> Trace:
    """Return what happens when a policy meets a workload, verified; see `outcome`."""
    return outcome(workload, policy, seed=seed).trace()
