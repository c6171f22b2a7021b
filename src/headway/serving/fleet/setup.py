"""From the sections of a fleet's file to its engines, its links and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from headway.errors import ConfigError, UnknownNameError
from headway.serving.contenders import Choice, choose, settings
from headway.serving.document import Contender
from headway.serving.engine import EngineConfig
from headway.serving.fleet.document import FleetFile, Group, Trouble
from headway.serving.fleet.faults import (
    Crash,
    FalseAlarm,
    Fault,
    Hang,
    SlowLink,
    StaleMetrics,
    Straggle,
    WrongMetrics,
)
from headway.serving.fleet.member import Link, Member
from headway.serving.fleet.pool.shared import CachePool
from headway.serving.fleet.random_faults import FaultRates, random_faults
from headway.serving.hardware import Deployment
from headway.serving.setup import deployment, engine_config, step_time
from headway.serving.step_time import StepTime
from headway.serving.traffic import key

MOST_ENGINES = 10_000
"""Of one kind."""

_FAULTS: Mapping[str, tuple[Callable[..., Fault], str]] = {
    "crash": (Crash, ""),
    "hang": (Hang, ""),
    "straggle": (Straggle, "pace"),
    "slow-link": (SlowLink, "pace"),
    "false-alarm": (FalseAlarm, ""),
    "stale-metrics": (StaleMetrics, ""),
    "wrong-metrics": (WrongMetrics, "factor"),
}
"""By the word for them in files; and what else one of them may be told."""


@dataclass(frozen=True, eq=False)
class Kind:
    """Engines of one kind, ready to be built.

    Attributes
    ----------
    group
        The section of the file.
    config
        How they form batches.
    step_time
        How long their steps take.
    chosen
        Who decides within them.
    deployed
        The model on its GPUs, if there is one.
    home
        Folder that paths are relative to.
    """

    group: Group
    config: EngineConfig
    step_time: StepTime = field(repr=False)
    chosen: Choice
    deployed: Deployment | None
    home: Path

    @classmethod
    def of(cls, group: Group, home: Path) -> Kind:
        """Return the engines that a section describes.

        Raises
        ------
        ConfigError, UnknownNameError, FormatError
            If it contradicts itself; with the key.
        """
        _check(group)
        deployed = deployment(group, home)
        chosen = _choice(group)
        config = engine_config(chosen.settings, deployed)
        kind = cls(group, config, step_time(group, home, deployed), chosen, deployed, home)
        kind.members(1, seed=0)  # whatever cannot be is refused here
        chosen.decider(home, 0)
        return kind

    def members(self, count: int, seed: int) -> list[Member]:
        """Return so many engines of this kind.

        Parameters
        ----------
        count
            How many.
        seed
            Of policies that draw.
        """
        group = self.group
        per_token = 0.0 if self.deployed is None else float(self.deployed.kv_bytes_per_token)
        return [
            Member(
                name=f"{group.name}-{number}",
                config=self.config,
                step_time=self.step_time,
                policy=lambda: self.chosen.decider(self.home, seed),
                kind=group.name,
                role=group.role,
                price_per_h=group.price_per_h,
                start_s=group.start_s,
                bytes_per_token=per_token,
                labels=group.labels,
                adapters=frozenset(group.adapters),
                max_adapters=group.max_adapters,
                model="" if self.deployed is None else self.deployed.model.name,
            )
            for number in range(count)
        ]


def kinds(file: FleetFile, home: Path) -> tuple[Kind, ...]:
    """Return the kinds of engines in a file.

    Raises
    ------
    ConfigError, FormatError
        If a section contradicts itself, or two have one name; with the key.
    """
    if not file.engines:
        raise ConfigError("engines: expected at least one kind")
    seen: set[str] = set()
    found = []
    for number, group in enumerate(file.engines):
        with key(f"engines[{number}]"):
            if group.name in seen:
                raise ConfigError(f"name: {group.name!r} is the name of another kind, too")
            seen.add(group.name)
            found.append(Kind.of(group, home))
    roles = {group.role for group in file.engines}
    if roles in ({"prefill"}, {"decode"}):
        raise ConfigError(f"engines: all have the role {roles.pop()}, so that no request ends")
    return tuple(found)


def started(groups: Sequence[Group], counts: Sequence[int]) -> list[int]:
    """Return the numbers of the engines that are there from the beginning."""
    found: list[int] = []
    first = 0
    for group, count in zip(groups, counts, strict=True):
        found += range(first, first + min(count, count if group.started is None else group.started))
        first += count
    return found


def faults(troubles: Sequence[Trouble], numbers: Mapping[str, int]) -> list[Fault]:
    """Return what goes wrong.

    Parameters
    ----------
    troubles
        Sections of the file.
    numbers
        Of engines, by name.

    Raises
    ------
    ConfigError
        If one is at no engine there is, or ends before it begins; with the key.
    """
    found: list[Fault] = []
    for number, trouble in enumerate(troubles):
        with key(f"faults[{number}]"):
            if trouble.engine not in numbers:
                raise UnknownNameError("engine", trouble.engine, numbers)
            found.append(_fault(trouble, numbers[trouble.engine]))
    return found


def cache_pool(file: FleetFile) -> CachePool | None:
    """Return the cache that all engines share, None if there is none.

    Raises
    ------
    ConfigError
        If a setting cannot be; with the key.
    """
    own = file.cache_pool
    if own is None:
        return None
    with key("cache_pool"):
        link = Link(bytes_per_s=own.bytes_per_s, latency_s=own.latency_s)
        return CachePool(
            size_bytes=own.bytes, policy=own.policy, link=link, selective=own.selective
        )


def chance(file: FleetFile, engines: int, over_s: float, seed: int) -> tuple[Fault, ...]:
    """Return what goes wrong by chance.

    Parameters
    ----------
    file
        The description.
    engines
        How many there are.
    over_s
        Faults begin up to this time.
    seed
        Of the chance.

    Raises
    ------
    ConfigError
        If it is about something that has no such name, or a rate cannot be; with the key.
    """
    if not file.random_faults:
        return ()
    known = {one.name for one in fields(FaultRates)}
    with key("random_faults"):
        for name in file.random_faults:
            if name not in known:
                raise UnknownNameError("key", name, known)
        return random_faults(FaultRates(**file.random_faults), engines, over_s, seed)


def _fault(trouble: Trouble, engine: int) -> Fault:
    kind, own = _FAULTS[trouble.what]
    given = {name: getattr(trouble, name) for name in ("pace", "factor")}
    own_settings = {name: value for name, value in given.items() if value is not None}
    for name in own_settings:
        if name != own:
            raise ConfigError(f"{name}: a {trouble.what} has none")
    if kind is Straggle and not own_settings.get("pace", 1.0) > 0:
        raise ConfigError(f"pace: must be positive, got {trouble.pace}")
    return kind(at_s=trouble.at_s, engine=engine, until_s=trouble.until_s, **own_settings)


def _check(group: Group) -> None:
    if not 0 <= group.count <= MOST_ENGINES:
        raise ConfigError(f"count: expected 0 to {MOST_ENGINES:,}, got {group.count}")
    if group.started is not None and not 0 <= group.started <= group.count:
        raise ConfigError(f"started: expected 0 to {group.count}, got {group.started}")
    if group.most is not None and not 1 <= group.most <= MOST_ENGINES:
        raise ConfigError(f"most: expected 1 to {MOST_ENGINES:,}, got {group.most}")
    if not group.name:
        raise ConfigError("name: must not be empty")


def _choice(group: Group) -> Choice:
    own = settings(group.engine)
    if group.policy is None:
        return Choice(group.name, own)
    with key("policy"):
        if isinstance(group.policy, Contender):
            return choose(group.policy.name, own, (group.policy,))
        return choose(group.policy, own)
