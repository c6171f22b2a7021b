"""What clients see when engines fail under load, how soon that is noticed, and how soon forgotten.

    python benchmarks/gateway_faults.py
    python benchmarks/gateway_faults.py --only hang --seconds 10

Three simulated engines and a gateway, each a process; clients in closed loop, three of four with
streams, check each word. One engine gets a fault while the load goes on, and is well again after a
while. All figures are *measured*.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import uvloop
from gateway_world import Engine, Got, Steered, stream, until, world
from table import keep, machine

from headway.serving.wire import Pool

STEP_S = 0.05
SETTINGS = {
    "timeouts": {"connect_s": 1, "first_byte_s": 3, "between_bytes_s": 3},
    "breaker": {"open_s": 2},
    "health": {"period_s": 0.5, "timeout_s": 1, "failures": 2, "successes": 1},
    "watch": {"scrape_s": 0.5, "models_s": 5},
}

Act = Callable[[Engine], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and how it ends."""

    name: str
    begin: Act
    end: Act


def told(name: str, **fault: object) -> Fault:
    """Return a fault that the simulated engine has by itself; it ends when told so."""

    async def begin(engine: Engine) -> None:
        await engine.fault(fault)

    async def end(engine: Engine) -> None:
        if "for_s" not in fault:
            await engine.fault(None)

    return Fault(name, begin, end)


async def _kill(engine: Engine) -> None:
    await engine.end(signal.SIGKILL)


async def _start(engine: Engine) -> None:
    await engine.begin()


async def _freeze(engine: Engine) -> None:
    engine.signal(signal.SIGSTOP)


async def _thaw(engine: Engine) -> None:
    engine.signal(signal.SIGCONT)


async def _other_model(engine: Engine) -> None:
    await engine.end(signal.SIGKILL)
    engine.serve("other")
    await engine.begin()


async def _same_model(engine: Engine) -> None:
    await engine.end(signal.SIGKILL)
    engine.serve("m")
    await engine.begin()


def faults(seconds: float) -> list[Fault]:
    """Return all there are."""
    return [
        Fault("none", _nothing, _nothing),
        Fault("process killed", _kill, _start),
        Fault("process stopped (SIGSTOP)", _freeze, _thaw),
        told("crash: all connections reset, port closed", crash=True, for_s=seconds),
        told("connections refused", refuse=True, for_s=seconds),
        told("hang: taken and never answered", silent=True, for_s=seconds),
        told("reset after 5 tokens", reset_after_tokens=5),
        told("headers 2 s late", headers_s=2.0),
        told("garbage instead of HTTP", garbage=True),
        told("500 to all", status=500),
        told("503 to every second", status=503, share=0.5),
        told("429 to all", status=429),
        told("health bad, answers good", unhealthy=True),
        told("health flaps each 0.7 s", flapping_s=0.7),
        told("ten times as slow", pace=10.0),
        Fault("started anew with another model", _other_model, _same_model),
    ]


async def _nothing(_: Engine) -> None:
    pass


@dataclass
class Seen:
    """What happened around one fault; times in seconds of the clock."""

    begun_s: float = math.nan
    ended_s: float = math.nan
    noticed_s: float = math.nan
    back_s: float = math.nan
    got: list[Got] = field(default_factory=list)


async def client(seen: Seen, pool: Pool, number: int, stop: asyncio.Event) -> None:
    """Have one request after another."""
    lengths = np.random.default_rng(number)
    turn = 0
    while not stop.is_set():
        tokens = int(lengths.integers(10, 41))
        prompt = f"client {number} asks for the {turn}th time at {seen.begun_s}"
        seen.got.append(await stream(pool, prompt, tokens, whole=number % 4 == 3))
        turn += 1


async def watch(seen: Seen, gateway: Steered) -> None:
    """Note when the gateway leaves the engine alone, and when it uses it again."""
    while True:
        ready = (await gateway.tell("look"))["ready"][0]
        now_s = time.monotonic()
        if not ready and math.isnan(seen.noticed_s) and now_s > seen.begun_s:
            seen.noticed_s = now_s
        if ready and now_s > seen.ended_s and math.isnan(seen.back_s):
            seen.back_s = now_s
        await asyncio.sleep(0.02)


async def suffer(
    fault: Fault, gateway: Steered, engine: Engine, arguments: argparse.Namespace
) -> Seen:
    """Load the gateway while an engine has a fault, and until it is used again."""
    seen, stop = Seen(), asyncio.Event()
    pool = Pool(*gateway.address, idle=arguments.clients)
    clients = [
        asyncio.create_task(client(seen, pool, number, stop)) for number in range(arguments.clients)
    ]
    await asyncio.sleep(3.0)
    seen.begun_s = time.monotonic()
    watching = asyncio.create_task(watch(seen, gateway))
    await fault.begin(engine)
    await asyncio.sleep(max(0.0, seen.begun_s + arguments.seconds - time.monotonic()))
    await fault.end(engine)
    seen.ended_s = time.monotonic()
    await asyncio.sleep(4.0)
    stop.set()
    await asyncio.gather(*clients)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    pool.close()
    await until(lambda look: look["ready"][0] and not look["tickets"], gateway)
    return seen


def row(fault: Fault, seen: Seen, look: dict[str, Sequence[int]]) -> dict[str, object]:
    """Return a row of the table."""
    failed = [one for one in seen.got if one.kind != "whole"]
    for one in failed[:2]:
        print(fault.name, one.kind, one.status, one.engine, one.told[:200])
    streams = [one for one in seen.got if one.first_s and not one.whole]
    calm = [one.first_s - one.begun_s for one in streams if one.first_s < seen.begun_s]
    during = [one.first_s - one.begun_s for one in streams if one.first_s >= seen.begun_s]
    again = [
        one.first_s
        for one in seen.got
        if one.kind == "whole" and one.engine == "e-0" and one.begun_s > seen.ended_s
    ]
    usual_s = float(np.quantile(calm, 0.99))
    left = sum(look["in_flight"]) + sum(look["queued"]) + int(look["held"]) + int(look["tickets"])
    return {
        "fault": fault.name,
        "requests": len(seen.got),
        "errors before the first byte": sum(one.kind in ("refused", "lost") for one in failed),
        "after it": sum(one.kind in ("broken", "cut") for one in failed),
        "wrong words": sum(one.kind == "wrong" for one in failed),
        "tried again": sum(one.tries > 1 for one in seen.got),
        "noticed after s": _seconds(seen.noticed_s - seen.begun_s),
        "used again after s": _seconds(min(again, default=math.nan) - seen.ended_s),
        "usual P99 to first byte s": round(usual_s, 2),
        "most extra s": round(max(during) - usual_s, 2),
        "left in flight": left,
    }


def _seconds(value: float) -> object:
    return "–" if math.isnan(value) else round(value, 2)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=6.0, help="that a fault lasts")
    parser.add_argument("--only", default="", help="a part of the names of faults")
    arguments = parser.parse_args()
    rows = []
    with (
        tempfile.TemporaryDirectory() as name,
        world(Path(name), 3, STEP_S, **SETTINGS) as (gateway, engines),
    ):
        for fault in faults(arguments.seconds):
            if arguments.only in fault.name:
                seen = uvloop.run(suffer(fault, gateway, engines[0], arguments))
                rows.append(row(fault, seen, gateway._tell("look")))
                print(rows[-1], flush=True)
    keep(
        "gateway_faults",
        "What clients see when one of three engines fails (measured)",
        rows,
        **{
            "clients": arguments.clients,
            "seconds of a fault": arguments.seconds,
            "settings": SETTINGS,
            **machine(),
        },
    )


if __name__ == "__main__":
    main()
