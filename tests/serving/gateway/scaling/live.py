"""Gateways that start and stop small engines."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.site import Site
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import post, running, site

QUICK = {
    "watch": {"scrape_s": 0.05, "models_s": 0.2},
    "health": {"period_s": 0.05, "timeout_s": 1.0},
    "limits": {},
}
ENGINE = (
    sys.executable,
    "-I",
    "-S",
    str(Path(__file__).with_name("small_engine.py")),
    "{port}",
    "{host}",
)


def scaled(*moods: str, started: int = 1, count: int = 3, **more: Any) -> Site:
    """Return a fleet whose engines are small processes; ``scaling`` adds to that section."""
    section = more.pop("scaling", {})
    kind = {"command": [*ENGINE, *moods], **section.pop("kind", {})}
    scaling = {
        "act": "processes",
        "engines": {"a": kind},
        "changes_per_min": 1000,
        "stop_s": 2.0,
        **section,
    }
    serve = {
        "engines": {"a": {"kind": "vllm"}},
        "scaling": scaling,
        **QUICK,
        **more.pop("serve", {}),
    }
    fleet = site([], serve=serve, **more)
    group = {"count": count, "started": started}
    return resized(fleet, group)


def resized(fleet: Site, group: dict[str, Any]) -> Site:
    """Return a fleet with other numbers of engines."""
    import msgspec

    first = msgspec.structs.replace(fleet.file.engines[0], **group)
    return Site.of(msgspec.structs.replace(fleet.file, engines=(first,)), fleet.path)


@asynccontextmanager
async def serving(fleet: Site, **more: Any) -> AsyncIterator[tuple[Gateway, Callable[[], Any]]]:
    """Give a gateway, and what asks it a question."""
    async with running(fleet, **more) as (gateway, host, port):
        pool = Pool(host, port)

        async def ask() -> tuple[int, str]:
            status, _, headers = await post(pool, "/v1/completions", {"model": "m", "prompt": "a"})
            return status, headers.get("x-headway-engine", "")

        yield gateway, ask
        pool.close()


def state(gateway: Gateway) -> list[str | None]:
    return [gateway.scaling.governor.state(number) for number in range(len(gateway.engines))]
