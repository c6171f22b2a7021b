"""Where to load adapters: time to first token, loads and engines needed, by four strategies.

::

    python benchmarks/adapters.py                    # two minutes
    python benchmarks/adapters.py --engines 16

Three hundred adapters of rank 16 with Zipf popularity on engines (Llama-3.1-8B on an L40S by the
roofline) that hold 16 each: more adapters than places, so that some are always cold. Then forty
adapters, which a few engines could hold: how many are in use is what packing is about.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from table import keep, machine

from headway.serving.engine import preset
from headway.serving.fleet import FleetRun, FleetSimulation, Link, Member
from headway.serving.fleet.adapters import (
    Adapter,
    Catalogue,
    Placement,
    bin_pack,
    least_adapters,
    least_latency,
    lora_bytes,
    random,
)
from headway.serving.fleet.adapters.catalogue import STORE
from headway.serving.fleet.routing import router
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline
from headway.serving.workload import Workload, synthetic

MODEL = LanguageModel.named("llama-3.1-8b")
PLACES, RANK = 16, 16
SLOW = Link(bytes_per_s=100e6, latency_s=0.05)
"""From an object store over the network instead of a disk."""

CASES = (
    ("300 adapters", 300, 3.0, STORE, 16),
    ("300 adapters, slow store", 300, 3.0, SLOW, 16),
    ("300 adapters, one engine each", 300, 3.0, STORE, None),
    ("40 adapters", 40, 1.0, STORE, 16),
)
"""Name, how many, requests per second and engine, from where, and when another engine gets one."""


def traffic(adapters: int, rate_per_s: float, seconds: float, seed: int) -> Workload:
    """Return requests whose adapters are popular by Zipf's law."""
    return synthetic(
        {
            "requests": int(rate_per_s * seconds),
            "arrivals": f"poisson({rate_per_s})",
            "prompt_tokens": "lognormal(600, 0.8)",
            "output_tokens": "exponential(120)",
            "adapters": {"count": adapters, "zipf": 1.0},
        },
        seed=seed,
    )


def holding(run: FleetRun) -> float:
    """Return how many engines hold an adapter, on average over time."""
    there: list[set[str]] = [set() for _ in run.members]
    total, last_s = 0.0, 0.0
    for note in run.notes:
        total += (note.at_s - last_s) * sum(map(bool, there))
        last_s = note.at_s
        if note.what == "loaded":
            there[note.engine].add(note.adapter)
        elif note.what == "unload":
            there[note.engine].discard(note.adapter)
    return (total + (run.over_s - last_s) * sum(map(bool, there))) / run.over_s


def row(case: str, by: str, run: FleetRun) -> dict[str, Any]:
    told, ttft_s = run.document, run.ttft_s
    return {
        "case": case,
        "strategy": by,
        "TTFT mean s": f"{np.mean(ttft_s):.3f}",
        "TTFT P99 s": f"{np.percentile(ttft_s, 99):.3f}",
        "loads": told["adapter_loads"],
        "cold starts": f"{100 * told['adapter_cold_starts'] / len(run.workload):.1f} %",
        "wait s": f"{told['adapter_wait_s']:.3f}",
        "engines with adapters": f"{100 * holding(run) / len(run.members):.0f} %",
        "busiest / mean": f"{told['imbalance']:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    step_time = Roofline(Deployment(MODEL, Gpu.named("l40s")))
    members = [
        Member(
            name=f"l40s-{k}",
            config=preset("vllm", blocks=8_000),
            step_time=step_time,
            max_adapters=PLACES,
        )
        for k in range(given.engines)
    ]
    size_bytes = lora_bytes(MODEL, RANK)
    rows = []
    for case, count, rate, store, spread in CASES:
        requests = traffic(count, rate * given.engines, given.seconds, given.seed)
        adapters = [Adapter(name=name, size_bytes=size_bytes) for name in requests.adapters]
        for strategy in (random, least_adapters, bin_pack, least_latency):
            placement = Placement(
                strategy.__name__, strategy, spread=spread, idle_s=60.0, seed=given.seed
            )
            run = FleetSimulation(
                requests,
                members,
                router("least-request", given.seed),
                controllers=[placement],
                catalogue=Catalogue(tuple(adapters), store),
            ).run()
            rows.append(row(case, strategy.__name__.replace("_", " "), run))
            print(rows[-1], flush=True)
    keep(
        "adapters",
        f"Where to load adapters of {given.engines} engines",
        rows,
        figures="simulated",
        engines=f"Llama-3.1-8B on an L40S, roofline; {PLACES} adapters each at most",
        adapters=f"rank {RANK}, {size_bytes / 1e6:.0f} MB; unloaded after a minute without use",
        **machine(),
    )


if __name__ == "__main__":
    main()
