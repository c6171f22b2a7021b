"""What an endpoint serves."""

from __future__ import annotations

import msgspec

from headway.errors import EndpointError
from headway.serving.replay.sender import Endpoint
from headway.serving.wire import Header, UpstreamError


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


async def first_model(url: str, api_key: str | None = None) -> str:
    """Return the name of the first model that an endpoint lists.

    Raises
    ------
    EndpointError
        If it cannot be reached, or lists none.
    """
    pool = Endpoint(url=url, model="").pool(1)
    headers: list[Header] = []
    if api_key is not None:
        headers.append((b"authorization", b"Bearer " + api_key.encode()))
    try:
        answer = await pool.send(b"GET", b"/v1/models", headers)
        body = await answer.read()
        if answer.status != 200:
            raise EndpointError(f"{url}/v1/models: {answer.status}; name the model")
        return msgspec.json.decode(body, type=_Models).data[0].id
    except UpstreamError as error:
        raise EndpointError(f"{url}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
        raise EndpointError(f"{url}/v1/models: no model is listed; name one") from None
    finally:
        pool.close()
