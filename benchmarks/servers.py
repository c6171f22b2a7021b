"""Tasks sent to machines of different speeds: rules beside a table that learns.

::

    python benchmarks/servers.py                    # four machines, 100,000 tasks, ten seeds
    HEADWAY_DATA=folder python benchmarks/servers.py   # and clusters/philly_runtimes.csv there

Speeds are 1, 1, 2 and 4. Mean responses in mean sizes, with 95 % intervals over seeds, all policies
on the same tasks; the first tenth of each half is left out, as the farm warms up. Tables are
trained on other seeds and evaluated without exploring. ``Q-LEARNING`` has a row per machine, its
backlog and the task's size; ``Q-LEARNING-JOINT`` one for the backlogs of all machines together.
``… online`` goes on learning during evaluation; the others stay as they were trained.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from table import keep, machine

from headway.bench.tables import rounded
from headway.learn.q_learning import Settings, train
from headway.simulate import Law, paired, summary
from headway.simulate.servers import RULES, SpeedChange, Workload, outcome

Row = dict[str, object]
Play = Callable[[int], np.ndarray]

SPEEDS = (1.0, 1.0, 2.0, 4.0)
PHILLY = "clusters/philly_runtimes.csv"
TRAINING_SEED = 1000


def plays(workload: Workload, taught: Workload, guard: int) -> dict[str, Play]:
    """Return how each policy responds to the tasks of a seed, by name."""
    found: dict[str, Play] = {
        name: lambda seed, name=name: outcome(workload, name, seed=seed).response
        for name in RULES.rules
        if name != "SITA" or workload.sizes_known
    }
    for settings in (Settings(), Settings.all_together()):
        table = train(taught, settings=settings, seed=TRAINING_SEED)
        for learns in (False, True):
            name = f"{table.name}{' online' if learns else ''}"
            found[name] = lambda seed, table=table, learns=learns: (
                table.play(workload, seed=seed, learns=learns, window=0).outcome.response
            )
        found[f"{table.name} online, guarded"] = lambda seed, table=table: (
            table.play(workload, seed=seed, learns=True, window=guard).outcome.response
        )
    return found


def rows(
    scenario: str,
    found: dict[str, Play],
    seeds: range,
    spans: Sequence[tuple[int, int]],
    mean: float,
) -> list[Row]:
    """Return one row per policy, with a column per span of tasks."""
    values = {
        name: np.array([[r[a:b].mean() / mean for a, b in spans] for r in map(play, seeds)])
        for name, play in found.items()
    }
    best = values["SED"]
    table = []
    for name, of in values.items():
        line: Row = {"scenario": scenario, "policy": name}
        for k, (a, b) in enumerate(spans):
            told = summary(of[:, k])
            line[f"tasks {a // 1000}k-{b // 1000}k"] = f"{told.mean:.3g} ± {told.half_width:.2g}"
        against = paired(of[:, -1], best[:, -1])
        line["last span / SED"] = rounded(against.ratio, 3)
        line["p"] = f"{against.p_value:.2g}"
        table.append(line)
    return table


def steady(tasks: int) -> list[tuple[int, int]]:
    half = tasks // 2
    return [(half // 10, half), (half + half // 10, tasks)]


def after_drop(tasks: int) -> list[tuple[int, int]]:
    half = tasks // 2
    edges = [half, half + tasks // 50, half + tasks // 20, half + tasks // 10, tasks]
    return [(half // 10, half), *pairwise(edges)]


def philly(tasks: int) -> Workload | None:
    """Return a workload with the run times of a real GPU cluster, if they are there."""
    path = Path(os.environ.get("HEADWAY_DATA", "")) / PHILLY
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        times = [float(line["runtime"]) for line in csv.DictReader(file)]
    law = Law.empirical([seconds for seconds in times if seconds > 0])
    return Workload(SPEEDS, "switching(0.7, 0.95)", law, tasks)


def main() -> None:
    """Measure all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--tasks", type=int, default=100_000)
    parser.add_argument("-s", "--seeds", type=int, default=10)
    parser.add_argument("--guard", type=int, default=1000, help="tasks between two comparisons")
    parser.add_argument("--name", default="servers", help="name of the result files")
    args = parser.parse_args()
    seeds = range(args.seeds)
    known = Workload(SPEEDS, "switching(0.7, 0.95)", "lognormal(1000, 1.5)", args.tasks)
    strange = replace(known, declared=(1.0,) * len(SPEEDS))
    steady_load = replace(known, arrivals="poisson(0.65)")
    drop = (SpeedChange(0.5, 3, 2.0),)
    blind = replace(steady_load, sizes_known=False)
    cases = [
        ("speeds and sizes known", known, known),
        ("speeds unknown", strange, strange),
        ("speeds and sizes unknown", replace(strange, sizes_known=False), None),
        ("bursts", replace(known, arrivals="modulated(0.5, 1.1, 500)"), None),
        ("fastest halves, sizes known", replace(steady_load, changes=drop), steady_load),
        ("fastest halves, sizes unknown", replace(blind, changes=drop), blind),
    ]
    real = philly(args.tasks)
    if real is not None:
        cases.append(("Philly run times, speeds unknown", replace(real, declared=(1.0,) * 4), None))
    began, table, drops = time.perf_counter(), [], []
    for scenario, workload, taught in cases:
        found = plays(workload, taught or workload, args.guard)
        spans = (after_drop if workload.changes else steady)(args.tasks)
        target = drops if workload.changes else table
        target += rows(scenario, found, seeds, spans, workload.mean_size)
        print(scenario, rounded(time.perf_counter() - began, 1), "s", flush=True)
    facts = {
        **machine("numpy"),
        "figures": "mean response in mean sizes ± half a 95 % interval over seeds (simulated)",
        "seeds": args.seeds,
        "p": "Wilcoxon's signed-rank test against SED on the same tasks, last span",
        "seconds for everything": rounded(time.perf_counter() - began, 0),
    }
    load = "load 0.7, then 0.95 of speeds 1, 1, 2, 4"
    keep(args.name, f"Sending tasks to machines, {load} (simulated)", table, **facts)
    keep(
        f"{args.name}_drop",
        "Sending tasks to machines, load 0.65; at half time the fastest falls to half its speed"
        " (simulated)",
        drops,
        **facts,
    )


if __name__ == "__main__":
    main()
