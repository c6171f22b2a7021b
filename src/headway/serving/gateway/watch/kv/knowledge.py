"""What a worker knows of the caches of its engines, and of the prompts of its requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from headway.serving.gateway.engines.document import KvEvents
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.watch.kv.residency import Prefix, Residency
from headway.serving.gateway.watch.kv.subscriber import Subscriber, sources
from headway.serving.gateway.watch.kv.tokens import PromptTokens, Tokens

_log = logging.getLogger(__name__)

NOTICED_S = 10.0
"""Longest time until it is noticed from elsewhere that an engine was started anew."""


class Knowledge:
    """Follows the caches of engines that publish them, and looks prompts up in them.

    Parameters
    ----------
    engines
        All of the fleet.
    told
        How engines publish their caches, by their numbers; others do not.
    well
        Returns whether an engine can be asked something now.
    clock
        Seconds that only grow.
    seed
        Of the names of blocks.

    Attributes
    ----------
    residency
        What caches hold.
    tokens
        Finds the tokens of prompts.

    Raises
    ------
    ConfigError
        If an address is none.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        told: Mapping[int, KvEvents],
        well: Callable[[int], bool],
        clock: Callable[[], float],
        *,
        seed: int = 0,
    ) -> None:
        self._engines = tuple(engines)
        self._told = dict(told)
        self._well = well
        self._askable = [number for number, one in self._told.items() if one.tokenize]
        self._turn = 0
        timeout_s = min((one.tokenize_s for one in self._told.values()), default=0.5)
        self.residency = Residency(seed)
        self.tokens = PromptTokens(self._pick, clock, timeout_s=timeout_s)
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._heard: dict[int, list[Subscriber]] = {}
        for number in self._told:
            self._subscribers(number)

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            for number in self._told:
                self.moved(number)
            await asyncio.Event().wait()
        finally:
            for number in self._told:
                self._stop(number)

    async def find(
        self, model: str, body: bytes, adapter: str | None = None
    ) -> tuple[Tokens, Prefix] | None:
        """Return the tokens of a request's prompt and who holds how many of its blocks.

        Parameters
        ----------
        model
            That is asked for.
        body
            Of the request.
        adapter
            That it needs.

        Returns
        -------
        tuple or None
            None if the tokens cannot be had, or no engine has told what it holds.
        """
        if not self.residency.block_tokens:
            return None
        tokens = await self.tokens.of(model, body)
        if tokens is None:
            return None
        found = self.residency.find(tokens, len(self._engines), adapter)
        return None if found is None else (tokens, found)

    def gone(self, number: int) -> None:
        """Hear that an engine has lost all it held.

        Its publisher, which begins anew as well, may have been heard already.
        """
        now_s = asyncio.get_running_loop().time()
        for one in self._heard.get(number, []):
            if now_s - one.begun_s > NOTICED_S:
                self.residency.drop(number, one.rank)

    def moved(self, number: int) -> None:
        """Hear that there is another engine at a place, or none."""
        if number not in self._told:
            return
        self._stop(number)
        self.residency.drop(number)
        if self._engines[number].present:
            self._heard[number] = self._subscribers(number)
            self._tasks[number] = [
                asyncio.create_task(self._follow(one)) for one in self._heard[number]
            ]

    async def _follow(self, subscriber: Subscriber) -> None:
        try:
            await subscriber.run()
        except Exception:
            # What is lost is the knowledge of one cache; requests are routed without it.
            _log.exception("events of a cache are not followed any more")

    def _subscribers(self, number: int) -> list[Subscriber]:
        told, host = self._told[number], self._engines[number].pool.host
        found = sources(
            number, host, told.publisher, told.replay, topic=told.topic, ranks=told.ranks
        )
        return [Subscriber(one, self.residency) for one in found]

    def _stop(self, number: int) -> None:
        for task in self._tasks.pop(number, []):
            task.cancel()

    def _pick(self, model: str) -> LiveEngine | None:
        """Return an engine to be asked about a model; they take turns."""
        for _ in self._askable:
            self._turn = (self._turn + 1) % len(self._askable)
            engine = self._engines[self._askable[self._turn]]
            serves = engine.models is None or model in engine.models or model in engine.adapters
            if serves and engine.present and self._well(engine.number):
                return engine
        return None
