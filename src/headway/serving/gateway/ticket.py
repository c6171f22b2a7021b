"""One request on its way through a gateway."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from headway.serving.fleet.decisions import NOWHERE
from headway.serving.fleet.view import Mask

if TYPE_CHECKING:
    from headway.serving.gateway.accounts import Lease
    from headway.serving.gateway.body import Asked
    from headway.serving.gateway.ear import Ear
    from headway.serving.gateway.engines import LiveEngine
    from headway.serving.gateway.front import Seat
    from headway.serving.gateway.resume import Transcript
    from headway.serving.gateway.tracing import Trail
    from headway.serving.gateway.usage import Meter
    from headway.serving.gateway.view import LiveRequest
    from headway.serving.wire import Exchange, Header


class Ticket:
    """What belongs to a request; times are those of the gateway's clock.

    Attributes
    ----------
    request
        What policies see of it.
    seat
        The router it has asked for.
    serving
        Engines that have its model; None for all.
    exchange
        With its client.
    asked
        Of its body.
    id
        That client, gateway and engine know it by.
    headers
        That engines get.
    lease
        What is reserved for it.
    meter
        Of the answer; a new one for each try.
    task
        That answers it.
    engine
        Where it is, `NOWHERE` while it waits.
    blocks
        That its prompt takes there.
    sent_s, begun_s
        When it was sent there, and when the answer began, 0 before.
    waiter
        Comes true with its engine if it is held.
    held_since_s, held_until_s
        Since when it is held, and when it is asked about again.
    expired
        Why its task was interrupted; empty if it was not.
    over
        Whether its time is up for all engines.
    trail
        Writes down what happens to it, if spans are wanted.
    transcript
        Of a stream that may go on at another engine.
    ear
        Hears what the answer says besides its text, for routers that want to know.
    doubted
        An engine that has answered 500, until another one says whose fault that was.
    used
        Whether an engine has done for it what its client asked for.
    whole
        Whether its answer has come to its end.
    """

    __slots__ = (
        "asked",
        "begun_s",
        "blocks",
        "doubted",
        "ear",
        "engine",
        "exchange",
        "expired",
        "headers",
        "held_since_s",
        "held_until_s",
        "id",
        "lease",
        "meter",
        "over",
        "request",
        "seat",
        "sent_s",
        "serving",
        "task",
        "trail",
        "transcript",
        "used",
        "waiter",
        "whole",
    )

    def __init__(
        self,
        request: LiveRequest,
        seat: Seat,
        serving: Mask | None,
        exchange: Exchange,
        asked: Asked,
        id: bytes,  # noqa: A002
        headers: list[Header],
        meter: Meter,
    ) -> None:
        self.request = request
        self.seat = seat
        self.serving = serving
        self.exchange = exchange
        self.asked = asked
        self.id = id
        self.headers = headers
        self.meter = meter
        self.lease: Lease | None = None
        self.task: asyncio.Task[None] | None = None
        self.engine = NOWHERE
        self.blocks = 0
        self.sent_s = 0.0
        self.begun_s = 0.0
        self.waiter: asyncio.Future[int] | None = None
        self.held_since_s = 0.0
        self.held_until_s = 0.0
        self.expired = ""
        self.over = False
        self.doubted: LiveEngine | None = None
        self.used = False
        self.whole = False
        self.trail: Trail | None = None
        self.ear: Ear | None = None
        self.transcript: Transcript | None = None

    @property
    def tokens(self) -> int:
        """In the engine's cache, as far as it is known."""
        return self.request.prompt_tokens + self.meter.output_tokens if self.begun_s else 0
