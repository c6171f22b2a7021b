"""Headway against PyJobShop (its OR-Tools back end): model building, and what 30 seconds give.

Both solve the same twenty instances on the same machine in one run, one after the other::

    pip install '.[bench]' && python benchmarks/exact.py

Model building is timed from the library's own problem data to the finished CP-SAT model, median of
several builds. The 30-second results are the value and the proven bound of each library.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from pyjobshop.solvers.ortools import CPModel
from table import keep, machine

import headway as hw
from headway.bench import Limits, contestant, measure_apart
from headway.bench.peers.translation import Translation
from headway.instances import best_known
from headway.solve import cpsat

INSTANCES = (
    *("ft10", "la38", "abz7", "yn1", "swv06", "ta01", "ta21", "ta41", "ta71", "dmu01"),
    *("mk03", "mk06", "mk10", "edata-la21", "vdata-la36"),
    *("j30_13_1", "j60_9_1", "j60_13_1", "j90_5_1", "j120_1_1"),
)


def median_s(build: Callable[[], object], repeats: int) -> float:
    """Return the median wall time of `build` in seconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        build()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def compare(name: str, limits: Limits, repeats: int) -> dict[str, object]:
    """Return one row of the table."""
    problem = hw.instance(name)
    data = Translation(problem).data
    ours_build = median_s(lambda: cpsat.build(problem), repeats)
    peer_build = median_s(lambda: CPModel(data), repeats)
    ours = measure_apart(contestant("auto"), problem, limits, name)
    peer = measure_apart(contestant("pyjobshop"), problem, limits, name)
    ratio = ours.value / peer.value if ours.value and peer.value else None
    return {
        "instance": name,
        "best known": str(best_known(name)),
        "headway": ours.value,
        "bound": ours.bound,
        "time s": round(ours.time_s, 1),
        "pyjobshop": peer.value,
        "its bound": peer.bound,
        "its time s": round(peer.time_s, 1),
        "value ratio": None if ratio is None else round(ratio, 4),
        "build ms": round(1000 * ours_build, 1),
        "its build ms": round(1000 * peer_build, 1),
        "build ratio": round(ours_build / peer_build, 3),
    }


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time-limit", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("instances", nargs="*", default=INSTANCES)
    args = parser.parse_args()
    rows = []
    for name in args.instances:
        rows.append(compare(name, Limits(args.time_limit, args.workers), args.repeats))
        print(rows[-1], flush=True)
    keep(
        "exact",
        f"Headway and PyJobShop, {args.time_limit:g} s, {args.workers} workers (measured)",
        rows,
        **machine("pyjobshop"),
    )


if __name__ == "__main__":
    main()
