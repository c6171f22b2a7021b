"""The job shop as a world of its own: any policy, any decoder, any learner may build a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np

from headway.model.schedule import Schedule
from headway.model.tables import ints
from headway.simulate.dispatch.shop import JobShop
from headway.simulate.policy import Floats


class Choice:
    """Which operation is next; see `headway.simulate.Decision`.

    Attributes
    ----------
    time
        Earliest start of any next operation.
    job, operation, start
        Of the candidates, by job; shape (n_candidates,).
    may_wait
        Never: time passes by starting operations.
    """

    may_wait = False

    def __init__(self, world: DispatchWorld) -> None:
        operation = world.next[world.open]
        start = np.maximum(world.ready[world.open], world.free[world.shop.machine[operation]])
        first = int(start.min())
        slack = world.delta * (int((start + world.shop.duration[operation]).min()) - first)
        chosen = np.flatnonzero(start - first <= slack)
        self.time = float(first)
        self.job, self.operation, self.start = world.open[chosen], operation[chosen], start[chosen]
        self._world = world

    def __len__(self) -> int:
        return len(self.job)

    @cached_property
    def columns(self) -> Mapping[str, Floats]:
        """`FIGURES` and `FEATURES` of the candidates, shape (n_candidates,) each."""
        world, shop, op = self._world, self._world.shop, self.operation
        per_tick, per_work, per_load = world.scales
        end = shop.ptr[self.job + 1]
        p, left = shop.duration[op], world.left[op]
        longest = float(world.left[world.next[world.open]].max())
        ready = world.ready[world.open] <= self.time
        wanted = shop.machine[world.next[world.open[ready]]]
        queue = np.bincount(wanted, minlength=shop.n_machines)
        machine = shop.machine[op]
        last = op + 1 == end
        following = np.where(last, op, op + 1)
        elsewhere = shop.machine[following]
        wait = (world.free[elsewhere] - self.start - p) * per_tick
        columns = {
            "p": p,
            "R": left,
            "done": world.left[shop.ptr[self.job]] - left + p,
            "k": end - op,
            "ready": world.ready[self.job],
            "duration": p * per_tick - 1,
            "tail": 4 * (left - p - longest / 2) * per_work,
            "operations_left": 2 * (end - op) / (end - shop.ptr[self.job]) - 1,
            "waited": np.minimum((self.time - world.ready[self.job]) * per_tick, 3.0),
            "idle": (self.start - self.time) * per_tick,
            "machine_load": 2 * world.load[machine] * per_load - 1,
            "queue": queue[machine] / 3 - 1,
            "next_wait": np.where(last, -3.0, np.clip(wait, -3.0, 3.0)),
            "next_load": np.where(last, -1.0, 2 * world.load[elsewhere] * per_load - 1),
            "next_duration": np.where(last, -1.0, shop.duration[following] * per_tick - 1),
            "next_queue": np.where(last, -1.0, queue[elsewhere] / 3 - 1),
            "work_left": 2 * left * (1 / max(longest, 1.0)) - 1,
        }
        return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


class DispatchWorld:
    """A schedule in the making, one operation after another.

    A `headway.simulate.World`: policies look at its `decision`, decoders `apply` and `clone`.

    Parameters
    ----------
    shop
        What is scheduled.
    delta
        With b the earliest start and e the earliest end of all next operations, those that start
        by b + delta (e - b) are candidates: 0 makes non-delay schedules, 1 looks further ahead.

    Attributes
    ----------
    open
        Unfinished jobs, ascending.
    next, ready
        By job: its next operation, and when it can start it.
    free, load
        By machine: when it is free, and its work not yet scheduled.
    left
        By operation: the work of its job from it on.
    start
        By operation: starts so far.
    """

    def __init__(self, shop: JobShop, delta: float = 0.0) -> None:
        self.shop, self.delta = shop, delta
        self.open = np.arange(shop.n_jobs)
        self.next = shop.ptr[:-1].copy()
        self.ready = shop.release[self.next]
        self.free = np.zeros(shop.n_machines, dtype=np.int64)
        self.load = np.zeros(shop.n_machines, dtype=np.int64)
        np.add.at(self.load, shop.machine, shop.duration)
        self.start = np.zeros(len(shop.machine), dtype=np.int64)
        after = np.cumsum(shop.duration[::-1])[::-1]
        beyond = np.append(after, 0)[np.repeat(shop.ptr[1:], np.diff(shop.ptr))]
        self.left = after - beyond
        work = max(float(after[0]), 1.0)
        self.scales = (
            1 / (work / len(shop.machine)),
            1 / (work / shop.n_jobs),
            1 / (work / shop.n_machines),
        )
        self._choice: Choice | None = None

    def decision(self) -> Choice | None:
        """Return the candidates for the next operation; None at the end."""
        if self._choice is None and len(self.open):
            self._choice = Choice(self)
        return self._choice

    def apply(self, choice: int | None) -> None:
        """Start a candidate of the present decision."""
        assert self._choice is not None
        assert choice is not None
        job, start = int(self._choice.job[choice]), int(self._choice.start[choice])
        op = int(self.next[job])
        machine, duration = self.shop.machine[op], self.shop.duration[op]
        self.start[op] = start
        self.free[machine] = start + duration
        self.load[machine] -= duration
        self.next[job] = op + 1
        if op + 1 == self.shop.ptr[job + 1]:
            self.open = self.open[self.open != job]
        else:
            self.ready[job] = max(start + duration, self.shop.release[op + 1])
        self._choice = None

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        for name in ("next", "ready", "free", "load", "start"):
            setattr(copy, name, getattr(self, name).copy())
        return copy

    @property
    def value(self) -> float:
        """Makespan so far."""
        return float(self.free.max())

    def schedule(self) -> Schedule:
        """Return the schedule, once all operations have been started."""
        return self.shop.schedule(ints(self.start))
