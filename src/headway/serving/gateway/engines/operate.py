"""What may be done to a running engine: adapters loaded and unloaded, memory given up and taken."""

from __future__ import annotations

from typing import Any

from headway.errors import EndpointError, UnsupportedError
from headway.serving.gateway.engines.ask import ask
from headway.serving.gateway.engines.kinds import Switch
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.engines.models import served

TIMEOUT_S = 120.0
"""Adapters come from disks and stores, and weights go back to the GPU."""


async def refresh(engine: LiveEngine, *, timeout_s: float) -> bool:
    """Read what an engine serves; return whether that has changed.

    Raises
    ------
    EndpointError
        If it does not say.
    """
    status, body = await ask(engine, engine.kind.models, timeout_s=timeout_s)
    if status != 200:
        raise EndpointError(f"{engine.name}: its list of models is refused with {status}")
    found = served(body)
    known = (engine.models, engine.adapters)
    engine.models, engine.adapters = frozenset(found.models), found.adapters
    return known != (engine.models, engine.adapters)


async def load_adapter(
    engine: LiveEngine, adapter: str, path: str, *, timeout_s: float = TIMEOUT_S
) -> None:
    """Have an engine load an adapter; nothing happens if it is there.

    Parameters
    ----------
    engine
        That serves its base model.
    adapter
        Name that requests call it by.
    path
        Where the engine finds it.
    timeout_s
        To load it.

    Raises
    ------
    UnsupportedError
        If engines of this kind do not load adapters while they run.
    EndpointError
        If it cannot be loaded.
    """
    switch = _switch(engine, engine.kind.adapters, "load adapters")
    if adapter not in engine.adapters:
        body = {"lora_name": adapter, "lora_path": path}
        await _adapters(engine, switch, switch.on, adapter, body, timeout_s)
        engine.adapters |= {adapter}


async def unload_adapter(engine: LiveEngine, adapter: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """Have an engine give up an adapter; nothing happens if it is not there.

    Raises
    ------
    UnsupportedError
        If engines of this kind do not unload adapters while they run.
    EndpointError
        If it cannot be unloaded.
    """
    switch = _switch(engine, engine.kind.adapters, "unload adapters")
    if adapter in engine.adapters:
        await _adapters(engine, switch, switch.off, adapter, {"lora_name": adapter}, timeout_s)
        engine.adapters -= {adapter}


async def sleep(engine: LiveEngine, *, timeout_s: float = TIMEOUT_S) -> None:
    """Have an engine give up its memory, cache and all, until it is woken.

    Raises
    ------
    UnsupportedError
        If engines of this kind cannot.
    EndpointError
        If it does not.
    """
    switch = _switch(engine, engine.kind.sleep, "sleep")
    await _done(engine, switch, switch.on, {}, timeout_s)


async def wake(engine: LiveEngine, *, timeout_s: float = TIMEOUT_S) -> None:
    """Have an engine take its memory back.

    Raises
    ------
    UnsupportedError
        If engines of this kind cannot.
    EndpointError
        If it does not.
    """
    switch = _switch(engine, engine.kind.sleep, "sleep")
    await _done(engine, switch, switch.off, {}, timeout_s)


def _switch(engine: LiveEngine, switch: Switch | None, what: str) -> Switch:
    if switch is None:
        raise UnsupportedError(f"{engine.name}: engines of kind {engine.kind.name} do not {what}")
    return switch


async def _adapters(
    engine: LiveEngine,
    switch: Switch,
    target: bytes,
    adapter: str,
    body: dict[str, Any],
    timeout_s: float,
) -> None:
    """Load or unload; an engine that refuses because it is done already is not at fault."""
    try:
        await _done(engine, switch, target, body, timeout_s)
    except EndpointError:
        await refresh(engine, timeout_s=timeout_s)
        if (adapter in engine.adapters) != (target == switch.on):
            raise


async def _done(
    engine: LiveEngine, switch: Switch, target: bytes, body: dict[str, Any], timeout_s: float
) -> None:
    status, answer = await ask(engine, target, body, timeout_s=timeout_s)
    if not 200 <= status < 300:
        told = answer[:300].decode("utf-8", "replace")
        hint = f"; it must be started with {switch.needs}" if status in (404, 405) else ""
        what = f"{target.decode()} is refused with {status}: {told}{hint}"
        raise EndpointError(f"{engine.name}: {what}")
