"""The server of one simulated engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs

from headway.errors import ConfigError, EndpointError, HeadwayError
from headway.serving.engine_server import bodies, tokens
from headway.serving.engine_server.errors import ApiError, error_body, to_json
from headway.serving.engine_server.faults import NONE, Faults, faults_from
from headway.serving.engine_server.inference import Inference
from headway.serving.engine_server.kv_events import KvEvents
from headway.serving.engine_server.metrics import Metrics
from headway.serving.engine_server.models import Models
from headway.serving.engine_server.real_time import RealTimeEngine
from headway.serving.engine_server.settings import Settings
from headway.serving.wire import Exchange, Header, Server

_log = logging.getLogger(__name__)

Handler = Callable[[Exchange], Awaitable[None]]


class EngineServer:
    """A simulated engine with the API of OpenAI and the surroundings of vLLM.

    Parameters
    ----------
    settings
        What is served.

    Notes
    -----
    It must be made and used within a running event loop.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.models = Models(settings.model, settings.adapters, settings.max_tokens)
        self.engine = RealTimeEngine(
            settings.config,
            settings.step_time,
            speed=settings.speed,
            weights=self.models.weights,
        )
        self.metrics = Metrics(settings.model, settings.number, settings.speed)
        self._inference = Inference(settings, self.engine, self.models, self.metrics)
        self._kv: KvEvents | None = None
        if settings.kv_events is not None:
            self._kv = KvEvents(
                settings.kv_events,
                replay=settings.kv_replay,
                topic=settings.kv_topic,
                block_tokens=settings.config.block_tokens,
            )
            self.engine.watch(self._kv)
        self._faulty_since_s = 0.0
        self._fault_ends: asyncio.TimerHandle | None = None
        self._outages: set[asyncio.Task[None]] = set()
        self._address: tuple[str, int] | None = None
        self._server: Server | None = None
        self._routes = self._table()

    @property
    def kv_endpoints(self) -> tuple[str, ...]:
        """Where cache events are published, and told again."""
        return () if self._kv is None else tuple(self._kv.endpoints)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen, and return the address.

        Raises
        ------
        EndpointError
            If it is taken, or not ours.
        """
        self._server = Server(self.handle, refusal=error_body)
        try:
            self._address = await self._server.start(host, port)
        except OSError as error:
            raise EndpointError(f"{host}:{port}: {error.strerror or error}") from None
        if self.settings.faults != NONE and self._inference.faults == NONE:
            self.set_faults(self.settings.faults)
        return self._address

    async def stop(self, grace_s: float = 0.0) -> None:
        """Let answers end for a while, then stop."""
        for task in self._outages:
            task.cancel()
        if self._server is not None:
            await self._server.stop(grace_s)
        if self._fault_ends is not None:
            self._fault_ends.cancel()
        self.engine.stop()
        if self._kv is not None:
            await self._kv.close()

    def set_faults(self, faults: Faults) -> None:
        """Let something go wrong from now on, in place of what went wrong before."""
        loop = asyncio.get_running_loop()
        if self._fault_ends is not None:
            self._fault_ends.cancel()
            self._fault_ends = None
        self._inference.faults = faults
        self._faulty_since_s = loop.time()
        self.engine.set_pace(faults.pace)
        if faults.for_s is None:
            return
        if faults.silent:
            self.engine.stall(faults.for_s)
        if faults.refuse or faults.crash:
            task = loop.create_task(self._outage(faults.for_s, crashes=faults.crash))
            self._outages.add(task)
            task.add_done_callback(self._outages.discard)
        else:
            self._fault_ends = loop.call_later(faults.for_s, self.set_faults, NONE)

    async def handle(self, exchange: Exchange) -> None:
        """Answer a request."""
        if self._inference.faults.silent:
            await asyncio.get_running_loop().create_future()
        handler = self._routes.get((exchange.method, exchange.path))
        try:
            if handler is None:
                known = any(path == exchange.path for _, path in self._routes)
                raise ApiError(405, "Method Not Allowed") if known else ApiError(404, "Not Found")
            await handler(exchange)
        except ApiError as error:
            exchange.reply(error.status, error.body(), headers=_named(exchange))

    def _table(self) -> dict[tuple[bytes, bytes], Handler]:
        async def empty(exchange: Exchange) -> None:
            exchange.reply(200, b"")

        return {
            (b"POST", b"/v1/completions"): self._inference.completions,
            (b"POST", b"/v1/chat/completions"): self._inference.chat,
            (b"POST", b"/v1/embeddings"): self._inference.embeddings,
            (b"GET", b"/v1/models"): self._models,
            (b"POST", b"/v1/load_lora_adapter"): self._load,
            (b"POST", b"/v1/unload_lora_adapter"): self._unload,
            (b"POST", b"/tokenize"): self._tokenize,
            (b"POST", b"/detokenize"): self._detokenize,
            (b"GET", b"/health"): self._health,
            (b"GET", b"/ping"): empty,
            (b"POST", b"/ping"): empty,
            (b"GET", b"/version"): self._version,
            (b"GET", b"/load"): self._load_now,
            (b"GET", b"/metrics"): self._metrics,
            (b"POST", b"/sleep"): self._sleep,
            (b"POST", b"/wake_up"): self._wake_up,
            (b"GET", b"/is_sleeping"): self._is_sleeping,
            (b"POST", b"/reset_prefix_cache"): self._reset,
            (b"GET", b"/faults"): self._get_faults,
            (b"PUT", b"/faults"): self._put_faults,
            (b"DELETE", b"/faults"): self._put_faults,
        }

    async def _models(self, exchange: Exchange) -> None:
        _reply(exchange, self.models.listed())

    async def _load(self, exchange: Exchange) -> None:
        said = self.models.load(bodies.read(exchange.body, bodies.AdapterBody))
        exchange.reply(200, said.encode(), b"text/plain; charset=utf-8")

    async def _unload(self, exchange: Exchange) -> None:
        said = self.models.unload(bodies.read(exchange.body, bodies.AdapterBody))
        exchange.reply(200, said.encode(), b"text/plain; charset=utf-8")

    async def _tokenize(self, exchange: Exchange) -> None:
        body = bodies.read(exchange.body, bodies.TokenizeBody)
        if body.messages is not None:
            found = bodies.chat_tokens(body.messages, asks=body.add_generation_prompt)
        elif body.prompt is not None:
            found = tokens.encode(body.prompt)
        else:
            raise ApiError(400, "Expected a prompt or messages.", "prompt")
        told = {"count": len(found), "max_model_len": self.models.max_tokens}
        _reply(exchange, {**told, "tokens": found.tolist()})

    async def _detokenize(self, exchange: Exchange) -> None:
        body = bodies.read(exchange.body, bodies.DetokenizeBody)
        try:
            _reply(exchange, {"prompt": tokens.decode(body.tokens)})
        except HeadwayError as error:
            raise ApiError(400, str(error), "tokens") from None

    async def _health(self, exchange: Exchange) -> None:
        since_s = asyncio.get_running_loop().time() - self._faulty_since_s
        exchange.reply(200 if self._inference.faults.is_healthy(since_s) else 503, b"")

    async def _version(self, exchange: Exchange) -> None:
        _reply(exchange, {"version": f"headway {version('headway')}"})

    async def _load_now(self, exchange: Exchange) -> None:
        _reply(exchange, {"server_load": self._inference.in_flight})

    async def _metrics(self, exchange: Exchange) -> None:
        text = self.metrics.text(
            self.engine, len(self.models.adapters), asleep=self._inference.asleep
        )
        exchange.reply(200, text, b"text/plain; version=0.0.4; charset=utf-8")

    async def _sleep(self, exchange: Exchange) -> None:
        asked = parse_qs(exchange.target.partition(b"?")[2].decode("latin-1"))
        mode = asked.get("mode", ["abort"])[-1]
        if mode not in ("abort", "wait") or asked.get("level", ["1"])[-1] not in ("1", "2"):
            raise ApiError(400, "Expected level 1 or 2 and mode abort or wait.")
        self._inference.asleep = True
        while mode == "wait" and self._inference.in_flight:
            await asyncio.sleep(0.01)
        self.engine.crash()
        exchange.reply(200, b"")

    async def _wake_up(self, exchange: Exchange) -> None:
        self._inference.asleep = False
        exchange.reply(200, b"")

    async def _is_sleeping(self, exchange: Exchange) -> None:
        _reply(exchange, {"is_sleeping": self._inference.asleep})

    async def _reset(self, exchange: Exchange) -> None:
        exchange.reply(200 if self.engine.clear_cache() else 409, b"")

    async def _get_faults(self, exchange: Exchange) -> None:
        exchange.reply(200, to_json(self._inference.faults))

    async def _put_faults(self, exchange: Exchange) -> None:
        try:
            faults = NONE if exchange.method == b"DELETE" else faults_from(exchange.body)
        except ConfigError as error:
            raise ApiError(400, str(error)) from None
        await self._get_faults(exchange)
        self.set_faults(faults)

    async def _outage(self, seconds: float, *, crashes: bool) -> None:
        server, address = self._server, self._address
        assert server is not None
        assert address is not None
        if crashes:
            await asyncio.sleep(0.01)  # the answer to who asked for it is on its way
            self.engine.crash()
        loop = asyncio.get_running_loop()
        back_s = loop.time() + seconds
        await server.stop(0.0 if crashes else seconds)
        await asyncio.sleep(max(0.0, back_s - loop.time()))
        self.set_faults(NONE)
        self._server = Server(self.handle, refusal=error_body)
        await self._server.start(*address)


def _reply(exchange: Exchange, told: dict[str, Any]) -> None:
    exchange.reply(200, to_json(told))


def _named(exchange: Exchange) -> list[Header]:
    given = exchange.header(b"x-request-id")
    return [] if given is None else [(b"x-request-id", given)]
