"""A scenario: what the world will do to a policy, as laws; seeded, readable, replayable."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from headway.errors import ConfigError
from headway.model import Problem
from headway.simulate import document
from headway.simulate.scenario.draw import Draws, with_maintenance
from headway.simulate.scenario.settings import Settings
from headway.simulate.scenario.work import arriving
from headway.simulate.shop.realisation import Realisation
from headway.simulate.streams import Streams


@dataclass(frozen=True, slots=True)
class Scenario:
    """Laws of what can happen to a shop.

    Parameters
    ----------
    settings
        The laws, see `headway.simulate.scenario.settings`.
    problem
        Known work and machines, if the settings name a problem or one is given.

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
        if problem is None and settings.problem is not None:
            from headway.instances import obtain

            problem = obtain(settings.problem)
        _require_work(settings, problem)
        return cls(settings, problem)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Scenario:
        """Return the scenario in a file; problem files it names are looked for beside it.

        Raises
        ------
        FormatError, ConfigError, UnknownNameError
            As for `parse`; the message names the file.
        """
        content = document.document(path)
        try:
            settings = document.record(content, Settings, "a scenario")
            problem = None
            if settings.problem is not None:
                from headway.instances import obtain

                beside = Path(path).parent / settings.problem
                problem = obtain(str(beside) if beside.exists() else settings.problem)
            _require_work(settings, problem)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        return cls(settings, problem)

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
            If a law makes no sense where it stands.
        """
        streams = Streams(seed)
        work = arriving(self.settings, streams) if self.problem is None else self.problem
        horizon = int(work.jobs.release.max(initial=0)) + 2 * int(work.modes.duration.sum()) + 1
        work = with_maintenance(work, self.settings, horizon)
        return Draws(self.settings, work, streams).realisation()


def _require_work(settings: Settings, problem: Problem | None) -> None:
    if problem is None and (settings.shop is None or settings.arrivals is None):
        raise ConfigError("expected 'problem', or 'shop' and 'arrivals'")
    if problem is not None and (settings.shop is not None or settings.arrivals is not None):
        raise ConfigError("'problem' brings machines and jobs; leave out 'shop' and 'arrivals'")
    if settings.batch < 1:
        raise ConfigError(f"batch: expected at least 1, got {settings.batch}")
    if settings.buffer is not None and settings.buffer < 0:
        raise ConfigError(f"buffer: expected at least 0, got {settings.buffer}")
    if settings.warm_up < 0:
        raise ConfigError(f"warm_up: expected at least 0, got {settings.warm_up}")
