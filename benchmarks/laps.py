"""LAPS: short and long prefills on one instance, with and without queues of their own.

::

    python benchmarks/laps.py                  # all tables and the picture, some minutes
    python benchmarks/laps.py longs window     # some of them, the others stay as they are

All times are simulated: qwen2.5-7b on one H200 by its roofline, every kernel launch 3 µs unless the
table says otherwise. Turns are those of the Mooncake conversation, single prompts those of Azure;
both are downloaded once (see ``headway.instances.remote``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
from table import RESULTS, machine

from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.prefill import Limit, PrefillRequests, StepWork, with_limits
from headway.serving.prefill.laps import (
    AdaptiveWait,
    Batcher,
    Clients,
    DualQueue,
    FillBuckets,
    FixedWait,
    GraphBuckets,
    LearnedLatency,
    NoWait,
    OneQueue,
    TurnLatency,
    Wait,
    serve,
    turns,
)
from headway.serving.step_time import Efficiency, Roofline
from headway.serving.workload import workload
from headway.show.table import markdown

Row = dict[str, object]
Make = Callable[[GraphBuckets], Batcher]

DEPLOYMENT = Deployment(LanguageModel.named("qwen2.5-7b"), Gpu.named("h200"))
KERNELS_PER_LAYER = 9
LAUNCH_S = 3e-6
SHORT = 100
"""New tokens up to which a turn counts as short in the tables: below L_m whatever its history."""

ABOUT_LM = 200
"""New tokens up to which some turns are short and some long, by their history."""


@cache
def world(launch_s: float = LAUNCH_S) -> tuple[StepWork, GraphBuckets]:
    """Return what passes cost with so long launches, and graphs that save them."""
    layers = DEPLOYMENT.model.layers
    efficiency = Efficiency(layer_s=KERNELS_PER_LAYER * launch_s)
    graphs = GraphBuckets(kernels=layers * KERNELS_PER_LAYER, launch_s=launch_s)
    return StepWork(Roofline(DEPLOYMENT, efficiency)), graphs


def unlearned() -> LearnedLatency:
    """Return a first guess: 25 µs per token, memory bound below 256 tokens."""
    return LearnedLatency(TurnLatency(0.0, 25e-6, 0.0, 0.0, weights_s=256 * 25e-6))


def dual(wait: Callable[[], Wait], *, captured: bool = True, **settings: object) -> Make:
    def make(graphs: GraphBuckets) -> Batcher:
        return DualQueue(unlearned(), wait(), graphs if captured else None, **settings)

    return make


def one_queue(budget: int, *, alike: bool = False) -> Make:
    return lambda _: OneQueue(budget, alike=alike)


def adaptive() -> Wait:
    return AdaptiveWait(deepest=world()[1].deepest(8192))


BATCHERS: dict[str, Make] = {
    "one queue, 2048 tokens": one_queue(2048),
    "one queue, 8192 tokens": one_queue(8192),
    "bucketing only": one_queue(8192, alike=True),
    "graphs only": lambda graphs: OneQueue(8192, graphs=graphs),
    "two queues": dual(NoWait, captured=False),
    "two queues, graphs as published": dual(NoWait, always_pad=True),
    "two queues, graphs": dual(NoWait),
    "two queues, graphs, 8 ms": dual(lambda: FixedWait(0.008)),
    "two queues, graphs, adaptive": dual(adaptive),
}
FEW = (
    "one queue, 2048 tokens",
    "one queue, 8192 tokens",
    "two queues",
    "two queues, graphs",
    "two queues, graphs, adaptive",
)


@cache
def conversation() -> PrefillRequests:
    return turns(workload("mooncake-conversation").spread(3.0))


@cache
def singles() -> PrefillRequests:
    return turns(workload("azure-conv"))


def joined(*parts: PrefillRequests) -> PrefillRequests:
    """Return the requests of all, by arrival."""
    arrival = np.concatenate([part.arrival_s for part in parts])
    order = np.argsort(arrival, kind="stable")
    tokens = np.concatenate([part.tokens for part in parts])[order]
    history = np.concatenate([part.history for part in parts])[order]
    return PrefillRequests.of(arrival[order], tokens, history)


def drawn(which: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return new tokens and history of n turns of the conversation, drawn with replacement."""
    chosen = rng.choice(np.flatnonzero(which), n)
    return conversation().tokens[chosen], conversation().history[chosen]


def in_ms(seconds: np.ndarray) -> str:
    """Return mean and 90th percentile."""
    if not len(seconds):
        return ""
    return f"{1e3 * seconds.mean():,.1f} / {1e3 * np.percentile(seconds, 90):,.1f}"


def longs(seeds: range) -> list[Row]:
    """Return times of short turns, 30 per second, beside so many long ones at any time."""
    work, graphs = world()
    span, rate = 60.0, 30.0
    rows: list[Row] = []
    short = conversation().tokens <= SHORT
    for number in (0, 1, 2, 4, 8):
        row: Row = {"long turns at a time": number}
        for name in FEW:
            mine, theirs = [], []
            for seed in seeds:
                rng = np.random.default_rng(seed)
                arrival = np.cumsum(rng.exponential(1 / rate, int(rate * span)))
                new, old = drawn(short, len(arrival), rng)
                many = 1000 if number else 0
                long_new, long_old = drawn(~short, many, rng)
                requests = PrefillRequests.of(
                    np.concatenate([arrival, np.full(many, arrival[-1])]),
                    np.concatenate([new, long_new]),
                    np.concatenate([old, long_old]),
                )
                clients = None
                if number:
                    clients = Clients(np.arange(len(requests)) >= len(arrival), number)
                run = serve(requests, BATCHERS[name](graphs), work, graphs=graphs, clients=clients)
                counted = (run.requests.arrival_s > 5) & (run.first_token_s < arrival[-1])
                shorts = run.requests.tokens <= SHORT
                mine.append(run.ttft_s[counted & shorts])
                theirs.append(run.ttft_s[counted & ~shorts])
            row[f"{name}: short, ms mean / p90"] = in_ms(np.concatenate(mine))
            row[f"{name}: long, ms mean / p90"] = in_ms(np.concatenate(theirs))
        rows.append(row)
        print(row, flush=True)
    return rows


WINDOWS_MS = (0, 1, 2, 4, 6, 8, 12, 16, 24, 32)


def window(seeds: range) -> list[Row]:
    """Return times of turns of 64 clients by the fixed window that short ones wait."""
    work, graphs = world()
    n, rows = 4000, list[Row]()
    waits: dict[str, Callable[[], Wait]] = {
        f"{ms} ms": partial(FixedWait, ms / 1e3) for ms in WINDOWS_MS
    }
    for longest in (SHORT, ABOUT_LM):
        for pause in (0.5, 0.1, 0.05, 0.0):
            row: Row = {"new tokens, at most": longest, "mean pause of a client, s": pause}
            for name, wait in {**waits, "adaptive": adaptive}.items():
                times = []
                for seed in seeds:
                    rng = np.random.default_rng(seed)
                    new, old = drawn(conversation().tokens <= longest, n, rng)
                    clients = Clients(np.ones(n, bool), 64, pause * rng.exponential(1.0, n))
                    requests = PrefillRequests.of(np.zeros(n), new, old)
                    run = serve(requests, dual(wait)(graphs), work, graphs=graphs, clients=clients)
                    times.append(run.ttft_s)
                row[name] = round(1e3 * float(np.concatenate(times).mean()), 2)
            rows.append(row)
            print(row, flush=True)
    return rows


def limits(scales: tuple[float, ...] = (0.25, 0.5, 0.75)) -> list[Row]:
    """Return limits missed on the two traces together, by rate."""
    work, graphs = world()
    traffic = joined(conversation(), singles()).first(12_000)
    promised = [Limit("short", 0.4, up_to_tokens=SHORT), Limit("long", 0.4, 5.0)]
    rows: list[Row] = []
    for scale in scales:
        requests = with_limits(traffic.scaled(scale), promised, work)
        for name, make in BATCHERS.items():
            run = serve(requests, make(graphs), work, graphs=graphs)
            shorts = run.requests.service_class == 0
            rows.append(
                {
                    "rate": scale,
                    "utilisation": round(run.utilisation, 2),
                    "batcher": name,
                    "missed %": percent(~run.kept),
                    "short missed %": percent(~run.kept[shorts]),
                    "long missed %": percent(~run.kept[~shorts]),
                    "short, ms mean / p90": in_ms(run.ttft_s[shorts]),
                    "long, ms mean / p90": in_ms(run.ttft_s[~shorts]),
                    "all, mean ms": round(1e3 * float(run.ttft_s.mean()), 1),
                }
            )
            print(rows[-1], flush=True)
    return rows


def percent(flags: np.ndarray) -> float:
    return round(100 * float(flags.mean()), 2)


def launches() -> list[Row]:
    """Return what graphs are worth by the cost of a launch, short turns alone, 60 per second."""
    rows: list[Row] = []
    rng = np.random.default_rng(0)
    arrival = np.cumsum(rng.exponential(1 / 60, 4000))
    new, old = drawn(conversation().tokens <= SHORT, len(arrival), rng)
    requests = PrefillRequests.of(arrival, new, old)
    for launch_s in (0.0, 1e-6, 3e-6, 10e-6, 20e-6):
        work, graphs = world(launch_s)
        row: Row = {
            "launch, µs": 1e6 * launch_s,
            "saved per pass, ms": round(1e3 * graphs.saved_s, 2),
        }
        for name in ("one queue, 8192 tokens", "graphs only", *FEW[2:]):
            run = serve(requests, BATCHERS[name](graphs), work, graphs=graphs)
            row[f"{name}, ms mean / p90"] = in_ms(run.ttft_s)
        rows.append(row)
    return rows


def offline() -> list[Row]:
    """Return how long it takes to prefill many turns that are there at once."""
    work, graphs = world()
    requests = joined(conversation(), singles()).first(6000)
    requests = PrefillRequests.of(np.zeros(6000), requests.tokens, requests.history)
    depth = graphs.turns[-1]
    makers: dict[str, Make] = {
        "one queue, 2048 tokens": BATCHERS["one queue, 2048 tokens"],
        "one queue, 8192 tokens": BATCHERS["one queue, 8192 tokens"],
        "one queue, 32768 tokens": one_queue(32_768),
        "without deadlines, chunks of 2048": dual(lambda: FillBuckets(depth)),
        "without deadlines, chunks of 8192": dual(lambda: FillBuckets(depth), chunk_tokens=8192),
        "without deadlines, chunks of 32768": dual(lambda: FillBuckets(depth), chunk_tokens=32_768),
    }
    rows: list[Row] = []
    for name, make in makers.items():
        run = serve(requests, make(graphs), work, graphs=graphs)
        end = float(run.first_token_s.max())
        rows.append({"batcher": name, "s until all are done": round(end, 1)})
    first = rows[1]["s until all are done"]
    for row in rows:
        row["against one queue, 8192 tokens, %"] = round(
            100 * (row["s until all are done"] / first - 1), 1
        )
    return rows


def boundary() -> list[Row]:
    """Return where short ends, as learned from samples of the roofline, by GPU and model."""
    rows: list[Row] = []
    rng = np.random.default_rng(0)
    n = 600
    new = np.exp(rng.uniform(np.log(8), np.log(8192), n)).astype(int)
    old = rng.integers(0, 16_000, n)
    loads = PrefillRequests.of(np.zeros(n), new, old).loads
    for model in ("qwen2.5-7b", "qwen2.5-14b", "qwen2.5-32b"):
        for gpu in ("a100-80gb", "h100", "h200"):
            work = StepWork(Roofline(Deployment(LanguageModel.named(model), Gpu.named(gpu))))
            seconds = work.seconds(loads) * rng.normal(1.0, 0.03, n)
            fitted = TurnLatency.fit(loads, seconds)
            rows.append(
                {
                    "model": model,
                    "GPU": gpu,
                    "fresh": round(float(fitted.boundary())),
                    "after 4k": round(float(fitted.boundary(4096))),
                    "after 32k": round(float(fitted.boundary(32_768))),
                    "error of the fit %": round(100 * fitted.error(loads, seconds), 1),
                }
            )
    return rows


def draw(tables: dict[str, list[Row]], path: Path) -> None:
    """Draw times of short turns by long ones beside them, and by the window that they wait."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in FEW:
        column = f"{name}: short, ms mean / p90"
        tails = [float(row[column].split("/")[1].replace(",", "")) for row in tables["longs"]]
        left.plot([row["long turns at a time"] for row in tables["longs"]], tails, "o-", label=name)
    left.set(xlabel="long turns at a time", ylabel="p90 TTFT of short turns, ms", yscale="log")
    left.legend(fontsize="small")
    for row in tables["window"]:
        times = np.array([row[f"{ms} ms"] for ms in WINDOWS_MS], float)
        label = f"≤ {row['new tokens, at most']} tokens, pause {row['mean pause of a client, s']} s"
        right.plot(WINDOWS_MS, times / times[0], "o-", label=label)
    right.set(xlabel="fixed window, ms", ylabel="mean TTFT against no window")
    right.legend(fontsize="small", title="64 clients")
    figure.suptitle("LAPS on one instance, simulated: qwen2.5-7b, H200 roofline")
    figure.savefig(path, dpi=120)


NOTES = {
    "boundary": "Where short ends: L_m, new tokens, fitted to noisy samples (simulated)",
    "longs": "Short turns beside long ones in a closed loop (simulated)",
    "window": "Mean ms to first token of 64 clients by fixed window (simulated)",
    "limits": "Limits missed: 0.4 s for short turns, 0.4 s + 5 × service for long (simulated)",
    "launches": "What graphs are worth, by the cost of a launch (simulated)",
    "offline": "Without deadlines: 6,000 turns at once (simulated)",
}

PUBLISHED = [
    {"what": "prefill latency", "published": "−30 %"},
    {"what": "limits missed, against data parallelism", "published": "−28 %"},
    {"what": "limits missed, against SGLang's router", "published": "−12 %"},
    {"what": "requests per second, one instance", "published": "+20 %"},
    {"what": "boundary between short and long, H200", "published": "≈ 256 tokens (150 to 512)"},
    {"what": "best fixed window, 64-way concurrency", "published": "6 to 8 ms"},
    {"what": "graphs alone", "published": "can be worse than none"},
    {"what": "offline", "published": "−7 to −8 % time"},
]
"""Qwen2.5 7B to 32B on H200, SGLang with prefill and decode apart; LMSYS-Chat-1M and ShareGPT."""


def main() -> None:
    """Run studies, and write tables and picture; those that are not run stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("tables", nargs="*", help=f"some of {', '.join(NOTES)}; all by default")
    args = parser.parse_args()
    seeds, began = range(args.seeds), machine()
    studies: dict[str, Callable[[], list[Row]]] = {
        "boundary": boundary,
        "longs": lambda: longs(seeds),
        "window": lambda: window(seeds),
        "limits": limits,
        "launches": launches,
        "offline": offline,
    }
    kept = RESULTS / "laps.json"
    tables = json.loads(kept.read_text("utf-8"))["tables"] if kept.exists() else {}
    for name in args.tables or NOTES:
        tables[name] = studies[name]()
        document = {"facts": began, "tables": tables}
        kept.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    parts = ["# Short and long prefills on one instance (LAPS)"]
    parts += [f"## {said}\n\n{markdown(tables[k])}" for k, said in NOTES.items() if k in tables]
    parts.append("## What the paper says (published)\n\n" + markdown(PUBLISHED))
    parts.append("\n".join(f"- {key}: {value}" for key, value in began.items()))
    text = "\n\n".join(parts) + "\n"
    print(text)
    (RESULTS / "laps.md").write_text(text, encoding="utf-8")
    if {"longs", "window"} <= set(tables):
        draw(tables, RESULTS / "laps.png")


if __name__ == "__main__":
    main()
