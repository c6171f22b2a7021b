"""Engines of the field on the Azure conversation trace: what each of their schedulers makes of it.

::

    python benchmarks/engines.py                            # data below HEADWAY_DATA
    python benchmarks/engines.py --rate 0.5 1 --model llama-3.1-8b --gpu h100

One hour of a production service (Azure 2023, 19,366 requests) meets the presets `vllm`, `vllm-v0`,
`orca`, `sarathi`, `sglang` and `static`, with the same model, GPU and cache. Times of steps come
from a roofline: what differs between the rows is scheduling, and nothing of it is a measurement.
"""

from __future__ import annotations

import argparse

import numpy as np
from table import keep, machine

from headway.serving.engine import Engine, preset, presets
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.results import EngineRun
from headway.serving.results.metrics import goodput, latency_s, max_gap_s, tpot_s, ttft_s
from headway.serving.step_time import Roofline
from headway.serving.workload import ServiceClass, Workload, workload

LONGEST = 1024
"""Output tokens that requests ask for at most; no answer of the trace is longer than 1,000."""

PROMISE = ServiceClass(name="all", ttft_s=2.0, tpot_s=0.1)


def row(name: str, rate: float, run: EngineRun) -> dict[str, object]:
    """Return what a run comes to, times in seconds and milliseconds."""
    first, each = ttft_s(run), 1000 * tpot_s(run)
    return {
        "engine": name,
        "load": rate,
        "TTFT s, mean": round(float(np.nanmean(first)), 2),
        "TTFT s, p99": round(float(np.nanquantile(first, 0.99)), 2),
        "TPOT ms, mean": round(float(np.nanmean(each)), 1),
        "TPOT ms, p99": round(float(np.nanquantile(each, 0.99)), 1),
        "longest gap s, p99": round(float(np.nanquantile(max_gap_s(run), 0.99)), 2),
        "latency s, mean": round(float(np.nanmean(latency_s(run))), 1),
        "goodput requests/s": round(goodput(run), 2),
        "preemptions": int(run.requests.preemptions.sum()),
        "steps": len(run.steps),
        "CPU s": round(run.cpu_s, 1),
    }


def main() -> None:
    """Run all engines at all loads, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="llama-3.1-8b")
    parser.add_argument("--gpu", default="a100-80gb")
    parser.add_argument("--rate", nargs="+", type=float, default=[0.7, 1.0])
    given = parser.parse_args()
    deployment = Deployment(LanguageModel.named(given.model), Gpu.named(given.gpu))
    blocks = deployment.blocks(token_budget=8192)
    traffic: Workload = workload("azure-conv").with_limit(LONGEST).with_classes([PROMISE])
    rows = []
    for rate in given.rate:
        for name in presets():
            config = preset(name, blocks=blocks)
            run = Engine(traffic.scaled(rate), config, Roofline(deployment)).run()
            rows.append(row(name, rate, run))
            print(*rows[-1].values(), flush=True)
    keep(
        "engines",
        "Schedulers of known engines on the Azure conversation trace",
        rows,
        deployment=deployment.name,
        blocks=blocks,
        promise=f"first token within {PROMISE.ttft_s} s, each later one within {PROMISE.tpot_s} s"
        " on average",
        simulated="times of steps from a roofline",
        **machine("numpy"),
    )


if __name__ == "__main__":
    main()
