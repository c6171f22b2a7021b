"""Batch and GPU clusters on public traces: queue orders, backfilling, preemption, placement.

::

    python benchmarks/cluster.py                 # all tables, a minute or two
    python benchmarks/cluster.py placement       # some of them, the others stay as they are

Beside each figure of ours stands a reference, measured earlier on the same trace by other
code. The traces are downloaded once (see ``headway.instances.remote``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter, process_time

import numpy as np
from cluster_reference import BATCH, NOTES, PAI, POOL, REMARKS, plain_easy
from table import RESULTS, machine

from headway.show.table import markdown
from headway.simulate.cluster import (
    CLUSTERS,
    Placement,
    estimated,
    lublin,
    pack,
    run,
    synthetic,
    traces,
)

Row = dict[str, object]

HOW = {"FIFO": ("FCFS", "none"), "SJF": ("SJF", "greedy")}


def figures(measures: Mapping[str, float]) -> str:
    return (
        f"{measures['mean wait s']:,.0f} / {measures['mean bounded slowdown']:,.1f} /"
        f" {measures['utilisation']:.3f}"
    )


def batch() -> list[Row]:
    """Return wait, bounded slowdown and utilisation of every order with every backfilling."""
    workload = traces.lublin_256().workload()
    rows: list[Row] = []
    for name, published in BATCH.items():
        row: Row = {"order": name}
        seconds = 0.0
        for how in ("none", "easy", "greedy", "conservative"):
            began = process_time()
            trace = run(workload, name, backfill=how)
            seconds += process_time() - began
            row[how] = figures(trace.measures)
            said = {"none": published[0], "easy": published[1]}.get(how)
            if how in ("none", "easy"):
                row[f"{how}, reference"] = " / ".join(f"{x:,}" for x in said) if said else ""
            if how == "easy":
                row["easy, wait ± (batch means)"] = f"{trace.summary('wait').half_width:,.0f}"
                row["easy, 99 % wait"] = f"{trace.measures['99 % wait s']:,.0f}"
                row["easy, largest wait"] = f"{trace.measures['largest wait s']:,.0f}"
                row["easy, fairness"] = round(trace.fairness, 3)
        row["seconds of computing, all four"] = round(seconds, 2)
        rows.append(row)
        print(row, flush=True)
    return rows


def extras() -> list[Row]:
    """Return what EASY amounts to if less is counted as left beside the reservation."""
    workload = traces.lublin_256().workload()
    rows: list[Row] = []
    for name in ("SJF", "WFP3", "UNICEP"):
        said = BATCH[name][1]
        assert said is not None
        wait, slowdown, utilisation = plain_easy(workload, name)
        rows.append(
            {
                "order": name,
                "all that end by then": figures(run(workload, name, backfill="easy").measures),
                "only as many as needed": f"{wait:,.0f} / {slowdown:,.1f} / {utilisation:.3f}",
                "reference": " / ".join(f"{x:,}" for x in said),
            }
        )
        print(rows[-1], flush=True)
    return rows


def pool() -> list[Row]:
    """Return the responses of GPU jobs on one pool, mean and 99th percentile (nearest rank)."""
    tasks = traces.alibaba_2023_tasks()
    rows: list[Row] = []
    for gpus, by_policy in POOL.items():
        workload = tasks.workload(gpus, created_from=9_900_001)
        for name, (mean, tail) in by_policy.items():
            policy, how = HOW.get(name, (name, "none"))
            began = process_time()
            trace = run(workload, policy, backfill=how)
            seconds = process_time() - began
            far = np.percentile(trace.response, 99, method="inverted_cdf")
            rows.append(
                {
                    "GPUs": gpus,
                    "policy": name,
                    "mean response s": round(float(trace.response.mean())),
                    "reference": mean,
                    "99 % response s": int(far),
                    "reference, 99 %": tail,
                    "± of the mean": round(trace.summary("response").half_width),
                    "times taken off": len(trace.pieces) - len(workload),
                    "seconds of computing": round(seconds, 2),
                }
            )
    return rows


def placement(seeds: Sequence[int]) -> list[Row]:
    """Return what can be packed onto the 1,213 nodes when as much is asked for as there is."""
    nodes = traces.alibaba_2023_nodes()
    rows: list[Row] = []
    for words, with_models in (("any GPU", False), ("a third insists on types", True)):
        demands = traces.alibaba_2023_tasks(with_models=with_models).demands
        for choice in Placement:
            runs = [
                pack(nodes.take(_shuffled(len(nodes), seed)), demands, choice, seed=seed)
                for seed in seeds
            ]
            row: Row = {"tasks": words, "placement": str(choice)}
            for load in (0.9, 1.0, 1.3):
                shares = [packing.at(load) for packing in runs]
                for what in ("unplaced", "fragments"):
                    values = 100 * np.array([s[what] for s in shares])
                    spread = values.std(ddof=1) if len(values) > 1 else 0.0
                    row[f"{what} % at load {load}"] = f"{values.mean():.2f} ± {spread:.2f}"
            rows.append(row)
            print(row, flush=True)
    return rows


def _shuffled(n: int, seed: int) -> np.ndarray:
    """Return an order of nodes, so that nobody profits from the one that they are listed in."""
    return np.random.default_rng(seed).permutation(n)


def waiting_for_nodes() -> list[Row]:
    """Return responses where jobs wait for a place on five nodes with eight GPUs each."""
    nodes = traces.alibaba_2023_nodes()
    five = nodes.take(np.flatnonzero(np.array(nodes.model) == "G3")[:5])
    workload = traces.alibaba_2023_tasks().workload(40, created_from=9_900_001)
    rows: list[Row] = []
    for how in ("none", "greedy"):
        row: Row = {
            "backfilling": how,
            "pool of 40": round(run(workload, backfill=how).measures["mean response s"]),
        }
        for choice in Placement:
            trace = run(workload, backfill=how, nodes=five, placement=choice)
            row[str(choice)] = round(trace.measures["mean response s"])
        rows.append(row)
    return rows


HABITS = {
    "user": ("user",),
    "user, group": ("user", "group"),
    "user, group, GPUs": ("user", "group", "amount"),
}


def estimates(seeds: Sequence[int]) -> list[Row]:
    """Return how much of the oracle's gain over FIFO shortest job first keeps with estimates."""
    rows: list[Row] = []
    for name in ("Seren", "Philly", "Helios"):
        means: dict[str, list[float]] = {}
        for seed in seeds:
            workload = synthetic(name, 8_000, 64, load=2.0, users=80, seed=seed)
            past = np.arange(len(workload)) < len(workload) // 2
            history, present = workload.where(past), workload.where(~past)
            order = {"FIFO": present, "oracle": present} | {
                by: estimated(present, history, habits) for by, habits in HABITS.items()
            }
            for by, jobs in order.items():
                rule = "FCFS" if by == "FIFO" else "SJF"
                means.setdefault(by, []).append(run(jobs, rule, backfill="greedy").response.mean())
        rows.append(
            _gains(
                f"synthetic {name}", {by: float(np.mean(values)) for by, values in means.items()}
            )
        )
        print(rows[-1], flush=True)
    rows.append(_recorded())
    rows.append(_gains("PAI, published by its simulator", PAI))
    return rows


def _recorded() -> Row:
    """Return the same for the recorded pods, whose groups are tasks that ask for the same."""
    workload = traces.alibaba_2023_tasks().workload(24, created_from=9_900_001)
    past = np.arange(len(workload)) < len(workload) // 2
    history, present = workload.where(past), workload.where(~past)
    means = {
        "FIFO": run(present, "FCFS", backfill="greedy").response.mean(),
        "oracle": run(present, "SJF", backfill="greedy").response.mean(),
        "user, group": run(
            estimated(present, history, ("group",)), "SJF", backfill="greedy"
        ).response.mean(),
    }
    return _gains("Alibaba 2023, 24 GPUs, by class of service and size", means)


def _gains(words: str, means: Mapping[str, float]) -> Row:
    gain = means["FIFO"] - means["oracle"]
    row: Row = {"trace": words, "FIFO": round(means["FIFO"]), "oracle": round(means["oracle"])}
    for by in HABITS:
        row[by] = round(means[by]) if by in means else None
        row[f"{by}: kept"] = (
            f"{100 * (means['FIFO'] - means[by]) / gain:.0f} %" if by in means else ""
        )
    return row


def calibration() -> list[Row]:
    """Return run times and sizes of synthetic clusters beside the published ones."""
    rows: list[Row] = []
    for name, said in CLUSTERS.items():
        drawn = [synthetic(name, 20_000, 2000, seed=seed) for seed in range(5)]
        other = [
            synthetic(name, 20_000, 2000, law=said.hyperexponential(), seed=seed)
            for seed in range(5)
        ]
        rows.append(
            {
                "cluster": name,
                "mean s, published": said.mean_run_s,
                "lognormal": round(float(np.mean([w.run.mean() for w in drawn]))),
                "hyper-exponential": round(float(np.mean([w.run.mean() for w in other]))),
                "median s, published": said.median_run_s,
                "lognormal, median": round(float(np.mean([np.median(w.run) for w in drawn]))),
                "hyper-exponential, median": round(
                    float(np.mean([np.median(w.run) for w in other]))
                ),
                "GPUs, published": said.mean_gpus,
                "GPUs": round(float(np.mean([w.amount.mean() for w in drawn])) / 1000, 2),
            }
        )
    philly = traces.philly_run_times()
    recorded: Row = dict.fromkeys(rows[0], "")
    recorded["cluster"] = f"Philly, {len(philly):,} recorded run times"
    recorded["mean s, published"] = round(float(philly.mean()))
    recorded["median s, published"] = round(float(np.median(philly)))
    rows.append(recorded)
    return rows


PACE = (
    (10_000, "FCFS", "easy"),
    (10_000, "WFP3", "easy"),
    (10_000, "SJF", "conservative"),
    (10_000, "LAS", "none"),
    (100_000, "FCFS", "easy"),
    (100_000, "SJF", "conservative"),
)


def speed() -> list[Row]:
    """Return seconds by size, from the workload to the verified trace."""
    rows: list[Row] = []
    for jobs, name, how in PACE:
        workload = lublin(jobs, 256, load=0.9, seed=1)
        began, used = perf_counter(), process_time()
        trace = run(workload, name, backfill=how)
        rows.append(
            {
                "jobs": jobs,
                "policy": trace.policy,
                "seconds": round(perf_counter() - began, 2),
                "of them computing": round(process_time() - used, 2),
            }
        )
    return rows


def main() -> None:
    """Run studies, and write tables and remarks; those that are not run stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("tables", nargs="*", help=f"some of {', '.join(NOTES)}; all by default")
    args = parser.parse_args()
    seeds, began = range(args.seeds), machine()
    studies: dict[str, Callable[[], list[Row]]] = {
        "batch": batch,
        "extras": extras,
        "pool": pool,
        "placement": partial(placement, seeds),
        "nodes": waiting_for_nodes,
        "estimates": partial(estimates, seeds),
        "calibration": calibration,
        "speed": speed,
    }
    kept = RESULTS / "cluster.json"
    tables = json.loads(kept.read_text("utf-8"))["tables"] if kept.exists() else {}
    for name in args.tables or NOTES:
        tables[name] = studies[name]()
        document = {"facts": began, "tables": tables}
        kept.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    parts = ["# Batch and GPU clusters on public traces"]
    for name, said in NOTES.items():
        if name in tables:
            parts.append(f"## {said}\n\n{markdown(tables[name])}")
    parts += ["## Remarks\n\n" + REMARKS.rstrip()]
    parts += ["\n".join(f"- {key}: {value}" for key, value in began.items())]
    text = "\n\n".join(parts) + "\n"
    print(text)
    (RESULTS / "cluster.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
