"""Batch and GPU clusters on public traces: queue orders, backfilling, preemption, placement.

::

    python benchmarks/cluster.py                 # all tables, a minute or two

Beside each figure of ours stands a reference, measured earlier on the same trace by other
code. The traces are downloaded once (see ``headway.instances.remote``).
"""

from __future__ import annotations

import argparse
import json
from bisect import insort
from collections.abc import Mapping, Sequence
from time import perf_counter, process_time

import numpy as np
from table import RESULTS, machine

from headway.show.table import markdown
from headway.simulate.cluster import (
    CLUSTERS,
    Placement,
    Workload,
    estimated,
    lublin,
    pack,
    run,
    synthetic,
    traces,
)
from headway.simulate.cluster.queue import Known, Queue
from headway.simulate.cluster.rules import RULES

Row = dict[str, object]

BATCH = {
    "FCFS": ((2_388_444, 66_502, 0.655), (97_156, 590, 0.936)),
    "SJF": ((275_304, 53.5, 0.720), (59_627, 40.5, 0.790)),
    "SAF": ((104_051, 20.3, 0.706), (59_039, 23.9, 0.782)),
    "WFP3": ((751_199, 232, 0.776), (66_791, 116, 0.910)),
    "UNICEP": ((674_342, 115, 0.506), (55_336, 91.3, 0.892)),
    "F1": ((78_667, 32.7, 0.796), (71_422, 40.1, 0.811)),
    "LJF": (None, None),
}
"""The reference's wait, bounded slowdown and utilisation, without backfilling and with EASY."""

POOL = {
    40: {
        "FIFO": (9_068, 79_992),
        "SJF": (8_333, 79_992),
        "SRPT": (8_265, 79_992),
        "SRSF": (8_265, 79_992),
        "LAS": (8_302, 79_992),
    },
    32: {
        "FIFO": (40_771, 165_923),
        "SJF": (10_183, 114_035),
        "SRPT": (8_521, 79_992),
        "SRSF": (8_364, 79_992),
        "LAS": (10_249, 130_155),
    },
    24: {
        "FIFO": (262_255, 851_995),
        "SJF": (11_004, 130_048),
        "SRPT": (9_028, 79_992),
        "SRSF": (8_807, 81_101),
        "LAS": (29_619, 650_009),
    },
}
"""The reference's mean and 99th percentile of the response, by GPUs and policy."""

HOW = {"FIFO": ("FCFS", "none"), "SJF": ("SJF", "greedy")}

PAI = {"oracle": 5988.6, "user, group, GPUs": 6001.9, "user, group": 6071.0, "user": 6278.3,
       "FIFO": 7918.5}  # fmt: skip
"""Mean response of Alibaba's own simulator on 20,000 jobs and 6,500 GPUs, published."""


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


def plain_easy(workload: Workload, name: str) -> tuple[float, float, float]:
    """Return wait, slowdown and utilisation of EASY in a few plain lines.

    What is left beside the reservation counts only as many of the jobs that end by then, in the
    order of their ends, as make room for it.
    """
    w, known, rule = workload, Known.of(workload), RULES.find(name)
    free, following, start = w.capacity, 0, np.zeros(len(w), dtype=np.int64)
    running: list[tuple[int, int]] = []
    waiting: list[int] = []
    while following < len(w) or running:
        now = min([*w.submit[following : following + 1].tolist(), *(e for e, _ in running[:1])])
        while running and running[0][0] <= now:
            free += w.amount[running.pop(0)[1]]
        while following < len(w) and w.submit[following] <= now:
            waiting.append(following)
            following += 1
        jobs = np.array(sorted(waiting), dtype=np.int64)
        order = jobs[np.lexsort((jobs, -rule.score(Queue(float(now), jobs, known))))].tolist()
        extra, shadow, head = w.capacity, None, None
        for job in order:
            if head is None and w.amount[job] > free:
                head, there, k = job, free, 0
                while there < w.amount[head]:
                    there += w.amount[running[k][1]]
                    k += 1
                shadow = running[k - 1][0]
                extra = there - w.amount[head]
            elif w.amount[job] <= free:
                in_time = shadow is None or now + w.requested[job] <= shadow
                if in_time or w.amount[job] <= extra:
                    extra -= 0 if in_time else w.amount[job]
                    free -= w.amount[job]
                    start[job] = now
                    insort(running, (int(now + w.run[job]), job))
                    waiting.remove(job)
    wait, end = start - w.submit, start + w.run
    slowdown = np.maximum(1, (wait + w.run) / np.maximum(w.run, 10))
    utilisation = w.work.sum() / (w.capacity * (end.max() - w.submit[0]))
    return float(wait.mean()), float(slowdown.mean()), float(utilisation)


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
            runs = [pack(nodes, demands, choice, seed=seed) for seed in seeds]
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
    rows.append(
        {
            "cluster": "Philly, 83,154 recorded run times",
            "mean s, published": round(float(philly.mean())),
            "median s, published": round(float(np.median(philly))),
        }
    )
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


NOTES = {
    "batch": "Queues on the Lublin trace, 10,000 jobs on 256 processors: mean wait s / mean bounded"
    " slowdown / utilisation (simulated)",
    "extras": "Why EASY differs from the reference where it does: units left beside the"
    " reservation (simulated, plain Python)",
    "pool": "GPU jobs of Alibaba 2023 on one pool, free preemption (simulated)",
    "placement": "Packing the 1,213 GPU nodes: shares of all GPUs, mean ± deviation over seeds"
    " (simulated)",
    "nodes": "The same jobs waiting for places on five nodes: mean response s (simulated)",
    "estimates": "Shortest job first by estimated run times: mean response s, and the part of the"
    " oracle's gain over FIFO that is kept (simulated; last row published)",
    "calibration": "Synthetic clusters: means over 5 seeds of 20,000 jobs (drawn)",
    "speed": "Speed (measured)",
}

EXPLANATIONS = """\
- EASY agrees with the reference to the last digit but for SJF, WFP3 and UNICEP. The second table
  shows why: where several jobs end at the very instant of the reservation, all of them free units,
  and what is left beside the reservation counts them all; the reference stops counting at the first
  that makes enough room. Counted like that, its figures come out exactly.
- Utilisation is measured from the first submission to the last end.
- With exact requested times no reservation of conservative backfilling ever moves, so that the
  order of the queue does not matter (Srinivasan and others, 2002).
- FIFO on the second trace does not let jobs pass each other; SJF does (greedy), as in the
  reference. Percentiles there are nearest ranks.
- Estimates are tried on 64 GPUs that are asked for twice as much as they can do, so that queues
  form; the first half of the jobs is the history of the second. In the recorded trace neither users
  nor groups are known: tasks of one class of service that ask for the same count as a group.
- The recorded run times of Philly are those of the file at hand; the published mean and median are
  of another selection of its jobs.
"""


def main() -> None:
    """Run all studies, and write tables and explanations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    began = machine()
    tables = {
        "batch": batch(),
        "extras": extras(),
        "pool": pool(),
        "placement": placement(seeds),
        "nodes": waiting_for_nodes(),
        "estimates": estimates(seeds),
        "calibration": calibration(),
        "speed": speed(),
    }
    parts = ["# Batch and GPU clusters on public traces"]
    parts += [f"## {NOTES[name]}\n\n{markdown(rows)}" for name, rows in tables.items()]
    parts += ["## Remarks\n\n" + EXPLANATIONS]
    parts += ["\n".join(f"- {key}: {value}" for key, value in began.items())]
    text = "\n\n".join(parts) + "\n"
    print(text)
    (RESULTS / "cluster.md").write_text(text, encoding="utf-8")
    document = {"facts": began, "tables": tables}
    (RESULTS / "cluster.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
