"""What happened to a fleet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.serving.fleet.member import Member
from headway.serving.fleet.results.audit import audit
from headway.serving.fleet.results.export import as_met, happenings
from headway.serving.fleet.results.figures import document
from headway.serving.fleet.results.joined import join_speech, join_steps
from headway.serving.fleet.view import Floats, Ints
from headway.serving.results import Requests, Served, Speech, Steps
from headway.serving.workload import Workload

if TYPE_CHECKING:
    from headway.serving.fleet.pool.shared import PoolUse
    from headway.show import Figure


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
    adapter
        Which adapter it was about, if any: ``"load"``, ``"loaded"``, ``"unload"``.
    """

    at_s: float
    what: str
    engine: int
    request: int = -1
    other: int = -1
    adapter: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A request that was moved between engines, or was to be.

    Attributes
    ----------
    request, source, destination, how
        As in `headway.serving.fleet.Migrate`.
    begin_s, end_s
        From the order until it was at its destination, or it was given up.
    left_s
        When it left the batch or the queue of its source; nan if it never did.
    stages
        Copies while it went on.
    tokens
        Whose cache came along.
    outcome
        ``"moved"``, or why it was not: ``"refused"``, ``"ended"``, ``"preempted"``, ``"no room"``,
        ``"too many stages"``, ``"engine lost"``, ``"no adapter"``.
    """

    request: int
    source: int
    destination: int
    how: str
    begin_s: float
    end_s: float
    left_s: float = math.nan
    stages: int = 0
    tokens: int = 0
    outcome: str = "moved"

    @property
    def downtime_s(self) -> float:
        """Time in which it was in no batch and no queue."""
        return self.end_s - self.left_s


@dataclass(frozen=True, eq=False)
class FleetRun(Served):
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
    moves
        Requests that were moved between engines, or were to be, by the time of their ends.
    refused
        Why requests were rejected, see `headway.serving.fleet.Reject`.
    pool
        What the shared cache was good for, None if there was none.
    cold_s
        How long each request waited for its adapter to be loaded, nan if it did not have to; shape
        (n_requests,), or empty if adapters do not come and go.

    Raises
    ------
    VerificationError
        If the columns contradict one another: a mistake of ours. See
        `headway.serving.fleet.results.audit`.
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
    moves: tuple[Move, ...] = field(default=(), repr=False)
    refused: Mapping[int, str] = field(default_factory=dict, repr=False)
    pool: PoolUse | None = field(default=None, repr=False)
    cold_s: Floats = field(default_factory=lambda: np.zeros(0), repr=False)

    def __post_init__(self) -> None:
        audit(self)

    @property
    def policy(self) -> str:
        """Who decided: the router, and who else did."""
        return " + ".join((self.router, *self.controllers))

    @cached_property
    def all_steps(self) -> Steps:
        """The steps of all engines, one engine after the other."""
        return join_steps(self.steps)

    @cached_property
    def spoken(self) -> tuple[Speech, Floats]:
        """Who spoke when, in numbers of `all_steps`, and the ends of these."""
        return join_speech(self.speech, self.steps), self.all_steps.end_s

    @cached_property
    def over_s(self) -> float:
        """When the last step, or what was noted last, was over."""
        last = (float(part.end_s[-1]) for part in self.steps if len(part))
        return max((*last, *(note.at_s for note in self.notes)), default=0.0)

    @property
    def stages(self) -> Ints:
        """Engines that each request needed: two where prefill and decode are apart."""
        apart = np.array([member.role == "decode" for member in self.members])
        return np.where(self.engine >= 0, 1 + apart[self.engine], 0)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """All figures as plain data, by name and unit; see `results.document`."""
        return document(self)

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """What happened to engines over time, and how long requests took."""
        return {"timeline": self.timeline, "latency": self.latencies}

    def timeline(self, **options: Any) -> Figure:
        """Return what engines were busy with over time; see `results.charts.timeline`."""
        from headway.serving.fleet.results.charts import timeline

        return timeline(self, **options)

    def latencies(self, **options: Any) -> Figure:
        """Return the distributions of times of requests."""
        from headway.serving.results.charts import latencies

        return latencies({self.policy: self}, **options)

    def text(self, name: str) -> str:
        """Return the figures for people, under the name of the scenario."""
        from headway.serving.fleet.results.text import text

        return text(self, name)

    def report(self, name: str) -> str:
        """Return a self-contained HTML page, under the name of the scenario."""
        from headway.serving.fleet.results.page import page

        return page(self, name)

    def to_jsonl(self) -> str:
        """Return what happened to requests and to engines, by time, a line of JSON each."""
        return "".join(happenings(self))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the requests as they arrived, as JSON lines that can be simulated again.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from headway.serving.workload import write_workload

        write_workload(as_met(self), path)

    def save_perfetto(self, path: str | PathLike[str]) -> None:
        """Write a Chrome trace for ui.perfetto.dev, with a process for each engine.

        Raises
        ------
        ConfigError
            If it has more steps and requests than anybody's browser could show.
        FormatError
            If the file cannot be written.
        """
        from headway.serving.fleet.results.perfetto import save_perfetto

        save_perfetto(self, path)

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
