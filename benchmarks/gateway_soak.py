"""500 streams at once while engines are restarted and killed, one after another.

    python benchmarks/gateway_soak.py --minutes 10
    python benchmarks/gateway_soak.py --minutes 2 --resume

Four simulated engines, each a process; one gateway, a process. In turn an engine is drained,
stopped and started again, and another one is killed and started again. Clients connect again if
that fails, and check each word of each answer; whatever else goes wrong counts as an error.
All figures are *measured*.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import uvloop
from gateway_world import Engine, Got, Steered, stream, until, world
from table import keep, machine

from headway.serving.wire import Pool

STEP_S = 0.25
MOST_TOKENS = 48


@dataclass
class Soak:
    """What has happened so far.

    Attributes
    ----------
    kills
        Engine, when it was killed, and when it was back.
    drains
        Engine, when it began to be drained, when it was stopped, and when it was back.
    """

    ends_s: float
    got: list[Got] = field(default_factory=list)
    kills: list[tuple[str, float, float]] = field(default_factory=list)
    drains: list[tuple[str, float, float, float]] = field(default_factory=list)
    memory: list[tuple[float, float, int]] = field(default_factory=list)


async def client(
    soak: Soak, pool: Pool, number: int, headers: Sequence[tuple[bytes, bytes]]
) -> None:
    """Have one stream after another."""
    lengths = np.random.default_rng(number)
    await asyncio.sleep(lengths.uniform(0, STEP_S * MOST_TOKENS))
    turn = 0
    while time.monotonic() < soak.ends_s:
        tokens = int(lengths.integers(MOST_TOKENS // 3, MOST_TOKENS + 1))
        got = await stream(pool, f"client {number} asks for the {turn}th time", tokens, headers)
        soak.got.append(got)
        turn += 1
        if got.kind != "whole":
            await asyncio.sleep(0.1)


async def restart(soak: Soak, gateway: Steered, engine: Engine) -> None:
    """Drain an engine, stop it, start it, and have it serve again."""
    begin_s = time.monotonic()
    await gateway.tell("drain", engine.number, 60.0)
    await until(lambda look: look["in_flight"][engine.number] == 0, gateway)
    stopped_s = time.monotonic()
    await engine.end(signal.SIGTERM)
    await engine.begin()
    await gateway.tell("undrain", engine.number)
    await until(lambda look: look["ready"][engine.number], gateway)
    soak.drains.append((f"e-{engine.number}", begin_s, stopped_s, time.monotonic()))


async def kill(soak: Soak, gateway: Steered, engine: Engine, down_s: float) -> None:
    """Kill an engine, start it after a while, and wait until it serves again."""
    at_s = time.monotonic()
    await engine.end(signal.SIGKILL)
    await asyncio.sleep(down_s)
    await engine.begin()
    await until(lambda look: look["ready"][engine.number], gateway)
    soak.kills.append((f"e-{engine.number}", at_s, time.monotonic()))


async def roll(soak: Soak, gateway: Steered, engines: Sequence[Engine], pause_s: float) -> None:
    """Restart and kill engines in turn."""
    turn = 0
    while True:
        await asyncio.sleep(pause_s)
        await restart(soak, gateway, engines[turn % len(engines)])
        await asyncio.sleep(pause_s)
        await kill(soak, gateway, engines[(turn + 2) % len(engines)], down_s=3.0)
        turn += 1


async def watch(soak: Soak, gateway: Steered) -> None:
    """Look at the gateway's memory and files now and again."""
    while True:
        soak.memory.append((time.monotonic(), gateway.memory_mb(), gateway.files()))
        await asyncio.sleep(2.0)


async def soaked(arguments: argparse.Namespace, gateway: Steered, engines: list[Engine]) -> Soak:
    """Run it all."""
    begin_s = time.monotonic()
    soak = Soak(ends_s=begin_s + 60.0 * arguments.minutes)
    headers = [(b"x-headway-resumed", b"yes")] if arguments.resume else []
    pool = Pool(*gateway.address, idle=arguments.streams)
    beside = [
        asyncio.create_task(roll(soak, gateway, engines, arguments.pause_s)),
        asyncio.create_task(watch(soak, gateway)),
    ]
    await asyncio.gather(*[client(soak, pool, k, headers) for k in range(arguments.streams)])
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    pool.close()
    return soak


def during(got: Got, soak: Soak) -> str:
    """Return what the engine of an answer that failed went through when it failed."""
    for engine, at_s, back_s in soak.kills:
        if got.engine in (engine, "") and at_s - 1 <= got.end_s <= back_s + 1:
            return "kill"
    for engine, begin_s, _, back_s in soak.drains:
        if got.engine in (engine, "") and begin_s - 1 <= got.end_s <= back_s + 1:
            return "drain"
    return "neither"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--engines", type=int, default=4)
    parser.add_argument("--pause-s", type=float, default=5.0, help="between two restarts")
    parser.add_argument("--resume", action="store_true", help="streams go on when engines die")
    arguments = parser.parse_args()
    serve = {"resume": True} if arguments.resume else {}
    with (
        tempfile.TemporaryDirectory() as name,
        world(Path(name), arguments.engines, STEP_S, **serve) as (gateway, engines),
    ):
        before_mb, before_files = gateway.memory_mb(), gateway.files()
        soak = uvloop.run(soaked(arguments, gateway, engines))
        look = gateway._tell("look")
        report(arguments, soak, look, before_mb, before_files, gateway.files())


def report(
    arguments: argparse.Namespace,
    soak: Soak,
    look: dict[str, object],
    before_mb: float,
    before_files: int,
    after_files: int,
) -> None:
    """Keep the table."""
    failed = [(one, during(one, soak)) for one in soak.got if one.kind != "whole"]
    found = Counter((one.kind, when) for one, when in failed)
    for one, when in failed[:5]:
        print(when, one.kind, one.status, one.engine, one.told[:300])
    rows = [
        {
            "during": when,
            "times": {"drain": len(soak.drains), "kill": len(soak.kills)}.get(when, ""),
            "refused before the first byte": found["refused", when] + found["lost", when],
            "broken after it": found["broken", when] + found["cut", when],
            "wrong words": found["wrong", when],
        }
        for when in ("drain", "kill", "neither")
    ]
    gaps = [one.longest_s for one in soak.got if one.kind == "whole"]
    first = [one.first_s - one.begun_s for one in soak.got if one.kind == "whole"]
    half = [one[1] for one in soak.memory[len(soak.memory) // 2 :]]
    keep(
        "gateway_soak_resume" if arguments.resume else "gateway_soak",
        "Streams while engines are restarted and killed (measured)",
        rows,
        **{
            "minutes": arguments.minutes,
            "streams at once": arguments.streams,
            "engines": arguments.engines,
            "answers": len(soak.got),
            "whole answers": len(soak.got) - len(failed),
            "tried on more than one engine": sum(one.tries > 1 for one in soak.got),
            "gone on with by another engine": sum(one.resumed > 0 for one in soak.got),
            "connections tried again by clients": sum(one.connects for one in soak.got),
            "first byte P50, P99, most (s)": _quantiles(first),
            "longest gap in a stream P50, P99, most (s)": _quantiles(gaps),
            "memory before, at half time, at the end (MB)": [
                round(before_mb),
                round(half[0]),
                round(half[-1]),
            ],
            "files before, most, at the end": [
                before_files,
                max(one[2] for one in soak.memory),
                after_files,
            ],
            "left in flight, queued, held, tickets": [
                sum(look["in_flight"]),
                sum(look["queued"]),
                look["held"],
                look["tickets"],
            ],
            "tasks of the gateway at the end": look["tasks"],
            **machine(),
        },
    )


def _quantiles(values: Sequence[float]) -> list[float]:
    return [round(float(one), 2) for one in np.quantile(values, [0.5, 0.99, 1.0])]


if __name__ == "__main__":
    main()
