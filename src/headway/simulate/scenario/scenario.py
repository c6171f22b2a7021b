"""A scenario: what the world will do to a policy, as laws; seeded, readable, replayable."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from headway.errors import ConfigError, FormatError
from headway.formats.source import MOST_RESOURCES
from headway.model import Problem
from headway.simulate import document
from headway.simulate.events import (
    DurationChange,
    Event,
    JobArrival,
    MachineChange,
    events_from_builtins,
)
from headway.simulate.scenario.draw import Draws, machines_named, with_maintenance
from headway.simulate.scenario.given import happen
from headway.simulate.scenario.orders import Orders, read_orders
from headway.simulate.scenario.settings import Arrivals, Settings
from headway.simulate.scenario.work import arriving
from headway.simulate.shop.realisation import Realisation
from headway.simulate.streams import Streams

_MOST_JOBS = 10_000_000
"""More is taken for a slip, not to run out of memory."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Laws of what can happen to a shop.

    Parameters
    ----------
    settings
        The laws, see `headway.simulate.scenario.settings`.
    problem
        Known work and machines, if the settings name a problem or one is given.
    events
        What happens for certain, besides.
    orders
        The jobs of the trace that the settings name.

    Examples
    --------
    >>> scenario = Scenario.parse('''
    ... kind: shop
    ... shop: {machines: 10}
    ... arrivals: {jobs: 50, load: 0.8}
    ... jobs: {operations: "integers(2, 10)", durations: "integers(1, 49)", due_factor: 3}
    ... breakdowns: [{up: exponential(1000), down: exponential(50)}]
    ... ''')
    >>> scenario.draw(seed=1).problem.n_jobs
    50
    """

    settings: Settings
    problem: Problem | None = None
    events: tuple[Event, ...] = ()
    orders: Orders | None = None

    @classmethod
    def parse(cls, text: str | bytes, *, problem: Problem | None = None) -> Scenario:
        """Return the scenario that a YAML or JSON text describes.

        Parameters
        ----------
        text
            See `headway.simulate.scenario.settings` for the keys.
        problem
            Known work, instead of one named in the text.

        Raises
        ------
        FormatError
            If the text is not YAML.
        ConfigError
            If it is no scenario; the message names the key.
        UnknownNameError
            If it names an unknown instance.
        """
        settings = document.record(document.parse(text), Settings, "a scenario")
        return cls._of(settings, Path(), problem)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Scenario:
        """Return the scenario in a file; files that it names are looked for beside it.

        Raises
        ------
        FormatError, ConfigError, UnknownNameError
            As for `parse`; the message names the file.
        """
        content = document.document(path)
        try:
            return cls._of(document.record(content, Settings, "a scenario"), Path(path).parent)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    @classmethod
    def _of(cls, settings: Settings, folder: Path, problem: Problem | None = None) -> Scenario:
        """Return the scenario with what its settings name; files are looked for in a folder."""
        if problem is None and settings.problem is not None:
            from headway.instances import obtain

            beside = folder / settings.problem
            problem = obtain(str(beside) if beside.exists() else settings.problem)
        _require_work(settings, problem)
        return cls(settings, problem, _events(settings, folder), _orders(settings, folder))

    @property
    def name(self) -> str:
        """For tables and messages."""
        return self.settings.name

    def to_yaml(self) -> str:
        """Return the text that `parse` reads; keys at their defaults are left out."""
        return document.to_yaml(self.settings)

    def draw(self, seed: int = 0) -> Realisation:
        """Return one course of events.

        The same seed gives the same one, and different policies that meet it meet the same luck.

        Raises
        ------
        ConfigError
            If a law makes no sense where it stands, or an event names what is not there.
        """
        streams = Streams(seed)
        work = (
            arriving(self.settings, streams, self.orders) if self.problem is None else self.problem
        )
        until = max((event.time for event in self.events), default=0)
        more = sum(map(_work, self.events))
        last = max(int(work.jobs.release.max(initial=0)), until)
        horizon = last + 2 * (int(work.modes.duration.sum()) + more) + 1
        work = with_maintenance(work, self.settings, horizon)
        course = Draws(self.settings, work, streams, until + 2 * more).realisation()
        return self._with_events(course) if self.events else course

    def _with_events(self, course: Realisation) -> Realisation:
        settings, problem = self.settings, course.problem
        breaking = [
            machine
            for rule in settings.breakdowns
            for machine in machines_named(problem, rule.machines, "breakdowns")
        ]
        never = settings.noise is not None and settings.noise.revealed == "never"
        try:
            return happen(
                course,
                self.events,
                breaking=breaking,
                estimate=int(problem.modes.duration[0]) if never else None,
            )
        except ConfigError as error:
            source = settings.events if isinstance(settings.events, str) else "events"
            raise ConfigError(f"{source}: {error}") from None


def _events(settings: Settings, folder: Path) -> tuple[Event, ...]:
    """Return the events that settings list, or that a file holds."""
    if isinstance(settings.events, str):
        path = folder / settings.events
        try:
            return events_from_builtins(document.document(path))
        except FormatError as error:
            raise error.located(path) from None
    try:
        return events_from_builtins(settings.events)
    except FormatError as error:
        raise ConfigError(f"events: {error}") from None


def _orders(settings: Settings, folder: Path) -> Orders | None:
    """Return the jobs in the table that settings name."""
    if settings.arrivals is None or settings.arrivals.trace is None:
        return None
    machines = () if settings.shop is None else settings.shop.names
    return read_orders(folder / settings.arrivals.trace, machines)


def _work(event: Event) -> int:
    """Return the ticks that an event brings at most."""
    if isinstance(event, DurationChange):
        return event.duration
    if isinstance(event, MachineChange):
        return max(mode.duration for mode in event.modes)
    if isinstance(event, JobArrival):
        return sum(max(mode.duration for mode in task.modes) for task in event.tasks)
    return 0


def _require_work(settings: Settings, problem: Problem | None) -> None:
    arrivals, shop = settings.arrivals, settings.shop
    listed = arrivals is not None and arrivals.trace is not None
    if problem is None and (arrivals is None or (shop is None and not listed)):
        raise ConfigError(
            "expected 'problem', or 'shop' and 'arrivals', or 'arrivals' with a 'trace'"
        )
    if problem is not None and (shop is not None or arrivals is not None):
        raise ConfigError("'problem' brings machines and jobs; leave out 'shop' and 'arrivals'")
    if arrivals is not None:
        _require_one_source(arrivals)
    if arrivals is not None and arrivals.jobs > _MOST_JOBS:
        raise ConfigError(f"arrivals.jobs: expected at most {_MOST_JOBS:,}, got {arrivals.jobs:,}")
    if shop is not None and isinstance(shop.machines, int) and shop.machines > MOST_RESOURCES:
        raise ConfigError(f"shop.machines: expected at most {MOST_RESOURCES:,}")
    if shop is not None and not (shop.names and len(set(shop.names)) == len(shop.names)):
        raise ConfigError(f"shop.machines: expected at least 1, no name twice: {shop.machines}")
    for key, value, least in (
        ("batch", settings.batch, 1),
        ("buffer", settings.buffer, 0),
        ("warm_up", settings.warm_up, 0),
    ):
        if value is not None and value < least:
            raise ConfigError(f"{key}: expected at least {least}, got {value}")


def _require_one_source(arrivals: Arrivals) -> None:
    for key in ("trace", "times"):
        said = getattr(arrivals, key)
        if said is not None and arrivals != Arrivals(**{key: said}):
            raise ConfigError(f"arrivals: {key!r} says when jobs arrive; leave out the other keys")
