"""A cache that engines share: hit rates and times to first token by its size and policy.

::

    HEADWAY_DATA=… python benchmarks/cache_pool.py       # about five minutes
    HEADWAY_DATA=… python benchmarks/cache_pool.py --rate 2

Eight engines (Llama-3.1-8B on an H100 by the roofline, 27,000 blocks of 16 tokens each) serve the
Mooncake traces, which name the blocks of every prompt, behind two routers: one that knows nothing
of prefixes, and one that keeps them together. The pool has 0 to 4 TB of memory at 10 GB/s to each
engine; then a link of 1 GB/s, over which it is mostly quicker to compute, with and without the
choice.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from table import keep, machine

from headway.serving.engine import preset
from headway.serving.fleet import FleetSimulation, Link, Member
from headway.serving.fleet.pool import CachePool
from headway.serving.fleet.routing import router
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline
from headway.serving.workload import Workload, workload

BLOCKS = 27_000
FAST, SLOW = Link(bytes_per_s=10e9, latency_s=0.001), Link(bytes_per_s=1e9, latency_s=0.001)
SIZES_TB = (0.1, 0.4, 1.6)
POOLS: tuple[tuple[str, CachePool | None], ...] = (
    ("none", None),
    *(
        (f"{size:g} TB", CachePool(size_bytes=size * 1e12, policy=policy, link=FAST))
        for size in SIZES_TB
        for policy in ("lru", "s3-fifo")
    ),
    ("1.6 TB, 1 GB/s", CachePool(size_bytes=1.6e12, link=SLOW)),
    ("1.6 TB, 1 GB/s, always", CachePool(size_bytes=1.6e12, link=SLOW, selective=False)),
)


def row(
    traffic: Workload, members: list[Member], by: str, name: str, pool: CachePool | None
) -> dict[str, Any]:
    began = time.process_time()
    run = FleetSimulation(traffic, members, router(by, seed=1), pool=pool).run()
    seconds = time.process_time() - began
    told = run.document
    own = told.get("cache_pool", {})
    p50, p99 = np.percentile(run.ttft_s, (50, 99))
    found = {
        "trace": traffic.name,
        "router": by,
        "pool": name,
        "policy": pool.policy if pool else "",
        "hits in engines": f"{100 * own.get('engine_hit_rate', told['cache_hit_rate']):.1f} %",
        "from the pool": f"{100 * own.get('hit_rate', 0.0):.1f} %",
        "TTFT mean s": f"{run.ttft_s.mean():.2f}",
        "TTFT P50 s": f"{p50:.2f}",
        "TTFT P99 s": f"{p99:.2f}",
        "read GB": f"{own.get('read_bytes', 0.0) / 1e9:.0f}",
        "written GB": f"{own.get('written_bytes', 0.0) / 1e9:.0f}",
        "declined": own.get("declined", 0),
        "µs CPU per request": f"{1e6 * seconds / len(traffic):.0f}",
    }
    print(found, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3.0, help="times the recorded one")
    given = parser.parse_args()
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    step_time = Roofline(deployment)
    members = [
        Member(
            name=f"h100-{k}",
            config=preset("vllm", blocks=BLOCKS),
            step_time=step_time,
            bytes_per_token=deployment.kv_bytes_per_token,
        )
        for k in range(given.engines)
    ]
    traces = (
        workload("mooncake-conversation").spread(3.0, seed=0),
        workload("mooncake-synthetic"),
    )
    rows = [
        row(trace.scaled(given.rate), members, by, name, pool)
        for trace in traces
        for by in ("least-request", "prefix-cache")
        for name, pool in POOLS
    ]
    keep(
        "cache-pool",
        f"A cache that {given.engines} engines share, recorded conversations",
        rows,
        figures=f"simulated; rates {given.rate:g} times the recorded ones",
        engines="Llama-3.1-8B on an H100, roofline, 27,000 blocks of 16 tokens (57 GB)",
        link="10 GB/s in each direction of each engine where nothing else is said, 1 ms",
        **machine(),
    )


if __name__ == "__main__":
    main()
