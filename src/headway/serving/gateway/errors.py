"""Refusals in the words of the OpenAI API: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # what is refused can be told without a server
    from headway.serving.wire import Exchange, Header

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not served, for its client.

    Attributes
    ----------
    status
        Of the answer.
    message
        For people.
    code
        For programs, as in ``"model_not_found"``.
    param
        Which field of the body is wrong.
    retry_after_s
        In how many seconds it is worth asking again; None if nobody knows, or never.
    limits
        Headers that tell how much of the limits on requests and tokens is left.
    """

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    retry_after_s: float | None = None
    limits: tuple[Header, ...] = ()

    @property
    def type(self) -> str:
        """What sort of refusal it is."""
        if self.code == "insufficient_quota":
            return self.code
        known = _TYPES.get(self.status)
        return known or ("server_error" if self.status >= 500 else "invalid_request_error")

    def body(self) -> bytes:
        """Return the refusal as JSON."""
        told = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        return _encode({"error": told})

    def headers(self) -> list[Header]:
        """Return ``retry-after`` in whole seconds, if it is known, and `limits`."""
        if self.retry_after_s is None or not math.isfinite(self.retry_after_s):
            return [*self.limits]
        return [*self.limits, (b"retry-after", b"%d" % max(1, math.ceil(self.retry_after_s)))]

    def event(self) -> bytes:
        """Return the refusal as the last event of a stream that has begun."""
        return b"data: %b\n\n" % self.body()


class RefusedError(Exception):
    """A request is not served; carries the `Refusal` to whoever answers."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def invalid(message: str, param: str | None = None, code: str | None = None) -> RefusedError:
    """Return the refusal of a request that its client has to change."""
    return RefusedError(Refusal(status=400, message=message, param=param, code=code))


def refuse(exchange: Exchange, refusal: Refusal, more: list[Header] | None = None) -> None:
    """Answer with a refusal."""
    headers = refusal.headers()
    if more:
        headers += more
    exchange.reply(refusal.status, refusal.body(), headers=headers)


def wire_refusal(status: int, message: str) -> bytes:
    """Return the body of what the server itself refuses, for `headway.serving.wire.Server`."""
    return Refusal(status=status, message=message).body()
