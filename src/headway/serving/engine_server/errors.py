"""Refusals as the OpenAI API words them."""

from __future__ import annotations

import msgspec

from headway.errors import HeadwayError

_KINDS = {
    400: "BadRequestError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    413: "RequestTooLargeError",
    429: "RateLimitError",
    501: "NotImplementedError",
    503: "ServiceUnavailableError",
}


class ApiError(HeadwayError):
    """A request that is refused.

    Parameters
    ----------
    status
        Of HTTP.
    message
        Why.
    param
        The field of the body that it is about.
    """

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param

    def body(self) -> bytes:
        """Return the JSON that tells it."""
        return error_body(self.status, str(self), self.param)


def error_body(status: int, message: str, param: str | None = None) -> bytes:
    """Return the JSON of a refusal, in the form and with the names of vLLM."""
    kind = _KINDS.get(status, "InternalServerError" if status >= 500 else "BadRequestError")
    error = {"message": message, "type": kind, "param": param, "code": status}
    return to_json({"error": error})


def to_json(told: object) -> bytes:
    """Return JSON without spaces."""
    return msgspec.json.encode(told)
