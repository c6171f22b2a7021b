"""Who finds valid schedules when constraints interact? R-ConstraintBench, planners side by side.

Levels are numbers of precedence arcs that do not follow from one another; phases add downtimes,
windows and exclusive pairs. Every question has a planted schedule, so that a planner without an
answer is wrong. Four planners get the same questions::

    python benchmarks/rconstraint.py                  # 10 questions a level, about a minute
    python benchmarks/rconstraint.py --per-level 50 --checks 10000   # the size of the study

*random*: serial generation in random order. *earliest deadline*: serial generation, the task with
the earliest deadline first. Both leave deadlines unmet rather than give up, so that their errors
can be told apart. *rules*: Headway's priority rules, the first valid schedule. *exact*: Headway's
CP-SAT model, with a proof where there is none.

Last, the checker is held against the exact model on planted schedules, shifted at random: both are
asked whether they are valid.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from table import keep, machine

import headway as hw
from headway.instances.feasibility import Answer, Error, Planner, Score, evaluate, question
from headway.model.tables import FOREVER, ints
from headway.solve.rules import Facts, Formula, Priority, generate

PHASES = {1: "precedence", 2: "and downtimes", 3: "and windows", 4: "and exclusive pairs"}


def serial_planner(key: Callable[[hw.Problem], np.ndarray]) -> Planner:
    """Return a planner that places tasks one by one by `key`, whatever becomes of deadlines."""

    def planner(problem: hw.Problem) -> Answer:
        never = ints(np.full(problem.n_tasks, FOREVER))
        relaxed = replace(problem, tasks=replace(problem.tasks, latest_end=never))

        def rule(_: Facts) -> Priority:
            return Priority(Formula.STATIC, key(problem).astype(np.float64))

        return generate(relaxed, rule, "serial").start

    return planner


def random_key(problem: hw.Problem) -> np.ndarray:
    """Return one number per task, the same each time for the same problem."""
    return np.random.default_rng(int(problem.fingerprint[:12], 16)).random(problem.n_tasks)


def solving_planner(method: str, time_limit: float) -> Planner:
    """Return a planner that asks `headway.solve`."""

    def planner(problem: hw.Problem) -> Answer:
        return hw.solve(problem, method=method, time_limit=time_limit, workers=1).schedule

    return planner


def planners(time_limit: float) -> dict[str, Planner]:
    """Return the planners by name."""
    return {
        "random": serial_planner(random_key),
        "earliest deadline": serial_planner(lambda problem: problem.tasks.latest_end),
        "rules": solving_planner("rules", time_limit),
        "exact": solving_planner("cpsat", time_limit),
    }


def curves(phase: int, scores: Mapping[str, Score]) -> list[dict[str, object]]:
    """Return the rows of one phase: feasibility rates by level."""
    rows = []
    for k, level in enumerate(scores["exact"].levels):
        row: dict[str, object] = {"phase": f"{phase} {PHASES[phase]}", "level": level.edges}
        row |= {name: f"{score.levels[k].rate:.0%}" for name, score in scores.items()}
        row["exact median ms"] = round(1000 * level.median_s, 1)
        row["exact worst ms"] = round(1000 * max(level.times_s), 1)
        rows.append(row)
    return rows


def summary(phase: int, scores: Mapping[str, Score]) -> list[dict[str, object]]:
    """Return the rows of one phase: one planner each."""
    rows = []
    for name, score in scores.items():
        times = [t for level in score.levels for t in level.times_s]
        row: dict[str, object] = {
            "phase": f"{phase} {PHASES[phase]}",
            "planner": name,
            "WAUC": round(score.wauc, 3),
            "below 90 % from": score.threshold(0.9),
            "below 50 % from": score.threshold(0.5),
            "median ms": round(1000 * float(np.median(times)), 2),
        }
        for error in Error:
            first, every = score.first_errors.get(error, 0), score.all_errors.get(error, 0)
            row[str(error)] = f"{first} / {every}" if every else "–"
        rows.append(row)
    return rows


def checked(count: int, tasks: int, seed: int) -> tuple[int, int]:
    """Hold the checker against the exact model; return how many schedules agree, and are valid."""
    rng = np.random.default_rng(seed)
    agree = valid = 0
    for k in range(count):
        planted = question(seed, k, edges=10 * (1 + k % 5), phase=1 + k % 4, tasks=tasks)
        problem, start = planted.problem, planted.witness.start.copy()
        moved = rng.random(tasks) < rng.choice([0.0, 0.05, 0.2])
        start[moved] = np.maximum(0, start[moved] + rng.integers(-4, 5, size=int(moved.sum())))
        fixed = replace(problem.tasks, earliest_start=ints(start), latest_start=ints(start))
        outside = start < problem.tasks.earliest_start
        answer = hw.solve(replace(problem, tasks=fixed), method="cpsat", time_limit=30, workers=1)
        holds = answer.schedule is not None and not outside.any()
        ours = hw.verify(problem, problem.schedule(start)).ok
        agree += ours == holds
        valid += ours
    return agree, valid


def main() -> None:
    """Run the comparison and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=30)
    parser.add_argument("--per-level", type=int, default=10)
    parser.add_argument("--levels", type=int, nargs="+", default=range(10, 101, 10))
    parser.add_argument("--phases", type=int, nargs="+", default=tuple(PHASES))
    parser.add_argument("--migration", action="store_true", help="names of a migration")
    parser.add_argument("--time-limit", type=float, default=10.0)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rates: list[dict[str, object]] = []
    totals: list[dict[str, object]] = []
    for phase in args.phases:
        scores = {
            name: evaluate(
                planner,
                args.levels,
                args.per_level,
                args.seed,
                phase=phase,
                tasks=args.tasks,
                migration=args.migration,
            )
            for name, planner in planners(args.time_limit).items()
        }
        rates += curves(phase, scores)
        totals += summary(phase, scores)
        print(f"phase {phase}: done", flush=True)
    facts = machine() | {"tasks": args.tasks, "questions per level": args.per_level}
    keep("rconstraint", "Share of valid schedules by level and phase (measured)", rates, **facts)
    if args.checks:
        agree, valid = checked(args.checks, args.tasks, args.seed)
        facts["checker and exact model agree"] = f"{agree} of {args.checks} schedules"
        facts["valid among them"] = valid
    facts["errors"] = "answers in which it is the first one / violations in all answers"
    keep("rconstraint-summary", "Planners on feasibility problems (measured)", totals, **facts)


if __name__ == "__main__":
    main()
