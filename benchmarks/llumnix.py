"""Llumnix beside plain dispatch: tails, preemptions, urgent requests, replica-seconds; ablations.

::

    python benchmarks/llumnix.py                       # all three parts, some minutes
    python benchmarks/llumnix.py balance --seeds 1 --rate 12

16 engines that are like a 7B model on a 24 GB GPU: caches of 851 blocks of 16 tokens (half a
megabyte a token), steps of a + b per sequence + c per token of context, prompts in chunks.
Lengths of prompts and answers follow a power law with a mean of 256 and at most 6,144 tokens, as in
Sun et al. (2024); requests come near to what the engines can serve. Everything is simulated; what
the authors published is told apart.

``balance`` compares routers, and what migration, its way of copying and the term of the head of the
queue are worth. ``priorities`` has a tenth of urgent requests, and measures them beside the same
ones alone in the fleet. ``scaling`` lets fleets grow and shrink under bursts, and asks for the
cheapest that keeps a limit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from table import keep, machine

from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Controller,
    FleetRun,
    FleetSimulation,
    Link,
    Member,
    RequestView,
    Router,
)
from headway.serving.fleet.llumnix import FreenessBand, MostFree, Rebalance
from headway.serving.fleet.routing import Pipeline, Scorer, router
from headway.serving.policies import PriorityFirst
from headway.serving.step_time import Affine
from headway.serving.workload import Workload

REQUESTS = 10_000
SCALED_REQUESTS = 5_000
ENGINES = 16
MEAN_TOKENS, MOST_TOKENS = 256, 6144
RATE_PER_S = 10.0
"""Tokens held, times steps: at some 13 per second caches would be full all the time."""
LINK = Link(bytes_per_s=8e9, latency_s=0.002)
STEP_TIME = Affine(0.022, {"prefill_tokens": 2.3e-4, "decodes": 1.5e-4, "decode_context": 8.7e-7})
BANDS = (80.0, 320.0, 640.0, 960.0, 1280.0)
"""Lower ends; the upper one is six times as high, as in the authors' program."""
LIMITS_S = (2.0, 5.0, 10.0, 20.0, 50.0)


class LeastLoad(Scorer):
    """Memory that is held or asked for by the queue: dispatch as in INFaaS, queues counted."""

    name = "least-load"

    def score(self, cluster: ClusterView, request: RequestView) -> np.ndarray:  # noqa: ARG002
        """Return the share of the cache."""
        used = cluster.engines.blocks - cluster.free_blocks + cluster.wanted_blocks
        return used / cluster.engines.blocks


@dataclass(frozen=True)
class Team:
    """Who decides; each run has its own."""

    name: str
    route: Callable[[], Router]
    control: Callable[[], Sequence[Controller]] = tuple


def least_load() -> Router:
    """Return the router that a fleet would have without Llumnix."""
    return Pipeline("least-load", [(LeastLoad(), 1)])


def traffic(
    seed: int,
    rate_per_s: float,
    *,
    n: int = REQUESTS,
    urgent: float = 0.0,
    variation: float = 1.0,
) -> Workload:
    """Return requests whose lengths follow a power law.

    Parameters
    ----------
    seed
        Of the chance.
    rate_per_s
        Mean rate.
    n
        How many.
    urgent
        Share of urgent ones.
    variation
        Coefficient of variation of the times between arrivals (gamma); 1 is a Poisson process.
    """
    random = np.random.default_rng(seed)
    shape = variation**-2
    gaps = random.gamma(shape, 1 / (rate_per_s * shape), n)
    x = np.arange(1, MOST_TOKENS + 1)
    weights = x ** -brentq(lambda a: np.average(x, weights=x**-a) - MEAN_TOKENS, 0.1, 4.0)
    prompt, output = random.choice(x, (2, n), p=weights / weights.sum())
    return Workload.of(
        arrival_s=np.cumsum(gaps) - gaps[0],
        prompt_tokens=prompt,
        output_tokens=output,
        priority=np.where(random.random(n) < urgent, -1, 0),
    )


def play(work: Workload, team: Team, *, started: int = ENGINES) -> FleetRun:
    """Let traffic meet the fleet."""
    config = EngineConfig(blocks=851, max_sequences=256, victim="priority")
    members = [
        Member(
            name=f"e{k}",
            config=config,
            step_time=STEP_TIME,
            policy=PriorityFirst,
            bytes_per_token=524_288.0,
            start_s=20.0,
        )
        for k in range(ENGINES)
    ]
    return FleetSimulation(
        work,
        members,
        team.route(),
        controllers=team.control(),
        started=range(started),
        link=LINK,
    ).run()


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the mean, and the largest deviation from it."""
    mean = float(np.mean(values))
    return f"{mean:,.{digits}f} ± {np.abs(np.array(values) - mean).max():,.{digits}f}"


def p99(values: np.ndarray) -> float:
    """Return the 99th percentile of what is known."""
    return float(np.nanpercentile(values, 99))


def balance(seeds: int, rate_per_s: float) -> None:
    """Print and keep the table of routers and ablations."""
    teams = (
        Team("round-robin", lambda: router("round-robin")),
        Team("least-request", lambda: router("least-request")),
        Team("least-load (queues counted)", least_load),
        Team("Llumnix without migration", MostFree),
        Team("Llumnix", MostFree, lambda: [Rebalance()]),
        Team("- blocking copy", MostFree, lambda: [Rebalance(how="copy")]),
        Team("- recomputation", MostFree, lambda: [Rebalance(how="recompute")]),
        Team(
            "- no head-of-line term",
            lambda: MostFree(queue="none"),
            lambda: [Rebalance(queue="none")],
        ),
        Team(
            "- to engines that have hardly more room, as the authors' program",
            MostFree,
            lambda: [Rebalance(in_above=48.0)],
        ),
        Team(
            "- the same, if engines become alike",
            MostFree,
            lambda: [Rebalance(in_above=48.0, careful=True)],
        ),
        Team("least-load, with migration", least_load, lambda: [Rebalance()]),
    )
    begun, rows = time.process_time(), []
    for team in teams:
        runs = [play(traffic(seed, rate_per_s), team) for seed in range(seeds)]
        moves = [m for run in runs for m in run.moves if m.outcome == "moved"]
        down_ms = np.array([1000 * m.downtime_s for m in moves if m.tokens or "recomp" in m.how])
        rows.append(
            {
                "policy": team.name,
                "TTFT mean s": spread([float(np.nanmean(run.ttft_s)) for run in runs]),
                "TTFT P99 s": spread([p99(run.ttft_s) for run in runs]),
                "per token P99 ms": spread([1000 * p99(run.tpot_s) for run in runs], 0),
                "preemptions": spread([float(run.requests.preemptions.sum()) for run in runs], 0),
                "tokens again": spread(
                    [float(run.requests.recomputed_tokens.sum()) for run in runs], 0
                ),
                "moved": spread([float(run.count("migrate")) for run in runs], 0),
                "aborted": spread([float(run.count("abort")) for run in runs], 0),
                "downtime median / max ms": (
                    f"{np.median(down_ms):.0f} / {down_ms.max():.0f}" if len(down_ms) else None
                ),
            }
        )
    keep(
        f"llumnix-{rate_per_s:g}",
        "Llumnix: tails of 16 engines near saturation, simulated",
        rows,
        **{
            "requests": f"{REQUESTS:,}, {rate_per_s:g} per second, {seeds} seeds: mean ± deviation",
            "published": "TTFT up to 6.4 times better in the mean and 12.1 at P99 than round robin"
            " on 16 A10 (the authors' repository); other lengths, measured on GPUs",
            "CPU seconds": round(time.process_time() - begun),
        },
        **machine("numpy"),
    )


def priorities(seeds: int) -> None:
    """Print and keep the table of urgent requests."""
    none: dict[int, float] = {}
    teams = [
        Team("round-robin", lambda: router("round-robin")),
        Team("least-load (queues counted)", least_load),
        Team(
            "Llumnix without headroom",
            lambda: MostFree(headroom=none),
            lambda: [Rebalance(headroom=none)],
        ),
    ]
    for share in (0.2, 0.4, 0.6):
        room = {-1: share}
        teams.append(
            Team(
                f"Llumnix, headroom {share:.0%}",
                lambda room=room: MostFree(headroom=room),  # type: ignore[misc]
                lambda room=room: [Rebalance(headroom=room)],  # type: ignore[misc]
            )
        )
    begun, rows = time.process_time(), []
    works = [traffic(seed, RATE_PER_S, urgent=0.1) for seed in range(seeds)]
    alone = [play(work.select(work.priority < 0), teams[2]) for work in works]
    rows += [_urgent(team.name, [play(work, team) for work in works]) for team in teams]
    nobody = dict.fromkeys(rows[0])
    rows.append(nobody | _urgent("urgent ones alone in the fleet", alone))
    keep(
        "llumnix-priorities",
        "Llumnix: urgent requests beside others, simulated",
        rows,
        **{
            "requests": f"{REQUESTS:,}, {RATE_PER_S:g} per second, a tenth of them urgent;"
            f" {seeds} seeds: mean ± deviation",
            "queues": "urgent ones first, and others give way to them, under every policy",
            "published": "urgent requests up to 1.5 times faster",
            "CPU seconds": round(time.process_time() - begun),
        },
        **machine("numpy"),
    )


def _urgent(name: str, runs: Sequence[FleetRun]) -> dict[str, object]:
    row: dict[str, object] = {"policy": name}
    for who, wanted in (("urgent", True), ("others", False)):
        mine = [(run.workload.priority < 0) == wanted for run in runs]
        if not mine[0].any():
            continue
        ttft_s = [run.ttft_s[chosen] for run, chosen in zip(runs, mine, strict=True)]
        token_ms = [1000 * run.tpot_s[chosen] for run, chosen in zip(runs, mine, strict=True)]
        row |= {
            f"{who}: TTFT mean s": spread([float(np.nanmean(some)) for some in ttft_s]),
            f"{who}: TTFT P99 s": spread([p99(some) for some in ttft_s]),
            f"{who}: per token mean ms": spread([float(np.nanmean(some)) for some in token_ms], 1),
            f"{who}: per token P99 ms": spread([p99(some) for some in token_ms], 1),
        }
    return row


def scaling(seeds: int) -> None:
    """Print and keep the table of fleets that grow and shrink, and what they save."""
    families: dict[str, tuple[Callable[[], Router], bool]] = {
        "least-load": (least_load, False),
        "Llumnix without migration": (MostFree, False),
        "Llumnix": (MostFree, True),
    }
    begun, rows = time.process_time(), []
    rate_per_s, n = RATE_PER_S / 2, SCALED_REQUESTS
    works = [traffic(seed, rate_per_s, n=n, variation=4.0) for seed in range(seeds)]
    fixed = [play(work, Team("fixed", MostFree)) for work in works]
    rows.append(_scaled("Llumnix without migration", "16 engines, fixed", fixed))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in families}
    for name, (route, moves) in families.items():
        for low in BANDS:
            team = Team(name, route, lambda low=low, moves=moves: _controllers(low, moves=moves))  # type: ignore[misc]
            runs = [play(work, team, started=8) for work in works]
            rows.append(_scaled(name, f"{low:g} to {6 * low:g}", runs))
            tails = float(np.mean([p99(run.ttft_s) for run in runs]))
            found[name].append((tails, float(np.mean([run.replica_seconds for run in runs]))))
    keep(
        "llumnix-scaling",
        "Llumnix: fleets that grow and shrink under bursts, simulated",
        rows,
        **{
            "requests": f"{n:,}, {rate_per_s:g} per second, gamma with a variation of 4;"
            f" {seeds} seeds: mean ± deviation; an engine starts in 20 s",
            **{f"cheapest, P99 TTFT up to {at:g} s": _cheapest(found, at) for at in LIMITS_S},
            "published": "36 % fewer replica-seconds at a similar P99",
            "CPU seconds": round(time.process_time() - begun),
        },
        **machine("numpy"),
    )


def _controllers(low: float, *, moves: bool) -> list[Controller]:
    band = FreenessBand(low=low, high=6 * low, least=2)
    return [band, Rebalance()] if moves else [band]


def _scaled(name: str, band: str, runs: Sequence[FleetRun]) -> dict[str, object]:
    return {
        "policy": name,
        "band": band,
        "replica-seconds": spread([run.replica_seconds for run in runs], 0),
        "TTFT mean s": spread([float(np.nanmean(run.ttft_s)) for run in runs]),
        "TTFT P99 s": spread([p99(run.ttft_s) for run in runs]),
        "preemptions": spread([float(run.requests.preemptions.sum()) for run in runs], 0),
        "starts": spread([float(run.count("start")) for run in runs], 0),
    }


def _cheapest(found: dict[str, list[tuple[float, float]]], limit_s: float) -> str:
    parts = []
    for name, points in found.items():
        costs = [cost for tail, cost in points if tail <= limit_s]
        parts.append(f"{name} {min(costs):,.0f}" if costs else f"{name} none")
    return ", ".join(parts)


PARTS = ("balance", "priorities", "scaling")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rate", type=float, default=RATE_PER_S, help="of balance, per second")
    given = parser.parse_args()
    for name in given.parts or PARTS:
        if name == "balance":
            balance(given.seeds, given.rate)
        elif name == "priorities":
            priorities(given.seeds)
        else:
            scaling(given.seeds)


if __name__ == "__main__":
    main()
