"""Dispatching rules in a dynamic job shop: the classic table, rule by rule (simulated).

::

    python benchmarks/dynamic_shop.py
    python benchmarks/dynamic_shop.py --seeds 6 --jobs 500

Ten machines, jobs of 2 to 10 operations on distinct machines, durations 1 to 49, Poisson arrivals,
due dates at a multiple of the work; the first fifth of the jobs is left out. Every run is verified.
Beside each figure stands a reference: an independent simulation of the same laws with six other
seeds, so that the two differ by luck, which the intervals show.
"""

from __future__ import annotations

import argparse

from table import keep, machine

from headway.show.table import rounded
from headway.simulate import Runs, compare
from headway.simulate.scenario import Scenario, ShopExperiment

LAWS = """
kind: shop
name: load {load}, due factor {factor}
shop: {{machines: 10}}
arrivals: {{jobs: {jobs}, load: {load}}}
jobs: {{operations: "integers(2, 10)", durations: "integers(1, 49)", due_factor: {factor}}}
warm_up: {warm_up}
"""

COLUMNS = ((0.80, 3), (0.95, 3), (0.95, 5))

# Mean flow, mean tardiness, share of tardy jobs in percent; per column of the table.
REFERENCE = {
    "FIFO": ((546, 136, 62), (1547, 1096, 98), (1547, 805, 90)),
    "SPT": ((407, 68, 23), (938, 537, 50), (938, 414, 27)),
    "EDD": ((519, 105, 58), (1312, 861, 98), (1304, 563, 89)),
    "MDD": ((518, 109, 47), (1280, 835, 80), (1269, 542, 67)),
    "MOD": ((439, 44, 32), (976, 529, 83), (1048, 328, 56)),
    "CR": ((517, 91, 65), (1283, 830, 99), (1236, 487, 92)),
    "COVERT": ((456, 44, 44), (999, 547, 93), (1110, 363, 83)),
    "ATC": ((425, 45, 25), (962, 522, 68), (1048, 334, 48)),
    "PT+WINQ": ((403, 59, 27), (929, 510, 67), (929, 343, 39)),
    "PT+WINQ+SL": ((426, 55, 43), (1114, 664, 96), (1014, 328, 71)),
    "2PT+WINQ+NPT": ((402, 57, 26), (875, 457, 64), (875, 298, 35)),
}


def experiment(load: float, factor: float, jobs: int) -> ShopExperiment:
    """Return the scenario of one column."""
    text = LAWS.format(load=load, factor=factor, jobs=jobs, warm_up=jobs // 5)
    return ShopExperiment(Scenario.parse(text))


def rows(runs: Runs, column: int, best_classic: str) -> list[dict[str, object]]:
    """Return one row per policy, the best first."""
    found = []
    for policy in sorted(runs.policies, key=lambda name: runs.summary(name).mean):
        late, flow = runs.summary(policy), runs.summary(policy, "mean flow")
        against = runs.against(policy)
        reference = REFERENCE.get(policy)
        flow_ref, late_ref, tardy_ref = reference[column] if reference else (None, None, None)
        found.append(
            {
                "scenario": runs.name,
                "policy": policy,
                "mean tardiness": rounded(late.mean, 0),
                "± (95 %)": rounded(late.half_width, 0),
                "reference": late_ref,
                "mean flow": rounded(flow.mean, 0),
                "reference ": flow_ref,
                "tardy %": rounded(100 * runs.summary(policy, "tardy").mean, 0),
                "reference  ": tardy_ref,
                "max flow": rounded(runs.summary(policy, "max flow").mean, 0),
                f"tardiness against {best_classic}": (
                    None
                    if policy == runs.baseline
                    else f"{against.difference:+.1f} ± {against.half_width:.1f}"
                ),
            }
        )
    return found


def main() -> None:
    """Run all columns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2500)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    table: list[dict[str, object]] = []
    for number, (load, factor) in enumerate(COLUMNS):
        floor = experiment(load, factor, args.jobs)
        runs = compare(
            floor,
            [*REFERENCE, "LEARNED-TARDINESS", "LEARNED-FLOW"],
            seeds=args.seeds,
            workers=args.workers,
            baseline="2PT+WINQ+NPT",
        )
        table += rows(runs, number, "2PT+WINQ+NPT")
        print(runs, flush=True)
    keep(
        "dynamic_shop",
        "Dispatching rules in a dynamic job shop (simulated)",
        table,
        seeds=args.seeds,
        jobs=args.jobs,
        **machine(),
    )


if __name__ == "__main__":
    main()
