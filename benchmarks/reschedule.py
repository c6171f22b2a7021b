"""How good and how fast new plans are when events meet a plan.

    python benchmarks/reschedule.py events      # four kinds of events on la16-la20
    python benchmarks/reschedule.py sets        # random sets of events, kept in a journal
    python benchmarks/reschedule.py stability   # makespan against nervousness, drawn
    python benchmarks/reschedule.py strategies  # whole executions
    python benchmarks/reschedule.py all

The full study is ``sets --instances all --seeds 15 --limit 60``: 47 instances times 15 sets of
events. It may be stopped and started again: what stands in the journal is not done anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import click
import numpy as np
from table import RESULTS, keep, machine

import headway as hw
from headway.model import Schedule
from headway.simulate.events import DurationChange, Event, JobArrival, MachineDown, Work, WorkMode
from headway.simulate.reschedule import (
    Effort,
    Situation,
    Stability,
    Strategy,
    Threshold,
    execute,
    fast_answers,
    fit,
    random_events,
    reschedule,
    residual,
    slow_answer,
)

JOURNAL = RESULTS / "reschedule.jsonl"
ALL = ["ft06", "ft10", *(f"la{k:02}" for k in range(1, 41)), *(f"abz{k}" for k in range(5, 10))]

SAMPLE = ["ft06", "ft10", "la01", "la06", "la16", "la21", "la31", "la36", "orb01", "abz7"]
WAYS = ("right-shift", "insertion", "repair", "redispatch", "search")
LAMBDAS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
WORTH = 0.005
"""A relative gain for which the slow system is worth its time, when routers are compared."""


@cache
def planned(name: str) -> Schedule:
    """Return the plan that the events meet: two seconds of search."""
    schedule = hw.solve(hw.instance(name), time_limit=2, workers=1).schedule
    assert schedule is not None
    return schedule


def best_of(rest: Any, start: Schedule, limit: float) -> tuple[Schedule, bool]:
    found, result = slow_answer(rest, start, time_limit=limit)
    assert found is not None
    return found, str(result.status) == "optimal"


def checked(schedule: Schedule) -> int:
    assert hw.verify(schedule.problem, schedule).ok
    return schedule.makespan


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


def percent(values: Sequence[float] | None) -> str:
    return f"{100 * float(np.mean(values)):+.2f} %" if values else ""


def study_sets(instances: list[str], seeds: int, limit: float) -> None:
    known = {(row["instance"], row["seed"], row["limit"]) for row in journal()}
    for name in instances:
        for seed in range(seeds):
            if (name, seed, limit) not in known:
                row = one_set(name, seed, limit)
                with JOURNAL.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(row["instance"], row["seed"], row["values"], row["best"], flush=True)
    wanted = set(instances)
    rows = [
        row
        for row in journal()
        if row["instance"] in wanted and row["seed"] < seeds and row["limit"] == limit
    ]
    report_sets(rows, limit)


def journal() -> list[dict[str, Any]]:
    if not JOURNAL.exists():
        return []
    return [json.loads(line) for line in JOURNAL.read_text(encoding="utf-8").splitlines()]


def one_set(name: str, seed: int, limit: float) -> dict[str, Any]:
    plan = planned(name)
    rng = np.random.default_rng([seed, *name.encode()])
    now, events = random_events(plan, rng, (1, 3)[seed % 2])
    seconds, cpu = {}, {}
    for label, effort in (("repair", Effort(moves=0)), ("fast", Effort())):
        walls, owns = [], []
        for _ in range(5):
            wall, own = time.perf_counter(), time.thread_time()
            reschedule(plan, events, now, effort=effort)
            walls.append(time.perf_counter() - wall)
            owns.append(time.thread_time() - own)
        seconds[label], cpu[label] = float(np.median(walls)), float(np.median(owns))
    rest = residual(plan, events, now)
    values = {way: checked(found) for way, found in fast_answers(rest).items()}
    slow = reschedule(plan, events, now, policy="slow", time_limit=1)
    best, optimal = best_of(rest, slow.plan, limit)
    assert slow.situation is not None
    seen = slow.situation
    values["fast"] = min(values.values())
    values["slow"] = checked(slow.plan)
    return {
        "instance": name,
        "seed": seed,
        "limit": limit,
        "events": [str(type(event).__struct_config__.tag) for event in events],
        "values": values,
        "best": checked(best),
        "optimal": optimal,
        "seconds": seconds,
        "cpu": cpu,
        "situation": {key: getattr(seen, key) for key in Situation.__dataclass_fields__},
    }


def report_sets(rows: list[dict[str, Any]], limit: float) -> None:
    table = []
    for way in (*WAYS, "fast", "slow"):
        gaps = [row["values"][way] / row["best"] - 1 for row in rows if way in row["values"]]
        table.append(
            {
                "way": way,
                "cases": len(gaps),
                "feasible": "100 %",
                "mean gap": percent(gaps),
                "median gap": f"{100 * float(np.median(gaps)):+.2f} %" if gaps else "",
                "worst gap": f"{100 * max(gaps):+.2f} %" if gaps else "",
            }
        )
    times = {
        f"{label} ms, {what}": " / ".join(
            f"{1000 * float(np.quantile([row[column][label] for row in rows], q)):.1f}"
            for q in (0.5, 0.99)
        )
        for label in ("repair", "fast")
        for what, column in (("wall, median / p99", "seconds"), ("CPU, median / p99", "cpu"))
    }
    keep(
        "reschedule",
        "Random sets of one or three events: makespan above the best found",
        table,
        figures="measured; every plan verified",
        instances=", ".join(sorted({row["instance"] for row in rows})),
        best=f"best of all and {limit:g} s of search;"
        f" {sum(row['optimal'] for row in rows)} of {len(rows)} proven optimal",
        **times,
        routers=routers(rows),
        **machine("ortools"),
    )


def routers(rows: list[dict[str, Any]]) -> str:
    """Compare the rule with a logistic model on the half of the cases that it has not seen."""
    situations = [Situation(**row["situation"]) for row in rows]
    gain = [1 - row["values"]["slow"] / row["values"]["fast"] > WORTH for row in rows]
    if len(rows) < 20 or len(set(gain[::2])) < 2:
        return "too few cases to learn from"
    model = fit(situations[::2], gain[::2])
    parts = []
    for label, router in (("rule", Threshold()), ("logistic", model)):
        routes = [router(situation) for situation in situations[1::2]]
        gaps = [
            row["values"][route] / row["best"] - 1
            for row, route in zip(rows[1::2], routes, strict=True)
        ]
        right = np.mean([(r == "slow") == g for r, g in zip(routes, gain[1::2], strict=True)])
        slow = np.mean([route == "slow" for route in routes])
        parts.append(
            f"{label}: slow in {100 * slow:.0f} % of unseen cases, right in {100 * right:.0f} %,"
            f" mean gap {percent(gaps)}"
        )
    return f"{'; '.join(parts)}; learned: {model}"


def study_stability(instances: list[str], seeds: int) -> None:
    from matplotlib.figure import Figure

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
    canvas = Figure(figsize=(6, 4), layout="constrained")
    axes = canvas.add_subplot()
    for policy, line in points.items():
        shift, gap = (100 * np.array(column) for column in zip(*line, strict=True))
        axes.plot(shift, gap, marker="o", label=policy)
        for x, y, price in zip(shift, gap, LAMBDAS, strict=True):
            axes.annotate(f"{price:g}", (x, y), textcoords="offset points", xytext=(4, 4))
    axes.set_xlabel("mean start shift of unstarted tasks, % of makespan")
    axes.set_ylabel("makespan above the best found, %")
    axes.set_title("Stability against quality; numbers: price of a tick of mean shift")
    axes.legend()
    canvas.savefig(RESULTS / "reschedule-stability.png", dpi=120)


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
    few = names if instances else ["la16", "la21", "la36"]
    if study in ("stability", "all"):
        study_stability(few, min(seeds, 3))
    if study in ("strategies", "all"):
        study_strategies(few, min(seeds, 2))


if __name__ == "__main__":
    main()
