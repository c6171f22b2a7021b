"""The admin app: JSON for the page and for programs, Prometheus' metrics, and the page itself.

Everything but ``/metrics``, ``/health`` and the page, which knows nothing, is for operators: those
with a token (``Authorization: Bearer``), and browsers whose session was begun with one. What
browsers write must come with a header that no other site's page can send, from this very origin.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headway.errors import (
    ConfigError,
    EndpointError,
    HeadwayError,
    UnknownNameError,
    UnsupportedError,
)
from headway.serving.gateway.admin.access import SESSION_S, Access, Operator
from headway.serving.gateway.admin.desk import Desk
from headway.serving.gateway.admin.guesses import Guesses
from headway.serving.gateway.admin.history import KEPT_S
from headway.serving.gateway.admin.operations import BusyError
from headway.serving.gateway.admin.page import POLICY, html

COOKIE = "headway_admin"
HEADER = "x-headway-admin"
"""That browsers send with what they write; its value does not matter."""

_MOST_BYTES = 64 * 1024
_MOST_GRACE_S = 600.0
_POINTS = 600
_TEXT = "text/plain; version=0.0.4; charset=utf-8"

_Body = TypeVar("_Body", bound=msgspec.Struct)
_Handler = Callable[[Request, Operator], Awaitable[Response]]


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _SignIn(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    """What an operation on an engine may need."""

    adapter: str | None = None
    path: str | None = None
    grace_s: float = 30.0


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    policy: str


class AdminApp:
    """Answers operators.

    Parameters
    ----------
    desk
        Knows and does everything.
    access
        Who they are.
    secure
        Whether it is reached by HTTPS.
    wall
        Returns seconds since 1970.
    """

    def __init__(
        self,
        desk: Desk,
        access: Access,
        *,
        secure: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._access = access
        self._secure = secure
        self._wall = wall
        self._guesses = Guesses()
        self.asgi = Starlette(
            routes=[
                Route("/", self._lead),
                Route("/ui", self._page),
                Route("/metrics", self._metrics),
                Route("/health", self._health),
                Route("/admin/session", self._sign_in, methods=["POST"]),
                Route("/admin/session", self._sign_out, methods=["DELETE"]),
                Route("/admin/state", self._read(self._state)),
                Route("/admin/history", self._read(self._history)),
                Route(
                    "/admin/engines/{engine}/{operation}",
                    self._write(self._operate),
                    methods=["POST"],
                ),
                Route("/admin/policy", self._write(self._prefer), methods=["POST"]),
                Route("/admin/keys/reload", self._write(self._reload), methods=["POST"]),
            ],
            exception_handlers={_RefusedError: _refused, 404: _nowhere, 405: _nowhere},
        )

    async def _lead(self, _: Request) -> Response:
        return RedirectResponse("/ui")

    async def _page(self, _: Request) -> Response:
        headers = {
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }
        return Response(html(), media_type="text/html", headers=headers)

    async def _metrics(self, _: Request) -> Response:
        return Response(self._desk.metrics(), headers={"content-type": _TEXT})

    async def _health(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def _sign_in(self, request: Request) -> Response:
        self._check_origin(request)
        told = await _body(request, _SignIn)
        operator = self._by_token(told.token, request)
        if operator is None:
            raise _RefusedError(401, "nobody has this token")
        self._desk.did(_who(operator, request), "signed in")
        answer = _json({"name": operator.name})
        answer.set_cookie(
            COOKIE,
            self._access.session(operator, self._wall()),
            max_age=SESSION_S,
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )
        return answer

    async def _sign_out(self, request: Request) -> Response:
        self._check_origin(request)
        answer = _json({})
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=self._secure)
        return answer

    async def _state(self, _: Request, operator: Operator) -> Response:
        return _json({**await self._desk.state(), "operator": operator.name})

    async def _history(self, request: Request, _: Operator) -> Response:
        since = _number(request, "since", 0, 2**53)
        most = _number(request, "points", _POINTS, KEPT_S)
        return _json(self._desk.history.told(since, most))

    async def _operate(self, request: Request, operator: Operator) -> Response:
        name, operation = request.path_params["engine"], request.path_params["operation"]
        order = await _body(request, _Order)
        who = _who(operator, request)
        told = operation if order.adapter is None else f"{operation} {order.adapter}"
        try:
            await self._do(operation, name, order)
        except HeadwayError as error:
            if isinstance(error, EndpointError):
                self._desk.failed(who, told, error, name)
            raise
        self._desk.did(who, told, name)
        return _json({"engine": name, "done": told})

    async def _do(self, operation: str, name: str, order: _Order) -> None:
        operations = self._desk.operations
        if operation == "drain":
            operations.drain(name)
        elif operation == "undrain":
            operations.undrain(name)
        elif operation == "sleep":
            if not 0 <= order.grace_s <= _MOST_GRACE_S:
                raise ConfigError(f"grace_s: must be from 0 to {_MOST_GRACE_S:g}")
            await operations.sleep(name, order.grace_s)
        elif operation == "wake":
            await operations.wake(name)
        elif operation in ("load-adapter", "unload-adapter"):
            if not order.adapter:
                raise ConfigError("adapter: expected its name")
            if operation == "load-adapter":
                await operations.load_adapter(name, order.adapter, order.path)
            else:
                await operations.unload_adapter(name, order.adapter)
        else:
            raise UnknownNameError("operation", operation, _OPERATIONS)

    async def _prefer(self, request: Request, operator: Operator) -> Response:
        policy = (await _body(request, _Choice)).policy
        self._desk.operations.prefer(policy)
        self._desk.did(_who(operator, request), f"made {policy} the policy")
        return _json({"policy": policy})

    async def _reload(self, request: Request, operator: Operator) -> Response:
        await self._desk.bureau.reload()
        self._desk.did(_who(operator, request), "had keys read again")
        return _json({})

    def _read(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await handler(request, self._operator(request)[0])

        return answer

    def _write(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            operator, by_cookie = self._operator(request)
            if by_cookie:
                self._check_origin(request)
            try:
                return await handler(request, operator)
            except HeadwayError as error:
                raise _RefusedError(_status(error), str(error)) from None

        return answer

    def _by_token(self, token: str, request: Request) -> Operator | None:
        """Return whose token it is, for addresses that have not shown too many wrong ones."""
        address, now_s = request.client.host if request.client else "?", self._wall()
        if self._guesses.wait_s(address, now_s) > 0:
            raise _RefusedError(429, "too many wrong tokens; try again in a minute")
        operator = self._access.by_token(token)
        if operator is None:
            self._guesses.wrong(address, now_s)
        return operator

    def _operator(self, request: Request) -> tuple[Operator, bool]:
        """Return who asks, and whether a cookie says so."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            operator, by_cookie = self._by_token(token.strip(), request), False
        else:
            session = request.cookies.get(COOKIE, "")
            operator, by_cookie = self._access.by_session(session, self._wall()), True
        if operator is None:
            raise _RefusedError(401, "show a token of this gateway's operators")
        return operator, by_cookie

    def _check_origin(self, request: Request) -> None:
        """Refuse what another site's page has a browser send."""
        origin = request.headers.get("origin")
        here = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if HEADER not in request.headers or (origin is not None and origin != here):
            raise _RefusedError(403, f"the header {HEADER} is missing, or it is another origin")


_OPERATIONS = ("drain", "undrain", "sleep", "wake", "load-adapter", "unload-adapter")


def _status(error: HeadwayError) -> int:
    for kind, status in (
        (UnknownNameError, 404),
        (BusyError, 409),
        (UnsupportedError, 422),
        (EndpointError, 502),
    ):
        if isinstance(error, kind):
            return status
    return 400


def _who(operator: Operator, request: Request) -> str:
    return f"{operator.name}@{request.client.host if request.client else '?'}"


async def _body(request: Request, kind: type[_Body]) -> _Body:
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > _MOST_BYTES:
            raise _RefusedError(413, f"expected a body of at most {_MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _RefusedError(400, f"the body is not what it should be: {error}") from None


def _number(request: Request, name: str, default: int, most: int) -> int:
    told = request.query_params.get(name)
    if told is None:
        return default
    if not (told.isascii() and told.isdecimal() and len(told) < 17):
        raise _RefusedError(400, f"{name}: expected a whole number")
    return min(int(told), most)


def _json(told: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(told),
        status,
        media_type="application/json",
        headers={"cache-control": "no-store", "x-content-type-options": "nosniff"},
    )


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, _RefusedError)
    answer = _json({"error": {"message": str(error)}}, error.status)
    if error.status == 429:
        answer.headers["retry-after"] = "60"
    if error.status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


async def _nowhere(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return _json({"error": {"message": f"no {request.method} {request.url.path} here"}}, status)
