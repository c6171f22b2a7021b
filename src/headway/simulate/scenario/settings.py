"""What a scenario file says, key by key."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Number = float | str
"""A number, or a law in words such as ``exponential(20)``; see `headway.simulate.Law`."""

Reveal = Literal["arrival", "operation", "completion", "never"]
Effect = Literal["resume", "restart", "scrap"]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a scenario; unknown keys are refused."""


class Arrivals(_Section, frozen=True):
    """When jobs arrive.

    Attributes
    ----------
    jobs
        How many arrive in all.
    load
        Share of the machines' capacity that they ask for; makes arrivals a Poisson process.
    gap
        Law of the ticks between arrivals, instead of `load`.
    together
        Law of the jobs that arrive at once.
    times
        The arrival of each job, instead of all these.
    trace
        A table of jobs (CSV) instead of all these: what arrived, and what it needs. What the table
        does not say, such as due dates, is as `JobLaws` has it. See
        `headway.simulate.scenario.orders`.
    """

    jobs: int = 0
    load: float | None = None
    gap: Number | None = None
    together: Number = 1
    times: list[int] | None = None
    trace: str | None = None


class JobLaws(_Section, frozen=True):
    """What arriving jobs are like.

    Attributes
    ----------
    operations
        Law of the number of operations of a job; that of the machines by default.
    durations
        Law of their durations in ticks.
    alternatives
        Machines that each operation can choose from; with more than one, durations differ by up
        to 20 % between them.
    revisits
        Whether a job may come to a machine more than once.
    due_factor
        A job is due this many times its work after its arrival; none by default.
    weight
        Law of weights.
    families
        Number of setup families; 0 for no setups.
    setup
        Law of the setup times between different families.
    """

    operations: Number | None = None
    durations: Number = "integers(1, 99)"
    alternatives: int = 1
    revisits: bool = False
    due_factor: Number | None = None
    weight: Number = 1
    families: int = 0
    setup: Number = 0


class Noise(_Section, frozen=True):
    """How true durations differ from those that are planned with.

    Attributes
    ----------
    factor
        Law of the true duration over the planned one.
    revealed
        When policies see the truth: at the ``arrival`` of the job, ``operation`` by operation as
        each becomes the next one of its job, at its ``completion``, or ``never`` anything but the
        mean duration of all operations.
    """

    factor: Number = 1
    revealed: Reveal = "completion"


class Breakdowns(_Section, frozen=True):
    """Machines that go down without warning.

    Attributes
    ----------
    machines
        Their names; all machines by default.
    up, down
        Laws of the ticks between the end of an outage and the next one, and of its length.
    effect
        Whether work in the machine will ``resume``, ``restart``, or is ``scrap``.
    """

    up: Number
    down: Number
    machines: list[str] | None = None
    effect: Effect = "resume"


class Interruptions(_Section, frozen=True):
    """Operations that stop for a while once started, their machine with them.

    Attributes
    ----------
    probability
        That it happens to an operation.
    length
        Law of the ticks lost.
    """

    probability: float
    length: Number


class Maintenance(_Section, frozen=True):
    """Stops that are known beforehand.

    Attributes
    ----------
    every
        Ticks from the beginning of one to that of the next; a single one without.
    length
        Ticks each.
    first
        Tick at which the first begins.
    machines
        Their names; all machines by default.
    """

    length: int
    first: int
    every: int | None = None
    machines: list[str] | None = None


class Rush(_Section, frozen=True):
    """Jobs that arrive in a hurry.

    Attributes
    ----------
    share
        Of all jobs that arrive.
    due_factor
        Theirs instead of the usual one.
    weight
        Theirs instead of the usual one.
    """

    share: float
    due_factor: Number | None = None
    weight: Number | None = None


class Cancellations(_Section, frozen=True):
    """Jobs that are called off.

    Attributes
    ----------
    share
        Of all jobs.
    after
        Law of the ticks from arrival to cancellation; it comes too late for a job that is done.
    """

    share: float
    after: Number


class DueChanges(_Section, frozen=True):
    """Due dates that are moved.

    Attributes
    ----------
    share
        Of all jobs with a due date.
    after
        Law of the ticks from arrival to the change.
    factor
        Law of the new time from arrival to due date over the old one.
    """

    share: float
    after: Number
    factor: Number


class DurationChanges(_Section, frozen=True):
    """Operations that turn out to be longer or shorter, which is known before they start.

    Attributes
    ----------
    share
        Of all operations.
    after
        Law of the ticks from the arrival of the job to the change; it comes too late for an
        operation that has started.
    factor
        Law of the new duration over the planned one. It takes exactly that long, whatever `Noise`
        says.
    """

    share: float
    after: Number
    factor: Number


class MachineChanges(_Section, frozen=True):
    """Operations that can no longer be done where they were to be done.

    One of the machines that the operation can choose from is ruled out. If it is the only one,
    another machine takes over, any of the shop, and takes as long.

    Attributes
    ----------
    share
        Of all operations.
    after
        Law of the ticks from the arrival of the job to the change; it comes too late for an
        operation that has started.
    """

    share: float
    after: Number


class Shop(_Section, frozen=True):
    """The machines, if no problem names them.

    Attributes
    ----------
    machines
        Their number, or their names.
    """

    machines: int | list[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the machines."""
        if isinstance(self.machines, int):
            return tuple(f"machine {k}" for k in range(self.machines))
        return tuple(self.machines)


class Settings(_Section, frozen=True):
    """A scenario.

    Attributes
    ----------
    kind
        ``shop``.
    name
        For tables and messages.
    problem
        Known work and machines: an instance or a problem file.
    shop
        The machines, if there is no such problem; with a trace, those that it names by default.
    arrivals, jobs
        Work that arrives.
    noise, breakdowns, interruptions, maintenance, rush, cancellations, due_changes
        What can happen.
    duration_changes, machine_changes
        What can change about operations.
    events
        What happens for certain: events such as ``{kind: machine-down, time: 30, machine: saw,
        from: 30, to: 45}``, or a file of them (JSON or YAML). See `headway.simulate.events`.
    buffer
        Jobs that can wait in front of each machine; any number by default, 0 makes machines block.
    batch
        Operations of one family that a machine processes together.
    warm_up
        Jobs that arrive first and are left out of the figures.
    """

    kind: Literal["shop"]
    name: str = "scenario"
    problem: str | None = None
    shop: Shop | None = None
    arrivals: Arrivals | None = None
    jobs: JobLaws = JobLaws()
    noise: Noise | None = None
    breakdowns: list[Breakdowns] = []
    interruptions: Interruptions | None = None
    maintenance: list[Maintenance] = []
    rush: Rush | None = None
    cancellations: Cancellations | None = None
    due_changes: DueChanges | None = None
    duration_changes: DurationChanges | None = None
    machine_changes: MachineChanges | None = None
    events: str | list[dict[str, Any]] = []
    buffer: int | None = None
    batch: int = 1
    warm_up: int = 0
