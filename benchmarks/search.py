"""How good the searches are: every class of instances, next to peers and to what was aimed at.

::

    python benchmarks/search.py                        # everything: some days on two cores
    python benchmarks/search.py taillard --only ta01 --limit 2 --time-limit 5
    python benchmarks/search.py flexible projects -m auto

Each part is a suite of ``headway bench`` and can be stopped at any time: the same command goes on
where it stopped, from the runs kept below ``--runs``. A part leaves ``search-NAME.*`` in
``benchmarks/results``; ``search.md`` says what was aimed at and what was reached. A run with other
limits is another run and is never mixed with these; give it another ``--name``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from table import RESULTS, keep, machine

from headway.bench import Campaign, Contestant, Event, Plan, Report, Standing, contestant, suite
from headway.errors import MissingExtraError
from headway.show.table import rounded

PEERS = ("plain-cpsat", "pyjobshop")
JOB_SHOP_LIB = ("jobshoplib-rules", "jobshoplib-annealing", "jobshoplib-cpsat")


@dataclass(frozen=True)
class Part:
    """One table.

    Attributes
    ----------
    suite
        Whose instances.
    contestants
        Who runs; the first one is ours.
    limit, seeds
        Most instances of a class, and runs of each; None for what the suite says.
    aims
        Largest mean gap of ours in percent, by the beginning of a class's name.
    against, factor
        Our mean gap is to be at most so many times that of this contestant.
    """

    suite: str
    contestants: tuple[str, ...]
    limit: int | None = None
    seeds: int | None = None
    aims: dict[str, float] | None = None
    against: str = ""
    factor: float = 1.0


PARTS = {
    "taillard": Part(
        "taillard",
        ("auto", *PEERS),
        aims={
            "ta01": 0.1, "ta11": 0.7, "ta21": 0.7, "ta31": 0.9, "ta41": 2.0, "ta51": 0.2,
            "ta61": 0.2, "ta71": 0.2,
        },
    ),
    "swv-yn": Part("swv-yn", ("auto", *PEERS), aims={"swv": 1.0, "yn": 1.0}),
    "job-shop-lib": Part("taillard", ("auto", *JOB_SHOP_LIB), limit=1, seeds=1),
    "flexible": Part("flexible", ("auto", *PEERS), aims={"": 0.5}),
    # A peer with ten times the time takes ten times as long: four instances of each class.
    "flexible-tenfold": Part(
        "flexible", ("auto", "pyjobshop@10"), limit=4, seeds=1, against="pyjobshop@10"
    ),
    "projects": Part("projects", ("auto", *PEERS), aims={"j60": 0.2, "j90": 0.5, "j120": 1.5}),
    "flow": Part("flow", ("auto", *PEERS), against="pyjobshop", factor=0.5),
}  # fmt: skip


def mean_gap(standing: Sequence[Standing], names: set[str]) -> float | None:
    """Return the mean gap on some instances, None without any."""
    gaps = [s.gap for s in standing if s.entry.name in names and s.gap is not None]
    return statistics.fmean(gaps) if gaps else None


def aimed(name: str, part: Part, standing: Sequence[Standing]) -> list[dict[str, object]]:
    """Return what was aimed at and reached, class by class."""
    rows = []
    ours = part.contestants[0]
    for group in dict.fromkeys(s.entry.group for s in standing):
        here = {
            who: [s for s in standing if s.entry.group == group and s.contestant == who]
            for who in part.contestants
        }
        mine = here[ours]
        compared = {s.entry.name for s in mine if s.gap is not None}
        aim = next((a for start, a in (part.aims or {}).items() if group.startswith(start)), None)
        peer = None
        if part.against:
            # Only where both have a schedule: an instance that the peer fails on is no gap.
            compared &= {s.entry.name for s in here[part.against] if s.gap is not None}
            peer = mean_gap(here[part.against], compared)
            aim = None if peer is None else part.factor * peer
        gap = mean_gap(mine, compared)
        rows.append(
            {
                "part": name,
                "class": group,
                "instances": len(mine),
                "solved": sum(s.value is not None for s in mine),
                "proofs": sum(s.proven for s in mine),
                "compared": len(compared),
                "mean gap %": rounded(gap, 3),
                "aim %": rounded(aim, 3),
                "peer": part.against or None,
                "its mean gap %": rounded(peer, 3),
                "reached": None if gap is None or aim is None else gap <= aim,
            }
        )
    return rows


def tell(event: Event) -> None:
    """Print a run that is over."""
    run = event.record
    print(
        f"[{event.number}/{event.total}] {run.instance} {run.contestant} seed {run.seed}:"
        f" {run.value} (best known {event.entry.upper}), bound {run.bound}, {run.time_s:.1f} s"
        f"{'' if event.fresh else ', done before'} {run.note}".rstrip(),
        flush=True,
    )


def planned(part: Part, args: argparse.Namespace) -> Plan | None:
    """Return the runs of one part, None if `--only` leaves nothing of it."""
    chosen = suite(part.suite)
    seeds = part.seeds if args.seeds is None else args.seeds
    limit = part.limit if args.limit is None else args.limit
    only = [start for start in args.only if any(c.startswith(start) for c in chosen.classes)]
    if args.only and not only:
        return None
    found, several = chosen.entries(only=only, limit=limit)
    return Plan(
        entries=found,
        contestants=installed(args.methods or part.contestants),
        time_limit_s=chosen.time_limit_s if args.time_limit is None else args.time_limit,
        workers=args.workers,
        seeds=seeds or 1,
        seeds_of=several if seeds is None else {},
    )


def installed(names: Sequence[str]) -> list[Contestant]:
    """Return the contestants that can run here; say what the others need."""
    found = []
    for name in names:
        try:
            contestant(name).load()
        except MissingExtraError as error:
            print(f"without {name}: {error}", flush=True)
        else:
            found.append(contestant(name))
    return found


def hours(plan: Plan) -> float:
    """Return how long a plan takes if every run takes all its time."""
    shares = sum(getattr(who, "factor", 1) for who in plan.contestants)
    return plan.n_runs / len(plan.contestants) * shares * plan.time_limit_s / 3600


def run(name: str, part: Part, plan: Plan, args: argparse.Namespace) -> list[dict[str, object]]:
    """Run one part and keep its tables; return what it reached."""
    # Parts of one suite share its runs.
    campaign = Campaign(plan, args.runs / part.suite, retry=args.retry)
    try:
        campaign.run(tell)
    finally:  # Ctrl-C leaves the tables of what is done
        report = Report(campaign.outcome(), suite(part.suite).title)
        report.write(RESULTS, f"{args.name}-{name}", plots=args.plots)
    print(report.summary(), flush=True)
    return [] if args.methods else aimed(name, part, report.standing)


def main() -> None:
    """Run the parts and print what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--only", action="append", default=[], help="beginning of a class's name")
    parser.add_argument("--limit", type=int, help="most instances of a class, evenly spread")
    parser.add_argument("-t", "--time-limit", type=float, help="seconds; the suite's by default")
    parser.add_argument("-w", "--workers", type=int, default=2)
    parser.add_argument("-s", "--seeds", type=int, help="runs of each instance")
    parser.add_argument("-m", "--method", dest="methods", action="append", help="contestants")
    parser.add_argument("--runs", type=Path, default=RESULTS.parent / "runs", help="kept runs")
    parser.add_argument("--name", default="search", help="beginning of the result files' names")
    parser.add_argument("--retry", action="store_true", help="make runs without a value again")
    parser.add_argument("--plan", action="store_true", help="say how long it takes, and stop")
    parser.add_argument("--no-plots", dest="plots", action="store_false")
    args = parser.parse_args()
    for name in args.parts:
        if name not in PARTS:
            parser.error(f"unknown part {name!r}; known: {', '.join(PARTS)}")
    RESULTS.mkdir(exist_ok=True)
    rows: list[dict[str, object]] = []
    for name in args.parts or PARTS:
        plan = planned(PARTS[name], args)
        if plan is None:
            continue
        print(f"{name}: {plan.n_runs} runs, {hours(plan):.1f} hours at most", flush=True)
        if args.plan:
            continue
        rows += run(name, PARTS[name], plan, args)
        if rows:
            keep(
                args.name,
                "Aims of the searches, and what they reach (measured)",
                rows,
                workers=args.workers,
                **machine(),
            )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
