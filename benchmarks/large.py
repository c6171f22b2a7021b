"""Shops of 10,000 to 100,000 operations: first schedule, value over time, bound, memory.

::

    python benchmarks/large.py                             # a minute each, two workers
    python benchmarks/large.py 'job 300*' -t 20 -w 1 -c rolling tabu

Rolling windows beside the native search of the whole shop, and what plain CP-SAT and PyJobShop make
of the same. Every run has a process of its own and as many cores as workers; every schedule is
verified. The shops are drawn with fixed seeds: jobs visit all machines in random order, durations
from 1 to 99, as Taillard's; in flexible shops each operation can run on 1 to 5 machines.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial

from table import keep, machine

import headway as hw
from headway.bench.contestant import Contestant
from headway.bench.ours import Ours
from headway.bench.peers import plain_cpsat, py_job_shop
from headway.bench.record import Limits, Record
from headway.bench.runs import measure_apart
from headway.instances import generate
from headway.solve import flexible, tabu

_flexible = partial(generate, "flexible-jobshop", most_choices=5, longest=99)

SHOPS: dict[str, Callable[[], hw.Problem]] = {
    "job 100x100": partial(generate, "jobshop", jobs=100, machines=100),
    "job 1000x10": partial(generate, "jobshop", jobs=1000, machines=10),
    "job 300x300": partial(generate, "jobshop", jobs=300, machines=300),
    "job 1000x100": partial(generate, "jobshop", jobs=1000, machines=100),
    "job 2000x50": partial(generate, "jobshop", jobs=2000, machines=50),
    "job 5000x20": partial(generate, "jobshop", jobs=5000, machines=20),
    "flexible 200x20": partial(
        _flexible, jobs=200, machines=20, fewest_operations=50, most_operations=50
    ),
    "flexible 1000x100": partial(
        _flexible, jobs=1000, machines=100, fewest_operations=100, most_operations=100
    ),
}

CONTESTANTS: dict[str, Contestant] = {
    "auto": Ours("auto"),
    "rolling": Ours("rolling"),
    "tabu": Ours("tabu"),
    "flexible": Ours("flexible"),
    "plain-cpsat": plain_cpsat,
    "pyjobshop": py_job_shop,
}

MOMENTS_S = (5, 10, 20, 40, 60)


def applies(name: str, problem: hw.Problem) -> bool:
    """Return whether a contestant is worth a run: the more special native search where it can."""
    if name == "tabu":
        return tabu.solve.applies(problem)
    return name != "flexible" or (
        flexible.solve.applies(problem) and not tabu.solve.applies(problem)
    )


def row(shop: str, problem: hw.Problem, record: Record) -> dict[str, object]:
    """Return one row of the table."""
    found = [step for step in record.steps if step.value is not None]
    bounds = [step.bound for step in record.steps if step.bound is not None]
    bounds += [record.bound] if record.bound is not None else []
    values: dict[str, object] = {}
    for moment in MOMENTS_S:
        if moment <= record.time_limit_s:
            known = [step.value for step in found if step.time_s <= moment]
            values[f"value at {moment} s"] = known[-1] if known else None
    return {
        "shop": shop,
        "operations": problem.n_tasks,
        "method": record.contestant,
        "first schedule s": found[0].time_s if found else None,
        "first value": found[0].value if found else None,
        **values,
        "final value": record.value,
        "bound": max(bounds, default=None),
        "seconds": round(record.time_s, 1),
        "peak MB": None if record.peak_mb is None else round(record.peak_mb),
        "note": record.note,
    }


def main() -> None:
    """Measure all shops and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-t", "--time-limit", type=float, default=60.0)
    parser.add_argument("-w", "--workers", type=int, default=2)
    parser.add_argument("-c", "--contestants", nargs="*", default=list(CONTESTANTS))
    parser.add_argument("--name", default="large", help="name of the result files")
    parser.add_argument("patterns", nargs="*", default=["*"])
    args = parser.parse_args()
    rows = []
    for shop, draw in SHOPS.items():
        if not any(fnmatch(shop, pattern) for pattern in args.patterns):
            continue
        problem = draw()
        for name in args.contestants:
            if not applies(name, problem):
                continue
            limits = Limits(args.time_limit, args.workers)
            record = measure_apart(CONTESTANTS[name], problem, limits, shop)
            assert record.valid is not False, f"{name} on {shop}: {record.note}"
            rows.append(row(shop, problem, record))
            print(rows[-1], flush=True)
    keep(
        args.name,
        f"Very large shops, {args.time_limit:g} s, {args.workers} workers (measured)",
        rows,
        **machine("pyjobshop"),
    )


if __name__ == "__main__":
    main()
