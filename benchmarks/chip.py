"""Task graphs on a chip: list schedulers beside optima, and rules for jobs that arrive.

::

    python benchmarks/chip.py                  # all three tables, a few minutes
    python benchmarks/chip.py lists stream     # some of them
    python benchmarks/chip.py stream --seeds 40

``lists``: the ten applications of SoCRATES on its chip, HEFT and others beside the optimum that
CP-SAT proves, and beside what decoders make of the same rules. ``dag-bench``: makespans over the
best of six list schedulers on 83 public graphs, which are downloaded into ``HEADWAY_DATA``.
``stream``: mean time in the system of jobs that arrive, simulated, with the number of jobs that
were completed in 5000 ticks.

Columns called *reference* hold what another implementation of the same rules gave: it drew other
random numbers, so that streaming figures agree within their spread only.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from math import exp, log

from table import keep, machine

from headway.learn import trained
from headway.learn.chip.measure import LATE, LOADS, load, table
from headway.simulate import beam, best_of, chip, rollout

LISTS = ("HEFT", "PEFT", "CPOP", "ETF", "MCT")
OPTIMA = (73, 81, 80, 87, 85, 80, 72, 65, 72, 74)
HEFT = (80, 90, 89, 98, 97, 90, 83, 69, 78, 82)

SIX = ("PEFT", "HEFT", "MCT", "ETF", "MET", "fastest")
MEANS = {"PEFT": 1.004, "HEFT": 1.007, "MCT": 1.019, "ETF": 1.024, "MET": 1.52, "fastest": 1.52}
SPOTS = {
    ("gauss_elim_5", "HEFT"): 58.1,
    ("gauss_elim_10", "HEFT"): 293.58,
    ("fft_16", "HEFT"): 24.01,
    ("cholesky_5", "HEFT"): 90.0,
    ("cholesky_5", "ETF"): 98.04,
}
LARGEST = 600

LATENCIES: dict[str, tuple[float | None, ...]] = {
    "random": (179.6, 177.9, None, 173.5, 250.5, 176.1, None),
    "MET": (120.5, 122.0, None, 116.8, 166.3, 108.2, 164.1),
    "EFT": (119.8, 120.7, None, 110.9, 167.1, 113.4, None),
    "RANK": (118.9, 120.2, None, 110.8, 164.8, 115.2, None),
    "STF": (None,) * 7,
    "HEFT": (None,) * 7,
    "ETF": (114.6, 116.8, None, 106.6, 157.8, 108.3, 152.8),
    "late ETF": (None,) * 7,
    "LINEAR": (113.5, 114.1, None, 107.4, 151.6, 107.7, 145.8),
}


def lists(_: argparse.Namespace) -> None:
    """Compare list schedulers and decoders with the optimum."""
    etf, urgent = chip.PLAN_RULES.find("ETF"), chip.PLAN_RULES.find("OCT")
    rows: list[dict[str, object]] = []
    for kind, heft, optimum in zip(chip.top(), HEFT, OPTIMA, strict=True):
        world = chip.PlanWorld(kind)
        best = chip.optimum(kind, time_limit=60)
        found = {
            "ETF, best of 128": best_of(world, etf, 128, temperature=8.0),
            "OCT, rollout 4": rollout(world.clone(), urgent, 4),
            "OCT, beam 8": beam(world, urgent, 8, breadth=5),
        }
        rows.append(
            {
                "application": kind.name,
                **{name: chip.place(kind, name).schedule.makespan for name in LISTS},
                **{name: at.placement().schedule.makespan for name, at in found.items()},
                "optimum": best.placement.schedule.makespan if best.proven else None,
                "reference HEFT": heft,
                "reference optimum": optimum,
            }
        )
        print(rows[-1], flush=True)
    names = [name for name in rows[0] if name != "application"]
    gaps = {
        name: f"{100 * statistics.mean(row[name] / row['optimum'] - 1 for row in rows):.1f} %"
        for name in names
    }
    keep(
        "chip-lists",
        "List schedulers and decoders on the applications of SoCRATES (computed)",
        [*rows, {"application": "mean above the optimum", **gaps}],
        **machine(),
    )


def dag_bench(_: argparse.Namespace) -> None:
    """Compare list schedulers on public graphs."""
    rules = [*SIX, *(rule for rule in (*LISTS, "EFT") if rule not in SIX)]
    logs: dict[str, list[float]] = {rule: [] for rule in rules}
    spots = {}
    for name in chip.dag_bench_names():
        graph = chip.dag_bench(name)
        short = name.partition(".")[2]
        if graph.n_tasks > LARGEST:
            continue
        makespan = {rule: chip.place(graph, rule).schedule.makespan for rule in rules}
        best = min(makespan[rule] for rule in SIX)
        for rule in rules:
            logs[rule].append(log(makespan[rule] / best))
            if (short, rule) in SPOTS:
                spots[short, rule] = round(makespan[rule] * graph.tick_s, 2)
    rows: list[dict[str, object]] = [
        {
            "what": f"{rule}, geometric mean over best of six",
            "computed": round(exp(statistics.mean(logs[rule])), 4),
            "reference": MEANS.get(rule),
        }
        for rule in rules
    ]
    rows += [
        {"what": f"{rule} on {graph}", "computed": spots[graph, rule], "reference": value}
        for (graph, rule), value in SPOTS.items()
    ]
    keep(
        "chip-dag-bench",
        f"List schedulers on {len(logs['HEFT'])} graphs of dag-bench (computed)",
        rows,
        note="where means differ in the third digit, ties are broken in another order",
        **machine(),
    )


def stream(arguments: argparse.Namespace) -> None:
    """Compare rules for jobs that arrive."""
    rows: list[dict[str, object]] = []
    for name, reference in LATENCIES.items():
        cells: dict[str, object] = {"rule": name}
        for label, settings in LOADS.items():
            policy = LATE if name == "late ETF" else name
            runs = [chip.outcome(load(settings), policy, seed=k) for k in range(arguments.seeds)]
            latency = statistics.mean(run.latency.mean() for run in runs)
            completed = statistics.mean(len(run.latency) for run in runs)
            cells[label] = f"{latency:.1f} ({completed:.0f})"
        rows.append(cells)
        if any(reference):
            known = dict(zip(LOADS, reference, strict=True))
            rows.append({"rule": f"{name}, reference", **known})
        print(rows[-1], flush=True)
    measured = table(trained("chip-latency", chip.FEATURES))
    seeds = measured[0]["seeds"]
    for other in ("ETF", "late ETF"):
        ratios = {row["load"]: 100 * (row[f"ratio to {other}"] - 1) for row in measured}
        mean = statistics.mean(ratios.values())
        rows.append(
            {
                "rule": f"LINEAR against {other}, {seeds} seeds, mean {mean:+.1f} %",
                **{label: f"{ratio:+.1f} %" for label, ratio in ratios.items()},
            }
        )
        tests = {row["load"]: row[f"p against {other}"] for row in measured}
        rows.append({"rule": "p of that (Wilcoxon, paired by seed)", **tests})
    keep(
        "chip-stream",
        f"Jobs that arrive: mean latency (completed), simulated, {arguments.seeds} seeds",
        rows,
        note="references drew other numbers; late ETF and LINEAR use free elements only",
        **machine(),
    )


TABLES = {"lists": lists, "dag-bench": dag_bench, "stream": stream}


def main(argv: Sequence[str] | None = None) -> None:
    """Print and keep the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], default=list(TABLES))
    parser.add_argument("--seeds", type=int, default=6)
    arguments = parser.parse_args(argv)
    for name in arguments.tables:
        TABLES[name](arguments)


if __name__ == "__main__":
    main()
