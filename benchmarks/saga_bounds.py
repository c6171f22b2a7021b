"""Agents before a fleet: what graphs foresee, and placements by those who know what will come.

::

    python benchmarks/saga_bounds.py forecast
    python benchmarks/saga_bounds.py placement     # a few minutes on two cores
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from saga_fleet import TOKEN_S
from saga_keeping import Load, fleet_run
from table import keep, machine

from headway.serving.agents import (
    SWE_BENCH,
    WEB_ARENA,
    AgentKind,
    Graphs,
    Inferred,
    as_traffic,
    declared,
    draw,
    undisturbed,
)
from headway.serving.agents.placement import Placed, best_of_all, descend, least_overcommit
from headway.serving.agents.routing import Guarded, Pausing, ProgramRouter
from headway.serving.fleet import Router
from headway.serving.fleet.routing import router


def foreseen(kind: AgentKind, seed: int, *, tell: bool) -> dict[str, float]:
    """Return how well 200 programs are foreseen after 100 of their kind."""
    programs = draw(kind, 300, seed=seed)
    known = declared(programs, token_s=TOKEN_S) if tell else {}
    graphs = Graphs(known, Inferred())
    right, returns, left = [], [], []
    for program, (begin, n) in enumerate(
        zip(programs.offsets[:-1].tolist(), programs.steps.tolist(), strict=True)
    ):
        tools = programs.tool[begin : begin + n].tolist()
        for k, tool in enumerate(tools):
            graphs.ended(program, 0, tool, is_final=k == n - 1, step_s=1.0, at_s=0.0)
            if program < 100 or k >= n - 1:
                continue
            forecast = graphs.forecast(program)
            left.append((forecast.steps_left, n - 1 - k))
            returns.append(forecast.returns)
            if k < n - 2:
                right.append((forecast.next_tool, tools[k + 1]))
    said = [(told, then) for told, then in right if told >= 0]
    steps, real = np.array(left).T
    return {
        "named": len(said) / len(right),
        "right": float(np.mean([told == then for told, then in said])) if said else float("nan"),
        "off": float(np.abs(steps - real).mean() / np.abs(real.mean() - real).mean()),
        "bias": float(steps.mean() / real.mean()),
    }


def forecast(seeds: int) -> None:
    rows = []
    for kind in (SWE_BENCH, WEB_ARENA):
        for tier in ("inferred", "hinted"):
            found = [foreseen(kind, seed, tell=tier == "hinted") for seed in range(seeds)]
            mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
            right = "–" if math.isnan(mean["right"]) else f"{100 * mean['right']:.0f} %"
            rows.append(
                {
                    "programs": kind.name,
                    "graphs": tier,
                    "next tool named": f"{100 * mean['named']:.0f} %",
                    "of them right": right,
                    "steps left, error over that of the mean": f"{mean['off']:.2f}",
                    "steps left, foreseen over real": f"{mean['bias']:.2f}",
                }
            )
    keep(
        "saga-forecast",
        "What execution graphs foresee of drawn agents",
        rows,
        figures=f"simulated; {seeds} streams, 200 programs each after 100 of their kind",
        tools="are drawn independently of one another, the most frequent one with 45 % (coding) and"
        " 75 % (browsing): nothing better can be inferred",
        published="with SAGA, 87 % of next steps right by inference",
        **machine(),
    )


SMALL = Load(WEB_ARENA, 10, 60, 5, 2, 85_000)
BY_NAME: Mapping[str, Callable[[], Router]] = {
    "least requests": lambda: router("least-request", seed=1),
    "session affinity": lambda: router("session", seed=1),
    "prefix cache": lambda: router("prefix-cache", seed=1),
    "programs": ProgramRouter,
    "programs, guarded stealing": lambda: ProgramRouter(stealing=Guarded()),
    "programs, pausing": lambda: ProgramRouter(pausing=Pausing()),
}


def placed(seed: int) -> dict[str, float]:
    """Return the mean completion time by router, and by those who know what will come."""
    programs = SMALL.draw(seed)
    traffic = as_traffic(programs, token_s=TOKEN_S)

    def mean_s(by: Router) -> float:
        return float(traffic.completion_s(fleet_run(SMALL, traffic, by)).mean())

    def cost(way: Sequence[int]) -> float:
        return mean_s(Placed(dict(enumerate(way))))

    found = {name: mean_s(make()) for name, make in BY_NAME.items()}
    when = undisturbed(programs, TOKEN_S)
    fitted = least_overcommit(programs, when, SMALL.engines, SMALL.cache_tokens)
    found["least overcommit (MILP)"] = cost(fitted.homes.tolist())
    found["descent from it"] = descend(fitted.homes, SMALL.engines, cost, 60).cost
    found["best of all 512 placements"] = best_of_all(SMALL.n, SMALL.engines, cost).cost
    return found


def placement(seeds: int) -> None:
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(placed, range(seeds)))
    best = "best of all 512 placements"
    rows = []
    for name in found[0]:
        over = [one[name] / one[best] for one in found]
        mean = f"{np.mean([one[name] for one in found]):.1f}"
        row = {"placed by": name, "mean s": mean, "over the best": f"×{np.mean(over):.3f}"}
        rows.append({**row, "least and most": f"{min(over):.3f} … {max(over):.3f}"})
    keep(
        "saga-placement",
        "Routers beside placements that know all arrivals",
        rows,
        figures="simulated",
        streams=f"{seeds} of {SMALL.label}, {SMALL.n} programs",
        bound="no router under which programs stay where they begin, and requests go at once, does"
        " better than the best placement; those that move programs or hold them may, and do where"
        " the figure is below 1",
        milp="minimises what contexts exceed caches by, at the times of programs that never wait",
        **machine(),
    )


def main() -> None:
    studies = {f.__name__: f for f in (forecast, placement)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=studies)
    parser.add_argument("--seeds", type=int, default=3, help="random streams")
    given = parser.parse_args()
    studies[given.study](given.seeds)


if __name__ == "__main__":
    main()
