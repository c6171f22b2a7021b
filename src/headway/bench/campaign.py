"""Many runs, one after another, continued where the last attempt stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headway.bench.contestant import Contestant
from headway.bench.entry import Entry
from headway.bench.journal import Journal
from headway.bench.record import Limits, Record, key_of
from headway.bench.runs import measure, measure_apart
from headway.bench.session import Session
from headway.errors import ConfigError, FormatError
from headway.model import Problem
from headway.solve.result import Budget

RUNS = "runs.jsonl"
"""The file of records in the folder of a campaign."""

SESSIONS = "sessions.jsonl"
"""The file that says when, where and with what versions the campaign ran."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who runs on what, and how long.

    Parameters
    ----------
    entries
        The problems.
    contestants
        Who takes part; on each problem they run one after another, so that a change of the
        machine's mood meets them all.
    time_limit_s
        Seconds per run.
    workers
        Threads per run.
    seeds
        Number of runs with different seeds on each problem.
    seeds_of
        The same for single problems, by name.
    """

    entries: Sequence[Entry]
    contestants: Sequence[Contestant]
    time_limit_s: float = 60.0
    workers: int = 1
    seeds: int = 1
    seeds_of: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Budget(self.time_limit_s, self.workers)  # refuses what makes no sense
        if not self.entries or not self.contestants:
            what = "an instance" if not self.entries else "a contestant"
            raise ConfigError(f"expected {what}, got none")
        names = [contestant.name for contestant in self.contestants]
        if len(set(names)) < len(names):
            raise ConfigError(f"expected each contestant once, got {', '.join(names)}")
        if min([self.seeds, *self.seeds_of.values()]) < 1:
            raise ConfigError(f"seeds: expected at least 1, got {self.seeds}")

    def seeds_on(self, entry: Entry) -> range:
        """Return the seeds with which a problem is solved."""
        return range(self.seeds_of.get(entry.name, self.seeds))

    @property
    def n_runs(self) -> int:
        """Number of runs, those that an obstacle prevents included."""
        return len(self.contestants) * sum(len(self.seeds_on(entry)) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Event:
    """A run that is over, or that needs not be made again.

    Attributes
    ----------
    entry
        The problem.
    record
        The run.
    number, total
        Which of how many.
    fresh
        Whether it was made now.
    """

    entry: Entry
    record: Record
    number: int
    total: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign brought so far.

    Attributes
    ----------
    plan
        What was asked for.
    records
        The runs that are done, in the order of the plan.
    refused
        Why a contestant did not run on a problem: (problem, contestant) to words.
    sessions
        When and where they were made.
    """

    plan: Plan
    records: tuple[Record, ...]
    refused: Mapping[tuple[str, str], str]
    sessions: tuple[Session, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is done."""
        skipped = sum(
            len(self.plan.seeds_on(entry))
            for entry in self.plan.entries
            for contestant in self.plan.contestants
            if (entry.name, contestant.name) in self.refused
        )
        return len(self.records) + skipped == self.plan.n_runs


class Campaign:
    """The runs of a plan.

    Parameters
    ----------
    plan
        What to run.
    folder
        Where every run is kept as soon as it is over, so that the same campaign goes on where it
        stopped; None keeps them in memory.
    apart
        Whether each run gets a process of its own, kept to as many cores as it has workers.
    retry
        Whether runs that brought no value before are made again.

    Raises
    ------
    FormatError
        If the folder holds something else, or cannot be made.
    """

    def __init__(
        self, plan: Plan, folder: Path | None = None, *, apart: bool = True, retry: bool = False
    ) -> None:
        self._plan = plan
        self._retry = retry
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = error.strerror or error
                raise FormatError(f"cannot make the folder: {reason}", path=folder) from None
        self._journal = Journal(Record, None if folder is None else folder / RUNS)
        self._sessions = Journal(Session, None if folder is None else folder / SESSIONS)
        self._measure = measure_apart if apart else measure
        self._done: list[Record] = []
        self._refused: dict[tuple[str, str], str] = {}

    def run(self, listener: Callable[[Event], None] | None = None) -> Outcome:
        """Make all runs that are not done yet; `listener` hears of each as it is over.

        Ctrl-C ends it in the middle of a run; what is done is kept, and `outcome` tells of it.

        Raises
        ------
        MissingExtraError
            If a contestant is not installed.
        ConfigError
            If a problem has an objective of several levels.
        """
        plan, number = self._plan, 0
        # What is not installed shows at once, not after an hour.
        versions = {contestant.name: contestant.load() for contestant in plan.contestants}
        session = Session.here(versions)
        for entry in plan.entries:
            problem = entry.problem()
            takes = [c for c in plan.contestants if self._takes(entry, problem, c)]
            for seed in plan.seeds_on(entry):
                limits = Limits(plan.time_limit_s, plan.workers, seed)
                for contestant in plan.contestants:
                    number += 1
                    if contestant not in takes:
                        continue
                    key = key_of(entry.name, problem, contestant.name, versions, limits)
                    record = self._journal.get(key)
                    if record is not None and record.value is None and self._retry:
                        record = None
                    fresh = record is None
                    if record is None:
                        self._sessions.add(session)
                        record = self._measure(contestant, problem, limits, entry.name)
                        self._journal.add(record)
                    self._done.append(record)
                    if listener is not None:
                        listener(Event(entry, record, number, plan.n_runs, fresh))
        return self.outcome()

    def outcome(self) -> Outcome:
        """Return what is done by now."""
        sessions = tuple(self._sessions)
        return Outcome(self._plan, tuple(self._done), dict(self._refused), sessions)

    def _takes(self, entry: Entry, problem: Problem, contestant: Contestant) -> bool:
        reason = contestant.obstacle(problem)
        if reason is not None:
            self._refused[entry.name, contestant.name] = reason
        return reason is None
