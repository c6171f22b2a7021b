"""Engines as actors of a Ray cluster."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from headway.errors import EndpointError, MissingExtraError
from headway.serving.fleet.decisions import Drain
from headway.serving.gateway.engines.ask import ask as ask_engine
from headway.serving.gateway.scaling.document import Scaled
from headway.serving.gateway.scaling.ray_actors import RayEngines
from headway.serving.gateway.steering import Advice
from tests.serving.gateway.scaling.live import scaled, serving, state
from tests.serving.gateway.watch.engine import until


@pytest.mark.xdist_group("ray")
def test_engines_run_in_actors_that_come_and_go() -> None:
    ray = pytest.importorskip("ray")
    ray.init(
        num_cpus=1,
        object_store_memory=80 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    fleet = scaled(count=1, scaling={"act": "ray", "kind": {"cpus": 0.5}})

    async def job() -> None:
        async with serving(fleet) as (gateway, ask):

            async def order(operation: Any) -> None:
                await gateway.scaling.governor.carry_out(Advice(0.0, "somebody", operation))

            await until(lambda: state(gateway)[0] == "on", 60)
            assert await ask() == (200, "a-0")
            with pytest.raises(EndpointError):
                await ask_engine(gateway.engines[0], b"/die", timeout_s=5.0)
            await until(lambda: state(gateway)[0] == "starting", 60)
            await until(lambda: state(gateway)[0] == "on", 60)
            assert await ask() == (200, "a-0")
            await order(Drain(0))
            await until(lambda: state(gateway)[0] == "off", 60)

    try:
        asyncio.run(job())
        assert ray.is_initialized(), "a cluster that was there is left running"
    finally:
        ray.shutdown()


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'headway\[ray\]'"):
        RayEngines(("{port}",), {0: "a-0"}, own=Scaled(), address=None, stop_s=1.0)
