"""Co-serving: a finetuning job beside requests on the same GPUs, and five ways to share them.

::

    python benchmarks/flexllm.py                # all tables and the picture
    python benchmarks/flexllm.py memory lending # some of them, the others stay as they are

All figures are simulated: Llama-3.1-8B by its roofline; requests are the first two minutes of the
conversation trace of Azure at other rates, downloaded once (see ``headway.instances.remote``); the
job has sequences of up to 8,192 tokens and adapters of rank 16 on the down projections.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from pathlib import Path

import numpy as np
from table import RESULTS, machine

from headway.serving.coserve import (
    Activations,
    CoServing,
    DynamicTemporal,
    FixedTemporal,
    Lora,
    Room,
    SharedRun,
    Sharing,
    Tuning,
    alone_tokens_per_s,
    sequences,
    share,
    spatial,
)
from headway.serving.engine import Engine, EngineConfig
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.results import EngineRun
from headway.serving.step_time import Roofline
from headway.serving.workload import ServiceClass, Workload, workload
from headway.show.table import markdown

Row = dict[str, object]

MODEL = LanguageModel.named("llama-3.1-8b")
ACTIVATIONS = Activations(MODEL)
LONGEST = 8192
LIMIT_S = 0.05
PROMISED = ServiceClass("chat", ttft_s=5.0, tpot_s=LIMIT_S)
GPUS = 4
"""Of the cluster that some of its GPUs may be taken from; the other ways use all of them alike."""

SETTINGS = {"a100-80gb": ((1, 2, 3, 4, 5), 512), "h100": ((4, 8, 12, 16, 20), 1024)}
"""Requests per second and GPU, and tokens of a step: as many prompts' as keep the limit."""


@cache
def engine(gpu: str, *, reserve: bool = True) -> tuple[Roofline, EngineConfig, Room]:
    """Return an engine whose cache leaves room for the activations of the longest sequence."""
    deployment = Deployment(MODEL, Gpu.named(gpu))
    budget = SETTINGS[gpu][1]
    room = Room(LONGEST * ACTIVATIONS.bytes_per_token() if reserve else 0)
    blocks = deployment.blocks(token_budget=budget)
    blocks -= -(-room.reserve_bytes // (16 * deployment.kv_bytes_per_token))
    return Roofline(deployment), EngineConfig(blocks=blocks, token_budget=budget), room


@cache
def requests(rate: float, seconds: float) -> Workload:
    trace = workload("azure-conv")
    return trace.scaled(rate / trace.rate_per_s).window(0, seconds).with_classes([PROMISED])


@cache
def peak(gpu: str) -> float:
    """Return what a GPU of its own trains, tokens per second."""
    return alone_tokens_per_s(engine(gpu)[0], ACTIVATIONS, islice(sequences(0), 1000))


WAYS: dict[str, Callable[..., Sharing]] = {
    "co-serving": partial(CoServing, limit_s=LIMIT_S),
    "temporal, every 64": partial(FixedTemporal, every=64),
    "temporal, every 128": partial(FixedTemporal, every=128),
    "temporal, every 512": partial(FixedTemporal, every=512),
    "temporal, dynamic": partial(DynamicTemporal, limit_s=LIMIT_S),
}


def figures(run: EngineRun) -> Row:
    gaps = run.max_gap_s[~np.isnan(run.max_gap_s)]
    return {
        "attainment %": round(100 * float(run.attained.mean()), 1),
        "TPOT ms, mean": round(1e3 * float(np.nanmean(run.tpot_s)), 1),
        "largest gap ms, p99": round(1e3 * float(np.percentile(gaps, 99))),
        "TTFT s, mean": round(float(np.nanmean(run.ttft_s)), 2),
        "TTFT s, p99": round(float(np.nanpercentile(run.ttft_s, 99)), 2),
    }


def ways(seconds: float) -> list[Row]:
    """Return tokens trained and limits kept, by GPU, rate and way of sharing."""
    rows: list[Row] = []
    for gpu, (rates, _) in SETTINGS.items():
        for rate in rates:
            for way, trained, run in _shared(gpu, rate, seconds):
                row: Row = {"GPU": gpu, "requests/s per GPU": rate, "way": way}
                row["trained tokens/s per GPU"] = round(trained)
                row["of a GPU of its own %"] = round(100 * trained / peak(gpu), 1)
                rows.append(row | figures(run))
                print(rows[-1], flush=True)
    return rows


def _shared(gpu: str, rate: float, seconds: float) -> Iterator[tuple[str, float, EngineRun]]:
    """Yield each way of sharing, what is trained per second and GPU, and the requests."""
    step_time, config, room = engine(gpu)
    traffic = requests(rate, seconds)
    yield "no job", 0.0, Engine(traffic, config, step_time).run()
    for way, make in WAYS.items():
        policy = make(Tuning(sequences(0), ACTIVATIONS), step_time, room)
        shared = share(traffic, config, step_time, policy)
        yield way, shared.trained_tokens_per_s, shared.run
    for part in (0.5, 0.75):
        shared = spatial(traffic, config, step_time, part, peak(gpu))
        yield f"spatial, {part:.0%} for requests", shared.trained_tokens_per_s, shared.run
    for taken in (1, 2):
        crowded = requests(rate * GPUS / (GPUS - taken), seconds)
        run = Engine(crowded, config, step_time).run()
        yield f"separate, {taken} of {GPUS} GPUs for the job", taken / GPUS * peak(gpu), run


def memory() -> list[Row]:
    """Return what a token's activations take, before and after pruning."""
    rows: list[Row] = []
    for name in ("llama-3.1-8b", "qwen2.5-14b", "qwen2.5-32b"):
        model = LanguageModel.named(name)
        for targets in (("down",), ("qkv", "o", "gate_up", "down")):
            kept = Activations(model, Lora(16, targets))
            figures = {
                words: kept.bytes_per_token(keeping, LONGEST) / 1e6
                for words, keeping in (
                    ("all outputs, MB per token", "everything"),
                    ("fused attention, MB per token", "fused"),
                    ("pruned, MB per token", "pruned"),
                )
            }
            whole, fused, pruned = figures.values()
            rows.append(
                {
                    "model": name,
                    "adapters on": ", ".join(targets),
                    **{words: round(value, 2) for words, value in figures.items()},
                    "less, against all": f"{whole / pruned:.1f}×",
                    "less, against fused": f"{fused / pruned:.1f}×",
                    f"pruned, GB for {LONGEST} tokens": round(pruned * LONGEST / 1e3, 1),
                }
            )
    return rows


def lending(seconds: float) -> list[Row]:
    """Return what it makes to reserve memory for activations, or to borrow blocks of the cache."""
    rows: list[Row] = []
    block_bytes = 16 * Deployment(MODEL, Gpu.named("h100")).kv_bytes_per_token
    for rate in (4, 12, 20):
        traffic = requests(rate, seconds)
        for words, reserve in (("reserved for 8,192 tokens", True), ("borrowed blocks", False)):
            step_time, config, room = engine("h100", reserve=reserve)
            if not reserve:
                room = Room(0, block_bytes, headroom_blocks=config.blocks // 20)
            shared = _co_served(traffic, config, step_time, room)
            rows.append(
                {
                    "requests/s": rate,
                    "activations": words,
                    "blocks of cache": config.blocks,
                    "most blocks used": int(shared.run.steps.used_blocks.max()),
                    "most activations GB": round(shared.peak_bytes / 1e9, 1),
                    "trained tokens/s": round(shared.trained_tokens_per_s),
                    "lost tokens": round(shared.lost_tokens),
                    **figures(shared.run),
                }
            )
    return rows


def windows(seconds: float) -> list[Row]:
    """Return what the largest windows are worth: a fixed number of tokens beside the found one."""
    rows: list[Row] = []
    for gpu, rate in (("a100-80gb", 3), ("h100", 12)):
        step_time, config, room = engine(gpu)
        for most in (64, 256, 512, 1024, LONGEST):
            shared = _co_served(requests(rate, seconds), config, step_time, room, most)
            rows.append(
                {
                    "GPU": gpu,
                    "requests/s": rate,
                    "most tokens": most,
                    "trained tokens/s": round(shared.trained_tokens_per_s),
                    **figures(shared.run),
                }
            )
    return rows


def _co_served(
    traffic: Workload, config: EngineConfig, step_time: Roofline, room: Room, most: int = LONGEST
) -> SharedRun:
    tuning = Tuning(sequences(0), ACTIVATIONS)
    policy = CoServing(tuning, step_time, room, limit_s=LIMIT_S, most_tokens=most)
    return share(traffic, config, step_time, policy)


def draw(rows: list[Row], path: Path) -> None:
    """Draw tokens trained and attainment by rate, a column of panels per GPU."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    panels = figure.subplots(2, len(SETTINGS), sharex="col")
    for column, gpu in enumerate(SETTINGS):
        mine = [row for row in rows if row["GPU"] == gpu]
        for way in dict.fromkeys(row["way"] for row in mine):
            points = [row for row in mine if row["way"] == way]
            rates = [row["requests/s per GPU"] for row in points]
            style = {"lw": 2.5, "zorder": 3} if way == "co-serving" else {"lw": 1.2}
            for panel, what in ((0, "trained tokens/s per GPU"), (1, "attainment %")):
                values = [row[what] for row in points]
                panels[panel, column].plot(rates, values, "o-", ms=3, label=way, **style)
        panels[0, column].axhline(peak(gpu), color="grey", ls=":", lw=1)
        panels[0, column].set(title=gpu, ylabel="trained tokens/s per GPU")
        panels[1, column].set(xlabel="requests/s per GPU", ylabel="TPOT and TTFT kept, %")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    figure.suptitle("A finetuning job beside requests, simulated: Llama-3.1-8B, limit 50 ms")
    figure.savefig(path, dpi=120)


NOTES = {
    "ways": "Ways to share, limits TPOT 50 ms and TTFT 5 s (simulated)",
    "memory": "Activations kept for the backward pass (counted)",
    "lending": "Activations in memory of their own, or in blocks that nobody needs (simulated)",
    "windows": "Longest window of the hybrid scheduler (simulated)",
}

PUBLISHED = [
    {"what": "activation memory", "published": "up to 8× lower"},
    {"what": "memory of finetuning", "published": "up to 36 % lower; later up to 80 %"},
    {"what": "finetuning under heavy load, of its peak", "published": "> 80 %; later > 76 %"},
    {"what": "against separate clusters, heavy load", "published": "1.9 to 4.8×"},
    {"what": "against separate clusters, light load", "published": "2.5 to 6.8×"},
    {"what": "Llama-3.1-8B keeps its limits", "published": "up to 20 requests/s on 4 A100"},
]


def main() -> None:
    """Run studies, and write tables and picture; those that are not run stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="of traffic")
    parser.add_argument("tables", nargs="*", help=f"some of {', '.join(NOTES)}; all by default")
    args = parser.parse_args()
    began = {**machine(), "traffic": f"{args.seconds:g} s"}
    studies: dict[str, Callable[[], list[Row]]] = {
        "ways": lambda: ways(args.seconds),
        "memory": memory,
        "lending": lambda: lending(args.seconds),
        "windows": lambda: windows(args.seconds),
    }
    kept = RESULTS / "flexllm.json"
    tables = json.loads(kept.read_text("utf-8"))["tables"] if kept.exists() else {}
    for name in args.tables or NOTES:
        tables[name] = studies[name]()
        document = {"facts": began, "tables": tables}
        kept.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    parts = ["# A finetuning job beside requests (FlexLLM)"]
    parts += [f"## {said}\n\n{markdown(tables[k])}" for k, said in NOTES.items() if k in tables]
    parts.append("## What the paper says (published)\n\n" + markdown(PUBLISHED))
    parts.append("\n".join(f"- {key}: {value}" for key, value in began.items()))
    text = "\n\n".join(parts) + "\n"
    print(text)
    (RESULTS / "flexllm.md").write_text(text, encoding="utf-8")
    if "ways" in tables:
        draw(tables["ways"], RESULTS / "flexllm.png")


if __name__ == "__main__":
    main()
