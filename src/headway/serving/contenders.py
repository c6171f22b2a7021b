"""Who may steer an engine: presets, registered policies, and classes in files of one's own."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from headway.errors import ConfigError, FormatError, UnknownNameError
from headway.serving.document import Contender, EngineFile
from headway.serving.engine import EngineConfig, Policy, preset, presets
from headway.simulate import registry

WORLD = "engine"
"""Entries of `headway.policies` for engines begin with this and a dot."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine's settings and what decides in it.

    Attributes
    ----------
    name
        For tables.
    settings
        Of the engine, ``preset`` among them.
    policy
        A registered one, ``FILE.py:CLASS``, or None: the engine decides itself.
    arguments
        Of the policy.
    """

    name: str
    settings: Mapping[str, Any]
    policy: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def decider(self, home: Path, seed: int) -> Policy:
        """Return a fresh policy; it gets the seed if it can use one and none is given.

        Parameters
        ----------
        home
            Folder that paths are relative to.
        seed
            Of the run.

        Raises
        ------
        UnknownNameError
            If there is no such policy.
        ConfigError
            If it does not take these arguments.
        """
        if self.policy is None:
            decider = Policy()
        else:
            make, arguments = _maker(self.policy, home), dict(self.arguments)
            try:
                if "seed" in inspect.signature(make).parameters:
                    arguments.setdefault("seed", seed)
                decider = make(**arguments)
            except (TypeError, ValueError) as error:
                raise ConfigError(f"policy {self.policy}: {error}") from None
            if not isinstance(decider, Policy):
                raise ConfigError(
                    f"policy {self.policy}: expected a headway.serving.Policy, got"
                    f" {type(decider).__name__}"
                )
        decider.name = self.name
        return decider


def choice(name: str, file: EngineFile) -> Choice:
    """Return what a name stands for in an experiment; see `choose`.

    Raises
    ------
    UnknownNameError
        If it stands for nothing.
    """
    return choose(name, settings(file.engine), file.policies or ())


def choose(name: str, own: Mapping[str, Any], contenders: Sequence[str | Contender] = ()) -> Choice:
    """Return what a name stands for beside the settings of an engine.

    Parameters
    ----------
    name
        That of one of the contenders, a preset, a registered policy, or ``FILE.py:CLASS``. What
        makes another preset than that of the settings what it is takes precedence over them.
    own
        Settings of the engine.
    contenders
        Policies with settings of their own.

    Raises
    ------
    UnknownNameError
        If it stands for nothing.
    """
    for entry in contenders:
        if isinstance(entry, Contender) and entry.name == name:
            return Choice(name, _over(own, settings(entry.engine)), entry.policy, entry.with_)
    if name == own.get("preset"):
        return Choice(name, own)
    if name in presets():
        return Choice(name, {**own, **_brought(name), "preset": name})
    registered = {policy.lower(): policy for policy in registry.policies(WORLD)}
    if is_file(name) or name.lower() in registered:
        return Choice(name, own, registered.get(name.lower(), name))
    named = [entry.name for entry in contenders if isinstance(entry, Contender)]
    raise UnknownNameError("policy", name, {*named, *presets(), *registered.values()})


def settings(engine: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the section on an engine as settings, ``preset`` among them."""
    return {"preset": engine} if isinstance(engine, str) else dict(engine)


def _over(settings: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others in their place; blocks and the share of memory are one thing."""
    both = {"blocks", "utilisation"}
    kept = {name: settings[name] for name in settings if not (both & {*others} and name in both)}
    return kept | dict(others)


def _brought(name: str) -> dict[str, Any]:
    """Return the settings that make a preset what it is: those that differ from the defaults."""
    usual, own = EngineConfig(blocks=1), preset(name, blocks=1)
    return {
        field.name: getattr(own, field.name)
        for field in fields(EngineConfig)
        if getattr(own, field.name) != getattr(usual, field.name)
    }


def is_file(name: str) -> bool:
    """Whether a policy is said to be ``FILE.py:CLASS``."""
    return name.partition(":")[0].endswith(".py")


def _maker(policy: str, home: Path) -> Callable[..., Any]:
    if is_file(policy):
        return from_file(policy, home, Policy)
    known = registry.policies(WORLD)
    spelled = {name.lower(): name for name in known}.get(policy.lower(), policy)
    made: Callable[..., Any] = registry.entry(WORLD, spelled, known)
    return made


def from_file(policy: str, home: Path, base: type = object) -> Callable[..., Any]:
    """Return the class, or function, that ``FILE.py:CLASS`` names.

    Parameters
    ----------
    policy
        Path and name.
    home
        Folder that the path is relative to.
    base
        What classes that are suggested for an unknown name inherit from.

    Raises
    ------
    FormatError
        If there is no such file.
    ConfigError
        If it cannot be run.
    UnknownNameError
        If it does not define the name.
    """
    path, _, name = policy.partition(":")
    where = home / path
    spec = importlib.util.spec_from_file_location(where.stem, where)
    if not where.is_file() or spec is None or spec.loader is None:
        raise FormatError("cannot read: no such file with a policy", path=where)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file of somebody else does
        raise ConfigError(f"{where}: {type(error).__name__}: {error}") from error
    own: Callable[..., Any] | None = getattr(module, name, None)
    if own is None:
        classes = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, base)
            and value.__module__ == module.__name__
        ]
        raise UnknownNameError(f"policy in {where}", name, classes)
    return own
