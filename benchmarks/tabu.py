"""Moves per second of the job shop tabu search by size, and how far it is from the best known.

::

    python benchmarks/tabu.py                    # 20 s on one core per instance, three seeds
    python benchmarks/tabu.py ft10 'ta4?' -t 60 -w 2 -s 1

The script fails if a value beats a best-known lower bound: then one of the two is wrong.
"""

from __future__ import annotations

import argparse
import statistics
import time

from table import keep, machine

import headway as hw
from headway.instances import InstanceInfo
from headway.solve import tabu
from headway.solve.tabu.bound import job_shop_bound

NAMES = (
    "ft10", "la38", "abz7", "yn1", "swv06", "ta01", "ta11", "ta21", "ta31", "ta41", "ta61", "ta71",
    "dmu01", "dmu21", "dmu41",
)  # fmt: skip


def solve(info: InstanceInfo, time_limit: float, workers: int, seeds: int) -> dict[str, object]:
    """Return one row of the table: medians over the seeds."""
    problem = info.load()
    # Stop at the best known value: there is no more to gain, and the time until then counts.
    goal = max(job_shop_bound(problem), info.upper or 0)
    values, times, rates = [], [], []
    for seed in range(seeds):
        last = began = time.perf_counter()

        def note(_: hw.Schedule) -> None:
            nonlocal last
            last = time.perf_counter()

        found = tabu.search(
            problem,
            time_limit_s=time_limit,
            workers=workers,
            seed=seed,
            goal=goal,
            on_improvement=note,
        )
        assert found.schedule is not None
        assert hw.verify(problem, found.schedule).ok
        value = found.schedule.makespan
        assert info.lower is None or value >= info.lower, f"{info.name}: {value} < {info.lower}"
        values.append(value)
        times.append(last - began)
        rates.append(found.moves / found.time_s)
    gaps = [None if info.upper is None else 100 * (value / info.upper - 1) for value in values]
    return {
        "instance": info.name,
        "tasks": problem.n_tasks,
        "machines": problem.n_resources,
        "best known": str(info.best),
        "median value": statistics.median_low(values),
        "best value": min(values),
        "median gap %": None if None in gaps else round(statistics.median_low(gaps), 2),
        "seconds to last improvement": round(statistics.median_low(times), 2),
        "thousand moves per second": round(statistics.median_low(rates) / 1000),
    }


def main() -> None:
    """Search all instances and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-t", "--time-limit", type=float, default=20.0)
    parser.add_argument("-w", "--workers", type=int, default=1)
    parser.add_argument("-s", "--seeds", type=int, default=3)
    parser.add_argument("--name", default="tabu", help="name of the result files")
    parser.add_argument("patterns", nargs="*", default=NAMES)
    args = parser.parse_args()
    rows = []
    for info in hw.instances(*args.patterns):
        rows.append(solve(info, args.time_limit, args.workers, args.seeds))
        print(rows[-1], flush=True)
    gaps = [row["median gap %"] for row in rows if row["median gap %"] is not None]
    keep(
        args.name,
        f"Tabu search on job shops, {args.time_limit:g} s, {args.workers} workers (measured)",
        rows,
        seeds=args.seeds,
        mean_of_median_gaps=f"{statistics.mean(gaps):.3f} %" if gaps else "–",
        **machine(),
    )


if __name__ == "__main__":
    main()
