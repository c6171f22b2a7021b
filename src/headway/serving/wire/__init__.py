"""HTTP/1.1 on both sides of a gateway: a server and pools of connections, without any policy."""

from __future__ import annotations

from headway.serving.wire.answer import Answer
from headway.serving.wire.exchange import Exchange
from headway.serving.wire.headers import Header, end_to_end
from headway.serving.wire.limits import Limits
from headway.serving.wire.line import Tap, UpstreamError
from headway.serving.wire.pool import Pool
from headway.serving.wire.server import Handler, Server, plain_refusal

__all__ = [
    "Answer",
    "Exchange",
    "Handler",
    "Header",
    "Limits",
    "Pool",
    "Server",
    "Tap",
    "UpstreamError",
    "end_to_end",
    "plain_refusal",
]
