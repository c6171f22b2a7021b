"""How good and how fast new plans are when events meet a plan.

    python benchmarks/reschedule.py events      # four kinds of events on la16-la20
    python benchmarks/reschedule.py sets        # random sets of events, kept in a journal
    python benchmarks/reschedule.py stability   # makespan against nervousness, drawn
    python benchmarks/reschedule.py strategies  # whole executions
    python benchmarks/reschedule.py all

The full study is ``sets --instances all --seeds 15``: 57 instances times 15 sets of events. It may
be stopped and started again: what stands in the journal is not done anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import click
import numpy as np
from numpy.typing import NDArray
from reschedule_sets import ALL, best_of, checked, percent, planned, study_sets
from table import RESULTS, keep, machine

from headway.model import Schedule
from headway.simulate.events import DurationChange, Event, JobArrival, MachineDown, Work, WorkMode
from headway.simulate.reschedule import (
    Stability,
    Strategy,
    execute,
    fast_answers,
    random_events,
    reschedule,
    residual,
)

Floats = NDArray[np.float64]

SAMPLE = ["ft06", "ft10", "la01", "la06", "la16", "la21", "la31", "la36", "orb01", "abz7"]
LAMBDAS = (0.0, 0.3, 1.0, 2.0, 3.0, 5.0, 10.0)
FEW = ["ft10", "la16", "la21", "la26", "la31", "la36", "orb01", "abz7"]


def four_kinds(plan: Schedule, rng: np.random.Generator) -> Iterator[tuple[str, int, list[Event]]]:
    """The events of dynamic.md: at 30 % of the makespan."""
    problem, now = plan.problem, int(0.3 * plan.makespan)
    to_come = np.flatnonzero(plan.start >= now)
    longer: list[Event] = [
        DurationChange(
            time=now,
            task=int(k),
            duration=round(int(problem.modes.duration[k]) * rng.uniform(1.2, 2.0)),
        )
        for k in rng.choice(to_come, 6, replace=False)
    ]
    names = problem.resources.name
    length = int(0.15 * plan.makespan)
    down = MachineDown(time=now, machine=str(rng.choice(names)), start=now, end=now + length)
    work = rng.integers(1, 100, len(names)).tolist()
    order = rng.permutation(len(names)).tolist()
    tasks = tuple(Work((WorkMode(p, {names[k]: 1}),)) for p, k in zip(work, order, strict=True))
    new = JobArrival(time=now, job="new", tasks=tasks)
    yield "six durations x 1.2-2.0", now, longer
    yield "one machine down 15 %", now, [down]
    yield "one job inserted", now, [new]
    yield "all three at once", now, [*longer, down, new]


def study_events(limit: float) -> None:
    gaps: dict[str, dict[str, list[float]]] = {}
    proven = dict.fromkeys(("total", "optimal"), 0)
    for number in range(16, 21):
        plan = planned(f"la{number}")
        for draw in range(2):
            rng = np.random.default_rng([number, draw])
            for kind, now, events in four_kinds(plan, rng):
                rest = residual(plan, events, now)
                fast = fast_answers(rest)
                slow = reschedule(plan, events, now, policy="slow", time_limit=1)
                best, optimal = best_of(rest, slow.plan, limit)
                proven["total"] += 1
                proven["optimal"] += optimal
                top = checked(best)
                row = gaps.setdefault(kind, {})
                found = {way: checked(plan_) for way, plan_ in fast.items()}
                found["better of two"] = min(found["right-shift"], found["redispatch"])
                found["fast"] = min(found.values())
                found["slow, 1 s"] = checked(slow.plan)
                for way, value in found.items():
                    row.setdefault(way, []).append(value / top - 1)
                print(kind, number, draw, found, top, flush=True)
    ways = ("right-shift", "redispatch", "better of two", "insertion", "repair", "fast")
    rows = [
        {"event": kind, **{way: percent(row.get(way)) for way in (*ways, "slow, 1 s")}}
        for kind, row in gaps.items()
    ]
    keep(
        "reschedule-events",
        "Events on la16-la20: makespan above the best found",
        rows,
        figures="measured; mean of 5 instances x 2 draws",
        best=f"best of all and {limit:g} s of search; {proven['optimal']} of {proven['total']}"
        " proven optimal",
        **machine("ortools"),
    )


def study_stability(instances: list[str], seeds: int) -> None:
    points: dict[str, list[tuple[float, float]]] = {"fast": [], "slow": []}
    rows = []
    for price in LAMBDAS:
        row: dict[str, object] = {"price": price}
        for policy in ("fast", "slow"):
            gaps, shifts = [], []
            for name in instances:
                plan = planned(name)
                for seed in range(seeds):
                    rng = np.random.default_rng([seed, *name.encode()])
                    kinds = ("duration", "down", "arrival")
                    now, events = random_events(plan, rng, 3, kinds=kinds)
                    answer = reschedule(
                        plan, events, now, policy=policy, stability=Stability(price), time_limit=1
                    )
                    base = reference(name, seed)
                    gaps.append(checked(answer.plan) / base - 1)
                    shifts.append(answer.calm.mean_shift / plan.makespan)
            points[policy].append((float(np.mean(shifts)), float(np.mean(gaps))))
            row[f"{policy}: gap"] = percent(gaps)
            row[f"{policy}: mean shift / makespan"] = percent(shifts)
        rows.append(row)
        print(row, flush=True)
    keep(
        "reschedule-stability",
        "What calm costs",
        rows,
        figures="measured; price of one tick of mean shift, in ticks of makespan",
        instances=", ".join(instances),
        sets=seeds,
        gap="above the slow system, 3 s, without a price",
        **machine("ortools"),
    )
    draw_stability(points)


def draw_stability(points: dict[str, list[tuple[float, float]]]) -> None:
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(7, 4.5), layout="constrained")
    axes = canvas.add_subplot()
    for policy, line in points.items():
        axes.plot(*(100 * np.array(line)).T, marker="o", label=policy)
    span = np.ptp(100 * np.concatenate([np.array(line) for line in points.values()]), axis=0)
    for (policy, line), side in zip(points.items(), (1, -1), strict=True):
        for at, label in labels(100 * np.array(line), span):
            axes.annotate(
                label,
                at,
                textcoords="offset points",
                xytext=(6 * side, 6 * side),
                ha="left" if side > 0 else "right",
                va="bottom" if side > 0 else "top",
                color=f"C{list(points).index(policy)}",
            )
    axes.margins(0.12)
    axes.set_xlabel("mean start shift of unstarted tasks, % of makespan")
    axes.set_ylabel("makespan above the best found, %")
    axes.set_title("Stability against quality; numbers: price of a tick of mean shift")
    axes.legend()
    canvas.savefig(RESULTS / "reschedule-stability.png", dpi=120)


def labels(line: Floats, span: Floats) -> Iterator[tuple[tuple[float, float], str]]:
    """Yield where prices stand, one label for those whose points lie on each other."""
    group: list[int] = []
    for k in range(len(line)):
        group.append(k)
        last = k + 1 == len(line)
        if last or (np.abs(line[k + 1] - line[group[0]]) > 0.04 * span).any():
            ends = sorted({LAMBDAS[group[0]], LAMBDAS[k]})
            x, y = line[group].mean(axis=0).tolist()
            yield (x, y), " to ".join(f"{price:g}" for price in ends)
            group = []


@cache
def reference(name: str, seed: int) -> int:
    plan = planned(name)
    rng = np.random.default_rng([seed, *name.encode()])
    now, events = random_events(plan, rng, 3, kinds=("duration", "down", "arrival"))
    return checked(reschedule(plan, events, now, policy="slow", time_limit=3).plan)


def study_strategies(instances: list[str], seeds: int) -> None:
    calm = Stability(1.0)
    rows = []
    for label, strategy in (
        ("fast, event-driven", Strategy("fast")),
        ("fast, event-driven, calm", Strategy("fast", stability=calm)),
        ("fast, every 20 %", 0.2),
        ("slow, every 20 %", 0.2),
        ("slow, every 10 %, window 30 %", (0.1, 0.3)),
    ):
        ends, shifts, plans, slowest = [], [], [], 0.0
        for name in instances:
            plan = planned(name)
            length = plan.makespan
            for seed in range(seeds):
                events, true = luck(plan, np.random.default_rng([seed, *name.encode()]))
                if isinstance(strategy, Strategy):
                    chosen = strategy
                else:
                    every, window = strategy if isinstance(strategy, tuple) else (strategy, None)
                    chosen = Strategy(
                        "slow" if label.startswith("slow") else "fast",
                        every=int(every * length),
                        window=None if window is None else int(window * length),
                        time_limit=0.5,
                    )
                came = execute(plan, events, chosen, durations=true)
                ends.append(came.trace.schedule.makespan / length - 1)
                shifts.append(came.mean_shift / length)
                plans.append(came.replans)
                slowest = max(slowest, came.slowest_s)
        rows.append(
            {
                "strategy": label,
                "makespan against plan": percent(ends),
                "mean shift / makespan": percent(shifts),
                "plans": f"{float(np.mean(plans)):.1f}",
                "slowest plan s": f"{slowest:.2f}",
            }
        )
        print(rows[-1], flush=True)
    keep(
        "reschedule-strategies",
        "Whole executions: three breakdowns, two new jobs, durations x 0.8-1.3",
        rows,
        figures="simulated; all strategies meet the same luck",
        instances=", ".join(instances),
        seeds=seeds,
        **machine("ortools"),
    )


def luck(plan: Schedule, rng: np.random.Generator) -> tuple[list[Event], dict[str, int]]:
    problem, length = plan.problem, plan.makespan
    names = problem.resources.name
    events: list[Event] = []
    for _ in range(3):
        at = int(rng.uniform(0.1, 0.7) * length)
        rest = int(rng.uniform(0.03, 0.1) * length)
        down = MachineDown(time=at, machine=str(rng.choice(names)), start=at + 1, end=at + 1 + rest)
        events.append(down)
    for number in range(2):
        at = int(rng.uniform(0.1, 0.5) * length)
        _, found = random_events(plan, rng, now=at, kinds=("arrival",), name=f"new {number}")
        events += found
    true = {
        problem.task_label(k): max(1, round(int(work) * rng.uniform(0.8, 1.3)))
        for k, work in enumerate(problem.modes.duration[plan.mode].tolist())
    }
    return events, true


@click.command(help=__doc__.splitlines()[0] if __doc__ else "")
@click.argument("study", type=click.Choice(["events", "sets", "stability", "strategies", "all"]))
@click.option("--instances", help="Names, comma-separated, or 'all'; a sample by default.")
@click.option("--seeds", default=3, show_default=True, help="Sets of events for each instance.")
@click.option("--limit", default=5.0, show_default=True, help="Seconds of search for the best.")
def main(study: str, instances: str | None, seeds: int, limit: float) -> None:
    names = ALL if instances == "all" else instances.split(",") if instances else SAMPLE
    RESULTS.mkdir(exist_ok=True)
    if study in ("events", "all"):
        study_events(limit)
    if study in ("sets", "all"):
        study_sets(names, seeds, limit)
    few = names if instances else FEW
    if study in ("stability", "all"):
        study_stability(few, min(seeds, 5))
    if study in ("strategies", "all"):
        study_strategies(few, min(seeds, 2))


if __name__ == "__main__":
    main()
