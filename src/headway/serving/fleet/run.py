"""What happened to a fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from headway.serving.fleet.member import Member
from headway.serving.fleet.view import Floats, Ints
from headway.serving.results import Requests, Speech, Steps
from headway.serving.workload import Workload


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened to an engine or between two.

    Attributes
    ----------
    at_s
        When.
    what
        Such as ``"crash"``, ``"start"``, ``"ready"``, ``"drain"``, ``"stop"``, ``"migrate"``.
    engine
        To whom.
    request
        Which request it was about, -1 if none.
    other
        The other engine, -1 if none.
    """

    at_s: float
    what: str
    engine: int
    request: int = -1
    other: int = -1


@dataclass(frozen=True, eq=False)
class FleetRun:
    """What happened when a workload met a fleet.

    Parameters
    ----------
    workload
        The traffic.
    members
        The engines.
    requests
        What became of each request.
    engine
        Who served each request last, -1 if nobody; shape (n_requests,).
    tries
        Engines that each request was sent to; shape (n_requests,).
    steps, speech
        What each engine wrote down.
    up_s
        Seconds that each engine was paid for; shape (n_engines,).
    notes
        What happened to engines, by time.
    router
        Who decided.
    controllers
        Who else did.
    seed
        Of the workload's chance.
    cpu_s
        Processor time of the simulation.
    """

    workload: Workload
    members: tuple[Member, ...]
    requests: Requests = field(repr=False)
    engine: Ints = field(repr=False)
    tries: Ints = field(repr=False)
    steps: tuple[Steps, ...] = field(repr=False)
    speech: tuple[Speech, ...] = field(repr=False)
    up_s: Floats = field(repr=False)
    notes: tuple[Note, ...] = field(repr=False)
    router: str = ""
    controllers: tuple[str, ...] = ()
    seed: int = 0
    cpu_s: float = field(default=float("nan"), repr=False)

    @cached_property
    def replica_seconds(self) -> float:
        """Seconds that engines were paid for, all together."""
        return float(self.up_s.sum())

    @cached_property
    def cost(self) -> float:
        """What they cost, in the currency of the members' prices."""
        prices = np.array([member.price_per_h for member in self.members])
        return float(self.up_s @ prices / 3600)

    def count(self, what: str) -> int:
        """Return how often something happened; see `Note.what`."""
        return sum(note.what == what for note in self.notes)
