"""What `headway engine` costs, and how true it is to the simulator.

::

    python benchmarks/engine_server.py            # four minutes
    python benchmarks/engine_server.py --seconds 10

Fidelity: one engine (Llama 3.1 8B on an L40S by the roofline) in a process of its own gets 30 s of
Poisson traffic over HTTP, open loop, streaming, at three loads; the simulator gets the same
requests. A client measures from when a request was due; what it sees includes its own lateness, the
event loops' clocks, which count milliseconds, and whatever else the machine is doing. What the
server itself tells begins when it has read the request.

Cost: CPU of the server's process, by its own count, for streams of many tokens (32 engines in one
process) and for short whole answers, and its memory after each round of these.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop
from table import keep, machine

from headway.serving.engine import Engine
from headway.serving.engine_server import Settings, flagged
from headway.serving.replay import Endpoint, beside, replay
from headway.serving.wire import Pool
from headway.serving.workload import synthetic

MODEL, GPU = "llama-3.1-8b", "l40s"
RATES = (1.0, 3.0, 6.0)
FIGURES = ("ttft_s.mean", "ttft_s.p99", "tpot_s.mean", "latency_s.mean", "throughput_tokens")
SERVERS = ("headway:step_lag_seconds", "vllm:time_to_first_token_seconds")
COMMAND = (sys.executable, "-m", "headway", "engine")


@contextmanager
def running(*more: str) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """Start engines in a process; give its number and where they listen."""
    count = int(more[more.index("--count") + 1]) if "--count" in more else 1
    given = ("--model", MODEL, "--gpu", GPU, "--port", "0", *more)
    with subprocess.Popen([*COMMAND, *given], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline() for _ in range(count)]
            urls = [line.strip().rpartition("//")[2].partition(":") for line in lines]
            yield process.pid, [(host, int(port)) for host, _, port in urls]
        finally:
            process.terminate()


def fidelity(settings: Settings, rate: float, seconds: float) -> list[dict[str, object]]:
    """Return simulated and measured figures of the same traffic."""
    traffic = synthetic(
        {
            "requests": max(1, round(rate * seconds)),
            "arrivals": f"poisson({rate})",
            "prompt_tokens": "lognormal(600, 1)",
            "output_tokens": "lognormal(150, 0.8)",
        },
        seed=7,
    )
    with running() as (_, ((host, port),)):
        endpoint = Endpoint(url=f"http://{host}:{port}", model=MODEL)
        measured = uvloop.run(replay(traffic, endpoint))
        lag_s, ttft_s = (uvloop.run(mean((host, port), name)) for name in SERVERS)
    simulated = Engine(traffic, settings.config, settings.step_time).run().measures
    rows = {row["figure"]: row for row in beside(simulated, measured)}
    found = [rows[figure] for figure in FIGURES if figure in rows]
    simulated_s = simulated["ttft_s.mean"]
    own = {"figure": "ttft_s.mean, by the server", "simulated": round(simulated_s, 4)}
    own |= {"measured": round(ttft_s, 4), "off": f"{simulated_s / ttft_s - 1:+.1%}"}
    lag = {"figure": "step_lag_s.mean", "simulated": 0, "measured": round(lag_s, 4), "off": "–"}
    return [{"req/s": rate, **row} for row in (*found, own, lag)]


def streams(engines: int, seconds: float, *, clients: int, tokens: int) -> dict[str, object]:
    """Return what streaming costs: so many clients an engine, each one answer after another."""
    with running("--count", str(engines)) as (pid, places):
        begin = uvloop.run(told(places[0]))
        began_s = time.perf_counter()
        spoken, asked = uvloop.run(busy(places, seconds, clients, tokens, stream=True))
        took_s = time.perf_counter() - began_s
        cpu_s = uvloop.run(told(places[0])) - begin
        memory = resident_mb(pid)
    load = f"{engines} engines, {engines * clients} streams"
    return cost(load, asked, spoken, "token", took_s, cpu_s, memory)


def short(seconds: float, rounds: int) -> list[dict[str, object]]:
    """Return what whole answers of one token cost, and the memory after each round."""
    rows: list[dict[str, object]] = []
    with running("--speed", "10000") as (pid, places):
        for number in range(rounds):
            begin = uvloop.run(told(places[0]))
            spoken, asked = uvloop.run(busy(places, seconds, 32, 1, stream=False))
            cpu_s = uvloop.run(told(places[0])) - begin
            load = f"whole answers of one token, round {number + 1}"
            row = cost(load, asked, spoken, "answer", seconds, cpu_s, resident_mb(pid))
            rows.append(row)
    return rows


def cost(
    load: str, asked: int, spoken: int, each: str, took_s: float, cpu_s: float, memory: int | None
) -> dict[str, object]:
    """Return a row: so many tokens or answers, and what one of them costs."""
    count = spoken if each == "token" else asked
    return {
        "load": load,
        "requests": asked,
        "tokens": spoken,
        "each": each,
        "per s": round(count / took_s),
        "CPU µs each": round(cpu_s / count * 1e6, 1),
        "per s of CPU": round(count / cpu_s),
        "memory MB": memory,
    }


async def mean(place: tuple[str, int], name: str) -> float:
    """Return the mean that an engine's metrics tell."""
    return await told(place, f"{name}_sum") / await told(place, f"{name}_count")


async def told(place: tuple[str, int], name: str = "process_cpu_seconds_total") -> float:
    """Return a sample of an engine's metrics."""
    pool = Pool(*place)
    text = await (await pool.send(b"GET", b"/metrics")).read()
    pool.close()
    (line,) = (line for line in text.decode().splitlines() if line.startswith(name))
    return float(line.rpartition(" ")[2])


async def busy(
    places: list[tuple[str, int]], seconds: float, clients: int, tokens: int, *, stream: bool
) -> tuple[int, int]:
    """Keep clients busy for a while; return the tokens that were said, and the requests."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    said = [0, 0]

    async def client(pool: Pool, name: str) -> None:
        number = 0
        while loop.time() < end_s:
            number += 1
            prompt = f"{name}-{number} " + "word" * 200
            body = {"prompt": prompt, "max_tokens": tokens, "stream": stream}
            data = json.dumps(body).encode()
            answer = await pool.send(b"POST", b"/v1/completions", (), data)
            found = await answer.read()
            said[0] += found.count(b'"text":') if stream else tokens
            said[1] += 1

    pools = [Pool(*place) for place in places]
    async with asyncio.TaskGroup() as group:
        for place, pool in enumerate(pools):
            for number in range(clients):
                group.create_task(client(pool, f"{place}-{number}"))
    for pool in pools:
        pool.close()
    return said[0], said[1]


def resident_mb(pid: int) -> int | None:
    """Return the memory of a process, where the system tells it."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    text = status.read_text(encoding="utf-8")
    return int(text.partition("VmRSS:")[2].split()[0]) // 1000


def main() -> None:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings = flagged(MODEL, GPU)
    rows: list[dict[str, object]] = []
    for rate in RATES:
        rows += fidelity(settings, rate, options.seconds)
    about = machine("uvloop", "httptools")
    keep(
        "engine_server",
        "headway engine beside the simulator",
        rows,
        seconds=options.seconds,
        **about,
    )
    costs = [
        streams(1, options.seconds / 3, clients=64, tokens=200),
        streams(32, options.seconds / 3, clients=16, tokens=200),
        *short(options.seconds / 3, options.rounds),
    ]
    keep("engine_server_cost", "What headway engine costs", costs, **about)


if __name__ == "__main__":
    main()
