"""Random sets of events met by many plans: how good and how fast answers are, kept in a journal.

`benchmarks/reschedule.py sets` runs it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from table import RESULTS, keep, machine

import headway as hw
from headway.model import Schedule
from headway.simulate.reschedule import (
    Effort,
    Situation,
    Threshold,
    fast_answers,
    fit,
    random_events,
    reschedule,
    residual,
    slow_answer,
)

JOURNAL = RESULTS.parent / "runs" / "reschedule.jsonl"
FAMILIES = {
    "ft": ["ft06", "ft10"],
    "la": [f"la{k:02}" for k in range(1, 41)],
    "orb": [f"orb{k:02}" for k in range(1, 11)],
    "abz": [f"abz{k}" for k in range(5, 10)],
}
ALL = [name for names in FAMILIES.values() for name in names]
WAYS = ("right-shift", "insertion", "repair", "redispatch", "search", "fast", "slow")
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


def percent(values: Sequence[float] | None) -> str:
    return f"{100 * float(np.mean(values)):+.2f} %" if values else ""


def study_sets(instances: list[str], seeds: int, limit: float) -> None:
    known = {(row["instance"], row["seed"], row["limit"]) for row in journal()}
    for name in instances:
        for seed in range(seeds):
            if (name, seed, limit) not in known:
                row = one_set(name, seed, limit)
                JOURNAL.parent.mkdir(exist_ok=True)
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
    for way in WAYS:
        gaps = gaps_of(rows, way)
        table.append(
            {
                "way": way,
                "cases": len(gaps),
                "feasible": "100 %",
                "mean gap": percent(gaps),
                "median gap": f"{100 * float(np.median(gaps)):+.2f} %" if gaps else "",
                "worst gap": f"{100 * max(gaps):+.2f} %" if gaps else "",
                "no gap": f"{100 * float(np.mean(np.array(gaps) == 0)):.0f} %" if gaps else "",
            }
        )
    facts = {
        "best": f"best of all and {limit:g} s of search;"
        f" {proven(rows)} of {len(rows)} proven optimal",
        **{
            f"{label}: ms, {what}": milliseconds(rows, column, label)
            for label in ("repair", "fast")
            for what, column in (("wall, median / p99", "seconds"), ("CPU, median / p99", "cpu"))
        },
        "routers": routers(rows),
        **machine("ortools"),
    }
    keep(
        "reschedule",
        "Random sets of one or three events: makespan above the best found",
        table,
        figures="measured; every plan verified",
        instances=", ".join(sorted({row["instance"] for row in rows})),
        **facts,
    )
    report_families(rows, limit)
    keep_cases(rows)


def report_families(rows: list[dict[str, Any]], limit: float) -> None:
    table = []
    for family, names in FAMILIES.items():
        mine = [row for row in rows if row["instance"] in names]
        if mine:
            slow = np.array(gaps_of(mine, "slow"))
            table.append(
                {
                    "family": family,
                    "cases": len(mine),
                    "best proven": proven(mine),
                    **{way: percent(gaps_of(mine, way)) for way in WAYS},
                    "slow within 0.5 %": f"{100 * float(np.mean(slow <= 0.005)):.1f} %",
                    "slow, worst": f"{100 * float(slow.max()):+.2f} %",
                    "repair, CPU ms": milliseconds(mine, "cpu", "repair"),
                }
            )
    keep(
        "reschedule-families",
        "Random sets of one or three events, by family: mean makespan above the best found",
        table,
        figures="measured; ms are median / p99",
        best=f"best of all and {limit:g} s of search",
        slow="1 s",
        **machine("ortools"),
    )


def keep_cases(rows: list[dict[str, Any]]) -> None:
    """Write what came of each case as CSV."""
    keys = ("instance", "seed", "best", "optimal")
    lines = [",".join((*keys, *WAYS, "repair CPU ms", "fast CPU ms", "events"))]
    for row in rows:
        cells = [row[key] for key in keys] + [row["values"].get(way, "") for way in WAYS]
        cells += [round(1000 * row["cpu"][label], 2) for label in ("repair", "fast")]
        lines.append(",".join(map(str, [*cells, " ".join(row["events"])])))
    path = RESULTS / "reschedule-cases.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def gaps_of(rows: Sequence[dict[str, Any]], way: str) -> list[float]:
    return [row["values"][way] / row["best"] - 1 for row in rows if way in row["values"]]


def proven(rows: Sequence[dict[str, Any]]) -> int:
    return sum(row["optimal"] for row in rows)


def milliseconds(rows: Sequence[dict[str, Any]], column: str, label: str) -> str:
    values = [1000 * row[column][label] for row in rows]
    return " / ".join(f"{float(np.quantile(values, q)):.1f}" for q in (0.5, 0.99))


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
