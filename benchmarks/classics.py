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
import statistics

from table import keep, machine

import headway as hw
from headway.bench import Campaign, Event, Plan, Standing, contestant, entries, standings
from headway.bench.metrics import contradictions
from headway.bench.tables import known
from headway.show.table import rounded

PATTERNS = ("ft*", "la*", "orb*", "abz[56]", "mk0?", "mk10")


def row(standing: Standing) -> dict[str, object]:
    """Return one row of the table."""
    (run,) = standing.runs
    assert run.valid, run.note
    return {
        "instance": standing.entry.name,
        "value": run.value,
        "bound": run.bound,
        "best known": known(standing),
        "gap to best known %": rounded(standing.gap, 2),
        "status": "optimal" if run.proven else "feasible",
        "time s": rounded(run.time_s, 1),
    }


def tell(event: Event) -> None:
    """Print a run that is over."""
    run = event.record
    print(f"[{event.number}/{event.total}] {run.instance} {run.value} {run.bound} {run.time_s}")


def main() -> None:
    """Solve all instances and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-t", "--time-limit", type=float, default=30.0)
    parser.add_argument("-w", "--workers", type=int, default=2)
    parser.add_argument("--name", default="classics", help="name of the result files")
    parser.add_argument("patterns", nargs="*", default=PATTERNS)
    args = parser.parse_args()
    here = {info.name for info in hw.instances() if info.access != "download"}
    found = [entry for entry in entries(args.patterns) if entry.name in here]  # needs no network
    plan = Plan(found, [contestant("auto")], args.time_limit, args.workers)
    standing = standings(Campaign(plan).run(tell))
    wrong = contradictions(standing)
    assert not wrong, wrong
    rows = [row(s) for s in standing]
    keep(
        args.name,
        f"Classical instances, {args.time_limit:g} s, {args.workers} workers (measured)",
        rows,
        proven=f"{sum(s.proven for s in standing)} of {len(standing)}",
        mean_gap=f"{statistics.fmean(s.gap or 0 for s in standing):.3f} %",
        **machine(),
    )


if __name__ == "__main__":
    main()
