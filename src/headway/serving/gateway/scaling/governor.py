"""Between controllers and what they decide about: what is carried out, and what is only told."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Mapping, Sequence

from headway.errors import HeadwayError, UnsupportedError
from headway.serving.fleet.decisions import (
    Drain,
    Keep,
    LoadAdapter,
    Migrate,
    Operation,
    Start,
    UnloadAdapter,
    Warm,
)
from headway.serving.gateway.scaling.document import Scaled, Scaling
from headway.serving.gateway.scaling.hands import Hands
from headway.serving.gateway.scaling.record import Outcome, Record, ordered
from headway.serving.gateway.steering import Actuator, Advice
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight

_log = logging.getLogger("headway.serving.gateway.scaling")

_MINUTE_S = 60.0

_IMPOSSIBLE: Mapping[type[Operation], str] = {
    Migrate: "engines that serve the OpenAI API hand no running request to one another",
    Keep: "engines that serve the OpenAI API cannot be told what to keep in their cache",
    Warm: "engines that serve the OpenAI API compute no context that nobody asks for",
}


class Governor:
    """Carries out what controllers decide, as far as the file allows it, and records everything.

    Parameters
    ----------
    rules
        What is allowed.
    sight
        Shows the fleet.
    hands
        Who start and stop engines.
    sleepers
        Places of engines that sleep instead of stopping; `operating` sees to them.
    operating
        Carries out what is about engines that run.
    record
        Of all recommendations.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        rules: Scaling,
        sight: Sight,
        hands: Sequence[Hands],
        sleepers: frozenset[int],
        operating: Actuator,
        record: Record,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._sight = sight
        self._hands = {number: one for one in hands for number in one.numbers}
        self._sleepers = sleepers
        self._operating = operating
        self._record = record
        self._clock = clock
        self._changed_s: deque[float] = deque()
        self._told: dict[tuple[str, type[Operation], int], tuple[Outcome, str]] = {}

    async def carry_out(self, advice: Advice) -> None:
        """Do it, or say why not."""
        try:
            outcome, why = await self._done(advice)
        except UnsupportedError as error:
            outcome, why = "refused", str(error)
        except HeadwayError as error:
            outcome, why = "failed", str(error)
        operation = advice.operation
        self._record.happened(advice.at_s, advice.controller, operation, outcome, why)
        self._log(advice, outcome, why)

    def state(self, number: int) -> str | None:
        """Return where an engine stands that can be started and stopped; None for others."""
        hands = self._hands.get(number)
        return None if hands is None else hands.state(number)

    async def _done(self, advice: Advice) -> tuple[Outcome, str]:
        operation = advice.operation
        nobody = self._nobody(operation)
        if nobody is not None:
            if not self._rules.dry_run:
                await self._operating.carry_out(advice)  # whoever else has been told to listen
            return nobody
        if isinstance(operation, Start | Drain):
            limited = self._limited(operation)
            if limited:
                return "limited", limited
        if self._rules.dry_run:
            return "dry run", "serve.scaling.dry_run"
        if not isinstance(operation, Start | Drain):
            await self._operating.carry_out(advice)
            return "begun", ""
        return await self._scaled(advice, operation)

    def _nobody(self, operation: Operation) -> tuple[Outcome, str] | None:
        """Return why nobody here does such a thing, None if somebody does."""
        if type(operation) in _IMPOSSIBLE:
            return "refused", _IMPOSSIBLE[type(operation)]
        if (
            not isinstance(operation, Start | Drain)
            or operation.engine in self._hands
            or operation.engine in self._sleepers
        ):
            return None
        if self._rules.act == "none":
            return "recommended", "serve.scaling.act is none"
        kind = self._sight.engines.kinds[operation.engine]
        return "refused", f"serve.scaling does not say how engines of kind {kind} are started"

    async def _scaled(self, advice: Advice, operation: Start | Drain) -> tuple[Outcome, str]:
        hands = self._hands.get(operation.engine)
        why = ""
        if hands is None:
            await self._operating.carry_out(advice)
        elif isinstance(operation, Start):
            why = hands.start(operation.engine)
        else:
            why = hands.stop(operation.engine)
        self._changed_s.append(self._clock())
        return "begun", why

    def _limited(self, operation: Start | Drain) -> str:
        """Return why a start or a stop would be too much; empty if it is not."""
        kind = self._sight.engines.kinds[operation.engine]
        own = self._rules.engines.get(kind, Scaled())
        now_s = self._clock()
        there = ordered(self._sight.view(now_s))
        number = sum(
            1 for k, one in enumerate(self._sight.engines.kinds) if one == kind and there[k]
        )
        most = math.inf if own.most is None else own.most
        if isinstance(operation, Start) and number >= most:
            return f"at most {own.most} engines of kind {kind}"
        if isinstance(operation, Drain) and number <= own.least:
            return f"at least {own.least} engines of kind {kind}"
        while self._changed_s and self._changed_s[0] <= now_s - _MINUTE_S:
            self._changed_s.popleft()
        if len(self._changed_s) >= self._rules.changes_per_min:
            return f"at most {self._rules.changes_per_min} changes a minute"
        return ""

    def _log(self, advice: Advice, outcome: Outcome, why: str) -> None:
        """Tell what is new; what repeats from look to look is only counted."""
        operation = advice.operation
        what = (advice.controller, type(operation), operation.engine)
        again = self._told.get(what) == (outcome, why) and outcome != "begun"
        self._told[what] = (outcome, why)
        level = logging.DEBUG if again else _LEVELS[outcome]
        name = self._sight.engines.names[operation.engine]
        adapter = (
            f" {operation.adapter}" if isinstance(operation, LoadAdapter | UnloadAdapter) else ""
        )
        told = f": {why}" if why else ""
        _log.log(
            level,
            "%s: %s%s of %s %s%s",
            *(advice.controller, type(operation).__name__.lower(), adapter, name, outcome, told),
        )


_LEVELS: Mapping[Outcome, int] = {
    "recommended": logging.INFO,
    "dry run": logging.INFO,
    "begun": logging.INFO,
    "limited": logging.INFO,
    "refused": logging.WARNING,
    "failed": logging.WARNING,
}
