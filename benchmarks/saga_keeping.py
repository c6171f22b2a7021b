"""Agents before a fleet: what engines keep of their contexts, and what they compute ahead.

::

    python benchmarks/saga_keeping.py keeping      # each a few minutes on two cores
    python benchmarks/saga_keeping.py ablation

Engines, step time and agents are those of saga_fleet.py, but tools are slower, so that much of a
cache lies idle: how long contexts wait is what evictors differ by.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from saga_fleet import ROUTERS, STEP_TIME, TOKEN_S
from table import keep, machine

from headway.serving.agents import (
    SWE_BENCH,
    WEB_ARENA,
    AgentKind,
    EndedFirst,
    Evictor,
    Furthest,
    Graphs,
    Inferred,
    Keeping,
    LeastRecent,
    Prefetch,
    Programs,
    ProgramTraffic,
    ResidualLife,
    ToolTTL,
    WorkflowAware,
    as_traffic,
    declared,
    draw,
)
from headway.serving.agents.routing import AgentFairShare, Guarded, Pausing, ProgramRouter
from headway.serving.engine import preset
from headway.serving.fleet import FleetRun, FleetSimulation, Member, Router

EVICTORS: Mapping[str, Callable[[], Evictor]] = {
    "LRU, next in line kept": LeastRecent,
    "ended first": EndedFirst,
    "tool TTL": ToolTTL,
    "WA-LRU": WorkflowAware,
    "residual life": ResidualLife,
    "Bélády": Furthest,
}


@dataclass(frozen=True)
class Load:
    """Programs that come, and the engines that they meet."""

    kind: AgentKind
    n: int
    per_minute: float
    tools_times: float
    engines: int
    cache_tokens: int

    def draw(self, seed: int) -> Programs:
        return draw(
            self.kind,
            self.n,
            per_minute=self.per_minute,
            tools_times=self.tools_times,
            seed=seed,
        )

    @property
    def label(self) -> str:
        cache = f"{self.engines} × {self.cache_tokens // 1000}k"
        return f"{self.kind.name}, tools ×{self.tools_times:g}, {self.per_minute:g}/min, {cache}"


LOADS = (
    Load(WEB_ARENA, 100, 60, 10, 4, 150_000),
    Load(WEB_ARENA, 40, 20, 20, 4, 80_000),
    Load(SWE_BENCH, 40, 12, 50, 4, 120_000),
)


@dataclass(frozen=True)
class Outcome:
    """What came of a run: seconds by program, tokens, and what was done ahead."""

    took_s: np.ndarray
    cached: int
    prompt: int
    ahead: int
    warmed: int


def fleet_run(load: Load, traffic: ProgramTraffic, by: Router) -> FleetRun:
    config = preset("vllm", blocks=load.cache_tokens // 16)
    members = [Member(name=str(k), config=config, step_time=STEP_TIME) for k in range(load.engines)]
    controllers = (by,) if isinstance(by, Keeping) else ()
    return FleetSimulation(
        traffic.workload, members, by, controllers=controllers, follow=traffic.follow
    ).run()


def outcome(load: Load, traffic: ProgramTraffic, by: Router) -> Outcome:
    run = fleet_run(load, traffic, by)
    took_s = traffic.completion_s(run)
    assert np.isfinite(took_s).all()
    return Outcome(
        took_s,
        int(run.requests.cached_tokens.sum()),
        int(traffic.workload.prompt_tokens.sum()),
        int(sum(steps.extra_tokens.sum() for steps in run.steps)),
        sum(note.what == "warm" for note in run.notes),
    )


def one_evictor(task: tuple[Load, int, str]) -> Outcome:
    load, seed, name = task
    traffic = as_traffic(load.draw(seed), token_s=TOKEN_S)
    by: Router = ROUTERS["session affinity"]({})
    if name in EVICTORS:
        by = Keeping(by, EVICTORS[name](), traffic.answers())
    return outcome(load, traffic, by)


def one_variant(task: tuple[Load, int, str]) -> Outcome:
    load, seed, name = task
    programs = load.draw(seed)
    traffic = as_traffic(programs, token_s=TOKEN_S)
    return outcome(load, traffic, VARIANTS[name](programs, traffic))


def variant(
    *,
    steals: bool = True,
    pauses: bool = False,
    shares: bool = False,
    evictor: Callable[[], Evictor] | None = WorkflowAware,
    tier: str = "inferred",
    prefetch: bool = True,
    signals: bool = True,
) -> Callable[[Programs, ProgramTraffic], Router]:
    """Return what makes a router with some of the parts."""

    def make(programs: Programs, traffic: ProgramTraffic) -> Router:
        told = declared(programs, token_s=TOKEN_S) if tier == "hinted" else {}
        graphs = None if tier == "cold" else Graphs(told, Inferred(cold=10))
        by = ProgramRouter(
            AgentFairShare() if shares else None,
            Guarded() if steals else None,
            Pausing() if pauses else None,
            graphs=graphs,
        )
        if evictor is None:
            return by
        answers = traffic.answers(signals=signals)
        return Keeping(by, evictor(), answers, graphs, Prefetch() if prefetch else None)

    return make


VARIANTS: Mapping[str, Callable[[Programs, ProgramTraffic], Router]] = {
    "all: WA-LRU, inferred graphs, prefetch, stealing": variant(),
    "graphs declared": variant(tier="hinted"),
    "graphs cold": variant(tier="cold"),
    "no end signals": variant(signals=False),
    "no end signals, graphs cold": variant(signals=False, tier="cold"),
    "residual life": variant(evictor=ResidualLife),
    "residual life, graphs declared": variant(evictor=ResidualLife, tier="hinted"),
    "LRU in place of WA-LRU": variant(evictor=LeastRecent),
    "no prefetch": variant(prefetch=False),
    "no stealing": variant(steals=False),
    "with AFS": variant(shares=True),
    "with pausing": variant(pauses=True),
    "Bélády": variant(evictor=Furthest),
    "nothing is kept or foreseen": variant(evictor=None, tier="cold"),
}


def compared(
    play: Callable[[tuple[Load, int, str]], Outcome],
    names: Sequence[str],
    loads: Sequence[Load],
    seeds: int,
) -> Iterator[tuple[Load, str, list[Outcome], list[Outcome]]]:
    """Yield the outcomes of each name beside those of the first one."""
    tasks = [(load, seed, name) for load in loads for name in names for seed in range(seeds)]
    with ProcessPoolExecutor(2) as pool:
        found = pool.map(play, tasks)
        for load in loads:
            base: list[Outcome] = []
            for name in names:
                several = [next(found) for _ in range(seeds)]
                base = base or several
                yield load, name, several, base


def figures(several: Sequence[Outcome], base: Sequence[Outcome]) -> dict[str, Any]:
    took_s = np.concatenate([one.took_s for one in several])
    times = [a.took_s.mean() / b.took_s.mean() for a, b in zip(several, base, strict=True)]
    computed = [one.prompt - one.cached for one in several]
    fewer = [new / (b.prompt - b.cached) for new, b in zip(computed, base, strict=True)]
    return {
        "hit tokens, M": f"{np.mean([one.cached for one in several]) / 1e6:.2f}",
        "hit rate": f"{np.mean([one.cached / one.prompt for one in several]):.3f}",
        "computed": f"×{np.exp(np.log(fewer).mean()):.2f}",
        "mean s": f"{took_s.mean():.0f}",
        "P95 s": f"{np.percentile(took_s, 95):.0f}",
        "completion": f"×{np.exp(np.log(times).mean()):.3f} ({min(times):.3f} … {max(times):.3f})",
    }


def keeping(seeds: int) -> None:
    rows = []
    for load, name, several, base in compared(one_evictor, ["LRU", *EVICTORS], LOADS, seeds):
        rows.append({"programs": load.label, "evictor": name, **figures(several, base)})
        print(rows[-1], flush=True)
    keep(
        "saga-keeping",
        "Evictors inside the engines of a fleet, behind session affinity",
        rows,
        figures="simulated",
        streams=f"{seeds} random ones each",
        relative="computed prompt tokens and mean completion time over those of the engines' own"
        " LRU, geometric mean over streams (best and worst)",
        belady="knows when each program comes back; contexts differ in size and times react, so"
        " that it is a yardstick, not a bound",
        published="with SAGA, completion time without WA-LRU: +54 %",
        **machine(),
    )


def ablation(seeds: int) -> None:
    rows = []
    for load, name, several, base in compared(one_variant, list(VARIANTS), LOADS[1:2], seeds):
        ahead = f"{np.mean([one.ahead for one in several]) / 1e3:.0f}"
        rows.append({"programs": load.label, "router": name, **figures(several, base)})
        rows[-1] |= {"ahead, k tokens": ahead}
        rows[-1] |= {"contexts ahead": f"{np.mean([one.warmed for one in several]):.0f}"}
        print(rows[-1], flush=True)
    keep(
        "saga-ablation",
        "Programs of agents before a fleet, with parts taken away and put in",
        rows,
        figures="simulated",
        streams=f"{seeds} random ones each; a kind of program is cold until ten have ended",
        relative="over the first row of the same programs, geometric mean (best and worst)",
        ahead="tokens computed while nobody asked for them, beside the hits that they bring",
        published="with SAGA, completion time without affinity +96 %, WA-LRU +54 %, TTL +42 %,"
        " stealing +31 %, prefetch +19 %, AFS +8 %",
        **machine(),
    )


def main() -> None:
    studies = {f.__name__: f for f in (keeping, ablation)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=studies)
    parser.add_argument("--seeds", type=int, default=3, help="random streams")
    given = parser.parse_args()
    studies[given.study](given.seeds)


if __name__ == "__main__":
    main()
