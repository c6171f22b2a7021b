"""Agents before a fleet: completion times, stealing, and what tenants get.

::

    HEADWAY_DATA=… python benchmarks/saga_fleet.py completion   # each a few minutes on two cores
    python benchmarks/saga_fleet.py stealing
    python benchmarks/saga_fleet.py tenants

Four engines of 150,000 tokens each (200,000 for tenants) serve the coding and browsing agents of
SAGA's generator. Their step time is the default of vLLM's program scheduling: 57 ms for a thousand
new tokens and 4.4 ms for their square, 10.6 ms a step, 0.42 ms a sequence and 0.14 µs a token of
context in it. What engines keep and compute ahead is measured in saga_keeping.py, what graphs
foresee and how far routers are from the best placement in saga_bounds.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from table import RESULTS, keep, machine

from headway.instances.remote import data_folder
from headway.serving.agents import (
    SWE_BENCH,
    TENANTS,
    WEB_ARENA,
    Programs,
    as_traffic,
    draw,
    draw_tenants,
    recorded_programs,
    told,
)
from headway.serving.agents.routing import (
    AgentFairShare,
    Guarded,
    Hint,
    Pausing,
    ProgramRouter,
    Unguarded,
)
from headway.serving.engine import preset
from headway.serving.fleet import FleetSimulation, Member, Router
from headway.serving.fleet.routing import router
from headway.serving.step_time import Affine
from headway.serving.workload import read_recorded
from headway.show.lines import Line, Panel, chart

TRACE = "traces/agent_sessions_597.jsonl"
"""Below the data folder; see saga.py."""

ENGINES, TOKEN_S = 4, 0.04
STEP_TIME = Affine(
    0.010635,
    {
        "prefill_tokens": 5.702e-5,
        "prefill_pairs": 8.8e-9,
        "decodes": 4.19e-4,
        "decode_context": 1.42e-7,
    },
)
Hints = Mapping[int, Hint]
ROUTERS: Mapping[str, Callable[[Hints], Router]] = {
    "least requests": lambda _: router("least-request", seed=1),
    "session affinity": lambda _: router("session", seed=1),
    "prefix cache": lambda _: router("prefix-cache", seed=1),
    "programs": lambda hints: ProgramRouter(hints=hints),
    "+ unguarded stealing": lambda hints: ProgramRouter(None, Unguarded(), None, hints),
    "+ guarded stealing": lambda hints: ProgramRouter(None, Guarded(), None, hints),
    "+ pausing": lambda hints: ProgramRouter(None, None, Pausing(), hints),
    "+ stealing, pausing": lambda hints: ProgramRouter(None, Guarded(), Pausing(), hints),
    "+ stealing, AFS": lambda hints: ProgramRouter(AgentFairShare(), Guarded(), None, hints),
    "+ stealing, pausing, AFS": lambda hints: ProgramRouter(
        AgentFairShare(), Guarded(), Pausing(), hints
    ),
}


@dataclass(frozen=True)
class Task:
    """One run: programs, who routes them, and the cache of an engine."""

    programs: Programs
    by: str
    cache_tokens: int


@dataclass(frozen=True)
class Outcome:
    """What came of it: seconds and expected seconds by program, and of the whole."""

    took_s: np.ndarray
    expected_s: np.ndarray
    hit_rate: float
    moves: int
    per_minute: float


def play(task: Task) -> Outcome:
    programs = task.programs
    traffic, hints = as_traffic(programs, token_s=TOKEN_S), told(programs, token_s=TOKEN_S)
    config = preset("vllm", blocks=task.cache_tokens // 16)
    members = [Member(name=str(k), config=config, step_time=STEP_TIME) for k in range(ENGINES)]
    by = ROUTERS[task.by](hints)
    run = FleetSimulation(traffic.workload, members, by, follow=traffic.follow).run()
    took_s = traffic.completion_s(run)
    assert np.isfinite(took_s).all()
    due_s = np.array([hints[k].deadline_s for k in range(len(programs))])
    ends_s = np.sort(programs.arrival_s + took_s)
    # The last ones run alone, so that the rate is that of the first four fifths.
    most = int(0.8 * len(ends_s))
    return Outcome(
        took_s,
        (due_s - programs.arrival_s) / 1.5,
        run.requests.cached_tokens.sum() / traffic.workload.prompt_tokens.sum(),
        getattr(by, "moves", 0),
        60 * most / float(ends_s[most - 1]),
    )


def all_of(tasks: list[Task]) -> list[Outcome]:
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(play, tasks))


def figures(several: list[Outcome]) -> dict[str, Any]:
    took_s = np.concatenate([one.took_s for one in several])
    return {
        "mean s": f"{took_s.mean():.0f}",
        "P95 s": f"{np.percentile(took_s, 95):.0f}",
        "hit rate": f"{np.mean([one.hit_rate for one in several]):.3f}",
        "moves per program": f"{sum(one.moves for one in several) / len(took_s):.2f}",
        "programs/min": f"{np.mean([one.per_minute for one in several]):.2f}",
    }


def completion(seeds: int) -> None:
    rows: list[dict[str, Any]] = []
    panels = []
    names = [name for name in ROUTERS if "AFS" not in name]
    recording, _ = recorded_programs(read_recorded(data_folder() / TRACE))
    streams = [
        [draw(SWE_BENCH, 60, per_minute=20, seed=seed) for seed in range(seeds)],
        [draw(WEB_ARENA, 100, per_minute=60, seed=seed) for seed in range(seeds)],
        [recording],
    ]
    for drawn in streams:
        label = drawn[0].name.removesuffix("_597")
        found = iter(all_of([Task(p, name, 150_000) for name in names for p in drawn]))
        by_name = {name: [next(found) for _ in drawn] for name in names}
        base = np.array([one.took_s.mean() for one in by_name["prefix cache"]])
        lines = []
        for name, several in by_name.items():
            own = np.array([one.took_s.mean() for one in several])
            times = float(np.exp(np.log(base / own).mean()))
            rows.append({"programs": label, "router": name, **figures(several)})
            rows[-1]["faster than prefix cache"] = f"×{times:.2f}"
            took_s = np.sort(np.concatenate([one.took_s for one in several]))
            share = 100 * np.arange(1, len(took_s) + 1) / len(took_s)
            lines.append(Line(name, took_s, share, "step"))
        panels.append(Panel(tuple(lines), x_label=f"{label}: s", y_label="% of programs done"))
    chart(
        panels,
        title="How long programs of agents take",
        facts=f"{ENGINES} engines of 150,000 tokens  ·  more programs than they can hold",
    ).save(RESULTS / "saga-completion.png")
    keep(
        "saga-completion",
        f"Programs of agents before {ENGINES} engines: completion times",
        rows,
        figures="simulated",
        streams=f"{seeds} of 60 coding programs, 20 a minute, and of 100 browsing ones, 60 a"
        " minute, more than the fleet can serve; 32 recorded actors",
        faster="mean completion time with the prefix cache's router over this one's, geometric mean"
        " over streams",
        throughput="programs done per minute until four fifths are",
        published="with SAGA, on 16 engines: 1.73 times and 1.55 times as fast as vLLM's prefix"
        " caching and affinity, at about 30 % less peak throughput",
        **machine(),
    )


def stealing(seeds: int) -> None:
    rows: list[dict[str, Any]] = []
    kinds = ("programs", "+ guarded stealing", "+ unguarded stealing")
    for per_minute, cache_tokens in ((8.0, 150_000), (16.0, 150_000), (16.0, 250_000)):
        drawn = [draw(SWE_BENCH, 40, per_minute=per_minute, seed=seed) for seed in range(seeds)]
        found = iter(all_of([Task(p, name, cache_tokens) for name in kinds for p in drawn]))
        none, guarded, unguarded = ([next(found) for _ in drawn] for _ in kinds)
        row: dict[str, Any] = {"programs/min": per_minute, "M, k tokens": cache_tokens // 1000}
        for name, several in (("guarded", guarded), ("unguarded", unguarded)):
            ratios = [a.took_s.mean() / b.took_s.mean() for a, b in zip(several, none, strict=True)]
            moves = sum(one.moves for one in several)
            row[f"{name} / none, mean"] = f"{np.mean(ratios):.3f}"
            row[f"{name}, best and worst"] = f"{min(ratios):.3f} … {max(ratios):.3f}"
            row[f"{name}, moves per program"] = f"{moves / (40 * seeds):.2f}"
        rows.append(row)
        print(row, flush=True)
    keep(
        "saga-stealing",
        "Work stealing with and without a guard: completion time relative to none",
        rows,
        figures="simulated",
        streams=f"{seeds} of 40 coding programs before {ENGINES} engines",
        **machine(),
    )


def tenants(seeds: int) -> None:
    names = ("least requests", "session affinity", "+ guarded stealing", "+ stealing, AFS")
    names += ("+ stealing, pausing", "+ stealing, pausing, AFS")
    counts = [round(0.5 * who.per_minute) for who in TENANTS]
    rows: list[dict[str, Any]] = []
    for times in (0.03, 0.08, 0.3):
        drawn = [draw_tenants(SWE_BENCH, counts, rate_times=times, seed=k) for k in range(seeds)]
        found = iter(all_of([Task(p, name, 200_000) for name in names for p in drawn]))
        whose = np.concatenate([p.tenant for p in drawn])
        kind = np.array([who.name.partition("-")[0] for who in TENANTS])[whose]
        for name in names:
            several = [next(found) for _ in drawn]
            slower = np.concatenate([one.took_s / one.expected_s for one in several])
            row = {"arrivals/min": f"{times * 104:.1f}", "router": name}
            for size in ("light", "medium", "heavy"):
                row[f"{size} in time"] = f"{100 * (slower[kind == size] <= 1.5).mean():.0f} %"
            speed = np.bincount(whose, 1 / slower) / np.bincount(whose)
            jain = speed.sum() ** 2 / (len(speed) * (speed**2).sum())
            rows.append({**row, "fairness": f"{jain:.3f}", **figures(several)})
    keep(
        "saga-tenants",
        f"Ten tenants before {ENGINES} engines: deadlines kept, fairness, throughput",
        rows,
        figures="simulated",
        streams=f"{seeds} of {sum(counts)} coding programs; three heavy, four medium, three light"
        " tenants",
        deadline="1.5 times the time of a program alone, at 40 ms a token",
        fairness="Jain's index of tenants' speeds, expected over real time",
        published="with SAGA, light tenants in time 43.2 % → 98.7 %",
        **machine(),
    )


def main() -> None:
    studies = {"completion": completion, "stealing": stealing, "tenants": tenants}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=studies)
    parser.add_argument("--seeds", type=int, default=3, help="random streams")
    given = parser.parse_args()
    studies[given.study](given.seeds)


if __name__ == "__main__":
    main()
