"""How a simulated fleet grows: processor time and memory by requests and by engines.

::

    HEADWAY_DATA=… python benchmarks/fleet_scale.py              # ten minutes, one core
    python benchmarks/fleet_scale.py --requests 100000

Requests with the lengths of Azure's conversation trace, Poisson arrivals at five per second and
engine, a day's wave of plus and minus a third over them; Llama-3.1-8B on an H100 by the roofline.
Routed to the engine with the fewest requests; a scaler starts and drains engines (60 s to start);
engines crash, hang and straggle at random. Each run is a process of its own, so that the peak of
its memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from table import keep, machine

from headway.serving.engine import preset
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Drain,
    Fault,
    FleetSimulation,
    Hang,
    Member,
    Operation,
    Start,
    Straggle,
)
from headway.serving.fleet.routing import router
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline
from headway.serving.workload import Workload, workload

BLOCKS = 27_000
PER_ENGINE = 5.0
"""Requests per second and engine, on average."""


@dataclass
class Band:
    """Keeps the requests per ready engine between two numbers, one engine at a time."""

    low: float = 12.0
    high: float = 25.0
    name: str = "band"
    period_s: float = 10.0

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        ready = np.flatnonzero(cluster.ready)
        load = cluster.in_flight.sum() / max(len(ready), 1)
        if load > self.high and len(ready) < len(cluster.engines):
            return (Start(int(np.flatnonzero(~cluster.ready)[0])),)
        if load < self.low and len(ready) > 1:
            return (Drain(int(ready[-1])),)
        return ()


def traffic(n: int, engines: int) -> Workload:
    rng = np.random.default_rng(n + engines)
    lengths = workload("azure-conv")
    span_s = n / (PER_ENGINE * engines)
    # A day's wave by thinning: arrivals are moved to where the wave is high.
    even = np.sort(rng.uniform(0, 1, n))
    grid = np.linspace(0, 1, 4001)
    share = grid - (1 / 3) * (np.cos(2 * np.pi * 4 * grid) - 1) / (2 * np.pi * 4)
    drawn = rng.integers(0, len(lengths), n)
    return Workload.of(
        name=f"{n:,} requests",
        arrival_s=np.interp(even, share, grid) * span_s,
        prompt_tokens=lengths.prompt_tokens[drawn],
        output_tokens=lengths.output_tokens[drawn],
    )


def faults(engines: int, span_s: float) -> list[Fault]:
    """Return one fault per engine and hour of each kind, at random."""
    rng = np.random.default_rng(engines)
    found: list[Fault] = []
    for kind, length_s in ((Crash, 120.0), (Hang, 15.0), (Straggle, 60.0)):
        for _ in range(rng.poisson(engines * span_s / 3600)):
            begin = float(rng.uniform(0, span_s))
            number = int(rng.integers(engines))
            found.append(kind(at_s=begin, engine=number, until_s=begin + length_s))
    return found


def one(n: int, engines: int) -> dict[str, Any]:
    step_time = Roofline(Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100")))
    members = [
        Member(
            name=f"h100-{k}",
            config=preset("vllm", blocks=BLOCKS),
            step_time=step_time,
            price_per_h=2.0,
            start_s=60.0,
        )
        for k in range(engines)
    ]
    requests = traffic(n, engines)
    span_s = n / (PER_ENGINE * engines)
    wall, began = time.perf_counter(), time.process_time()
    run = FleetSimulation(
        requests,
        members,
        router("least-request"),
        controllers=[Band()],
        faults=faults(engines, span_s),
    ).run()
    seconds = time.process_time() - began
    table = run.requests
    ended = np.isin(table.status, (1, 3))
    assert ended.all(), np.bincount(table.status)
    ttft_s = (table.first_token_s - table.arrival_s)[table.status == 1]
    return {
        "engines": engines,
        "requests": n,
        "steps": sum(map(len, run.steps)),
        "CPU s": round(seconds, 1),
        "µs per request": round(1e6 * seconds / n),
        "wall s": round(time.perf_counter() - wall, 1),
        "peak memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "crashes": run.count("crash"),
        "starts and stops": run.count("start") + run.count("stop"),
        "lost": int((table.status == 3).sum()),
        "TTFT p99 s": round(float(np.percentile(ttft_s, 99)), 2),
        "engine hours": round(run.replica_seconds / 3600, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1_000_000, help="at most")
    given = parser.parse_args()
    most = given.requests
    cases = [(n, 64) for n in (most // 100, most // 10, most)]
    cases += [(most // 10, m) for m in (4, 16, 256)]
    rows = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for n, engines in cases:
            rows.append(pool.apply(one, (n, engines)))
            print(rows[-1], flush=True)
    keep(
        "fleet-scale",
        "A fleet simulated: by requests and by engines",
        rows,
        figures="times and memory measured on one core, the rest simulated",
        **machine(),
    )


if __name__ == "__main__":
    main()
