"""Controllers of a fleet, live: they look at it from time to time, and say what is to be done."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from headway.serving.fleet.decisions import Controller, Operation
from headway.serving.fleet.view import ClusterView
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight

_log = logging.getLogger("headway.serving.gateway")

Looked = Callable[[str, ClusterView, Sequence[Operation]], None]
"""Hears which controller has made what of what it saw."""

_KEPT = 1000
"""Recommendations that are remembered."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a controller wants to have done.

    Attributes
    ----------
    at_s
        When, by the gateway's clock.
    controller
        Who.
    operation
        What.
    """

    at_s: float
    controller: str
    operation: Operation


class Actuator(Protocol):
    """Carries out what controllers decide: starts engines, stops them, moves requests."""

    async def carry_out(self, advice: Advice) -> None:
        """Do it; errors are logged, and change nothing for the controller."""
        ...


class Recorder:
    """Does nothing but remember what was recommended, for people and metrics.

    Attributes
    ----------
    advice
        The latest recommendations, oldest first.
    """

    def __init__(self) -> None:
        self.advice: deque[Advice] = deque(maxlen=_KEPT)

    async def carry_out(self, advice: Advice) -> None:
        """Remember it."""
        self.advice.append(advice)


class Steering:
    """Has controllers look at the fleet, each in its period.

    Parameters
    ----------
    controllers
        Of the fleet.
    sight
        Shows it.
    actuator
        Does what they say.
    clock
        Seconds that never go back.
    looked
        Hears what a controller has made of what it saw.
    """

    def __init__(
        self,
        controllers: Iterable[Controller],
        sight: Sight,
        actuator: Actuator,
        clock: Clock,
        looked: Looked = lambda _name, _cluster, _operations: None,
    ) -> None:
        self._controllers = tuple(controllers)
        self._sight = sight
        self._actuator = actuator
        self._clock = clock
        self._looked = looked

    async def run(self) -> None:
        """Steer until cancelled."""
        async with asyncio.TaskGroup() as group:
            for controller in self._controllers:
                group.create_task(self._keep(controller))

    async def _keep(self, controller: Controller) -> None:
        while True:
            await asyncio.sleep(controller.period_s)
            try:
                await self._look(controller)
            except Exception:
                # One that fails must not take the gateway, or other controllers, with it.
                _log.exception("controller %s failed", controller.name)

    async def _look(self, controller: Controller) -> None:
        now_s = self._clock()
        cluster = self._sight.view(now_s)
        operations = controller.act(cluster)
        self._looked(controller.name, cluster, operations)
        for operation in operations:
            await self._actuator.carry_out(Advice(now_s, controller.name, operation))
