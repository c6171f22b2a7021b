"""Agents with tools: which caches to keep.

::

    HEADWAY_DATA=… python benchmarks/saga.py eviction      # two minutes

`eviction` replays programs through a cache of whole sessions: 597 recorded calls of coding agents,
and the generator of SAGA's study (80 coding tasks, 10 ms an output token, 20 random streams). The
figures are prompt tokens computed, relative to Bélády's choice, who knows the future. Beside them
stand those of the reference, from two random streams of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from table import keep, machine

from headway.instances.remote import data_folder
from headway.serving.agents import (
    SWE_BENCH,
    EndedFirst,
    Evictor,
    Furthest,
    LeastRecent,
    PrefixBonus,
    Programs,
    ResidualLife,
    Spans,
    ToolTTL,
    WorkflowAware,
    draw,
    recorded_programs,
    replay,
    undisturbed,
)
from headway.serving.workload import read_recorded

TRACE = "traces/agent_sessions_597.jsonl"
"""Below the data folder; from the package agentinfer-zmj-test 0.1.1 (Apache-2.0), there
`agentinfer/agentbench/data/agentinfer_trace_requests.jsonl`."""

TASKS, STREAMS = 80, 20
EVICTORS: Sequence[Callable[[], Evictor]] = (
    LeastRecent,
    PrefixBonus,
    EndedFirst,
    ToolTTL,
    WorkflowAware,
    ResidualLife,
)
RECORDED = {150: ("", ""), 200: ("1.11", "1.06"), 250: ("1.18", "1.03"), 300: ("1.27", "1.03")}
RECORDED |= {350: ("", ""), 450: ("", "")}
"""Capacity in thousand tokens: the reference's LRU and WA-LRU, where it gives them."""
DRAWN = {
    (1, 30, 600): (1.16, 1.11, 1.11),
    (10, 30, 600): (1.70, 1.47, 1.38),
    (10, 8, 600): (1.51, 1.17, 1.12),
    (50, 30, 300): (1.66, 1.56, 1.38),
    (50, 8, 600): (1.91, 1.42, 1.38),
}
"""Times the tools' latency, tasks per minute, capacity: LRU, WA-LRU and residual life there."""
REFERRED = ("LRU", "WA-LRU", "residual life")
WRONG = 0.13


def relative(programs: Programs, spans: Spans, capacity: int) -> dict[str, float]:
    """Return the cost of each evictor relative to Bélády's."""
    least = replay(programs, spans, capacity, Furthest()).cost
    runs = [replay(programs, spans, capacity, evictor()) for evictor in EVICTORS]
    return {run.evictor: run.cost / least for run in runs}


def eviction_recorded() -> None:
    programs, spans = recorded_programs(read_recorded(data_folder() / TRACE))
    rows: list[dict[str, Any]] = []
    for thousands, (lru, wa_lru) in RECORDED.items():
        capacity = 1000 * thousands
        ratios = relative(programs, spans, capacity)
        wrong = [misled(programs, spans, capacity, seed) for seed in range(STREAMS)]
        rows.append(
            {
                "M, k tokens": thousands,
                **{name: f"{ratio:.2f}" for name, ratio in ratios.items()},
                "reference LRU": lru,
                "reference WA-LRU": wa_lru,
                f"ended first / LRU, {100 * WRONG:.0f} % of signals wrong": f"{np.mean(wrong):.2f}",
            }
        )
        print(rows[-1], flush=True)
    most = replay(programs, spans, 10**9, LeastRecent())
    keep(
        "saga-eviction-recorded",
        "Evictors on recorded calls of coding agents: tokens computed, relative to Bélády",
        rows,
        figures="simulated, at the recorded times; reference: of its own replay",
        calls=f"{len(programs.tool)} of {len(programs)} actors",
        least=f"{most.cost:,} prompt tokens to compute if nothing is ever forgotten",
        overcommit=f"running calls alone hold up to {most.most_running_tokens:,} tokens; what"
        " happens to a cache that is smaller the reference does not say",
        **machine(),
    )


def misled(programs: Programs, spans: Spans, capacity: int, seed: int) -> float:
    """Return the cost of believing signals of which some are wrong, relative to LRU."""
    flips = np.random.default_rng(seed).random(len(programs.tool)) < WRONG
    signals = programs.is_last ^ flips
    believed = replay(programs, spans, capacity, EndedFirst(), signals=signals).cost
    return believed / replay(programs, spans, capacity, LeastRecent()).cost


def eviction_drawn() -> None:
    rows: list[dict[str, Any]] = []
    for (times, per_minute, thousands), reference in DRAWN.items():
        found = []
        for seed in range(STREAMS):
            programs = draw(SWE_BENCH, TASKS, per_minute=per_minute, tools_times=times, seed=seed)
            found.append(relative(programs, undisturbed(programs), 1000 * thousands))
        row: dict[str, Any] = {"tools": f"×{times}", "tasks/min": per_minute}
        row["M, k tokens"] = thousands
        for name in found[0]:
            ratios = np.array([ratio[name] for ratio in found])
            row[name] = f"{ratios.mean():.2f} ± {ratios.std(ddof=1):.2f}"
            if name in REFERRED:
                known = reference[REFERRED.index(name)]
                off = known - ratios.mean()
                # Two streams' mean against ours of many.
                spread = ratios.std(ddof=1) * np.sqrt(1 / 2 + 1 / STREAMS)
                row[f"reference {name}"] = known
                row[f"off, {name}"] = f"{100 * off / ratios.mean():+.0f} %, {off / spread:+.1f} σ"
        rows.append(row)
        print(row, flush=True)
    keep(
        "saga-eviction-drawn",
        "Evictors on drawn coding agents: tokens computed, relative to Bélády",
        rows,
        figures=f"simulated; mean ± standard deviation over {STREAMS} random streams of {TASKS}"
        " tasks; reference: mean of two streams of its own",
        off="reference less ours, relative, and in standard deviations of a mean of two streams",
        **machine(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=("eviction",))
    parser.parse_args()
    eviction_recorded()
    eviction_drawn()


if __name__ == "__main__":
    main()
