"""How fast an engine is simulated: steps per processor second, beside sched-sim.

::

    python benchmarks/engine_speed.py                  # some minutes; pip install sched-sim
    python benchmarks/engine_speed.py --without-peer

Azure's conversation trace (19,366 requests in an hour), Llama-3.1-8B on an H100, in one process and
on one core: the engine by its own rules with three step times, the same with policies written in
Python, and sched-sim's chunked prefill with its roofline, the same number of blocks, budget and
batch. All metrics of a run are part of its time: percentiles of TTFT, TPOT, gaps and latency,
goodput, and our audit of the run. Processor seconds, median of three runs (one of the peer). Then a
day of a million requests drawn from the trace's lengths, with its peak memory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from table import keep, machine

from headway.serving.engine import Engine, EngineConfig, Policy, View, Visible, preset
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine, Roofline, StepTime
from headway.serving.workload import Workload, workload

BLOCKS = 27_000
"""Of 16 tokens: what 80 GB hold of Llama-3.1-8B's cache at 90 %."""

RUNS = 3


class ShortestFirst(Policy):
    """A static order of the queue: asked once."""

    name = "static key (Python)"

    def key(self, requests: Visible) -> np.ndarray:
        return requests.prompt_tokens.astype(float)


class LeastSlack(Policy):
    """An order that changes with time: asked whenever somebody waits."""

    name = "admission (Python)"

    def admit(self, view: View) -> np.ndarray:
        queue = view.waiting
        slack = queue.deadline_s - view.now_s - 1e-4 * queue.prompt_tokens
        return queue.ids[np.lexsort((queue.arrival_s, slack))]


class Smoother(Policy):
    """A token budget that follows the batch: asked every step."""

    name = "budget every step (Python)"

    def budget(self, view: View) -> int:
        return 512 if view.free_blocks < 1000 else 2048


def whole(
    traffic: Workload, config: EngineConfig, step_time: StepTime, policy: Policy
) -> EngineRun:
    run = Engine(traffic, config, step_time, policy).run()
    assert run.document["completed"] == len(traffic)
    return run


def timed(play: Callable[[], EngineRun]) -> tuple[int, float]:
    """Return steps and median processor seconds."""
    seconds, steps = [], 0
    for _ in range(RUNS):
        began = time.process_time()
        steps = len(play().steps)
        seconds.append(time.process_time() - began)
    return steps, statistics.median(seconds)


def peer(traffic: Workload) -> tuple[int, float]:
    """Let sched-sim play the same traffic; its requests need a second token to end."""
    from sched_sim.core.event_engine import Simulator
    from sched_sim.core.request import Request
    from sched_sim.hardware.presets import get_hardware_profile
    from sched_sim.memory.preemption import PreemptionMode
    from sched_sim.schedulers.factory import create_scheduler

    # Its preset is a model of 70 billion parameters, which one GPU cannot hold.
    llama = {
        "model_name": "Llama-3.1-8B",
        "parameter_count_billions": 8.03,
        "num_layers": 32,
        "hidden_size": 4096,
        "num_heads": 32,
        "num_kv_heads": 8,
        "head_dim": 128,
    }
    hardware = get_hardware_profile("h100").model_copy(update=llama)
    scheduler = create_scheduler(
        "chunked", hardware, PreemptionMode.RECOMPUTE, token_budget=2048, max_batch_size=256
    )
    manager = scheduler.block_manager
    manager.total_gpu_blocks, manager.free_gpu_blocks = BLOCKS, list(range(BLOCKS))
    columns = (
        c.tolist() for c in (traffic.arrival_s, traffic.prompt_tokens, traffic.output_tokens)
    )
    requests = [
        Request(request_id=str(k), arrived_at=a, prompt_tokens=p, output_tokens=o)
        for k, (a, p, o) in enumerate(zip(*columns, strict=True))
    ]
    began = time.process_time()
    simulator = Simulator(hardware, scheduler)
    simulator.submit_workload(requests)
    simulator.run()
    seconds = time.process_time() - began
    assert sum(request.completed_at is not None for request in requests) == len(requests)
    return len(simulator.iteration_records), seconds


def row(who: str, what: str, steps: int, seconds: float, n: int) -> dict[str, Any]:
    return {
        "who": who,
        "what": what,
        "steps": steps,
        "CPU s": round(seconds, 3),
        "steps per CPU s": round(steps / seconds),
        "requests per CPU s": round(n / seconds),
    }


def ratios(rows: Sequence[dict[str, Any]]) -> None:
    """Add how many times as fast each row is as the peer, and as our plain engine."""
    plain = rows[0]["steps per CPU s"]
    peers = [r["steps per CPU s"] for r in rows if r["who"] != "Headway"]
    for one in rows:
        one["times the peer"] = round(one["steps per CPU s"] / peers[0], 1) if peers else ""
        one["slower than plain"] = round(plain / one["steps per CPU s"], 2)


def day(n: int, traffic: Workload, step_time: StepTime) -> dict[str, Any]:
    rng = np.random.default_rng(2023)
    drawn = rng.integers(0, len(traffic), n)
    many = Workload.of(
        name="a day",
        arrival_s=np.sort(rng.uniform(0, 86_400, n)),
        prompt_tokens=traffic.prompt_tokens[drawn],
        output_tokens=traffic.output_tokens[drawn],
    )
    wall, began = time.perf_counter(), time.process_time()
    run = whole(many, preset("vllm", blocks=BLOCKS), step_time, Policy())
    seconds = time.process_time() - began
    return {
        **row("Headway", f"{n:,} requests in a day", len(run.steps), seconds, n),
        "wall s": round(time.perf_counter() - wall, 1),
        "peak memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--requests", type=int, default=1_000_000, help="of the day")
    given = parser.parse_args()
    traffic = workload("azure-conv")
    n = len(traffic)
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    roofline = Roofline(deployment)
    config = preset("vllm", blocks=BLOCKS)
    rows = []
    for what, step_time, policy in (
        ("roofline", roofline, Policy()),
        ("affine step time", Affine(0.006, {"prefill_tokens": 4e-5, "decodes": 1e-5}), Policy()),
        *((p.name, roofline, p) for p in (ShortestFirst(), LeastSlack(), Smoother())),
    ):
        steps, seconds = timed(lambda s=step_time, p=policy: whole(traffic, config, s, p))
        rows.append(row("Headway", what, steps, seconds, n))
        print(rows[-1], flush=True)
    packages: tuple[str, ...] = ()
    if not given.without_peer:
        rows.append(row("sched-sim", "chunked prefill", *peer(traffic), n))
        packages = ("sched-sim",)
    ratios(rows)
    keep(
        "engine-speed",
        "Simulated steps of one engine per processor second",
        rows,
        figures="measured, one core",
        traffic="Azure conversation trace 2023, 19,366 requests",
        **machine(*packages),
    )
    keep(
        "engine-speed-day",
        "A day of one engine",
        [day(given.requests, traffic, roofline)],
        figures="measured, one core; all metrics and the audit included",
        **machine(),
    )


if __name__ == "__main__":
    main()
