"""Everything about scaling that a worker of a gateway has, put together."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any

from prometheus_client.core import Metric

from headway.serving.fleet.decisions import Controller
from headway.serving.gateway.board import Board
from headway.serving.gateway.scaling.governor import Governor
from headway.serving.gateway.scaling.hands import Hands
from headway.serving.gateway.scaling.metrics import of_operations
from headway.serving.gateway.scaling.record import Record, standings
from headway.serving.gateway.scaling.setup import sleepers
from headway.serving.gateway.site import Site
from headway.serving.gateway.steering import Actuator, Steering
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight


class Acting:
    """Has controllers look at the fleet, and carries out what they decide.

    Parameters
    ----------
    site
        What the gateway stands before.
    controllers
        Of the fleet.
    sight
        Shows it.
    board
        Of all workers.
    hands
        Who start and stop engines.
    operating
        Carries out what is about engines that run.
    clock
        Seconds that never go back.

    Attributes
    ----------
    record
        Of what was recommended, and of what has become of it.
    governor
        Who says what is carried out.
    hands
        As given.
    """

    def __init__(
        self,
        site: Site,
        controllers: Iterable[Controller],
        sight: Sight,
        board: Board,
        hands: Sequence[Hands],
        operating: Actuator,
        clock: Clock,
    ) -> None:
        self.hands = tuple(hands)
        self.record = Record(site.engines, board)
        self._board = board
        rules = site.serve.scaling
        self.governor = Governor(rules, sight, hands, sleepers(site), operating, self.record, clock)
        self._steering = Steering(controllers, sight, self.governor, clock, self.record.looked)
        self._sight = sight
        self._rules = rules
        self._clock = clock

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what is to run as long as the gateway does."""
        return [*(hands.run() for hands in self.hands), self._steering.run()]

    async def close(self) -> None:
        """End the engines that would not be there without the gateway."""
        for hands in self.hands:
            await hands.close()

    def families(self) -> Iterator[Metric]:
        """Give the metrics that no other process can."""
        return of_operations(self.record)

    def state(self) -> dict[str, Any]:
        """Return all there is to know, for people: plain values, as JSON has them."""
        now_s = self._clock()
        names = self._sight.engines.names
        return {
            "act": self._rules.act,
            "dry_run": self._rules.dry_run,
            "kinds": standings(self._board, self._sight.engines.kinds),
            "engines": {
                name: state
                for number, name in enumerate(names)
                if (state := self.governor.state(number)) is not None
            },
            "recommendations": [
                {
                    "age_s": round(now_s - line.at_s, 3),
                    "controller": line.controller,
                    "operation": line.operation,
                    "engine": line.engine,
                    "what": line.what,
                    "outcome": line.outcome,
                    "why": line.why,
                }
                for line in reversed(self.record.lines)
            ],
        }
