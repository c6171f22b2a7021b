"""Engines that a gateway runs as processes: started, started again, emptied, stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from headway.errors import ConfigError, EndpointError, UnsupportedError
from headway.serving.fleet.decisions import Drain, Operation, Start
from headway.serving.gateway.engines.ask import ask as ask_engine
from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.scaling import Hands
from headway.serving.gateway.scaling.processes import own_engine
from headway.serving.gateway.site import Site
from headway.serving.gateway.steering import Advice
from tests.serving.gateway.scaling.live import scaled, serving, state
from tests.serving.gateway.watch.engine import until

Job = Callable[[Gateway, Callable[[], Any]], Awaitable[None]]


def _run(job: Job, fleet: Site) -> None:
    async def body() -> None:
        async with serving(fleet) as (gateway, ask):
            await job(gateway, ask)

    uvloop.run(body())
    assert not _children(), "no process is left behind"


def _children() -> list[int]:
    told = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    found = [int(word) for word in told.read_text().split()] if told.exists() else []
    return [pid for pid in found if "guardian" in Path(f"/proc/{pid}/cmdline").read_text()]


def _hands(gateway: Gateway) -> Hands:
    return gateway.scaling.hands[0]


async def _order(gateway: Gateway, operation: Operation) -> tuple[str, str]:
    await gateway.scaling.governor.carry_out(Advice(0.0, "somebody", operation))
    last = gateway.scaling.record.lines[-1]
    return last.outcome, last.why


def test_engines_are_started_and_stopped_as_controllers_say() -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway) == ["on", "off", "off"])
        assert await ask() == (200, "a-0")
        assert await _order(gateway, Start(2)) == ("begun", "starting")
        up = gateway.sight.view(0.0).up
        assert up is not None
        assert up.tolist() == [True, False, True], "one that starts counts as ordered at once"
        await until(lambda: state(gateway) == ["on", "off", "on"])
        assert await _order(gateway, Drain(0)) == ("begun", "emptying")
        await until(lambda: state(gateway) == ["off", "off", "on"])
        assert await ask() == (200, "a-2")
        assert (await _order(gateway, Drain(0)))[0] == "refused"
        assert (await _order(gateway, Start(2)))[0] == "refused"
        assert await _order(gateway, Start(0)) == ("begun", "starting")
        await until(lambda: state(gateway) == ["on", "off", "on"])
        assert {(await ask())[1] for _ in range(8)} == {"a-0", "a-2"}

    _run(job, scaled())


def test_nobody_is_cut_off_by_a_stop_and_an_engine_that_empties_is_called_back() -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway)[:2] == ["on", "on"])
        answers = [asyncio.create_task(ask()) for _ in range(20)]
        await until(lambda: int(gateway.board.total(0).sum()) == 20)
        assert (await _order(gateway, Drain(1)))[0] == "begun"
        assert state(gateway)[1] == "emptying"
        assert await _order(gateway, Start(1)) == ("begun", "called back")
        assert state(gateway)[1] == "on"
        assert (await _order(gateway, Drain(1)))[0] == "begun"
        assert {status for status, _ in await asyncio.gather(*answers)} == {200}
        await until(lambda: state(gateway)[1] == "off")
        assert not gateway.board.engine("draining").any()

    _run(job, scaled(started=2))


def test_one_that_dies_is_started_again() -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway)[0] == "on")
        with pytest.raises(EndpointError):
            await ask_engine(gateway.engines[0], b"/die", timeout_s=5.0)
        await until(lambda: state(gateway)[0] == "starting")
        assert gateway.board.engine("ordered")[0], "it comes back, and counts"
        await until(lambda: state(gateway)[0] == "on")
        assert await ask() == (200, "a-0")

    _run(job, scaled())


def test_one_that_never_comes_up_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway)[0] == "off" and "given up" in caplog.text)
        assert "status 1: out of memory" in caplog.text
        assert not gateway.board.engine("ordered").any()
        assert (await ask())[0] == 503

    fleet = scaled("dies", count=1, scaling={"pause_s": 0.001}, serve={"queue": {"timeout_s": 0.1}})
    _run(job, fleet)


def test_one_that_is_not_well_in_time_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: "not well within 0.2 s" in caplog.text)
        assert (await _order(gateway, Drain(0)))[0] == "begun"
        await until(lambda: state(gateway)[0] == "off")

    _run(job, scaled("late", count=1, scaling={"start_s": 0.2}))


def test_a_gateway_that_stops_waits_for_engines_that_are_ending() -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway)[0] == "on")
        await _order(gateway, Drain(0))
        await _order(gateway, Start(1))

    _run(job, scaled("deaf", scaling={"stop_s": 0.2}))


def test_hands_refuse_what_is_no_change() -> None:
    async def job(gateway: Gateway, ask: Any) -> None:
        await until(lambda: state(gateway)[0] != "off")
        with pytest.raises(UnsupportedError, match="a-0 is there already"):
            _hands(gateway).start(0)
        with pytest.raises(UnsupportedError, match="a-1 is not there"):
            _hands(gateway).stop(1)

    _run(job, scaled())


@pytest.mark.parametrize(
    ("scaling", "message"),
    [
        (
            {"kind": {"command": ["vllm", "serve"]}},
            r"scaling: engines\.a: command: expected \{port\}",
        ),
        ({"kind": {"command": ["{port}", "{gpu}"]}}, "'gpu'; known are"),
        ({"kind": {"least": 3, "most": 2}}, "least <= most"),
        ({"kind": {"deployment": "vllm"}}, "of no use where act is processes"),
        ({"engines": {"b": {}}}, r"engines\.b: the fleet has no such kind: a"),
        ({"changes_per_min": 0}, "changes_per_min: must be positive"),
        ({"act": "systemd"}, "act"),
    ],
)
def test_what_cannot_be_is_refused(scaling: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        scaled(scaling=scaling)


def test_what_others_run_is_not_started() -> None:
    serve = {"engines": {"a": {"kind": "vllm", "urls": ["http://10.0.0.7"]}}}
    with pytest.raises(ConfigError, match="says already where engines are"):
        scaled(serve=serve)
    with pytest.raises(ConfigError, match="only one worker can start engines"):
        scaled(serve={"workers": 2})


def test_the_command_of_a_simulated_engine() -> None:
    command = own_engine(Path("/a/{b}.yaml"), "l40s")
    words = [word.format(host="h", port=1) for word in command[1:]]
    assert words == [
        *("-m", "headway", "engine", "/a/{b}.yaml", "--kind", "l40s", "--host", "h", "--port", "1")
    ]
