"""What 30 seconds and two workers give on the classical shops, next to the best known values.

::

    python benchmarks/classics.py              # la, orb, ft, abz5-6 and mk01-10
    python benchmarks/classics.py 'ta0?' -t 60
    python benchmarks/classics.py 'j30_*' -t 60 --name psplib_j30

The script fails if a value beats a best-known lower bound or an "optimal" is false: then a bound
or a schedule is wrong, here or in the literature.
"""

from __future__ import annotations

import argparse

from table import keep, machine

import headway as hw
from headway.instances import InstanceInfo

PATTERNS = ("ft*", "la*", "orb*", "abz[56]", "mk0?", "mk10")


def solve(info: InstanceInfo, time_limit: float, workers: int) -> dict[str, object]:
    """Return one row of the table."""
    result = hw.solve(info.load(), time_limit=time_limit, workers=workers)
    assert result.objective is not None, result.reason
    assert result.bound is not None, result.reason
    assert result.verified
    (value,), (bound,) = result.objective, result.bound
    assert info.lower is None or value >= info.lower, f"{info.name}: {value} beats {info.lower}"
    assert info.upper is None or bound <= info.upper, f"{info.name}: bound {bound} is too high"
    gap = None if info.upper is None else 100 * (value / info.upper - 1)
    return {
        "instance": info.name,
        "value": value,
        "bound": bound,
        "best known": str(info.best),
        "gap to best known %": gap if gap is None else round(gap, 2),
        "status": str(result.status),
        "time s": round(result.time_s, 1),
    }


def main() -> None:
    """Solve all instances and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-t", "--time-limit", type=float, default=30.0)
    parser.add_argument("-w", "--workers", type=int, default=2)
    parser.add_argument("--name", default="classics", help="name of the result files")
    parser.add_argument("patterns", nargs="*", default=PATTERNS)
    args = parser.parse_args()
    rows = []
    for info in hw.instances(*args.patterns):
        if info.access == "download":
            continue  # a benchmark needs no network
        rows.append(solve(info, args.time_limit, args.workers))
        print(rows[-1], flush=True)
    gaps = [row["gap to best known %"] for row in rows if row["gap to best known %"] is not None]
    keep(
        args.name,
        f"Classical instances, {args.time_limit:g} s, {args.workers} workers (measured)",
        rows,
        proven=f"{sum(row['status'] == 'optimal' for row in rows)} of {len(rows)}",
        mean_gap=f"{sum(gaps) / len(gaps):.3f} %",
        **machine(),
    )


if __name__ == "__main__":
    main()
