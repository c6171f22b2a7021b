"""A short question to an engine, on the gateway's own account."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from headway.errors import EndpointError
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.wire import UpstreamError

MOST_BYTES = 8 * 1024 * 1024
"""Of an answer; a page of vLLM's metrics has some 200,000."""

_JSON = (b"content-type", b"application/json")


async def ask(
    engine: LiveEngine,
    target: bytes,
    body: Any = None,
    *,
    timeout_s: float,
    method: bytes | None = None,
) -> tuple[int, bytes]:
    """Return the status and the body of an answer.

    Parameters
    ----------
    engine
        Who is asked.
    target
        Without the prefix of the engine's paths.
    body
        To be sent as JSON, by POST; None for a GET.
    timeout_s
        For all of it.
    method
        If it is another.

    Raises
    ------
    EndpointError
        If there is no whole answer in time.
    """
    sent = b"" if body is None else msgspec.json.encode(body)
    method = method or (b"GET" if body is None else b"POST")
    headers = engine.headers if body is None else (_JSON, *engine.headers)
    try:
        async with asyncio.timeout(timeout_s):
            answer = await engine.pool.send(method, engine.prefix + target, headers, sent)
            return answer.status, await answer.read(MOST_BYTES)
    except TimeoutError:
        what = f"no answer to {target.decode()} within {timeout_s:g} s"
        raise EndpointError(f"{engine.name}: {what}") from None
    except UpstreamError as error:
        raise EndpointError(f"{engine.name}: {error}") from None
