"""Who steers a fleet: routers and controllers, by name or in files of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from headway.errors import ConfigError, UnknownNameError
from headway.serving.contenders import from_file, is_file
from headway.serving.fleet.decisions import Controller, Listener, Router
from headway.serving.fleet.document import FleetFile, Steerer, Team
from headway.serving.fleet.front import front
from headway.serving.fleet.routing import router, routers
from headway.serving.fleet.routing.described import DESCRIBED
from headway.serving.traffic import key, promised
from headway.simulate import registry

WORLD = "controller"
"""Entries of `headway.policies` for controllers of fleets begin with this and a dot."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A router, and controllers beside it, of which each run gets fresh ones.

    Attributes
    ----------
    name
        For tables.
    router
        A specification, a name of `DESCRIBED`, or ``FILE.py:CLASS``.
    file
        What stands before the router.
    controllers
        Sections of the file.
    arguments
        Of the router.
    """

    name: str
    router: str
    file: FleetFile = field(repr=False)
    controllers: tuple[Steerer, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def make(self, home: Path, seed: int) -> tuple[Router, tuple[Controller, ...]]:
        """Return who decides in a run.

        Parameters
        ----------
        home
            Folder that paths are relative to.
        seed
            Of what is decided by lot.

        Raises
        ------
        UnknownNameError, ConfigError, FormatError
            If one of them does not exist or does not take its arguments.
        """
        made = self._router(home, seed)
        found = []
        for number, one in enumerate(self.controllers):
            with key(f"controllers[{number}]"):
                found.append(_controller(one, home, seed, self.file))
        for controller in found:
            if isinstance(controller, Listener):
                made = controller.watching(made)
        return made, tuple(found)

    def _router(self, home: Path, seed: int) -> Router:
        """Return the router, with what the file puts before it."""
        order_name, slash, behind = self.router.partition("/")
        if is_file(self.router):
            maker = from_file(self.router, home)
            return front(self.file, self._told(maker, self.arguments, home, seed))
        if self.router in DESCRIBED:
            if self.file.admission is not None:
                raise ConfigError(f"admission: {self.router} is a queue itself")
            own = {
                "kinds": [group.name for group in self.file.engines],
                "classes": promised(self.file.classes),
            }
            maker = DESCRIBED[self.router]
            return front(self.file, self._told(maker, {**self.arguments, **own}, home, seed))
        if self.arguments:
            raise ConfigError(f"with: router {self.router} takes no arguments")
        made = router(behind if slash else self.router, seed)
        return front(self.file, made, order_name if slash else "")

    def _told(
        self, maker: Callable[..., Any], given: Mapping[str, Any], home: Path, seed: int
    ) -> Router:
        return cast("Router", _made(maker, given, home, seed, self.router))


def team(name: str, file: FleetFile) -> Chosen:
    """Return what a name stands for in a fleet.

    Parameters
    ----------
    name
        That of one of the file's policies, a router's specification, or ``FILE.py:CLASS``.
    file
        The fleet.
    """
    for entry in file.policies:
        if isinstance(entry, Team) and entry.name == name:
            own = file.controllers if entry.controllers is None else entry.controllers
            return Chosen(name, entry.router, file, own, entry.with_)
    return Chosen(name, name, file, file.controllers)


def known(file: FleetFile) -> tuple[str, ...]:
    """Return the names that `team` knows, besides weighted routers and files."""
    named: Sequence[str] = [entry.name for entry in file.policies if isinstance(entry, Team)]
    return (*named, *routers(), *DESCRIBED)


def _controller(one: Steerer, home: Path, seed: int, file: FleetFile) -> Controller:
    registered = {name.lower(): name for name in registry.policies(WORLD)}
    if is_file(one.policy):
        maker = from_file(one.policy, home)
    elif one.policy.lower() in registered:
        maker = registry.entry(WORLD, registered[one.policy.lower()])
    else:
        raise UnknownNameError("controller", one.policy, registered.values())
    classes = tuple(promise.name for promise in file.classes)
    found = _made(maker, one.with_, home, seed, one.policy, classes)
    if not (hasattr(found, "act") and hasattr(found, "period_s")):
        raise ConfigError(f"{one.policy}: expected a controller, got {type(found).__name__}")
    return cast("Controller", found)


def _made(
    maker: Callable[..., Any],
    given: Mapping[str, Any],
    home: Path,
    seed: int,
    name: str,
    classes: tuple[str, ...] = (),
) -> object:
    arguments = dict(given)
    for known_as, value in (("seed", seed), ("home", home), ("classes", classes)):
        if known_as in inspect.signature(maker).parameters:
            arguments.setdefault(known_as, value)
    try:
        return maker(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: {error}") from None
