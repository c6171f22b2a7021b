"""Machines of different speeds, and what will be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.errors import ConfigError
from headway.model.tables import LARGEST_TIME, Ints, ints
from headway.simulate.laws import Law
from headway.simulate.servers.arrivals import Arrivals
from headway.simulate.streams import Streams

UNIT = 1000
"""Speeds are kept in thousandths."""

_PILOT = 20_000


@dataclass(frozen=True, slots=True)
class SpeedChange:
    """A machine that becomes slower or faster.

    Parameters
    ----------
    share
        It happens when this share of all tasks has arrived, from 0 to 1.
    machine
        Which machine.
    speed
        Its speed from then on; what is in service goes on at that speed.
    """

    share: float
    machine: int
    speed: float


@dataclass(frozen=True, eq=False)
class Tasks:
    """The tasks of one run; policies see a task when it arrives, and of its size what is believed.

    Attributes
    ----------
    arrival
        Ticks, not decreasing, shape (n,).
    size
        Work: ticks on a machine of speed 1, at least 1.
    believed
        What policies take it to be.
    home
        The machine whose interval of sizes the task falls into (SITA).
    """

    arrival: Ints
    size: Ints
    believed: Ints
    home: Ints

    def __len__(self) -> int:
        return len(self.arrival)


@dataclass(frozen=True)
class Workload:
    """Machines with a queue each, first come, first served, and a stream of tasks.

    Parameters
    ----------
    speeds
        Speed of each machine; a task of size p takes p / speed ticks, rounded up.
    arrivals
        How tasks arrive; a text such as ``"poisson(0.7)"`` will do.
    sizes
        Law of the sizes in ticks at speed 1; a text will do. Choose ticks so fine that sizes are
        hundreds of them or more: all times are whole.
    tasks
        How many.
    sizes_known
        Whether policies see the size of a task that arrives, or the mean only.
    declared
        The speeds that policies are told; those there are at first by default. All 1 stands for
        machines nobody has measured.
    changes
        Changes of speed in the course of the run, which nobody announces.

    Raises
    ------
    ConfigError
        If a number is out of its range.

    Examples
    --------
    >>> farm = Workload((1, 1, 2, 4), "poisson(0.7)", "exponential(1000)", 5)
    >>> farm.draw(seed=1).arrival.tolist()
    [257, 292, 414, 446, 1204]
    """

    speeds: tuple[float, ...]
    arrivals: Arrivals | str
    sizes: Law | str
    tasks: int
    sizes_known: bool = True
    declared: tuple[float, ...] | None = None
    changes: tuple[SpeedChange, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrivals", Arrivals.parse(self.arrivals))
        if not isinstance(self.sizes, Law):
            object.__setattr__(self, "sizes", Law.parse(self.sizes))
        if self.tasks < 1:
            raise ConfigError(f"tasks: expected one or more, got {self.tasks}")
        if not 1 <= len(self.speeds) <= 4096:
            raise ConfigError(f"speeds: expected 1 to 4096 machines, got {len(self.speeds)}")
        if self.declared is not None and len(self.declared) != len(self.speeds):
            raise ConfigError("declared: expected one speed per machine")
        told = self.speeds if self.declared is None else self.declared
        for speed in (*self.speeds, *told, *(change.speed for change in self.changes)):
            if not 1 / UNIT <= speed <= UNIT:
                raise ConfigError(f"speeds: expected numbers from {1 / UNIT} to {UNIT}: {speed}")
        for change in self.changes:
            if not 0 <= change.machine < len(self.speeds):
                raise ConfigError(f"changes: there is no machine {change.machine}")
            if not 0 <= change.share <= 1:
                raise ConfigError(f"changes: expected a share from 0 to 1, got {change.share}")

    @property
    def n_machines(self) -> int:
        """Number of machines."""
        return len(self.speeds)

    @property
    def told(self) -> tuple[float, ...]:
        """The speeds that policies are told."""
        return self.speeds if self.declared is None else self.declared

    @cached_property
    def mean_size(self) -> float:
        """Mean work of a task."""
        assert isinstance(self.sizes, Law)
        return self.sizes.mean

    @cached_property
    def cuts(self) -> Ints:
        """Sizes at which the intervals of `Tasks.home` end, shape (n_machines - 1,).

        The slowest machine gets the smallest tasks; the share of work in each interval is the
        machine's declared share of speed, as seen in a pilot sample of the law.

        References
        ----------
        Harchol-Balter, Crovella, Murta (1999), "On choosing a task assignment policy for a
        distributed server system" (SITA-E).
        """
        assert isinstance(self.sizes, Law)
        pilot = np.sort(self.sizes.ticks(Streams(0).of("pilot"), _PILOT))
        work = np.cumsum(pilot) / pilot.sum()
        told = np.sort(self.told)
        shares = np.cumsum(told)[:-1] / told.sum()
        return ints(pilot[np.searchsorted(work, shares)])

    def draw(self, seed: int) -> Tasks:
        """Return the tasks of a run."""
        assert isinstance(self.sizes, Law)
        assert isinstance(self.arrivals, Arrivals)
        streams = Streams(seed)
        size = self.sizes.ticks(streams.of("sizes"), self.tasks)
        arrival = self.arrivals.times(
            self.tasks, sum(self.speeds), self.mean_size, streams.of("arrivals")
        )
        return self.given(arrival, size)

    def given(self, arrival: Ints, size: Ints) -> Tasks:
        """Return recorded tasks, seen as the policies of this workload see them.

        Raises
        ------
        ConfigError
            If they do not arrive in order, or a size is below 1.
        """
        arrival, size = ints(arrival), ints(size)
        if arrival.shape != size.shape or not len(arrival):
            raise ConfigError("tasks: expected one size per arrival, and one task or more")
        if np.any(np.diff(arrival) < 0) or arrival[0] < 0 or arrival[-1] > LARGEST_TIME:
            raise ConfigError("tasks: expected arrivals in order, none before 0")
        if size.min() < 1:
            raise ConfigError("tasks: expected sizes of 1 or more")
        mean = max(round(self.mean_size), 1)
        believed = size if self.sizes_known else ints(np.full(len(size), mean))
        by_speed = np.argsort(self.told, kind="stable")
        home = ints(by_speed[np.searchsorted(self.cuts, believed)])
        return Tasks(arrival, size, believed, home)
