"""Which router: hit rate and time to first token on recorded conversations.

::

    HEADWAY_DATA=… python benchmarks/routing.py            # five minutes
    python benchmarks/routing.py --engines 4 --rate 1.5

Eight engines (Llama-3.1-8B on an H100 by the roofline, 27,000 blocks of 16 tokens each) serve the
two Mooncake traces, which name the blocks of every prompt; the conversation's bursts of three
seconds are spread. Routers that weigh seconds are given the engines' own step time; every other
engine begins in the pool for short prompts. Then a hot prefix: all requests of the synthetic trace
begin with the same 16 blocks, and the gate must keep one engine from being flooded. Last, prefill
and decode apart: three of four engines compute prompts only.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
from table import keep, machine

from headway.serving.engine import preset
from headway.serving.fleet import FleetSimulation, Member
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.routing import (
    Filter,
    Gate,
    InstancePressure,
    LeastRequests,
    LeastTtft,
    LengthClass,
    Pipeline,
    Preble,
    PrefixCache,
    Scorer,
    router,
)
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline, StepTime
from headway.serving.workload import Blocks, Workload, workload

BLOCKS = 27_000
KV_BYTES_PER_TOKEN = 131_072
ROUTERS = (
    "random",
    "round-robin",
    "two-choices",
    "least-request",
    "least-kv",
    "freeness",
    "prefix-cache",
    "prefix-cache:1,least-request:1",
    "prefix-cache:3,least-request:1",
    "least-latency",
    "least-response",
    "drain-rate",
    "throughput:1,least-request:1",
    "vtc-basic",
    "predicted-peak",
    "fcfs/least-request",
    "fcfs/prefix-cache",
)
HOT_BLOCKS = 16


def without_gate(seed: int) -> Router:
    """Return prefix affinity that knows no load."""
    scorers = [(PrefixCache(deviations=np.inf), 1), (LeastRequests(), 1)]
    return Pipeline("prefix-cache, no gate", scorers, strictly=True, seed=seed)


def knowing(step_time: StepTime) -> list[Router]:
    """Return the routers that weigh seconds, with the step time of the engines."""

    def by(name: str, scorer: Scorer, *filters: Filter) -> Router:
        scorers = [(scorer, 1.0), (LeastRequests(), 1.0)]
        return Pipeline(name, scorers, filters, strictly=True, seed=1)

    return [
        by("preble", Preble(step_time), Gate()),
        by("least-ttft", LeastTtft(step_time)),
        by("length-class", LengthClass(step_time)),
        by("length-pools", LengthClass(step_time, pressure=InstancePressure())),
    ]


def hot(traffic: Workload) -> Workload:
    """Return the same requests, all of which begin with the same blocks."""
    blocks = traffic.blocks
    assert blocks is not None
    ids, offsets = blocks.ids.copy() + HOT_BLOCKS, blocks.offsets
    for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        shared = min(HOT_BLOCKS, end - begin)
        ids[begin : begin + shared] = np.arange(shared)
    # What follows another prefix is another content; all that follow this one are told apart.
    return Workload.of(
        name=f"{traffic.name}, hot prefix",
        arrival_s=traffic.arrival_s,
        prompt_tokens=traffic.prompt_tokens,
        output_tokens=traffic.output_tokens,
        blocks=Blocks(ids, offsets, blocks.block_tokens),
    )


def play(traffic: Workload, members: list[Member], by: Router, case: str = "") -> dict[str, Any]:
    began = time.process_time()
    run = FleetSimulation(traffic, members, by).run()
    seconds = time.process_time() - began
    table = run.requests
    assert (table.status == 1).all()
    ttft_s = table.first_token_s - table.arrival_s
    share = np.bincount(run.engine, minlength=len(members)) / len(traffic)
    p50, p99 = np.percentile(ttft_s, (50, 99))
    row = {
        "trace": traffic.name + case,
        "router": by.name,
        "hit rate": f"{table.cached_tokens.sum() / traffic.prompt_tokens.sum():.3f}",
        "TTFT mean s": f"{ttft_s.mean():.3f}",
        "P50 s": f"{p50:.3f}",
        "P99 s": f"{p99:.2f}",
        "busiest engine": f"{100 * share.max():.0f} %",
        "µs CPU per request": f"{1e6 * seconds / len(traffic):.0f}",
    }
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1.0, help="times the rates below")
    given = parser.parse_args()
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    step_time = Roofline(deployment)
    members = [
        Member(
            name=f"h100-{k}",
            config=preset("vllm", blocks=BLOCKS),
            step_time=step_time,
            bytes_per_token=KV_BYTES_PER_TOKEN,
            labels={"length_class": "long" if k % 2 else "short"},
        )
        for k in range(given.engines)
    ]
    apart = [
        replace(member, role="decode" if k % 4 == 3 else "prefill", name=f"{member.name}-apart")
        for k, member in enumerate(members)
    ]
    per_engine = given.rate * given.engines / 8
    conversation = workload("mooncake-conversation").spread(3.0, seed=0)
    synthetic = workload("mooncake-synthetic")
    rows = [
        play(traffic.scaled(3.0 * per_engine), members, by)
        for traffic in (conversation, synthetic)
        for by in [*(router(name, seed=1) for name in ROUTERS), *knowing(step_time)]
    ]
    burning = hot(synthetic).scaled(3.0 * per_engine)
    rows += [
        play(burning, members, by)
        for by in (router("least-request", 1), without_gate(1), router("prefix-cache", 1))
    ]
    rows += [
        play(conversation.scaled(2.0 * per_engine), apart, router(name, 1), ", apart")
        for name in ("random", "least-request", "prefix-cache", "pd")
    ]
    keep(
        "routing",
        f"Routers before {given.engines} engines, recorded conversations",
        rows,
        figures="simulated; rates 3 times the recorded ones, 2 times with prefill and decode apart",
        engines="Llama-3.1-8B on an H100, roofline, 27,000 blocks of 16 tokens",
        **machine(),
    )


if __name__ == "__main__":
    main()
